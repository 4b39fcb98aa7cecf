//! What is set over a file: any value of it, elements of lists and new keys too.

use super::*;

fn settings(words: &str) -> Settings {
    Settings::from(words.parse::<toml::Table>().unwrap())
}

#[test]
fn values_of_a_file_are_settings() {
    let file = example("half_cheetah.toml");
    let other = settings("frame_skip = 3\nreward.control.weight = -7\naction_repeat = 2\n");
    let mut env = make_with(&file, &other).unwrap();
    assert_eq!(env.info().frame_skip, 6);
    let mut seen = begin(&mut env, 0);
    let step = env.step(&[0.5; 6], &mut seen).unwrap();
    assert_eq!(step.info.get("control"), Some(-7.0 * 1.5));
    for (words, said) in [
        (
            "reward.contrl.weight = 1",
            "half_cheetah.toml: reward.contrl is { weight = 1 }; it says no quantity",
        ),
        (
            "reward.contrl.weight = 1",
            "(the file has no `reward.contrl`; did you mean `control`?)",
        ),
        (
            "reward.control.wieght = 1",
            "has no setting `reward.control.wieght`; did you mean `weight`?",
        ),
        (
            "frame_skp = 1",
            "has no setting `frame_skp`; did you mean `frame_skip`?",
        ),
        (
            "actoin_repeat = 1",
            "has no setting `actoin_repeat`; did you mean `action_repeat`?",
        ),
        (
            "frame_skip = 0",
            "half_cheetah.toml: frame_skip is 0; it must be a whole number, 1 to 10000",
        ),
        (
            "reward.control.weight = \"much\"",
            "half_cheetah.toml: reward.control.weight is \"much\"; it must be a finite number",
        ),
        (
            "model = \"nowhere.xml\"",
            "half_cheetah.toml: model is \"nowhere.xml\"; cannot read ",
        ),
        (
            "observe.9.position = \"all\"",
            "has no setting `observe[9]`; the list has ",
        ),
        (
            "observe.first = 1",
            "has no setting `observe[first]`; the list has ",
        ),
        (
            "observe.0.velocty = \"all\"",
            "has no setting `observe[0].velocty`; did you mean `velocity`?",
        ),
        (
            "end.0.expression = \"1\"",
            "has no setting `end[0]`; the file has no list `end`",
        ),
        (
            "reset_noise_scale = 1",
            "has no setting `reset_noise_scale`",
        ),
    ] {
        let line = make_with(&file, &settings(words))
            .err()
            .unwrap()
            .to_string();
        assert!(line.contains(said) && !line.contains('\n'), "{line}");
    }
}

/// A file says the same with its values as with others and these set over them.
#[test]
fn whatever_is_set_is_as_if_the_file_said_it() {
    let file = |observe: &str, end: &str, begin: &str, goal: &str, quantity: &str, weight: &str| {
        text(
            &format!("observe = {observe}\n{end}"),
            &format!(
                "near = {{ of = \"x\", tolerance = {{ low = 0, margin = 1 }}{weight} }}\n[begin]\n{begin}\n\
                 goals.g = {{ low = [0, 0, 0], high = {goal} }}\n[quantities]\nx = {quantity}\n"
            ),
        )
    };
    let usual = |observe: &str| {
        file(
            observe,
            "",
            "noise = [{ position = \"all\", uniform = 0.1 }]",
            "[1, 1, 1]",
            "{ position = \"slide\" }",
            "",
        )
    };
    let all = "[{ position = \"all\" }, \"g\"]";
    let noise = "noise = [{ position = \"all\", uniform = 0.1 }]";
    let x = "{ position = \"slide\" }";
    for (words, same) in [
        ("observe = [\"x\"]", usual("[\"x\"]")),
        ("observe = \"x\"", usual("[\"x\"]")),
        (
            "observe.0.position = \"lift\"",
            usual("[{ position = \"lift\" }, \"g\"]"),
        ),
        (
            "observe.0.clip = 0.05",
            usual("[{ position = \"all\", clip = 0.05 }, \"g\"]"),
        ),
        (
            "observe.1 = \"x\"",
            usual("[{ position = \"all\" }, \"x\"]"),
        ),
        (
            "begin.noise.0.uniform = 0.7",
            file(all, "", &noise.replace("0.1", "0.7"), "[1, 1, 1]", x, ""),
        ),
        ("begin.noise = []", file(all, "", "", "[1, 1, 1]", x, "")),
        (
            "begin.noise.0.position = [\"slide\", \"lift\"]",
            file(
                all,
                "",
                &noise.replace("\"all\"", "[\"slide\", \"lift\"]"),
                "[1, 1, 1]",
                x,
                "",
            ),
        ),
        (
            "begin.keyframe = \"high\"",
            file(
                all,
                "",
                &format!("{noise}\nkeyframe = \"high\""),
                "[1, 1, 1]",
                x,
                "",
            ),
        ),
        (
            "begin.goals.g.high = [2, 3, 4]",
            file(all, "", noise, "[2, 3, 4]", x, ""),
        ),
        (
            "begin.goals.g.high.1 = 5",
            file(all, "", noise, "[1, 5, 1]", x, ""),
        ),
        (
            "quantities.x.clip = [0, 2]",
            file(
                all,
                "",
                noise,
                "[1, 1, 1]",
                "{ position = \"slide\", clip = [0, 2] }",
                "",
            ),
        ),
        (
            "quantities.x = \"y\"\nquantities.y.time = true",
            file(
                all,
                "",
                noise,
                "[1, 1, 1]",
                "\"y\"\ny = { time = true }",
                "",
            ),
        ),
        (
            "reward.near.weight = 2",
            file(all, "", noise, "[1, 1, 1]", x, ", weight = 2"),
        ),
        (
            "end = [{ expression = \"x > 0.05\" }]",
            file(
                all,
                "end = [{ expression = \"x > 0.05\" }]",
                noise,
                "[1, 1, 1]",
                x,
                "",
            ),
        ),
        (
            "end.outside = [-0.01, 0.01]\nend.of = \"x\"",
            file(
                all,
                "end = [{ of = \"x\", outside = [-0.01, 0.01] }]",
                noise,
                "[1, 1, 1]",
                x,
                "",
            ),
        ),
    ] {
        let (set, own) = (Own::new(&usual(all)), Own::new(&same));
        let mut set = make_with(&set.file, &settings(words))
            .unwrap_or_else(|error| panic!("{words}: {error}"));
        let mut own = own.make().unwrap();
        for seed in 0..3 {
            let mut seen = [begin(&mut set, seed), begin(&mut own, seed)];
            assert_eq!(seen[0], seen[1], "{words}");
            for step in 0..5 {
                let [a, b] = &mut seen;
                let found = set.step(&action(step, 1), a).unwrap();
                let expected = own.step(&action(step, 1), b).unwrap();
                assert_eq!((found, a), (expected, b), "{words}");
            }
        }
    }
    // One value in the file that stands for a list of it.
    let own = Own::new(&text("observe = { position = \"all\" }", ""));
    let env = make_with(&own.file, &settings("observe.0.position = \"lift\"")).unwrap();
    assert_eq!(env.info().observation.len(), 1);
}

/// A run of a task and a run of the same with other values differ, where they are new too.
#[test]
fn new_terms_and_sections_are_set() {
    let own = Own::new(&text("observe = [{ position = \"all\" }]", ""));
    let words = "reward.fast.velocity = \"slide\"\nbegin.keyframe = \"high\"\nend = [{ time = true }]\nquantities.q.time = true";
    let mut env = make_with(&own.file, &settings(words)).unwrap();
    assert_eq!(begin(&mut env, 0), [0.25, 2.0, 0.5]);
    let mut seen = [0.0; 3];
    let step = env.step(&[0.0], &mut seen).unwrap();
    assert!(step.terminated && step.info.get("fast").unwrap() > 0.9);
    for (words, said) in [
        (
            "reward.fast.weight = 1",
            "own.toml: reward.fast is { weight = 1 }; it says no quantity",
        ),
        (
            "begin.goal.low = [0, 0, 0]",
            "has no setting `begin.goal`; did you mean `goals`?",
        ),
        (
            "reward.alive = 3",
            "own.toml: reward.alive is 3; it must be the name of a quantity",
        ),
        (
            "end.0.time = true",
            "has no setting `end[0]`; the file has no list `end`",
        ),
    ] {
        let line = make_with(&own.file, &settings(words))
            .err()
            .unwrap()
            .to_string();
        assert!(line.contains(said) && !line.contains('\n'), "{line}");
    }
}
