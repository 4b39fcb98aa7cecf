//! What ends a training from outside, and what is refused before anything is written.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Small networks, evaluated every few steps.
const CONFIG: &str = "\
recipe = \"static-td3\"
env = \"Hopper-v5\"
steps = 100000000
[networks]
actor = [64, 64]
critic = [64, 64]
[sparsity]
actor = 0.8
critic = 0.7
[exploration]
random_steps = 50
[evaluation]
every = 500
episodes = 1
";

fn command(words: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_run"));
    command.arg("train").args(words).current_dir(folder);
    command.stdin(Stdio::null());
    command
}

fn done(words: &[&str], folder: &Path) -> Output {
    command(words, folder).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits until a file is there.
fn wait_for(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "{}",
            path.display()
        );
        sleep(Duration::from_millis(20));
    }
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

fn send(signal: &str, process: &Child) {
    let id = process.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.unwrap().success());
}

/// The environment step at which a run stopped, by what it says.
fn stopped_at(stdout: &str) -> u64 {
    let step = stdout.split("stopped at step ").nth(1).unwrap();
    let step: String = step.split(';').next().unwrap().replace(',', "");
    step.trim().parse().unwrap()
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_run_after_its_step_and_it_goes_on_as_if_there_had_been_none() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("my.toml"), CONFIG).unwrap();
    for signal in ["INT", "TERM", "HUP"] {
        let words = ["--config", "my.toml", "--out", signal, "--threads", "1"];
        let child = command(&words, here)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for(&here.join(signal).join("resume/state.bin"));
        send(signal, &child);
        if signal != "INT" {
            // A terminal that closes and its shell both tell.
            send(signal, &child);
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(130),
            "{signal}: {}",
            said(&output)
        );
        let stdout = String::from_utf8_lossy(&output.stdout);
        let step = stopped_at(&stdout);
        // It continues from that step: with this total it makes one more.
        let run = here.join(signal);
        let steps = (step / 500 + 1) * 500;
        let whole = CONFIG.replace("steps = 100000000", &format!("steps = {steps}"));
        fs::write(here.join("whole.toml"), whole).unwrap();
        let before = metrics(&run);
        assert_eq!(before.len() as u64, 1 + step / 500, "{signal}");
        let whole = format!("{signal}-whole");
        let words = ["--config", "whole.toml", "--out", &whole, "--threads", "1"];
        assert!(done(&words, here).status.success());
        assert_eq!(
            before[..],
            metrics(&here.join(&whole))[..before.len()],
            "{signal}"
        );
        // And stops there again.
        let child = command(&["--resume", signal, "--threads", "1"], here)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while metrics(&run).len() == before.len() {
            assert!(start.elapsed() < Duration::from_secs(60), "{signal}");
            sleep(Duration::from_millis(20));
        }
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        let rows = metrics(&run);
        let expected = metrics(&here.join(&whole));
        assert_eq!(rows[before.len()], expected[before.len()], "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_all_of_several_runs() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("my.toml"), CONFIG).unwrap();
    let words = [
        "--config",
        "my.toml",
        "--out",
        "all",
        "--seeds",
        "0..3",
        "--threads",
        "2",
    ];
    let child = command(&words, here)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for seed in ["s0", "s1"] {
        wait_for(&here.join("all").join(seed).join("resume/state.bin"));
    }
    send("TERM", &child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let stdout = String::from_utf8_lossy(&output.stdout);
    for seed in ["s0", "s1", "s2"] {
        assert!(stdout.contains(&format!("--resume all/{seed}")), "{stdout}");
    }
    assert!(!here.join("all/s2/resume").exists());
}

/// Under `nohup` a run outlives its terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_hangup_that_is_ignored_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("my.toml"), CONFIG).unwrap();
    let mut child = Command::new("sh")
        .args([
            "-c",
            "trap '' HUP; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_run"),
        ])
        .args([
            "train",
            "--config",
            "my.toml",
            "--out",
            "run",
            "--threads",
            "1",
        ])
        .current_dir(here)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(&here.join("run/resume/state.bin"));
    send("HUP", &child);
    let rows = metrics(&here.join("run")).len();
    let start = Instant::now();
    while metrics(&here.join("run")).len() < rows + 2 {
        assert_eq!(child.try_wait().unwrap(), None);
        assert!(start.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(20));
    }
    send("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn what_is_refused_has_written_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let dead = CONFIG.replace("actor = [64, 64]", "actor = [32, 32]");
    let dead = dead.replace("actor = 0.8", "actor = 0.98");
    fs::write(here.join("dead.toml"), dead).unwrap();
    fs::create_dir_all(here.join("half/resume")).unwrap();
    fs::create_dir(here.join("theirs")).unwrap();
    fs::write(here.join("theirs/config.toml"), "[package]\n").unwrap();
    let listed = |path: &Path| {
        let entries = fs::read_dir(path).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = listed(here);
    let refused = |words: &[&str], expected: &str| {
        let output = done(words, here);
        let line = said(&output);
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(line.contains(expected), "{line}");
        assert_eq!(listed(here), before, "{words:?}");
    };
    let large = "18446744073709551615";
    refused(
        &["--steps", large, "--out", "run"],
        "steps = 18446744073709551615: must be 1 or more; and below 2^63",
    );
    // Some of the seeds draw an actor without a way through; none has a folder then.
    refused(
        &["--config", "dead.toml", "--out", "run", "--seeds", "0..40"],
        "no connection leads from any observation to any action of the actor",
    );
    refused(
        &["--out", "half", "--steps", "100"],
        "half already holds a run",
    );
    assert_eq!(listed(&here.join("half")), ["resume"]);
    for seeds in [
        ["--out", "theirs"].as_slice(),
        &["--out", ".", "--seeds", "0..2"],
    ] {
        let words = [&["--steps", "100", "--overwrite"], seeds].concat();
        if seeds.len() > 2 {
            fs::rename(here.join("theirs"), here.join("s1")).unwrap();
        }
        let output = done(&words, here);
        assert!(
            said(&output).contains("config.toml: is not the configuration of a run"),
            "{}",
            said(&output)
        );
        assert!(!here.join("s0").exists());
    }
    assert_eq!(listed(&here.join("s1")), ["config.toml"]);
}

#[test]
fn a_run_that_is_refused_to_go_on_keeps_its_device() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let short = CONFIG.replace("steps = 100000000", "steps = 600");
    fs::write(here.join("my.toml"), short).unwrap();
    assert!(
        done(&["--config", "my.toml", "--out", "run"], here)
            .status
            .success()
    );
    fs::write(here.join("run/device"), "ndarray\n").unwrap();
    let state = here.join("run/resume/state.bin");
    let mut bytes = fs::read(&state).unwrap();
    bytes[100] ^= 4;
    fs::write(&state, bytes).unwrap();
    let latest = here.join("run/checkpoints/latest.json");
    fs::remove_file(latest).unwrap();
    let output = done(&["--resume", "run", "--device", "flex"], here);
    assert!(
        said(&output).contains("state.bin: its checksum"),
        "{}",
        said(&output)
    );
    let device = fs::read_to_string(here.join("run/device")).unwrap();
    assert_eq!(device, "ndarray\n");
}
