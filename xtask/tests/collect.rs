//! Datasets of every kind from a run of seconds, as the command line makes them.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use experiments::args::collect::Kind;
use offline_prune::dataset::Dataset;
use serde_json::Value;

/// Every 500 steps an evaluation, and a replay that forgets nothing until told otherwise.
fn config(steps: u64, replay: &str, algo: &str) -> String {
    format!(
        "recipe = \"dense-{algo}\"
env = \"InvertedPendulum-v5\"
steps = {steps}
[networks]
actor = [32, 32]
critic = [32, 32]
[learning]
batch_size = 64
[exploration]
random_steps = 500
[replay]
capacity = {replay}
[evaluation]
every = 500
episodes = 3
"
    )
}

fn start(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_run"));
    command.args(words).current_dir(folder).output().unwrap()
}

/// Does a job in a folder; what it prints.
fn job(folder: &Path, words: &[&str]) -> String {
    let output = start(folder, words);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The one line that says why a job is refused.
fn refused(folder: &Path, words: &[&str]) -> String {
    let output = start(folder, words);
    assert!(!output.status.success(), "{words:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = errors.trim_end().lines().collect();
    assert_eq!(lines.len(), 1, "{errors}");
    lines[0].to_owned()
}

/// Trains in `folder/run`.
fn train(folder: &Path, config: &str, words: &[&str]) {
    fs::write(folder.join("config.toml"), config).unwrap();
    let first = ["train", "--config", "config.toml", "--out", "run"];
    job(folder, &[&first, words].concat());
}

fn metadata(dataset: &Path) -> Value {
    let text = fs::read_to_string(dataset.join("data/metadata.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Steps and mean returns of the evaluations.
fn evaluations(folder: &Path) -> Vec<(u64, f64)> {
    let text = fs::read_to_string(folder.join("run/metrics.csv")).unwrap();
    let rows = text.lines().skip(1).map(|row| {
        let columns: Vec<&str> = row.split(',').collect();
        (columns[0].parse().unwrap(), columns[3].parse().unwrap())
    });
    rows.collect()
}

fn kept(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("run/policies")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names
}

fn near(value: &Value, expected: f64) -> bool {
    (value.as_f64().unwrap() - expected).abs() < 1e-9 * expected.abs().max(1.0)
}

/// Returns that the metadata give, from the rows.
fn check_statistics(data: &Dataset, metadata: &Value) {
    let returns = data.episodes().map(|rows| {
        let rewards = data.rewards()[rows].iter();
        rewards.map(|reward| f64::from(*reward)).sum::<f64>()
    });
    let returns: Vec<f64> = returns.collect();
    assert_eq!(metadata["total_episodes"], returns.len());
    assert_eq!(metadata["total_steps"], data.len());
    let mean = returns.iter().sum::<f64>() / returns.len() as f64;
    assert!(near(&metadata["return_mean"], mean), "{metadata}");
}

#[test]
fn a_run_gives_datasets_of_all_kinds() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    train(folder, &config(2_000, "2000", "td3"), &["--keep-policies"]);
    let steps = ["1000", "1500", "2000", "500"];
    assert_eq!(
        kept(folder),
        steps.map(|step| format!("{step}.safetensors"))
    );

    let collect = ["collect", "run", "--transitions", "1501"];
    let table = job(folder, &collect);
    let place = |kind: Kind| {
        let name = format!("invertedpendulum/{}-v0", kind.name());
        assert!(table.contains(&name), "{table}");
        folder.join("datasets").join(name)
    };
    let evaluations = evaluations(folder);
    let best = evaluations.iter().map(|(_, mean)| *mean);
    let best = best.fold(f64::NEG_INFINITY, f64::max);
    let of_kind = |kind: Kind| {
        let data = Dataset::open(place(kind)).unwrap();
        let metadata = metadata(&place(kind));
        check_statistics(&data, &metadata);
        assert_eq!([data.observation_size(), data.action_size()], [4, 1]);
        assert!(data.is_cut(data.len() - 1) || data.is_terminal(data.len() - 1));
        (data, metadata)
    };
    for kind in [Kind::Random, Kind::Medium, Kind::Expert, Kind::MediumExpert] {
        assert_eq!(of_kind(kind).0.len(), 1_501, "{kind:?}");
    }
    // Untrained and random pendulums fall, so what is known of ends comes back.
    let (random, said) = of_kind(Kind::Random);
    assert!(
        (0..random.len())
            .filter(|row| random.is_terminal(*row))
            .count()
            > 50
    );
    assert_eq!(said["algorithm_name"], "random");

    let (_, said) = of_kind(Kind::Expert);
    assert!(
        near(&said["source"]["policies"][0]["evaluation_return"], best),
        "{said}"
    );
    assert_eq!(said["algorithm_name"], "TD3 (dense-td3)");
    let random = said["source"]["random_return"].as_f64().unwrap();
    let wanted = random + (best - random) / 3.0;
    let distance = |mean: f64| (mean - wanted).abs();
    let nearest = evaluations.iter().map(|(_, mean)| distance(*mean));
    let nearest = nearest.fold(f64::INFINITY, f64::min);
    let (_, said) = of_kind(Kind::Medium);
    let chosen = &said["source"]["policies"][0];
    assert!(distance(chosen["evaluation_return"].as_f64().unwrap()) <= nearest);
    let medium = chosen["step"].as_u64().unwrap();
    assert!(
        said["source"]["acting"]
            .as_str()
            .unwrap()
            .contains("deviation 0.1")
    );
    if random < best {
        assert!(near(&said["ref_min_score"], random) && near(&said["ref_max_score"], best));
    }

    let (_, said) = of_kind(Kind::MediumExpert);
    let policies = said["source"]["policies"].as_array().unwrap();
    let counts = policies.iter().map(|policy| policy["transitions"].as_u64());
    assert!(counts.eq([Some(751), Some(750)]));
    assert_eq!(policies[0]["step"], medium);

    let (replay, said) = of_kind(Kind::MediumReplay);
    let first = medium.saturating_sub(1_501) + 1;
    assert_eq!(
        said["source"]["replay_steps"],
        serde_json::json!([first, medium])
    );
    assert_eq!(replay.len() as u64, medium.min(1_501));

    // Nothing is lost by chance, and the same seed gives the same.
    let line = refused(folder, &[&collect[..], &["--kind", "expert"]].concat());
    assert!(
        line.contains("--overwrite") && line.contains("expert-v0"),
        "{line}"
    );
    let again = ["--kind", "expert", "--overwrite", "--threads", "1"];
    let file = place(Kind::Expert).join("data/main_data.hdf5");
    let before = fs::read(&file).unwrap();
    job(folder, &[&collect[..], &again].concat());
    assert!(fs::read(&file).unwrap() == before);
    job(folder, &[&collect[..], &again, &["--seed", "1"]].concat());
    assert!(fs::read(&file).unwrap() != before);
    minari_agrees(folder, "invertedpendulum/medium-expert-v0", 1_501);

    // A run in its place that keeps no policies has none of the old ones.
    train(folder, &config(500, "2000", "td3"), &["--overwrite"]);
    assert!(!folder.join("run/policies").exists());
    let line = refused(folder, &["collect", "run", "--overwrite"]);
    assert!(line.contains("--keep-policies"), "{line}");
}

/// Lets Minari open a dataset, make its environment, and go through its first episodes again in Gymnasium.
fn minari_agrees(folder: &Path, name: &str, steps: usize) {
    let python = || Command::new("python3");
    let has = python()
        .args(["-c", "import minari, h5py, mujoco"])
        .output();
    if !has.is_ok_and(|output| output.status.success()) {
        let text = "skipped: there is no python3 with minari, h5py and mujoco";
        let _ = writeln!(std::io::stderr(), "{text}");
        return;
    }
    let script: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check_collected.py");
    let output = python()
        .arg(script)
        .args([name, &steps.to_string()])
        .env("MINARI_DATASETS_PATH", folder.join("datasets"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// Collects a little of the run.
fn with<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&["collect", "run", "--transitions", "300"], words].concat()
}

/// SAC draws from its own Gaussian; and what is forgotten is said.
#[test]
fn sac_samples_and_a_replay_forgets() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    train(folder, &config(2_000, "600", "sac"), &["--keep-policies"]);
    job(
        folder,
        &with(&["--kind", "medium", "--name", "own/drawn-v3"]),
    );
    let noise = ["--kind", "medium", "--noise", "0", "--name", "mean-v0"];
    job(folder, &with(&noise));
    let drawn = metadata(&folder.join("datasets/own/drawn-v3"));
    let mean = metadata(&folder.join("datasets/mean-v0"));
    let acting = |said: &Value| said["source"]["acting"].as_str().unwrap().to_owned();
    assert_eq!(acting(&drawn), "a sample of the policy's Gaussian");
    assert_eq!(acting(&mean), "the policy's mean action");
    let actions = |name: &str| {
        let data = Dataset::open(folder.join("datasets").join(name)).unwrap();
        data.actions().to_vec()
    };
    assert_ne!(actions("own/drawn-v3"), actions("mean-v0"));

    let medium = drawn["source"]["policies"][0]["step"].as_u64().unwrap();
    let replay = with(&["--kind", "medium-replay"]);
    if medium > 1_400 {
        job(folder, &replay);
        let said = metadata(&folder.join("datasets/invertedpendulum/medium-replay-v0"));
        assert_eq!(said["source"]["forgotten_steps"], 1_400);
    } else {
        let line = refused(folder, &replay);
        assert!(
            line.contains("has forgotten the steps before 1,401"),
            "{line}"
        );
        // Where no kind was asked for, the others are made.
        let table = job(folder, &with(&["--overwrite"]));
        assert!(table.contains("medium-expert-v0") && !table.contains("medium-replay"));
    }
    fs::remove_file(folder.join("run/resume/state.bin")).unwrap();
    let line = refused(folder, &replay);
    assert!(line.contains("resume/state.bin"), "{line}");
}

#[test]
fn random_needs_no_run_and_the_others_do() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let words = ["collect", "--env", "hopper", "--transitions", "500"];
    job(folder, &words);
    let data = Dataset::open(folder.join("datasets/hopper/random-v0")).unwrap();
    assert_eq!(data.len(), 500);
    let reference = data.reference().unwrap();
    assert_eq!([reference.min, reference.max], [-20.272_305, 3234.3]);
    minari_agrees(folder, "hopper/random-v0", 500);
    for (words, expected) in [
        (
            &["collect", "--env", "hopper", "--kind", "expert"][..],
            "--kind expert needs RUN",
        ),
        (
            &["collect", "nowhere"],
            "nowhere holds no run: config.toml is missing",
        ),
        (&["collect"], "RUN"),
        (
            &["collect", "nowhere", "--transitions", "0"],
            "must be at least 1",
        ),
        (
            &["collect", "--env", "ant", "--name", "x"],
            "id = x: must be namespace/name-v0",
        ),
        (
            &["collect", "--env", "ant", "--kind", "random,random"],
            "random twice",
        ),
    ] {
        let line = refused(folder, words);
        assert!(line.contains(expected), "{line}");
    }
}
