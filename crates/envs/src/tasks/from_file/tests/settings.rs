//! What is set over a file: any value of it, elements of lists and new keys too.

use super::*;

fn settings(words: &str) -> Settings {
    Settings::from(words.parse::<toml::Table>().unwrap())
}

#[test]
fn values_of_a_file_are_settings() {
    let file = example("half_cheetah.toml");
    let other = Settings::default()
        .with("frame_skip", 3)
        .with("reward.control.weight", -7)
        .with("action_repeat", 2);
    let read = settings("frame_skip = 3\nreward.control.weight = -7\naction_repeat = 2\n");
    assert_eq!(other, read);
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
            "has no setting `observe[9]`; `observe` is a list, whose last element is ",
        ),
        (
            "observe.first = 1",
            "has no setting `observe.first`; `observe` is a list, whose last element is ",
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
            "reward.0.control.weight = 1",
            "reward[0] is { control = { weight = 1 } }; a name has letters",
        ),
        ("0 = 5", "has no setting `0`; there are about, model"),
        (
            "frame_skip.0 = 5",
            "has no setting `frame_skip[0]`; `frame_skip` is no list",
        ),
        (
            "begin.noise.00.uniform = 5",
            "has no setting `begin.noise.00`; `begin.noise` is a list",
        ),
        (
            "reward.control.body = \"torso\"",
            "reward.control: it says both `body` and `action`; a quantity is one of them; reward.control.body is set to \"torso\"",
        ),
        ("recompute = 1", "recompute is 1; it must be true or false"),
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

/// What is set of this file, what it is in the file instead, and what it is there then.
const SET: [[&str; 3]; 16] = [
    ["observe = ['x']", "[{ position = 'all' }, 'g']", "['x']"],
    ["observe = 'x'", "[{ position = 'all' }, 'g']", "['x']"],
    [
        "observe.0.position = 'lift'",
        "{ position = 'all' }, 'g'",
        "{ position = 'lift' }, 'g'",
    ],
    [
        "observe.0.clip = 0.05",
        "{ position = 'all' }, 'g'",
        "{ position = 'all', clip = 0.05 }, 'g'",
    ],
    ["observe.1 = 'x'", "'g']", "'x']"],
    [
        "begin.noise.0.uniform = 0.7",
        "uniform = 0.1",
        "uniform = 0.7",
    ],
    [
        "begin.noise = []",
        "noise = [{ position = 'all', uniform = 0.1 }]",
        "",
    ],
    [
        "begin.noise.0.position = ['slide', 'lift']",
        "'all', uniform",
        "['slide', 'lift'], uniform",
    ],
    [
        "begin.keyframe = 'high'",
        "[begin]",
        "[begin]\nkeyframe = 'high'",
    ],
    ["begin.goals.g.high = [2, 3, 4]", "[1, 1, 1]", "[2, 3, 4]"],
    ["begin.goals.g.high.1 = 5", "[1, 1, 1]", "[1, 5, 1]"],
    [
        "quantities.x.clip = [0, 2]",
        "'slide' }",
        "'slide', clip = [0, 2] }",
    ],
    [
        "quantities.x = 'y'\nquantities.y.time = true",
        "x = { position = 'slide' }",
        "x = 'y'\ny = { time = true }",
    ],
    [
        "reward.near.weight = 2",
        "margin = 1 }",
        "margin = 1 }, weight = 2",
    ],
    [
        "end = [{ expression = 'x > -1' }]",
        "[reward]",
        "end = [{ expression = 'x > -1' }]\n[reward]",
    ],
    [
        "end.outside = [-1e-3, 1e-3]\nend.of = 'x'",
        "[reward]",
        "end = { of = 'x', outside = [-1e-3, 1e-3] }\n[reward]",
    ],
];

/// A file with values set over it is the file that says them itself.
#[test]
fn whatever_is_set_is_as_if_the_file_said_it() {
    let usual = text(
        "observe = [{ position = 'all' }, 'g']",
        "near = { of = 'x', tolerance = { low = 0, margin = 1 } }\n[begin]\n\
         noise = [{ position = 'all', uniform = 0.1 }]\ngoals.g = { low = [0, 0, 0], high = [1, 1, 1] }\n\
         [quantities]\nx = { position = 'slide' }\n",
    );
    for [words, from, to] in SET {
        assert!(usual.contains(from), "{words}");
        let (file, same) = (Own::new(&usual), Own::new(&usual.replace(from, to)));
        let set = make_with(&file.file, &settings(words));
        let mut set = set.unwrap_or_else(|error| panic!("{words}: {error}"));
        let (mut own, mut unset) = (same.make().unwrap(), file.make().unwrap());
        assert_eq!(set.info().observation, own.info().observation, "{words}");
        let mut differs = false;
        for seed in 0..3 {
            let [mut a, mut b, mut c] =
                [&mut set, &mut own, &mut unset].map(|env| begin(env, seed));
            assert_eq!(a, b, "{words}");
            differs |= a != c;
            for step in 0..5 {
                let found = set.step(&action(step, 1), &mut a).unwrap();
                let expected = own.step(&action(step, 1), &mut b).unwrap();
                let usual = unset.step(&action(step, 1), &mut c).unwrap();
                differs |= (found.reward, found.terminated) != (usual.reward, usual.terminated);
                assert_eq!((found, &a), (expected, &b), "{words}");
            }
        }
        assert!(differs, "{words} changes nothing");
    }
}

/// What the file has nothing of, mistakes in it among them.
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

/// What is set and comes to nothing only while it runs is told as what was set.
#[test]
fn what_was_set_is_told_by_its_name_in_a_run_too() {
    let own = Own::new(&text("observe = [{ position = \"all\" }]", ""));
    let words = "reward.fast = { expression = \"1 / x\" }\nquantities.x = { position = \"slide\", clip = 0 }";
    let mut env = make_with(&own.file, &settings(words)).unwrap();
    let mut seen = begin(&mut env, 0);
    let line = env.step(&[0.0], &mut seen).unwrap_err().to_string();
    let said =
        "own.toml: reward.fast is { expression = \"1 / x\" }; it is inf after 1 step; a reward";
    assert!(line.contains(said), "{line}");
}

/// A run's own settings and words over them, before the file is read.
#[test]
fn settings_are_laid_over_settings() {
    let over = |below: &str, above: &str| settings(below).over(&above.parse().unwrap());
    let found = over(
        "observe = [\"x\", \"y\"]\nframe_skip = 2",
        "observe.1 = \"z\"\nbegin.noise.0.uniform = 1",
    );
    let expected = settings("observe = [\"x\", \"z\"]\nframe_skip = 2\nbegin.noise.0.uniform = 1");
    assert_eq!(found.unwrap(), expected);
    for (below, above, said) in [
        (
            "observe = [\"x\"]",
            "observe.1 = \"y\"",
            "env_settings has no setting `observe[1]`; `observe` is a list, whose last element is 0",
        ),
        (
            "observe = \"x\"",
            "observe.0.clip = 1",
            "env_settings has no setting `observe[0]`; `observe` is no list",
        ),
    ] {
        assert_eq!(over(below, above).unwrap_err().to_string(), said);
    }
}
