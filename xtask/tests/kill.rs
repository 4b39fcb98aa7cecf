//! A run that is killed again and again, at any moment, ends as the run that never was.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const KILLS: usize = 20;

/// Short, with a checkpoint every few updates, so that kills fall into the writing of one too.
const CONFIG: &str = "\
recipe = \"rlx2-td3\"
env = \"Hopper-v5\"
steps = 4000
[networks]
actor = [64, 64]
critic = [64, 64]
[sparsity]
actor = 0.8
critic = 0.7
[topology]
every = 100
[n_step]
delay = 1000
[replay]
capacity = 2500
[replay.adaptive]
every = 300
min = 500
threshold = 0.01
[evaluation]
every = 40
episodes = 1
";

fn start(words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_run"))
        .arg("train")
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The rows of a run's metrics without the two last columns, which tell the time.
fn metrics(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join("metrics.csv")).unwrap();
    let timeless = |row: &str| {
        let columns: Vec<&str> = row.split(',').collect();
        columns[..columns.len() - 2].join(",")
    };
    text.lines().map(timeless).collect()
}

#[test]
#[ignore = "half a minute"]
fn a_run_killed_twenty_times_is_the_run_that_never_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let word = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let config = path("config.toml");
    fs::write(&config, CONFIG).unwrap();
    let (config, whole, killed) = (word(&config), path("whole"), path("killed"));
    let train = |run: &PathBuf| start(&["--config", &config, "--out", &word(run)]);
    assert!(train(&whole).wait().unwrap().success());

    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut process = train(&killed);
    let mut kills = 0;
    while kills < KILLS {
        sleep(Duration::from_millis(rng.random_range(20..400)));
        let over = process.try_wait().unwrap().is_some();
        process.kill().unwrap();
        process.wait().unwrap();
        kills += usize::from(!over);
        // A process that was killed before it wrote its configuration has begun nothing.
        let begun = killed.join("config.toml").exists();
        process = match begun {
            true => start(&["--resume", &word(&killed)]),
            false => train(&killed),
        };
        assert!(!over, "the run ended after {kills} kills: make it longer");
    }
    assert!(process.wait().unwrap().success());
    let (expected, found) = (metrics(&whole), metrics(&killed));
    assert_eq!(expected.len(), 101);
    assert_eq!(found, expected);
    let weights = |run: &Path| fs::read(run.join("checkpoints/latest.safetensors")).unwrap();
    assert!(weights(&whole) == weights(&killed));
}
