//! `cargo xtask prune` and `offline` on a small dataset, as a person would use them.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::fs;
use std::path::Path;

use common::{dataset, refuses, run, says, timeless, timeless_at};

#[test]
fn a_dataset_is_pruned_for_learned_from_and_swept() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let data = "invertedpendulum/random-v0";

    let said = says(folder, &format!("prune {data} --sparsity 0.9"));
    assert!(
        said.contains("actor") && said.contains("critic_2"),
        "{said}"
    );
    // 4-256-256-1, and 5-256-256-1 twice.
    assert!(said.contains("kept 20,098 of 200,960 weights"), "{said}");
    assert!(folder.join("pruned.safetensors").exists());
    let error = refuses(folder, &format!("prune {data}"));
    assert!(error.contains("--overwrite"), "{error}");

    let words = format!("offline {data} --algo bc --updates 40");
    let said = says(folder, &words);
    assert!(
        said.contains("40 updates") && said.contains("no score"),
        "{said}"
    );
    let place = folder.join("runs/offline/invertedpendulum-random-v0-bc-snip-0.95-s0");
    let read = |file: &str| fs::read_to_string(place.join(file)).unwrap();
    assert!(read("metrics.csv").starts_with("update,seconds,return_mean"));
    assert_eq!(read("pruning.csv").lines().count(), 4);
    let before = read("metrics.csv");
    let error = refuses(folder, &words);
    assert!(error.contains("already holds a run"), "{error}");
    assert_eq!(read("metrics.csv"), before);
    // What a run wrote is taken back, and makes the same run but for the time; a dense one too.
    says(folder, &format!("{words} --sparsity 0 --out dense"));
    for (run, again) in [
        (place.clone(), "again"),
        (folder.join("dense"), "dense-again"),
    ] {
        let config = run.join("config.toml");
        let config = config.display();
        says(
            folder,
            &format!("offline {data} --config {config} --out {again}"),
        );
        let rows = |run: &Path| timeless(&fs::read_to_string(run.join("metrics.csv")).unwrap());
        assert_eq!(rows(&folder.join(again)), rows(&run));
        assert_eq!(
            run.join("pruning.csv").exists(),
            folder.join(again).join("pruning.csv").exists()
        );
    }
    // What is refused after the dataset was read costs nothing either.
    let error = refuses(
        folder,
        &format!("{words} --sparsity 0.9999 --overwrite --out again"),
    );
    assert!(error.contains("(in actor)"), "{error}");
    assert!(folder.join("again/policy.safetensors").exists());
    // Other commands know what it is.
    let said = says(folder, "eval again --episodes 2");
    assert!(said.contains("bc snip 0.95 seed 0"), "{said}");
    says(folder, "plot again dense --out two.svg");
    // The critics' first rows come before the actor's first update.
    fs::write(
        folder.join("each.toml"),
        "[evaluation]\nevery = 1\nepisodes = 1\n",
    )
    .unwrap();
    says(
        folder,
        &format!("offline {data} --updates 3 --config each.toml --out each"),
    );
    let rows = fs::read_to_string(folder.join("each/metrics.csv")).unwrap();
    assert!(rows.lines().nth(1).unwrap().ends_with(','), "{rows}");

    let sweep = "--algo bc --updates 20 --criterion snip,random --sweep 0,0.9 --out sweep";
    let said = says(folder, &format!("offline {data} {sweep}"));
    assert!(said.contains("dense"), "{said}");
    let rows = fs::read_to_string(folder.join("sweep/sweep.csv")).unwrap();
    assert_eq!(rows.lines().count(), 4, "{rows}");
    let svg = fs::read_to_string(folder.join("sweep/sweep.svg")).unwrap();
    assert!(svg.contains("random") && svg.contains("90 %"));
    let error = refuses(folder, &format!("offline {data} {sweep}"));
    assert!(error.contains("sweep/dense-s0 already holds"), "{error}");
    let error = refuses(folder, &format!("offline {data} {sweep} --seeds 5,6"));
    assert!(error.contains("holds a sweep already"), "{error}");
}

/// What is whole stays, to the column of the time; what was cut off and what is missing is made.
#[test]
fn a_sweep_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let data = "invertedpendulum/random-v0";
    let sweep = "--algo bc --updates 20 --criterion snip,random --sweep 0,0.9 --out sweep";
    says(folder, &format!("offline {data} {sweep}"));
    let rows = fs::read_to_string(folder.join("sweep/sweep.csv")).unwrap();
    let keep = format!("{} --continue", sweep.replace("0,0.9", "0,0.8,0.9"));
    let metrics =
        |run: &str| fs::read_to_string(folder.join("sweep").join(run).join("metrics.csv"));
    let before = ["dense-s0", "snip-0.9-s0"].map(|run| metrics(run).unwrap());
    let cut_off = folder.join("sweep/random-0.9-s0");
    fs::remove_file(cut_off.join("networks.safetensors")).unwrap();
    let error = refuses(folder, &format!("offline {data} {sweep}"));
    assert!(error.contains("--continue"), "{error}");
    let said = says(folder, &format!("offline {data} {keep}"));
    assert!(
        said.contains("3 runs, 2 at a time; 2 are whole and stay, 1 were cut off"),
        "{said}"
    );
    assert_eq!(
        ["dense-s0", "snip-0.9-s0"].map(|run| metrics(run).unwrap()),
        before
    );
    let old: Vec<String> = timeless_at(&rows, 10);
    let rows = fs::read_to_string(folder.join("sweep/sweep.csv")).unwrap();
    assert_eq!(rows.lines().count(), 6, "{rows}");
    let new = timeless_at(&rows, 10);
    assert!(old.iter().all(|row| new.contains(row)), "{old:?} {rows}");

    // Other criteria and seeds join them, in whatever order.
    let more = "--algo bc --updates 20 --criterion magnitude --seeds 1 --sweep 0,0.9 --out sweep --continue";
    let said = says(folder, &format!("offline {data} {more}"));
    assert!(said.contains("2 runs, 2 at a time; 5 are whole"), "{said}");
    let rows = fs::read_to_string(folder.join("sweep/sweep.csv")).unwrap();
    assert_eq!(rows.lines().count(), 8, "{rows}");
    let said = says(
        folder,
        &format!(
            "offline {data} {} --continue",
            sweep.replace("snip,random", "random,snip")
        ),
    );
    assert!(
        said.contains("0 runs, ") && said.contains("; 7 are whole"),
        "{said}"
    );

    // Not beside other settings or other data, whatever is asked for.
    for (words, expected) in [
        (
            keep.replace("--updates 20", "--updates 21"),
            "has updates = 20, not 21",
        ),
        (
            keep.replace("0,0.8,0.9", "0.5")
                .replace("--algo bc", "--algo iql"),
            "has algo = \"bc\", not {",
        ),
    ] {
        let error = refuses(folder, &format!("offline {data} {words}"));
        assert!(error.contains(expected), "{error}");
    }
    let other = folder.join("sweep/magnitude-0.9-s1/config.toml");
    let text = fs::read_to_string(&other).unwrap();
    fs::write(&other, text.replace("\"global\"", "\"uniform\"")).unwrap();
    let error = refuses(folder, &format!("offline {data} {keep}"));
    assert!(
        error.contains("none of the runs that are asked for") && error.contains("allocation"),
        "{error}"
    );
    fs::write(&other, text).unwrap();
    let config = cut_off.join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("# data: ", "# data: 1")).unwrap();
    let error = refuses(folder, &format!("offline {data} {keep}"));
    assert!(error.contains("learned from other data"), "{error}");
}

#[test]
fn a_run_that_is_whole_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let words = "offline invertedpendulum/random-v0 --algo bc --updates 20 --out one --continue";
    says(folder, words);
    let before = fs::read_to_string(folder.join("one/metrics.csv")).unwrap();
    let said = says(folder, words);
    assert!(said.contains("the run in one is whole"), "{said}");
    let kept = fs::read_to_string(folder.join("one/metrics.csv")).unwrap();
    assert_eq!(kept, before);
    fs::write(folder.join("one/metrics.csv"), "update,seconds\n10,1\n").unwrap();
    says(folder, words);
    let made = fs::read_to_string(folder.join("one/metrics.csv")).unwrap();
    assert_eq!(timeless(&made), timeless(&before));
}

/// Data of your own robot, say.
#[test]
fn data_of_no_task_is_learned_from_without_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    fs::rename(
        folder.join("invertedpendulum/random-v0"),
        folder.join("arm"),
    )
    .unwrap();
    let error = refuses(folder, "offline arm");
    assert!(
        error.contains("names no task") && error.contains("--env none"),
        "{error}"
    );
    let words = "offline arm --env none --algo iql --updates 30";
    let said = says(folder, &format!("{words} --out one"));
    assert!(
        said.contains("critic loss") && said.contains("no task to evaluate in"),
        "{said}"
    );
    let rows = fs::read_to_string(folder.join("one/metrics.csv")).unwrap();
    let cells: Vec<&str> = rows.lines().nth(1).unwrap().split(',').collect();
    assert_eq!((cells[0], &cells[2..6]), ("30", &[""; 4][..]), "{rows}");
    assert!(cells[6..].iter().all(|cell| !cell.is_empty()), "{rows}");
    assert!(folder.join("one/policy.safetensors").exists());
    says(folder, "prune arm --env none --algo bc");
    let error = refuses(folder, "eval one");
    assert!(error.contains("no task"), "{error}");
    let error = refuses(folder, "plot one");
    assert!(error.contains("without a task has no returns"), "{error}");
    // What the run wrote says that there is no task.
    says(folder, "offline arm --config one/config.toml --out again");
    let said = says(folder, &format!("{words} --sweep 0,0.9 --out sweep"));
    assert!(!said.contains("sweep.svg"), "{said}");
    let rows = fs::read_to_string(folder.join("sweep/sweep.csv")).unwrap();
    assert!(
        rows.lines()
            .nth(2)
            .unwrap()
            .starts_with("none,iql,snip,0.9,0,30,"),
        "{rows}"
    );
}

#[test]
fn a_task_of_a_file_is_collected_from_learned_and_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let here = folder.join("here");
    fs::create_dir(&here).unwrap();
    let model = |damping: f64| {
        format!(
            "<mujoco><worldbody><body><joint name='x' type='slide' damping='{damping}'/><geom size='0.1'/></body>\
             </worldbody><actuator><motor joint='x' ctrlrange='-2 2'/></actuator></mujoco>"
        )
    };
    let task = "model = \"cart.xml\"\nframe_skip = 5\nmax_episode_steps = 20\n\
                observe = [{ position = \"all\" }, { velocity = \"all\" }]\n\
                reward.still = { velocity = \"all\", squares = true, weight = -1 }\n";
    fs::write(here.join("cart.xml"), model(1.0)).unwrap();
    fs::write(here.join("cart.toml"), task).unwrap();

    says(
        &here,
        "collect --env cart.toml --kind random --transitions 400 --out data",
    );
    let words = "offline data/cart/random-v0 --algo bc --updates 40";
    let said = says(&here, &format!("{words} --out off"));
    assert!(said.contains("neither cart.toml nor the dataset"), "{said}");
    says(&here, &format!("{words} --env cart.toml --out again"));
    let read = |run: &str| fs::read_to_string(here.join(run).join("metrics.csv")).unwrap();
    assert_eq!(timeless(&read("off")), timeless(&read("again")));

    let evaluated = says(&here, "eval off --episodes 2");
    assert!(evaluated.contains("mean return"), "{evaluated}");
    // A path that leads nowhere from where the command runs.
    let error = refuses(folder, "eval here/off --episodes 2");
    assert!(error.contains("run it where the run began"), "{error}");
    let error = refuses(
        folder,
        "offline here/data/cart/random-v0 --algo bc --updates 40",
    );
    assert!(
        error.contains("it is of cart.toml, which is no task here"),
        "{error}"
    );
    says(&here, "train --env cart.toml --steps 200 --out trained");
    let error = refuses(folder, "train --resume here/trained");
    assert!(error.contains("run it where the run began"), "{error}");
    // Another model.
    fs::write(here.join("cart.xml"), model(2.0)).unwrap();
    let error = refuses(&here, "train --resume trained");
    assert!(
        error.contains("cart.xml has changed since the run began; put it back, or begin"),
        "{error}"
    );
    let output = run(&here, "eval off --episodes 2");
    let noted = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && noted.contains("cart.xml has changed since the run began"),
        "{noted}"
    );
}

#[test]
fn mistakes_are_one_line_and_touch_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let data = "invertedpendulum/random-v0";
    for (words, expected) in [
        ("offline nothing/hopper-v0".to_owned(), "nothing/hopper-v0"),
        (
            format!("offline {data} --env hopper"),
            "env = Hopper-v5: must be a task with 4 and 1",
        ),
        (
            format!("offline {data} --algo cql"),
            "known algorithms: bc, td3-bc, iql",
        ),
        (
            format!("offline {data} --criterion l1"),
            "known criteria: snip",
        ),
        (
            format!("offline {data} --sparsity 1"),
            "a sparsity lies in [0, 1)",
        ),
        (format!("offline {data} --updates 0"), "must be at least 1"),
        (
            format!("offline {data} --sparsity 0.9999"),
            "min_inputs_per_unit",
        ),
        (
            format!("prune {data} --out no/such/folder/p --sparsity 0.5"),
            "no/such/folder/p",
        ),
    ] {
        let error = refuses(folder, &words);
        assert!(error.contains(expected), "{words}: {error}");
    }
}
