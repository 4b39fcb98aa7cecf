//! Studies that are killed at any moment, shared by several commands, or wrong: what comes of them is what would have come
//! without.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

mod common;
use common::{dataset, refuses, run, says, timeless};

/// Small networks, an evaluation every few steps, forgetting and longer windows within the run.
const SMALL: &str = "\
seeds = \"0..2\"
tasks = [\"halfcheetah-v3\", \"inverted-pendulum\"]
recipes = [\"rlx2\", \"dense-sac\"]
[set]
steps = 1000
networks.actor = [64, 64]
networks.critic = [64, 64]
evaluation.every = 100
evaluation.episodes = 1
";

fn start(folder: &Path, words: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_run"))
        .current_dir(folder)
        .args(words.split_whitespace())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The processes that a process started, and that are still there.
fn children(parent: u32) -> Vec<u32> {
    let read = |entry: fs::DirEntry| -> Option<u32> {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let after = stat.rsplit_once(')')?.1;
        let mut fields = after.split_whitespace();
        let (state, of) = (fields.next()?, fields.next()?.parse::<u32>().ok()?);
        (of == parent && state != "Z").then_some(pid)
    };
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(read)
        .collect()
}

fn kill(pid: u32) {
    let _ = Command::new("kill")
        .args(["-9", &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// The rows of each run of a study, without the columns that tell the time.
fn rows(study: &Path) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(study.join("runs")).unwrap().flatten() {
        let text = fs::read_to_string(entry.path().join("metrics.csv")).unwrap();
        let timeless = |row: &str| {
            let cells: Vec<&str> = row.split(',').collect();
            cells[..cells.len() - 2].join(",")
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        all.insert(name, text.lines().map(timeless).collect());
    }
    all
}

/// How often runs of a study were begun at their first step, and went on from a later one, by their logs.
fn begun(study: &Path) -> (usize, usize) {
    let logs = fs::read_dir(study.join("state")).unwrap().flatten();
    let logs = logs.map(|entry| fs::read_to_string(entry.path().join("log")).unwrap_or_default());
    let text: String = logs.collect();
    let resumed = text.matches("goes on from step").count();
    (text.matches("begins").count(), resumed)
}

fn states(folder: &Path, study: &str) -> Vec<Value> {
    let text = says(folder, &format!("study status {study} --json"));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A study that is killed at random moments, and one that is not, in a folder.
fn killed_and_whole(folder: &Path, file: &str, kills: usize, wait: std::ops::Range<u64>) {
    fs::write(folder.join("table.toml"), file).unwrap();
    says(folder, "study run table.toml --out whole --jobs 2");
    let mut rng = ChaCha8Rng::seed_from_u64(18);
    let (mut parents, mut runs) = (0, 0);
    let mut process = start(folder, "study run table.toml --out killed --jobs 2");
    while parents + runs < kills {
        sleep(Duration::from_millis(rng.random_range(wait.clone())));
        if process.try_wait().unwrap().is_some() {
            panic!(
                "the study was over after {} kills: make it longer",
                parents + runs
            );
        }
        let own = children(process.id());
        // A child, the parent, or the parent with all its children, in turns.
        match (parents + runs) % 3 {
            0 => {
                if let Some(child) = own.first() {
                    kill(*child);
                    runs += 1;
                }
                continue;
            }
            1 => {}
            _ => own.iter().for_each(|child| kill(*child)),
        }
        process.kill().unwrap();
        process.wait().unwrap();
        parents += 1;
        process = start(folder, "study run table.toml --out killed --jobs 2");
    }
    assert!(process.wait().unwrap().success());
    let (expected, found) = (rows(&folder.join("whole")), rows(&folder.join("killed")));
    assert_eq!(found, expected);
    let (_, resumed) = begun(&folder.join("killed"));
    assert!(resumed >= 1, "no run went on from a checkpoint");
    // Nothing more to make: nothing is made.
    let before = begun(&folder.join("killed"));
    says(folder, "study run table.toml --out killed");
    assert_eq!(begun(&folder.join("killed")), before);
    assert!(
        states(folder, "killed")
            .iter()
            .all(|run| run["state"] == "done")
    );
    let kept = |study: &str| {
        let runs = fs::read_dir(folder.join(study).join("runs"))
            .unwrap()
            .flatten();
        runs.filter(|run| run.path().join("resume").exists())
            .count()
    };
    assert_eq!([kept("whole"), kept("killed")], [0, 0]);
}

#[test]
fn a_study_that_is_killed_ends_as_the_one_that_is_not() {
    let folder = tempfile::tempdir().unwrap();
    killed_and_whole(folder.path(), SMALL, 3, 300..900);
}

#[test]
#[ignore = "some minutes"]
fn two_tasks_three_recipes_and_three_seeds_killed_five_times() {
    let folder = tempfile::tempdir().unwrap();
    let file = "seeds = \"0..3\"\ntasks = [\"hopper-v3\", \"halfcheetah-v3\"]\nrecipes = [\"rlx2\", \"dense\", \"ds-sac\"]\n\
                [set]\nsteps = 6000\nevaluation.every = 1000\n";
    killed_and_whole(folder.path(), file, 6, 4_000..12_000);
}

#[test]
fn two_commands_share_a_study() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("table.toml"), SMALL).unwrap();
    let words = "study run table.toml --out shared --jobs 1";
    let mut both = [start(folder, words), start(folder, words)];
    for process in &mut both {
        assert!(process.wait().unwrap().success());
    }
    let states = states(folder, "shared");
    assert_eq!(states.len(), 8);
    assert!(states.iter().all(|run| run["state"] == "done"));
    let (begun, resumed) = begun(&folder.join("shared"));
    assert_eq!((begun, resumed), (8, 0), "each run is begun once");
}

/// Of each algorithm and seed; one is killed under way.
#[test]
fn a_study_learns_from_datasets_and_goes_on_there() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let file = "seeds = \"0..2\"\n[offline]\ndatasets = [\"invertedpendulum/random-v0\"]\nalgos = [\"bc\", \"td3-bc\"]\n[offline.set]\n\
                updates = 600\nnetworks.actor = [64, 64]\nnetworks.critic = [64, 64]\nlearning.batch_size = 64\n\
                evaluation.every = 50\nevaluation.episodes = 1\n";
    fs::write(folder.join("table.toml"), file).unwrap();
    says(folder, "study run table.toml --out whole --jobs 2");
    let mut process = start(folder, "study run table.toml --out killed --jobs 2");
    let own = loop {
        let own = children(process.id());
        let runs = fs::read_dir(folder.join("killed/runs"))
            .into_iter()
            .flatten()
            .flatten();
        let rows =
            runs.map(|run| fs::read_to_string(run.path().join("metrics.csv")).unwrap_or_default());
        if !own.is_empty() && rows.map(|text| text.lines().count()).max() >= Some(4) {
            break own;
        }
        sleep(Duration::from_millis(5));
    };
    own.iter().for_each(|child| kill(*child));
    process.kill().unwrap();
    process.wait().unwrap();
    says(folder, "study run table.toml --out killed --jobs 2");
    let rows = |study: &str| -> BTreeMap<String, Vec<String>> {
        let runs = fs::read_dir(folder.join(study).join("runs"))
            .unwrap()
            .flatten();
        let rows = |run: fs::DirEntry| {
            let text = fs::read_to_string(run.path().join("metrics.csv")).unwrap();
            (
                run.file_name().to_string_lossy().into_owned(),
                timeless(&text),
            )
        };
        runs.map(rows).collect()
    };
    assert_eq!(rows("killed"), rows("whole"));
    assert_eq!(rows("whole").len(), 4);
    for study in ["whole", "killed"] {
        let all = states(folder, study);
        assert!(all.iter().all(|run| run["state"] == "done"), "{all:?}");
    }
}

#[test]
fn a_study_that_is_planned_anew_while_it_is_made_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("table.toml"), SMALL).unwrap();
    says(folder, "study plan table.toml --out study");
    let names = || -> Vec<String> {
        let states = states(folder, "study");
        let name = |run: &Value| run["name"].as_str().unwrap().to_owned();
        states.iter().map(name).collect()
    };
    let before = names();
    let running = Command::new(env!("CARGO_BIN_EXE_run"))
        .current_dir(folder)
        .args("study run study --jobs 1".split_whitespace())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while fs::read_dir(folder.join("study/runs")).is_err() {
        sleep(Duration::from_millis(20));
    }
    // One seed of two, and another.
    let file = SMALL.replace("0..2", "1..3");
    fs::write(folder.join("table.toml"), file).unwrap();
    let output = run(folder, "study plan table.toml --out study");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("4 of 8 runs are no longer in study;"),
        "{said}"
    );
    let after = names();
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("runs: the study was planned anew without them"),
        "{said}"
    );
    assert!(!said.contains("failed"), "{said}");
    for state in states(folder, "study") {
        let stays = before.contains(&state["name"].as_str().unwrap().to_owned());
        assert_eq!(state["state"] == "done", stays, "{state}");
    }
    assert_eq!(after.iter().filter(|name| before.contains(name)).count(), 4);
    says(folder, "study run study");
}

#[test]
fn a_budget_ends_in_time_and_slices_make_their_part() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let long = SMALL
        .replace("steps = 1000", "steps = 200_000")
        .replace("every = 100", "every = 5000");
    fs::write(folder.join("long.toml"), long).unwrap();
    let began = Instant::now();
    let output = run(
        folder,
        "study run long.toml --jobs 2 --budget 6s --slice 1/4",
    );
    assert_eq!(
        output.status.code(),
        Some(130),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        began.elapsed() < Duration::from_secs(12),
        "{:?}",
        began.elapsed()
    );
    let states = states(folder, "runs/studies/long");
    let cut: Vec<usize> = (0..8)
        .filter(|i| states[*i]["state"] == "cut_off")
        .collect();
    assert_eq!(cut, [1, 5]);
    for index in cut {
        let name = states[index]["name"].as_str().unwrap();
        let run: PathBuf = folder.join("runs/studies/long/runs").join(name);
        assert!(run.join("resume/state.bin").exists(), "it can go on");
    }
}

#[test]
fn a_run_that_fails_is_tried_twice_and_costs_the_others_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = SMALL.replace("seeds = \"0..2\"", "seeds = [0]");
    fs::write(folder.join("table.toml"), &file).unwrap();
    says(folder, "study plan table.toml");
    let study = folder.join("runs/studies/table");
    let manifest = fs::read_to_string(study.join("manifest.jsonl")).unwrap();
    let first: Value = serde_json::from_str(manifest.lines().next().unwrap()).unwrap();
    let name = first["name"].as_str().unwrap();
    // Something lies where its settings would.
    fs::create_dir_all(study.join("runs").join(name).join("metrics.csv")).unwrap();
    let output = run(folder, "study run table.toml");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(
        said.contains("is tried once more") && said.contains("1 of 4 runs failed"),
        "{said}"
    );
    let failed = fs::read_to_string(study.join("state").join(name).join("failed.json")).unwrap();
    assert!(failed.contains("\"tries\":2"), "{failed}");
    let states = states(folder, "runs/studies/table");
    assert_eq!(
        states.iter().filter(|run| run["state"] == "done").count(),
        3
    );
    fs::remove_dir_all(study.join("runs").join(name)).unwrap();
    says(folder, "study run table.toml");
}

#[test]
fn what_is_wrong_is_one_line_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let put = |text: &str| fs::write(folder.join("table.toml"), text).unwrap();
    for (text, said) in [
        (
            SMALL.replace("tasks", "task"),
            "unknown key `task`; did you mean `tasks`?",
        ),
        (
            SMALL.replace("steps = 1000", "stepz = 400"),
            "unknown key `stepz`; did you mean `steps`?",
        ),
        (
            SMALL.replace("steps = 1000", "steps = \"x\""),
            "`steps`; it must be 1 or more",
        ),
        (
            SMALL.replace("[set]", "grid.\"n_step.n\" = []\n[set]"),
            "must be a list of one or more values",
        ),
        (SMALL.replace("0..2", "2..2"), "seeds = 2..2"),
    ] {
        put(&text);
        let line = refuses(folder, "study plan table.toml");
        assert!(line.contains(said), "{line}");
    }
    assert!(!folder.join("runs").exists());
    let line = refuses(folder, "study plan nowhere.toml");
    assert!(line.contains("nowhere.toml"), "{line}");
    put(SMALL);
    let said = says(folder, "study plan table.toml");
    assert!(
        said.contains("core-hours") && said.contains("of disk") && said.contains("8 runs"),
        "{said}"
    );
    let manifest = folder.join("runs/studies/table/manifest.jsonl");
    let whole = fs::read_to_string(&manifest).unwrap();
    assert_eq!(whole.lines().count(), 8);
    fs::write(&manifest, &whole[..whole.len() / 2]).unwrap();
    let line = refuses(folder, "study status table.toml");
    assert!(
        line.contains("manifest.jsonl") && line.contains("no run is lost"),
        "{line}"
    );
    let line = refuses(folder, "study run runs/studies/table");
    assert!(line.contains("no run is lost"), "{line}");
    says(folder, "study plan table.toml");
    assert_eq!(fs::read_to_string(&manifest).unwrap(), whole);
    // A file of somebody's under that name stays.
    fs::write(&manifest, "mine\n").unwrap();
    let line = refuses(folder, "study plan table.toml");
    assert!(line.contains("is not replaced"), "{line}");
    assert_eq!(fs::read_to_string(&manifest).unwrap(), "mine\n");
    let line = refuses(folder, "study status elsewhere.toml");
    assert!(line.contains("neither a study file nor a folder"), "{line}");
}
