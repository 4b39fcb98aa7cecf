//! Broken models: whatever the text, a model or an error, soon, and never a panic; a model then moves.
//!
//! Two seconds by default; `FUZZ_SECONDS=600 cargo test --release -p envs --test fuzz_mjcf` for longer, and
//! `FUZZ_SEED` for other mutations. Inputs that coverage-guided fuzzing found (`fuzz/`) are run again.

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

#[path = "../../../fuzz/inputs/mjcf.rs"]
#[allow(unreachable_pub, reason = "the fuzz target includes the same file")]
mod input;

use input::run;

/// Longest time for one text.
const BOUND: Duration = Duration::from_secs(10);

/// Longest text that mutations may grow to.
const MOST_BYTES: usize = 20_000;

const EVERYTHING: &str = r#"<mujoco model="everything">
  <compiler angle="degree" eulerseq="xYz" autolimits="true" boundmass="0.001" balanceinertia="true" alignfree="true"/>
  <option timestep="0.004" gravity="0 0 -9.81" integrator="implicitfast" solver="CG" cone="elliptic" impratio="2"
    density="1.2" viscosity="0.01" wind="1 0 0" iterations="30" tolerance="1e-8" ccd_iterations="20">
    <flag contact="enable" limit="enable"/>
  </option>
  <size nkey="2" njmax="500"/>
  <statistic meaninertia="2"/>
  <default>
    <geom friction="0.7 0.01 0.001" condim="4" density="500"/>
    <joint damping="0.1" armature="0.01"/>
    <general ctrlrange="-1 1"/>
    <pair condim="6"/>
    <tendon stiffness="1"/>
    <default class="arm"><joint stiffness="2"/><geom rgba="1 0 0 1"/>
      <default class="hand"><geom size="0.05"/><site size="0.1"/></default></default>
  </default>
  <asset><texture name="t" builtin="flat" width="8" height="48"/><material name="m" rgba="0 1 0 1"/>
    <hfield name="hills" nrow="2" ncol="3" size="1 1 0.3 0.1" elevation="0 1 2 1 0.5 0"/>
    <mesh name="rock" vertex="0 0 0 0.2 0 0 0 0.2 0 0 0 0.2 0.1 0.1 0.15" scale="1 0.9 0.8" inertia="convex" refpos="0.1 0 0"/></asset>
  <worldbody>
    <light pos="0 0 3"/>
    <geom name="floor" type="plane" size="5 5 1" material="m"/>
    <geom name="hills" type="hfield" hfield="hills" pos="0 0 0.3"/>
    <body name="free" pos="0 0 1" euler="10 20 30">
      <freejoint name="free"/>
      <inertial pos="0 0 0" mass="1" fullinertia="1 1.2 0.9 0.1 0 0.05"/>
      <geom name="ball" size="0.1"/>
      <site name="s" pos="0.1 0 0" zaxis="1 1 0"/>
      <body name="arm" pos="0.3 0 0" childclass="arm">
        <joint name="shoulder" type="ball" range="0 80" frictionloss="0.1"/>
        <geom name="upper" type="capsule" fromto="0 0 0 0.2 0 0" size="0.04"/>
        <frame pos="0.2 0 0" axisangle="0 1 0 20" childclass="hand">
          <body name="hand">
            <joint name="elbow" axis="0 1 0" range="-40 60" ref="5" springref="3" actuatorfrcrange="-3 3"/>
            <joint name="reach" type="slide" axis="1 0 0" range="-0.1 0.2" solreflimit="0.03 1" margin="0.01"/>
            <geom name="palm"/>
            <geom name="stone" type="mesh" mesh="rock" density="300"/>
          </body>
        </frame>
      </body>
    </body>
    <body name="cart" pos="2 0 0.5" xyaxes="0 1 0 -1 0 0">
      <joint name="cart" type="slide" axis="1 0 0" springdamper="0.5 1"/>
      <geom name="can" type="cylinder" size="0.1 0.2" contype="2" conaffinity="1" priority="1"/>
      <geom name="box" type="box" size="0.1 0.2 0.3" pos="0 0 0.5" contype="0" conaffinity="0" mass="2"/>
      <geom name="egg" type="ellipsoid" size="0.1 0.2 0.3" contype="0" conaffinity="0"/>
    </body>
  </worldbody>
  <contact>
    <pair name="p" geom1="palm" geom2="floor" friction="1 2 0.1" solreffriction="0.1 1" gap="0.01" margin="0.02"/>
    <exclude body1="cart" body2="hand"/>
  </contact>
  <tendon>
    <fixed name="pull" range="-1 1" armature="0.1" damping="0.2" frictionloss="0.1" springlength="0 0.1">
      <joint joint="elbow" coef="0.5"/><joint joint="cart" coef="-1"/>
    </fixed>
  </tendon>
  <actuator>
    <motor name="m" joint="elbow" gear="2" forcerange="-5 5"/>
    <position name="p" joint="reach" kp="10" dampratio="0.5"/>
    <velocity name="v" tendon="pull" kv="3"/>
    <damper name="d" joint="cart" kv="1" ctrlrange="0 1"/>
    <general name="g" jointinparent="shoulder" gear="1 2 3" gaintype="affine" gainprm="1 2 3" biastype="affine"
      biasprm="0 -1 -1"/>
  </actuator>
  <sensor><jointpos joint="elbow"/><touch name="touch" site="s"/><rangefinder site="s" cutoff="3"/><gyro site="s" noise="1"/>
    <distance geom1="ball" geom2="box" cutoff="2"/><fromto body1="arm" geom2="stone"/><jointlimitfrc joint="reach"/>
    <contact geom1="ball" num="2" data="found force pos" reduce="mindist"/><framelinacc objtype="body" objname="arm"/>
    <framepos objtype="geom" objname="palm" reftype="site" refname="s"/><subtreeangmom body="free"/><e_potential/>
    <insidesite site="s" objtype="xbody" objname="hand"/></sensor>
  <equality><weld body1="hand" body2="cart" active="false"/></equality>
  <keyframe><key name="k" time="1" ctrl="1 2 3 0.5 0" qvel="1 2"/></keyframe>
</mujoco>"#;

const PILE: &str = r#"<mujoco model="pile">
  <option integrator="RK4" solver="PGS" cone="pyramidal"/>
  <default><geom condim="6"/></default>
  <worldbody>
    <geom type="plane" size="1 1 1" contype="3"/>
    <body pos="0 0 0.1"><joint type="free"/><geom size="0.1"/></body>
    <body pos="0 0 0.3"><joint type="free"/><geom type="capsule" size="0.1 0.1"/></body>
    <body pos="0.1 0 0.15"><joint type="free"/><geom type="cylinder" size="0.1 0.1" contype="3"/></body>
    <body pos="0.3 0 0.05"><joint type="slide" axis="0 0 1"/><joint/>
      <geom type="box" size="0.1 0.1 0.1" contype="0" conaffinity="2"/></body>
  </worldbody>
</mujoco>"#;

const SEEDS: [&str; 8] = [
    EVERYTHING,
    PILE,
    include_str!("motion/activations.xml"),
    include_str!("motion/equalities_newton.xml"),
    include_str!("motion/replicas.xml"),
    include_str!("motion/spatial_wraps.xml"),
    include_str!("../assets/hopper.xml"),
    include_str!("../assets/half_cheetah.xml"),
];

/// Words that stress the reader where they land.
const WORDS: [&str; 44] = [
    "",
    "-1",
    "0",
    "1",
    "3",
    "1e308",
    "-1e308",
    "1e-308",
    "1e15",
    "1e-15",
    "nan",
    "inf",
    "1 2",
    "0 0 0",
    "0 1 0",
    "1 2 3 4 5 6 7",
    "true",
    "false",
    "auto",
    "plane",
    "sphere",
    "capsule",
    "box",
    "ellipsoid",
    "cylinder",
    "mesh",
    "free",
    "ball",
    "slide",
    "hinge",
    "é",
    "0x10",
    "4294967296",
    "elbow",
    "Newton",
    "RK4",
    "muscle",
    "1 -1",
    "-inf inf",
    "0x1.8p3",
    "a & b",
    "<",
    "--",
    "&#1;",
];

/// Places and lengths of what stands between two marks.
fn between(text: &str, open: &str, close: char) -> Vec<(usize, usize)> {
    let starts = text.match_indices(open).map(|(at, _)| at + open.len());
    starts
        .filter_map(|start| Some((start, start + text[start..].find(close)?)))
        .collect()
}

/// One change to attributes or elements, which leaves the text well-formed more often than not.
fn mutate_tokens(text: &mut String, rng: &mut ChaCha8Rng) {
    let values = between(text, "=\"", '"');
    let names: Vec<_> = between(text, " ", '=')
        .into_iter()
        .filter(|(start, end)| end - start < 20)
        .collect();
    let tags = between(text, "<", '>');
    let (Some(&value), Some(&other)) = (values.choose(rng), values.choose(rng)) else {
        return;
    };
    let (Some(&tag), Some(&target)) = (tags.choose(rng), tags.choose(rng)) else {
        return;
    };
    match rng.random_range(0..8) {
        0..=2 => {
            let word = WORDS.choose(rng).copied().unwrap_or_default();
            text.replace_range(value.0..value.1, word);
        }
        3 => {
            let copy = text[other.0..other.1].to_owned();
            text.replace_range(value.0..value.1, &copy);
        }
        4 => {
            let number = rng.random_range(-3.0..3.0_f64) * 10_f64.powi(rng.random_range(-4..4));
            text.replace_range(value.0..value.1, &number.to_string());
        }
        5 => {
            // An attribute's name in another's place.
            if let (Some(&to), Some(&from)) = (names.choose(rng), names.choose(rng)) {
                let copy = text[from.0..from.1].to_owned();
                text.replace_range(to.0..to.1, &copy);
            }
        }
        6 => text.replace_range(tag.0 - 1..=tag.1, ""),
        _ => {
            let copy = text[tag.0 - 1..=tag.1].to_owned();
            text.insert_str(target.0 - 1, &copy);
        }
    }
}

/// One change to bytes.
fn mutate_bytes(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.random_range(0..bytes.len());
    let end = (at + rng.random_range(1..60)).min(bytes.len());
    match rng.random_range(0..5) {
        0 => bytes[at] = rng.random(),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let copy = bytes[at..end].to_vec();
            let to = rng.random_range(0..bytes.len());
            bytes.splice(to..to, copy);
        }
        3 => bytes.insert(at, *b"<>/=\"'& \n!?-[]\0".choose(rng).unwrap_or(&b'<')),
        _ => bytes.truncate(at),
    }
}

fn mutant(rng: &mut ChaCha8Rng) -> String {
    let mut text = (*SEEDS.choose(rng).unwrap_or(&EVERYTHING)).to_owned();
    for _ in 0..rng.random_range(1..6) {
        mutate_tokens(&mut text, rng);
    }
    if rng.random_bool(0.2) {
        let mut bytes = text.into_bytes();
        for _ in 0..rng.random_range(1..4) {
            mutate_bytes(&mut bytes, rng);
        }
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    if text.len() > MOST_BYTES {
        text.truncate(text.floor_char_boundary(MOST_BYTES));
    }
    text
}

#[test]
fn seeds_compile() {
    for seed in SEEDS {
        envs::mjcf::compile(seed, "seed").unwrap();
        assert!(run(seed));
    }
}

/// Each would take hours, or more memory than there is, if the work of one element were that of a whole file.
#[test]
fn many_of_one_kind_take_no_longer_each() {
    let mujoco = |inside: String| format!("<mujoco>{inside}<worldbody/></mujoco>");
    let long = "a".repeat(1 << 20);
    let class = |index| format!("<default class=\"c{index}\"/>");
    let classes: String = (0..9_000).map(class).collect();
    let site = |index| format!("<site name=\"s{index}\"/>");
    let sites: String = (0..60_000).map(site).collect();
    let weld = "<weld site1=\"s1\" site2=\"s2\" active=\"false\"/>".repeat(60_000);
    for text in [
        " ".repeat(1 << 20) + &"<??>".repeat(1 << 18) + &mujoco(String::new()),
        mujoco(format!(
            "<default><geom shellinertia=\"{long}\"/>{classes}</default>"
        )),
        format!("<mujoco><worldbody>{sites}</worldbody><equality>{weld}</equality></mujoco>"),
    ] {
        let begun = Instant::now();
        let _ = run(&text);
        assert!(begun.elapsed() < BOUND, "{:?}", &text[..60]);
    }
}

#[test]
fn kept_inputs_neither_panic_nor_hang() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/mjcf");
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let begun = Instant::now();
        let result = catch_unwind(|| run(&text));
        assert!(result.is_ok(), "{} panics", path.display());
        assert!(begun.elapsed() < BOUND, "{} takes long", path.display());
        inputs += 1;
    }
    assert!(inputs > 100, "{inputs} inputs");
}

#[test]
fn mutants_neither_panic_nor_hang() {
    let number = |name: &str, default| {
        let text = std::env::var(name).ok();
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let time = Duration::from_secs(number("FUZZ_SECONDS", 2));
    let seed = number("FUZZ_SEED", 0);
    let start = Instant::now();
    let (mut texts, mut models) = (0_u64, 0_u64);
    while start.elapsed() < time {
        // Each text has a seed of its own, so that one can be made again.
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(texts);
        let text = mutant(&mut rng);
        let begun = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| run(&text))) {
            Ok(compiled) => models += u64::from(compiled),
            Err(_) => panic!("text {texts} of seed {seed} panics:\n{text}"),
        }
        let took = begun.elapsed();
        assert!(
            took < BOUND,
            "text {texts} of seed {seed} takes {took:?}:\n{text}"
        );
        texts += 1;
    }
    assert!(models > 0, "none of {texts} texts was a model");
    if time > Duration::from_secs(2) {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "{texts} texts, {models} models");
    }
}
