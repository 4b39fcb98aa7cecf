//! Mistakes and hostile files: one clear line.

use super::{Own, make, text};

/// The error of a file.
fn refused(text: &str) -> String {
    let own = Own::new(text);
    let Err(error) = own.make() else {
        panic!("accepted: {text}");
    };
    let line = error.to_string();
    assert!(!line.contains('\n') && line.len() < 1000, "{line}");
    line.replace(&format!("{}/", own.folder.display()), "")
}

#[test]
fn a_file_without_what_it_needs_says_what_is_missing() {
    let good = "observe = [{ position = \"all\" }]";
    all_refused(&[
        (
            text("", ""),
            "own.toml:1: `observe` is missing: a list of quantities",
        ),
        (
            "observe = []".into(),
            "own.toml:1: `model` is missing: the path of a model in MJCF",
        ),
        (
            "model = 5".into(),
            "own.toml:1: model: it must be the path of a model in MJCF, beside this file, in quotes",
        ),
        (
            "model = \"nowhere.xml\"".into(),
            "own.toml:1: model: cannot read nowhere.xml: No such file",
        ),
        (
            "model = \"cart.xml\"\nmodel = 1".into(),
            "own.toml:2: duplicate key",
        ),
        ("model = [".into(), "own.toml:1: "),
        (
            format!("model = \"cart.xml\"\n{good}"),
            "own.toml:1: `reward` is missing",
        ),
        (
            text("observe = []", ""),
            "own.toml:2: observe: nothing is observed",
        ),
        (
            text("observ = []", ""),
            "own.toml:2: unknown key `observ`; did you mean `observe`?",
        ),
    ]);
}

#[test]
fn mistakes_in_quantities_have_their_line_their_key_and_what_is_allowed() {
    all_refused(&[
        (
            text("observe = [5]", ""),
            "own.toml:2: observe[0]: it must be the name of a quantity, or a table",
        ),
        (
            text("observe = [\"tip\"]", ""),
            "own.toml:2: observe[0]: there is no quantity `tip`; there are none",
        ),
        (
            text("observe = [{}]", ""),
            "own.toml:2: observe[0]: it says no quantity; give one of position, velocity",
        ),
        (
            text("observe = [{ position = \"all\", body = \"cart\" }]", ""),
            "it says both `position` and `body`",
        ),
        (
            text("observe = [{ position = \"trn\" }]", ""),
            "own.toml:2: observe[0].position: there is no joint `trn`; did you mean `turn`?",
        ),
        (
            text("observe = [{ body = \"\" }]", ""),
            "observe[0].body: there is no body ``; there are world, cart, mark",
        ),
        (
            text(
                "observe = [{ position = \"all\", except = [\"slide\", \"lift\", \"turn\"] }]",
                "",
            ),
            "it is of no joint",
        ),
        (
            text("observe = [{ position = \"all\", wrap = \"pi\" }]", ""),
            "observe[0].wrap: only positions of hinges are angles",
        ),
        (
            text("observe = [{ position = \"turn\", wrap = \"deg\" }]", ""),
            "observe[0].wrap: it must be \"circle\"",
        ),
    ]);
}

#[test]
fn mistakes_in_their_making_are_told() {
    all_refused(&[
        (
            text("observe = [{ position = \"turn\", clip = -1 }]", ""),
            "observe[0].clip: it must be a finite number, 0 or more, or two numbers",
        ),
        (
            text("observe = [{ position = \"all\", clip = [1, -1] }]", ""),
            "observe[0].clip: it must be a finite number, 0 or more, or two numbers, the lower first",
        ),
        (
            text("observe = [{ orientation = \"cart\", axis = \"x\" }]", ""),
            "observe[0].axis: the quantity has 4 numbers and no axes",
        ),
        (
            text("observe = [{ body = \"cart\", number = 3 }]", ""),
            "observe[0].number: it must be a whole number, 0 to 2",
        ),
        (
            text(
                "observe = [{ distance = [{ body = \"cart\" }, { position = \"turn\" }] }]",
                "",
            ),
            "the first has 3 numbers and the second 1",
        ),
        (
            text("observe = [{ distance = { body = \"cart\" } }]", ""),
            "observe[0].distance: it must be a list of two quantities",
        ),
        (
            text("observe = [{ action = false }]", ""),
            "observe[0].action: it must be true, or left out",
        ),
        (
            text("observe = [{ contact = \"wall\" }]", ""),
            "there is no body or geom `wall`; there are world, cart, mark, floor, hull",
        ),
        (
            text("observe = [{ body = \"cart\", except = \"cart\" }]", ""),
            "observe[0].except: it says what of a list is left out",
        ),
        (
            text(
                "observe = [{ position = [\"turn\", \"lift\", \"turn\"] }]",
                "",
            ),
            "observe[0].position[2]: the joint is named twice",
        ),
        (
            text("observe = [{ position = \"turn\", except = \"lift\" }]", ""),
            "observe[0].except: the joint is not among them, so it cannot be left out",
        ),
        (
            text("observe = [{ position = \"turn\", clip = [1] }]", ""),
            "observe[0].clip: it must be a finite number, 0 or more, or two numbers",
        ),
    ]);
}

#[test]
fn mistakes_in_numbers_and_ends_are_told() {
    let good = "observe = [{ position = \"all\" }]";
    all_refused(&[
        (
            text("observe = [{ expression = \"1 +\" }]", ""),
            "own.toml:2: observe[0].expression: it ends where a number or a name should stand (letter 4)",
        ),
        (
            text("observe = [{ expression = \"1 / 0\" }]", ""),
            "observe[0].expression: it is always inf (letter 1)",
        ),
        (
            text(&format!("{good}\nframe_skip = 0"), ""),
            "own.toml:3: frame_skip: it must be a whole number, 1 to 10000",
        ),
        (
            text(&format!("{good}\nframe_skip = 99999999999999999999"), ""),
            "own.toml:3: frame_skip: it must be a whole number, 1 to 10000",
        ),
        (
            text(&format!("{good}\nmax_episode_steps = -5"), ""),
            "max_episode_steps: it must be a whole number, 1 to 1000000000",
        ),
        (
            text(&format!("{good}\nrecompute = 1"), ""),
            "recompute: it must be true or false",
        ),
        (
            text(
                &format!("{good}\nend = [{{ position = \"lift\", outside = 3 }}]"),
                "",
            ),
            "own.toml:3: end[0].outside: it must be two numbers",
        ),
        (
            text(
                &format!("{good}\nend = [{{ position = \"lift\", outside = [nan, 3] }}]"),
                "",
            ),
            "end[0].outside: it must be two numbers",
        ),
        (
            text(
                &format!(
                    "{good}\nend = [{{ position = \"lift\", inside = [0, 1], outside = [0, 1] }}]"
                ),
                "",
            ),
            "give `outside` or `inside`, not both",
        ),
        (
            text(&format!("{good}\nend = 3"), ""),
            "own.toml:3: end: it must be the name of a quantity, or a table",
        ),
        (
            text("observe = [{ point = [0, inf, 0] }]", ""),
            "own.toml:2: observe[0].point[1]: it must be a finite number",
        ),
        (
            text("observe = [{ point = [0, 1e39, 0] }]", ""),
            "observe[0].point[1]: it must be within 3.4028235e38",
        ),
        (
            text("observe = [{ expression = \"1e400\" }]", ""),
            "`1e400` is too large a number (letter 1)",
        ),
    ]);
}

#[test]
fn mistakes_in_rewards_are_told() {
    let good = "observe = [{ position = \"all\" }]";
    all_refused(&[
        (
            text(good, "x = { position = \"all\" }"),
            "own.toml:5: reward.x: a term is one number, and this has 3",
        ),
        (
            text(good, "x = { position = \"turn\", wieght = 1 }"),
            "own.toml:5: reward.x: unknown key `wieght`; did you mean `weight`?",
        ),
        (
            text(good, "x = { position = \"turn\", weight = inf }"),
            "reward.x.weight: it must be a finite number",
        ),
        (
            text(
                good,
                "x = { position = \"turn\", tolerance = { margin = -1 } }",
            ),
            "reward.x.tolerance.margin: it must be a finite number, 0 or more",
        ),
        (
            text(
                good,
                "x = { position = \"turn\", tolerance = { low = 2, high = 1 } }",
            ),
            "`low` must be at most `high`",
        ),
        (
            text(
                good,
                "x = { position = \"turn\", tolerance = { sigmoid = \"gauss\" } }",
            ),
            "there is no sigmoid `gauss`; did you mean `gaussian`?",
        ),
        (
            text(
                good,
                "x = { position = \"turn\", tolerance = { at_margin = 0 } }",
            ),
            "it must be above 0 and below 1",
        ),
        (
            text(good, "\"x y\" = { position = \"turn\" }"),
            "a name has letters, digits and `_`",
        ),
        (
            text(good, "pi = { position = \"turn\" }"),
            "reward.pi: `pi` is a word of expressions; take another name",
        ),
        (
            text(
                good,
                "x = { position = \"turn\", tolerance = { low = inf } }",
            ),
            "reward.x.tolerance: no number is between its bounds",
        ),
        (
            text(good, "x = { position = \"turn\", tolerance = {} }"),
            "reward.x.tolerance: every number is between its bounds",
        ),
        (
            text(good, "x = 3"),
            "reward.x: it must be the name of a quantity, or a table",
        ),
        (
            text(good, "total = \"alife\""),
            "own.toml:5: reward.total: there is no number `alife`; did you mean `alive`? (letter 1)",
        ),
    ]);
}

#[test]
fn mistakes_in_where_episodes_begin_are_told() {
    let good = "observe = [{ position = \"all\" }]";
    all_refused(&[
        (
            text(
                good,
                "[begin]\ngoals.g = { low = [0, 0, 0], high = [1, 1, inf] }",
            ),
            "own.toml:6: begin.goals.g.high[2]: it must be a finite number",
        ),
        (
            text(
                good,
                "[begin]\ngoals.g = { low = [0, -1e308, 0], high = [1, 1e308, 1] }",
            ),
            "begin.goals.g.low[1]: it must be within 3.4028235e38, as single precision is",
        ),
        (
            text(
                good,
                "[begin]\ngoals.f = { low = [0, 0, 0], high = [1, 1, 1], mocap = \"mark\" }\n\
                 goals.g = { low = [0, 0, 0], high = [1, 1, 1], mocap = \"mark\" }",
            ),
            "own.toml:7: begin.goals.g.mocap: the body stands where the goal `f` is already",
        ),
        (
            text(good, "[begin]\nkeyframe = \"low\""),
            "own.toml:6: begin.keyframe: there is no keyframe `low`; there are high",
        ),
        (
            text(good, "[begin]\nnoise = [{ position = \"all\" }]"),
            "begin.noise[0]: give one of uniform = SIZE",
        ),
        (
            text(good, "[begin]\nnoise = [{ uniform = 1 }]"),
            "begin.noise[0]: give one of position and velocity",
        ),
        (
            text(
                good,
                "[begin]\nnoise = [{ position = \"all\", between = [0, inf] }]",
            ),
            "begin.noise[0].between[1]: it must be a finite number",
        ),
        (
            text(good, "[begin]\ngoals.g = { low = [0, 0, 0] }"),
            "begin.goals.g: `high` is missing",
        ),
        (
            text(
                good,
                "[begin]\ngoals.g = { low = [0, 0, 0], high = [1, 1, -1] }",
            ),
            "`low` must be at most `high`, number by number",
        ),
        (
            text(
                good,
                "[begin]\ngoals.g = { low = [0, 0, 0], high = [1, 1, 1], mocap = \"cart\" }",
            ),
            "the body is no mocap body",
        ),
        (
            text(
                good,
                "[begin]\ngoals.g = { low = [0, 0, 0], high = [1, 1, 1] }\n[quantities]\ng = { time = true }",
            ),
            "quantities.g: a goal has this name already",
        ),
        (
            text(
                good,
                "[quantities]\na = { body = \"cart\" }\na_x = { time = true }",
            ),
            "quantities.a_x: `a_x` is a number of `a` already",
        ),
        (
            text(
                good,
                "[begin]\ngoals.g = { low = [0, 0, 0], high = [1, 1, 1] }\n[quantities]\ng_2 = { time = true }",
            ),
            "`g_2` is a number of `g` already",
        ),
        (
            text(
                good,
                "[quantities]\na = { body = \"cart\" }\nb = { expression = \"a + 1\" }",
            ),
            "own.toml:7: quantities.b.expression: `a` has 3 numbers; a_0 is the first of them",
        ),
    ]);
}

/// Checks that each file is refused, with these words.
fn all_refused(files: &[(String, &str)]) {
    for (text, said) in files {
        let line = refused(text);
        assert!(line.contains(said), "{line}\nnot: {said}");
    }
}

#[test]
fn hostile_files_are_one_clear_line() {
    let good = "observe = [{ position = \"all\" }]";
    // Quantities that are made of themselves.
    for (section, said) in [
        (
            "a = { rate = \"a\" }",
            "own.toml:6: quantities.a.rate: the quantity `a` is made of itself",
        ),
        (
            "a = \"b\"\nb = { difference = [\"c\", \"c\"] }\nc = { expression = \"a + 1\" }",
            "the quantity `a` is made of itself",
        ),
    ] {
        let line = refused(&text(good, &format!("[quantities]\n{section}")));
        assert!(line.contains(said), "{line}");
    }
    // A chain of very many.
    let chain: String = (0..20_000)
        .map(|i| format!("q{i} = {{ rate = \"q{}\" }}\n", i + 1))
        .collect();
    let line = refused(&text(good, &format!("[quantities]\n{chain}")));
    assert!(
        line.contains("more than 50 quantities are made of each other"),
        "{line}"
    );
    let chain: String = (0..20_000)
        .map(|i| format!("q{i} = \"q{}\"\n", i + 1))
        .collect();
    let line = refused(&text(good, &format!("[quantities]\n{chain}")));
    assert!(
        line.contains("more than 50 quantities are made of each other"),
        "{line}"
    );
    // Millions of observations.
    let many = "{position=\"all\"},".repeat(40_000);
    let line = refused(&text(&format!("observe = [{many}]"), ""));
    assert!(
        line.contains("more than 100000 numbers are measured in all"),
        "{line}"
    );
    let doubled: String = (0..60)
        .map(|i| format!("q{} = {{ point = [0, 0, 0] }}\n", i))
        .collect();
    assert!(
        Own::new(&text(good, &format!("[quantities]\n{doubled}")))
            .make()
            .is_ok()
    );
    let line = refused(&"#".repeat(2 << 20));
    assert!(
        line.contains("the file is longer than 1048576 bytes"),
        "{line}"
    );
    // Deep and long texts.
    let line = refused(&text(&format!("observe = {}", "[".repeat(10_000)), ""));
    assert!(line.starts_with("own.toml:2: "), "{line}");
    let deep = format!("{}x{}", "(".repeat(1500), ")".repeat(1500));
    let line = refused(&text(
        &format!("observe = [{{ expression = \"{deep}\" }}]"),
        "",
    ));
    assert!(
        line.contains("more than 50 parts inside each other"),
        "{line}"
    );
    // Labels do not double with each quantity that is made of another.
    let nested: String = (1..40)
        .map(|i| format!("a{i} = {{ difference = [\"a{0}\", \"a{0}\"] }}\n", i - 1))
        .collect();
    let long = "x".repeat(70_000);
    let quantities =
        format!("{long} = {{ position = \"turn\" }}\na0 = {{ position = \"all\" }}\n{nested}");
    let observe = format!("observe = [\"a39\", \"{long}\"]\n[quantities]\n{quantities}");
    let env = Own::new(&text(&observe, "x = { position = \"turn\" }"))
        .make()
        .unwrap();
    let labels = env
        .info()
        .observation
        .iter()
        .map(|dim| dim.name.chars().count());
    assert!(labels.max() <= Some(101));
    let terms: String = (0..20)
        .map(|i| format!("t{i} = {{ time = true }}\n"))
        .collect();
    let line = refused(&text(good, &terms));
    assert!(line.contains("a reward has 16 terms at most"), "{line}");
    // Keys inside each other, which no other key can name.
    let keys = ["a"; 100_000].join(".");
    let line = refused(&text(good, &format!("{keys} = 1")));
    assert!(line.ends_with(": recursion limit"), "{line}");
    // What is no text.
    let own = Own::new("");
    std::fs::write(&own.file, b"about = \"x\"\nmodel = \"\xff\"").unwrap();
    let line = own.make().err().unwrap().to_string();
    assert!(
        line.ends_with("own.toml:2: the file is no text in UTF-8"),
        "{line}"
    );
    // What would never end.
    let own = Own::new("");
    let pipe = own.folder.join("pipe.toml");
    if std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .is_ok_and(|made| made.success())
    {
        let line = make(&pipe.display().to_string()).err().unwrap().to_string();
        assert!(line.ends_with("it is no regular file"), "{line}");
    }
    // A file that is none.
    let error = make("/").err().unwrap().to_string();
    assert!(error.starts_with("unknown task `/`"), "{error}");
    let error = make("nowhere.toml").err().unwrap();
    let told = error.to_string();
    assert!(told.starts_with("cannot read nowhere.toml"), "{told}");
    // Who prints a chain of errors would say the reason twice.
    assert!(std::error::Error::source(&error).is_none());
}
