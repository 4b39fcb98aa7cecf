//! A user's own task through the whole command line: trained, killed, gone on with, evaluated, drawn, filmed.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const CONFIG: &str = "\
recipe = \"static-td3\"
env = \"CartPole-v0\"
steps = 1500
[networks]
actor = [32, 32]
critic = [32, 32]
[sparsity]
actor = 0.5
critic = 0.5
[exploration]
random_steps = 100
[evaluation]
every = 300
episodes = 1
";

fn command(folder: &Path, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
    command.current_dir(folder).args(words.split_whitespace());
    command.stdin(Stdio::null());
    command
}

fn says(folder: &Path, words: &str) -> String {
    let output = command(folder, words).output().unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{words}: {said}");
    said
}

fn text(output: &Output) -> String {
    let [out, error] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{error}")
}

/// Rows without the columns of the time, which are the last two.
fn metrics(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join("metrics.csv")).unwrap();
    let timeless = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        cells[..cells.len() - 2].join(",")
    };
    text.lines().map(timeless).collect()
}

#[test]
fn a_task_of_ones_own_has_the_whole_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("my.toml"), CONFIG).unwrap();
    let said = says(folder, "train --config my.toml --out whole");
    assert!(said.contains("next     lab eval whole"), "{said}");

    let mut child = command(folder, "train --config my.toml --out killed")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (state, start) = (folder.join("killed/resume/state.bin"), Instant::now());
    while !state.exists() && start.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    says(folder, "train --resume killed");
    assert_eq!(
        metrics(&folder.join("killed")),
        metrics(&folder.join("whole"))
    );

    let said = says(folder, "eval whole --episodes 2");
    assert!(said.starts_with("CartPole-v0, static-td3 seed 0"), "{said}");
    says(folder, "plot whole killed --out curve.svg");
    assert!(
        fs::read_to_string(folder.join("curve.svg"))
            .unwrap()
            .contains("CartPole-v0")
    );
    says(
        folder,
        "watch --random --env puck --seconds 0.2 --size 32x32 --out puck.gif",
    );
    says(
        folder,
        "collect --env cart-pole --kind random --transitions 200 --out data",
    );
}

#[test]
fn help_and_errors_name_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let said = says(folder.path(), "train --help");
    for own in [
        "CartPole, Puck (v0)",
        "Usage: lab train",
        "  lab train --env hopper",
    ] {
        assert!(said.contains(own), "{own}: {said}");
    }
    assert!(!said.contains("cargo xtask"), "{said}");
    let output = command(folder.path(), "train --env cartpol")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output);
    assert!(
        said.contains("unknown task; did you mean CartPole-v0?"),
        "{said}"
    );
}

/// Nothing of it is a network of ours: it acts itself, from its checkpoint.
#[test]
fn an_agent_of_ones_own_is_trained_scored_filmed_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let config = "recipe = \"dense-climber\"\nenv = \"Puck-v0\"\nsteps = 3000\n[exploration]\nrandom_steps = 0\n\
                  [evaluation]\nevery = 3000\nepisodes = 3\nkeep_policies = true\n[algo.climber]\nnoise = 0.5\n";
    fs::write(folder.join("my.toml"), config).unwrap();
    let said = says(folder, "train --config my.toml --out run");
    assert!(
        !said.contains("NaN %") && !said.contains("weights  "),
        "{said}"
    );
    let rows = fs::read_to_string(folder.join("run/metrics.csv")).unwrap();
    let mut rows = rows.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let (names, cells) = (rows.next().unwrap(), rows.next().unwrap());
    let cell = |name: &str| -> f64 {
        let place = names.iter().position(|own| *own == name).unwrap();
        cells[place].parse().unwrap()
    };
    // The first evaluation of the run is that of the command, from the same seed.
    let scored = says(folder, "eval run --episodes 3");
    let [mean, std] = ["return_mean", "return_std"].map(|name| format!("{:.1}", cell(name)));
    for number in [&mean, &std] {
        assert!(scored.contains(number.as_str()), "{number}: {scored}");
    }
    let said = says(folder, "watch run --seconds 0.2 --size 32x32");
    assert!(said.contains("watch.gif"), "{said}");
    let kept = folder.join("run/policies/3000.safetensors");
    let whole = fs::read(folder.join("run/checkpoints/latest.safetensors")).unwrap();
    assert!(fs::read(kept).unwrap() == whole);
    says(
        folder,
        "collect run --kind expert --transitions 200 --out data --noise 0",
    );
    says(folder, "train --resume run --steps 6000");
    assert_eq!(metrics(&folder.join("run")).len(), 3);
    // Of its own policy nothing is drawn by chance.
    let output = command(folder, "eval run --sample").output().unwrap();
    assert!(
        text(&output).contains("which has one action in a state"),
        "{output:?}"
    );
}
