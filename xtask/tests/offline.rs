//! `cargo xtask prune` and `offline` on a small dataset, as a person would use them.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use offline_prune::dataset::Episode;
use offline_prune::dataset::minari::{Description, write};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Random actions in InvertedPendulum.
fn dataset(folder: &Path) {
    let mut env = envs::make("InvertedPendulum-v5").unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut seen = vec![0.0; 4];
    let mut episode = |seed: u64| {
        let mut episode = Episode::default();
        env.reset(seed, &mut seen).unwrap();
        while !episode.terminated {
            episode.observations.extend(seen.iter().map(|x| *x as f32));
            let action = rng.random_range(-3.0..3.0);
            let step = env.step(&[action], &mut seen).unwrap();
            episode.actions.push(action as f32);
            episode.rewards.push(step.reward as f32);
            episode.terminated = step.terminated;
        }
        episode.observations.extend(seen.iter().map(|x| *x as f32));
        episode
    };
    let episodes: Vec<Episode> = (0..200).map(&mut episode).collect();
    let description = Description {
        id: "invertedpendulum/random-v0".to_owned(),
        observation_size: 4,
        action_bounds: vec![[-3.0, 3.0]],
        reference: None,
        replace: false,
        entries: serde_json::Map::new(),
    };
    write(folder, &description, episodes).unwrap();
}

fn run(folder: &Path, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_run"))
        .current_dir(folder)
        .args(words.split_whitespace())
        .output()
        .unwrap()
}

/// What a command says, which must succeed.
fn says(folder: &Path, words: &str) -> String {
    let output = run(folder, words);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}: {said}{error}");
    said
}

/// The error of a command that must fail, one line.
fn refuses(folder: &Path, words: &str) -> String {
    let output = run(folder, words);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{words}");
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    error
}

/// Rows without the column of the time.
fn timeless(text: &str) -> Vec<String> {
    let row = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        [&cells[..1], &cells[2..]].concat().join(",")
    };
    text.lines().map(row).collect()
}

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
    let sweep = format!("{} --keep", sweep.replace("0,0.9", "0,0.8,0.9"));
    let metrics =
        |run: &str| fs::read_to_string(folder.join("sweep").join(run).join("metrics.csv"));
    let before = ["dense-s0", "snip-0.9-s0"].map(|run| metrics(run).unwrap());
    let cut_off = folder.join("sweep/random-0.9-s0");
    fs::remove_file(cut_off.join("result.json")).unwrap();
    fs::write(cut_off.join("metrics.csv"), "").unwrap();
    let said = says(folder, &format!("offline {data} {sweep}"));
    assert!(
        said.contains("3 runs, ") && said.contains("2 of 5 are whole"),
        "{said}"
    );
    assert_eq!(
        ["dense-s0", "snip-0.9-s0"].map(|run| metrics(run).unwrap()),
        before
    );
    assert!(metrics("random-0.9-s0").unwrap().lines().count() > 1);
    let old: Vec<String> = rows.lines().map(str::to_owned).collect();
    let rows = fs::read_to_string(folder.join("sweep/sweep.csv")).unwrap();
    assert_eq!(rows.lines().count(), 6, "{rows}");
    // The dense run, and SNIP's of 90 %.
    assert!(rows.contains(&old[1]) && rows.contains(&old[2]), "{rows}");
    let others = sweep.replace("--updates 20", "--updates 21");
    let error = refuses(folder, &format!("offline {data} {others}"));
    assert!(
        error.contains("`updates = 20`, not `updates = 21`"),
        "{error}"
    );
    fs::write(cut_off.join("result.json"), "{").unwrap();
    let error = refuses(folder, &format!("offline {data} {sweep}"));
    assert!(
        error.contains("random-0.9-s0/result.json is damaged"),
        "{error}"
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
