//! Files: the same episodes as the tasks in Rust, each word of the language, and mistakes.

mod expression;
mod mistakes;
mod settings;

use std::path::PathBuf;

use super::*;
use crate::Settings;
use crate::env::{Env, EnvState};
use crate::{Error, Result, make, make_with};

/// A file of the examples.
fn example(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("examples/tasks")
        .join(name);
    path.display().to_string()
}

fn begin(env: &mut Box<dyn Env>, seed: u64) -> Vec<f64> {
    let mut seen = vec![0.0; env.info().observation.len()];
    env.reset(seed, &mut seen).unwrap();
    seen
}

fn action(step: usize, width: usize) -> Vec<f64> {
    (0..width)
        .map(|i| ((step * 7 + i * 3) as f64 * 0.37).sin())
        .collect()
}

#[test]
fn half_cheetah_and_hopper_are_the_tasks_in_rust_bit_for_bit() {
    for (task, file) in [
        ("HalfCheetah-v5", "half_cheetah.toml"),
        ("Hopper-v5", "hopper.toml"),
    ] {
        let mut built_in = make(task).unwrap();
        let mut own = make(&example(file)).unwrap();
        let (expected, found) = (built_in.info().clone(), own.info().clone());
        assert_eq!(found.observation, expected.observation);
        assert_eq!(
            (found.action, found.frame_skip),
            (expected.action, expected.frame_skip)
        );
        let mut ended = 0;
        for seed in [0, 7, 1 << 40] {
            let mut seen = [begin(&mut built_in, seed), begin(&mut own, seed)];
            assert_eq!(seen[0], seen[1], "{task}");
            for step in 0..1200 {
                let action = action(step, found_width(&*own));
                let [a, b] = &mut seen;
                let expected = built_in.step(&action, a).unwrap();
                let found = own.step(&action, b).unwrap();
                assert_eq!(a, b, "{task} {step}");
                let bits = |x: f64| x.to_bits();
                assert_eq!(bits(found.reward), bits(expected.reward), "{task} {step}");
                let ends = (found.terminated, found.truncated);
                assert_eq!(
                    ends,
                    (expected.terminated, expected.truncated),
                    "{task} {step}"
                );
                assert_eq!(
                    found.info.get("forward"),
                    expected.info.get("reward_forward")
                );
                assert_eq!(found.info.get("control"), expected.info.get("reward_ctrl"));
                if ends != (false, false) {
                    ended += 1;
                    built_in.reset_next(a).unwrap();
                    own.reset_next(b).unwrap();
                    assert_eq!(a, b, "{task} {step}");
                }
            }
        }
        assert!(ended >= 3, "{task}");
    }
}

fn found_width(env: &dyn Env) -> usize {
    env.info().action.len()
}

#[test]
fn a_state_and_a_clone_go_on_to_the_bit() {
    for file in [
        "half_cheetah.toml",
        "hopper.toml",
        "arm.toml",
        "ant_circle.toml",
    ] {
        let mut env = make(&example(file)).unwrap();
        begin(&mut env, 3);
        let width = found_width(&*env);
        let mut seen = vec![0.0; env.info().observation.len()];
        for step in 0..12 {
            env.step(&action(step, width), &mut seen).unwrap();
        }
        let state = env.state().unwrap();
        let (mut other, mut copy) = (make(&example(file)).unwrap(), env.clone());
        let mut again = seen.clone();
        other.set_state(&state, &mut again).unwrap();
        assert_eq!(other.state().unwrap(), state, "{file}");
        for step in 12..40 {
            let action = action(step, width);
            let expected = (env.step(&action, &mut seen).unwrap(), seen.clone());
            assert_eq!(
                (other.step(&action, &mut again).unwrap(), again.clone()),
                expected,
                "{file}"
            );
            assert_eq!(
                (copy.step(&action, &mut again).unwrap(), again.clone()),
                expected,
                "{file}"
            );
        }
        env.reset_next(&mut seen).unwrap();
        other.reset_next(&mut again).unwrap();
        assert_eq!(seen, again, "{file}");
    }
}

const XML: &str = r#"<mujoco>
  <worldbody>
    <geom name="floor" type="plane" size="5 5 1"/>
    <body name="cart" pos="0 0 1">
      <joint name="slide" type="slide" axis="1 0 0"/>
      <joint name="lift" type="slide" axis="0 0 1"/>
      <joint name="turn" axis="0 1 0" range="-3 3"/>
      <geom name="hull" size="0.1"/>
      <site name="nose" pos="0.5 0 0"/>
    </body>
    <body name="mark" mocap="true"/>
  </worldbody>
  <actuator><motor name="push" joint="slide" ctrlrange="-1 1"/></actuator>
  <sensor><jointpos name="angle" joint="turn"/><framepos name="where" objtype="site" objname="nose"/></sensor>
  <keyframe><key name="high" qpos="0.25 2 0.5" qvel="1 0 0"/></keyframe>
</mujoco>"#;

/// A task's file on that model, in a folder of its own, which goes with the environment.
struct Own {
    folder: PathBuf,
    file: String,
}

impl Own {
    fn new(text: &str) -> Self {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("task-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("cart.xml"), XML).unwrap();
        let file = folder.join("own.toml");
        std::fs::write(&file, text).unwrap();
        Self {
            file: file.display().to_string(),
            folder,
        }
    }

    fn make(&self) -> Result<Box<dyn Env>> {
        make(&self.file)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A file with these lines before its sections, and these behind its reward.
fn text(before: &str, behind: &str) -> String {
    format!("model = \"cart.xml\"\n{before}\n[reward]\nalive = {{ alive = true }}\n{behind}\n")
}

#[test]
fn every_quantity_is_what_it_says() {
    let observe = "frame_skip = 2\nobserve = [\"target\", { position = \"turn\", wrap = \"circle\" }, { body = \"cart\" }, { site = \"nose\" }, \
        { geom = \"hull\", axis = \"z\" }, { com = \"cart\" }, { orientation = \"cart\" }, { upright = \"cart\" }, \
        { linear_velocity = \"cart\" }, { angular_velocity = \"cart\" }, { actuator_force = \"all\" }, { contact = \"cart\" }, \
        { contact = [\"hull\", \"floor\"] }, { contact_force = \"cart\", number = 5 }, { action = true }, { time = true }, \
        { point = [1, 2, 3], number = 1 }, { difference = [\"nose\", \"target\"] }, { distance = [\"nose\", \"target\"] }, \
        { rate = { position = \"slide\" } }, { velocity = \"slide\", clip = 0.5 }, { of = \"nose\", length = true }, \
        { of = \"nose\", squares = true }, \"sum\", { body = \"mark\" }, { sensor = \"angle\" }, { sensor = \"where\", axis = \"x\" }]\nrecompute = true\n";
    let behind = "[begin]\nkeyframe = \"high\"\ngoals.target = { low = [1, 2, 3], high = [1, 2, 3], mocap = \"mark\" }\n\
        [quantities]\nnose = { site = \"nose\" }\nsum = { expression = \"nose_x + 2 * target_2\" }\n";
    let own = Own::new(&text(observe, behind));
    let mut env = own.make().unwrap();
    let mut seen = begin(&mut env, 0);
    let step = env.step(&[0.5], &mut seen).unwrap();
    assert_eq!(step.reward, 1.0);
    let state = env.physics().unwrap().1.clone();
    let (turn, [x, z]) = (state.qpos[2], [state.qpos[0], 1.0 + state.qpos[1]]);
    let nose = [x + 0.5 * turn.cos(), 0.0, z - 0.5 * turn.sin()];
    let difference = [1.0 - nose[0], 2.0, 3.0 - nose[2]];
    let square = |v: [f64; 3]| v.iter().map(|x| x * x).sum::<f64>();
    let half = 0.5 * turn;
    let expected = [
        &[1.0, 2.0, 3.0, turn.cos(), turn.sin()][..],
        &[x, 0.0, z],
        &nose,
        &[z],
        &[x, 0.0, z],
        &[half.cos(), 0.0, half.sin(), 0.0, turn.cos()],
        &[state.qvel[0], 0.0, state.qvel[1], 0.0, state.qvel[2], 0.0],
        &[0.5, 0.0, 0.0, 0.0, 0.5, 0.004, 2.0],
        &difference,
        &[square(difference).sqrt(), (x - 0.25) / 0.004, 0.5],
        &[
            square(nose).sqrt(),
            square(nose),
            nose[0] + 6.0,
            1.0,
            2.0,
            3.0,
            turn,
            nose[0],
        ],
    ]
    .concat();
    assert_eq!(seen.len(), expected.len());
    for (index, (found, expected)) in seen.iter().zip(expected).enumerate() {
        let name = &env.info().observation[index].name;
        assert!(
            (found - expected).abs() < 1e-9,
            "{index} {name}: {found}, not {expected}"
        );
    }
}

/// A quantity of one number is seen under the name that the file gives it, and under one alone.
#[test]
fn observations_have_the_names_of_the_file() {
    let before = "observe = [\"again\", \"fast\", \"x\", \"place\", { body = \"cart\", axis = \"z\" }, { expression = \"x + 1\" }]\n";
    let behind = "[quantities]\nagain = \"x\"\nx = { position = \"slide\" }\nfast = { expression = \"2 * x\" }\n\
        place = { body = \"cart\" }\n";
    let env = Own::new(&text(before, behind)).make().unwrap();
    let names = env.info().observation.iter().map(|dim| dim.name.as_str());
    let names: Vec<&str> = names.collect();
    assert_eq!(
        names,
        [
            "x",
            "fast",
            "x",
            "x of cart",
            "y of cart",
            "z of cart",
            "z of cart",
            "expression"
        ]
    );
}

#[test]
fn contact_ends_and_pays_and_costs() {
    let before = "observe = [{ position = \"lift\" }]\nend = [{ contact = [\"cart\", \"floor\"] }]\nmax_episode_steps = 5000\n";
    let behind = "touch = { contact_force = \"all\", clip = 2, squares = true, weight = -0.5 }\n\
        [begin]\nnoise = [{ position = \"lift\", between = [-0.8, -0.8] }]\n";
    let own = Own::new(&text(before, behind));
    let mut env = own.make().unwrap();
    let mut seen = begin(&mut env, 0);
    assert_eq!(seen, [-0.8]);
    let steps = (0..1000).map(|_| env.step(&[0.0], &mut seen).unwrap());
    let steps: Vec<_> = steps.take_while(|step| !step.terminated).collect();
    // From 0.1 m above the floor: 0.143 s.
    assert!((70..73).contains(&steps.len()), "{}", steps.len());
    assert!(steps.iter().all(|step| step.reward == 1.0));
    let step = env.step(&[0.0], &mut seen).unwrap();
    assert!(step.terminated && step.info.get("alive") == Some(0.0));
    assert!(step.info.get("touch").unwrap() <= -2.0, "{:?}", step.info);
}

#[test]
fn rewards_have_tolerances_totals_and_ends() {
    let before =
        "observe = [\"x\"]\nend = [{ of = \"x\", inside = [2, 3] }, { expression = \"x < -1\" }]\n";
    let behind = "near = { of = \"x\", tolerance = { low = 1, high = 2, margin = 1, sigmoid = \"linear\", at_margin = 0 }, weight = 2 }\n\
        total = \"near * alive + 10 * x\"\n[begin]\nnoise = [{ position = \"slide\", between = [0.5, 0.5] }]\n\
        [quantities]\nx = { position = \"slide\" }\n";
    let own = Own::new(&text(before, behind));
    let mut env = own.make().unwrap();
    let mut seen = begin(&mut env, 0);
    let step = env.step(&[0.0], &mut seen).unwrap();
    assert_eq!((step.reward, step.terminated), (6.0, false));
    for (x, ends, near) in [
        (2.5, true, 1.0),
        (3.0, false, 0.0),
        (-1.5, true, 0.0),
        (1.5, false, 2.0),
    ] {
        let mut state = env.state().unwrap();
        state.qpos[0] = x;
        env.set_state(&state, &mut seen).unwrap();
        let step = env.step(&[0.0], &mut seen).unwrap();
        assert_eq!(
            (step.terminated, step.info.get("near")),
            (ends, Some(near)),
            "{x}"
        );
    }
}

#[test]
fn a_first_file_for_a_model_is_a_task() {
    for (xml, forward) in [
        (XML, true),
        (include_str!("../../../../assets/ant.xml"), true),
        (include_str!("../../../../assets/humanoid.xml"), true),
        (&XML.replace("body name=\"cart\"", "body"), false),
    ] {
        let model = crate::mjcf::compile(xml, "cart").unwrap();
        let own = Own::new(&template(&model, "cart.xml"));
        std::fs::write(own.folder.join("cart.xml"), xml).unwrap();
        let mut env = own.make().unwrap();
        let mut seen = begin(&mut env, 0);
        let action = vec![0.1; env.info().action.len()];
        let step = env.step(&action, &mut seen).unwrap();
        assert_eq!(step.info.get("forward").is_some(), forward);
        assert_eq!(seen.len(), model.nq + model.nv);
    }
}

#[test]
fn the_files_of_a_task_are_all_that_it_is_made_from() {
    let found = files(example("arm.toml"), &Settings::default()).unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["arm.toml", "arm.xml"]);
}

#[test]
fn what_becomes_infinite_names_its_term_and_its_step() {
    let before = "observe = [{ position = \"all\" }]";
    let behind =
        "bad = { expression = \"1 / (time - 0.004)\" }\n[quantities]\ntime = { time = true }\n";
    let own = Own::new(&text(before, behind));
    let mut env = own.make().unwrap();
    let mut seen = begin(&mut env, 0);
    env.step(&[0.0], &mut seen).unwrap();
    let error = env.step(&[0.0], &mut seen).unwrap_err();
    assert!(matches!(error, Error::TaskFile { line: 5, .. }), "{error}");
    let said = error.to_string();
    assert!(
        said.ends_with("reward.bad: it is inf after 2 steps; a reward must be finite, and so in single precision"),
        "{said}"
    );
    let observed = text(
        "observe = [{ expression = \"1 / x\" }]",
        "[quantities]\nx = { position = \"slide\" }",
    );
    let own = Own::new(&observed);
    let mut env = own.make().unwrap();
    let said = env.reset(0, &mut [0.0]).unwrap_err().to_string();
    assert!(
        said.ends_with(
            "own.toml:2: observe[0]: it is inf where an episode begins; what is observed must be finite, and so in single precision"
        ),
        "{said}"
    );
}

#[test]
fn what_is_no_number_or_too_large_is_never_taken_for_another() {
    const NONE: &str = "sqrt(x - 1)";
    let quantities = format!(
        "[quantities]\nx = {{ position = \"slide\" }}\nn = {{ expression = \"{NONE}\" }}\n"
    );
    let paid = |term: &str| (String::new(), format!("bad = {term}"));
    let ends = |end: &str| (format!("end = [{end}]"), String::new());
    let expression = |text: &str| paid(&format!("{{ expression = \"{text}\" }}"));
    let mut bad = vec![
        paid("{ of = \"n\", tolerance = { low = 0 } }"),
        paid("{ of = \"n\", tolerance = { low = 0, margin = 1 } }"),
        paid("{ of = \"n\", clip = 1 }"),
        paid("{ of = \"n\", clip = [0, inf], length = true }"),
        expression("1e300"),
        ends("\"n\""),
        ends("{ of = \"n\", outside = [0, 1] }"),
        ends("{ of = \"n\", inside = [0, 1] }"),
        ends("{ expression = \"n > 0\" }"),
    ];
    for text in [
        "min(n, 1)",
        "max(1, 2, n)",
        "clamp(n, 0, 1)",
        "clamp(1, n, 2)",
        "sign(n)",
        "if(n, 1, 2)",
        "if(n > 0, 1, 2)",
        "not(n)",
        "n and 1",
        "1 and n",
        "n or 1",
        "0 or n",
        "n == n",
        "n != 1",
        "n < 1",
        "n^0",
        "pow(1, n)",
        "hypot(1/(x*0), n)",
        "abs(n)",
        "floor(n)",
        "atan2(n, 1)",
        "n % 2",
        "-n",
    ] {
        bad.push(expression(text));
    }
    let make = |(before, behind): &(String, String)| {
        let observe = format!("observe = [\"x\"]\n{before}");
        Own::new(&text(&observe, &format!("{behind}\n{quantities}")))
    };
    let stepped = |own: &Own| {
        let mut env = own.make().unwrap();
        let mut seen = begin(&mut env, 0);
        env.step(&[0.0], &mut seen)
    };
    for case in &bad {
        let own = make(case);
        let line = stepped(&own).expect_err(&case.1).to_string();
        let told = line.contains(" after 1 step; ");
        let key = line.contains("reward.bad: it is ") || line.contains("end[0]: it is NaN");
        assert!(told && key, "{case:?}: {line}");
    }
    let large = stepped(&make(&expression("1e300")))
        .unwrap_err()
        .to_string();
    assert!(
        large.contains("reward.bad: it is 1e300 after 1 step"),
        "{large}"
    );
    // What does not depend on it is known, and an episode that has ended has.
    assert!(
        stepped(&make(&ends("{ time = true }, \"n\"")))
            .unwrap()
            .terminated
    );
    for text in [
        "0 and n",
        "1 or n",
        "if(1, 2, n)",
        "x > 1 and sqrt(x - 1) > 2",
    ] {
        assert!(stepped(&make(&expression(text))).is_ok(), "{text}");
    }
}

#[test]
fn a_name_of_two_things_is_said_with_its_kind() {
    let xml = XML
        .replace(
            "<geom name=\"hull\" size=\"0.1\"/>",
            "<geom name=\"hull\" size=\"0.1\"/><geom name=\"cart\" pos=\"0 0 5\" size=\"0.1\"/>",
        )
        .replace(
            "<site name=\"nose\" pos=\"0.5 0 0\"/>",
            "<site name=\"nose\"/><site name=\"cart\" euler=\"90 0 0\"/>",
        );
    let made = |quantity: &str| {
        let own = Own::new(&text(
            &format!("observe = [{quantity}]"),
            "[begin]\nnoise = [{ position = \"lift\", between = [-0.95, -0.95] }]",
        ));
        std::fs::write(own.folder.join("cart.xml"), &xml).unwrap();
        let mut env = own.make()?;
        Ok::<_, Error>(begin(&mut env, 0))
    };
    for (quantity, seen) in [
        ("{ contact = { body = \"cart\" } }", 1.0),
        ("{ contact = { geom = \"cart\" } }", 0.0),
        ("{ contact = \"hull\" }", 1.0),
        ("{ contact = [{ body = \"cart\" }, \"floor\"] }", 1.0),
        ("{ upright = { body = \"cart\" } }", 1.0),
        ("{ upright = { site = \"cart\" } }", 0.0),
        ("{ upright = \"nose\" }", 1.0),
    ] {
        let found = made(quantity).unwrap();
        assert!((found[0] - seen).abs() < 1e-12, "{quantity}: {found:?}");
    }
    for (quantity, said) in [
        (
            "{ contact = \"cart\" }",
            "`cart` is a body and a geom; write { body = \"cart\" } or { geom = \"cart\" }",
        ),
        (
            "{ upright = \"cart\" }",
            "`cart` is a body and a site; write",
        ),
        (
            "{ contact = { body = \"cart\", geom = \"cart\" } }",
            "give either `body` or `geom`",
        ),
        ("{ contact = { site = \"cart\" } }", "unknown key `site`"),
        (
            "{ upright = { site = \"cat\" } }",
            "there is no site `cat`; did you mean `cart`?",
        ),
    ] {
        let line = made(quantity).unwrap_err().to_string();
        assert!(line.contains(said), "{line}");
    }
}

#[test]
fn an_actuator_without_a_range_is_told_by_its_own_name() {
    let own = Own::new(&text("observe = [{ time = true }]", ""));
    let xml = XML.replace(" ctrlrange=\"-1 1\"", "");
    std::fs::write(own.folder.join("cart.xml"), xml).unwrap();
    assert_eq!(own.make().unwrap().info().action[0].name, "push");
}

#[test]
fn a_state_of_another_length_is_refused() {
    let mut env = make(&example("arm.toml")).unwrap();
    begin(&mut env, 0);
    let mut seen = vec![0.0; env.info().observation.len()];
    let short = EnvState::at(&[0.0; 3], &[0.0; 3]);
    let error = env.set_state(&short, &mut seen).unwrap_err().to_string();
    assert_eq!(error, "qpos has 3 entries, expected 9");
}
