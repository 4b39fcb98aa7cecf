//! Runs on a dataset that are killed, stopped and gone on with.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::{dataset, refuses, run, says, timeless};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const DATA: &str = "invertedpendulum/random-v0";

/// Small networks, with a checkpoint every few updates.
const CONFIG: &str = "\
[networks]
actor = [16, 16]
critic = [16, 16]
[learning]
batch_size = 32
[pruning]
sparsity = 0.5
[evaluation]
every = 25
episodes = 1
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

/// Waits until a file is there.
fn wait_for(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        let late = start.elapsed() > Duration::from_secs(120);
        assert!(!late, "{}", path.display());
        sleep(Duration::from_millis(10));
    }
}

#[cfg(unix)]
fn send(signal: &str, process: &Child) {
    let id = process.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.unwrap().success());
}

fn metrics(run: &Path) -> Vec<String> {
    timeless(&fs::read_to_string(run.join("metrics.csv")).unwrap())
}

/// That two runs left the same networks, policies and rows.
fn same(one: &Path, other: &Path) {
    assert_eq!(metrics(one), metrics(other));
    for name in ["networks", "policy", "best"] {
        let bytes = |run: &Path| fs::read(run.join(format!("{name}.safetensors"))).ok();
        assert!(bytes(one) == bytes(other), "{name} of {}", other.display());
    }
}

/// Kills a process at random times, and goes on each time with what `again` says once there is a run.
fn killed(folder: &Path, [first, again]: [&str; 2], out: &str, kills: u32, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let begun = folder.join(out).join("config.toml");
    let mut process = start(folder, first);
    for kill in 0..kills {
        sleep(Duration::from_millis(rng.random_range(20..250)));
        let over = process.try_wait().unwrap().is_some();
        assert!(!over || kill > 0, "the run ended unkilled: make it longer");
        if over {
            break;
        }
        process.kill().unwrap();
        process.wait().unwrap();
        // A process that was killed before it wrote its configuration has begun nothing.
        process = start(folder, if begun.exists() { again } else { first });
    }
    assert!(process.wait().unwrap().success());
}

#[test]
fn a_killed_run_of_every_algorithm_is_the_run_that_never_was() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    let bcq = "[algo.bcq]\nvae_hidden = [16, 16]\ncandidates = 5\n";
    fs::write(folder.join("my.toml"), CONFIG).unwrap();
    fs::write(folder.join("bcq.toml"), format!("{CONFIG}{bcq}")).unwrap();
    for (seed, algo) in ["bc", "td3-bc", "iql", "awac", "bcq"]
        .into_iter()
        .enumerate()
    {
        let file = if algo == "bcq" { "bcq" } else { "my" };
        let updates = if algo == "bc" { 1500 } else { 600 };
        let words =
            format!("offline {DATA} --algo {algo} --config {file}.toml --updates {updates}");
        says(folder, &format!("{words} --out {algo}"));
        let out = format!("{algo}-killed");
        let first = format!("{words} --out {out}");
        let again = format!("offline --resume {out}");
        killed(folder, [&first, &again], &out, 4, seed as u64);
        same(&folder.join(algo), &folder.join(&out));
        assert_eq!(
            folder.join(&out).join("best.safetensors").exists(),
            algo != "bcq"
        );
    }
}

#[test]
#[ignore = "a minute"]
fn a_run_killed_thirty_times_is_the_run_that_never_was() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    fs::write(
        folder.join("my.toml"),
        CONFIG.replace("every = 25", "every = 3"),
    )
    .unwrap();
    let words = format!("offline {DATA} --config my.toml --updates 3000");
    says(folder, &format!("{words} --out whole"));
    let first = format!("{words} --out killed");
    killed(folder, [&first, "offline --resume killed"], "killed", 30, 9);
    same(&folder.join("whole"), &folder.join("killed"));
}

/// A sweep goes on with the run that was cut off, from its checkpoint.
#[test]
fn a_killed_sweep_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    fs::write(folder.join("my.toml"), CONFIG).unwrap();
    let words = format!(
        "offline {DATA} --algo bc --config my.toml --updates 1500 --sweep 0,0.5 --threads 1 --continue"
    );
    says(folder, &format!("{words} --out whole"));
    let again = format!("{words} --out killed");
    killed(folder, [&again, &again], "killed", 4, 2);
    for run in ["dense-s0", "snip-0.5-s0"] {
        same(
            &folder.join("whole").join(run),
            &folder.join("killed").join(run),
        );
    }
    let table = |sweep: &str| {
        let text = fs::read_to_string(folder.join(sweep).join("sweep.csv")).unwrap();
        common::timeless_at(&text, 10)
    };
    assert_eq!(table("whole"), table("killed"));
    // One that is cut off after its first evaluation makes what is left, and no more.
    let run = folder.join("killed/dense-s0");
    fs::remove_file(run.join("networks.safetensors")).unwrap();
    let before = fs::metadata(run.join("resume/state.bin"))
        .unwrap()
        .modified()
        .unwrap();
    says(folder, &again);
    let after = fs::metadata(run.join("resume/state.bin"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after);
    same(&folder.join("whole/dense-s0"), &run);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_run_after_its_update_with_all_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    fs::write(folder.join("my.toml"), CONFIG).unwrap();
    let words = format!("offline {DATA} --config my.toml");
    for signal in ["INT", "TERM", "HUP"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_run"));
        let words = format!("{words} --updates 1000000 --out {signal}");
        command.current_dir(folder).args(words.split_whitespace());
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let run = folder.join(signal);
        wait_for(&run.join("resume/state.bin"));
        // Nobody else writes there meanwhile.
        let error = refuses(folder, &format!("offline --resume {signal}"));
        assert!(error.contains("another command is writing here"), "{error}");
        let error = refuses(folder, &format!("{words} --overwrite"));
        assert!(error.contains("another command is writing here"), "{error}");
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{signal}");
        let said = String::from_utf8_lossy(&output.stdout);
        let next = format!("cargo xtask offline --resume {signal}");
        assert!(
            said.contains("; go on with") && said.contains(&next),
            "{said}"
        );
        let stopped = said.split("stopped after ").nth(1).unwrap();
        let stopped: u64 = stopped
            .split(' ')
            .next()
            .unwrap()
            .replace(',', "")
            .parse()
            .unwrap();
        let rows = metrics(&run);
        assert_eq!(rows.len() as u64, 1 + stopped / 25, "{said}");
        assert!(!run.join("networks.safetensors").exists());
        let said = says(folder, &format!("eval {signal} --episodes 1"));
        assert!(
            said.contains("td3-bc snip 0.5 seed 0, policy of update "),
            "{said}"
        );
        let said = says(folder, &format!("eval {signal} --best --episodes 1"));
        assert!(said.contains("(return "), "{said}");
        says(folder, &format!("watch {signal} --best --seconds 0.1"));
        says(folder, &format!("plot {signal} --out {signal}.svg"));
    }
    // Its rows are those of a run that is whole after as many.
    let rows = metrics(&folder.join("TERM"));
    let updates = 25 * (rows.len() - 1);
    says(folder, &format!("{words} --updates {updates} --out whole"));
    assert_eq!(metrics(&folder.join("whole")), rows);
}

/// Changes of its files between its sessions, each of which is refused or mended.
#[test]
fn what_goes_on_is_what_the_run_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    fs::write(folder.join("my.toml"), CONFIG).unwrap();
    let words = format!("offline {DATA} --algo bc --config my.toml --updates 1000 --out");
    says(folder, &format!("{words} whole"));
    let mut child = start(folder, &format!("{words} cut"));
    let cut = folder.join("cut");
    wait_for(&cut.join("resume/state.bin"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !cut.join("networks.safetensors").exists(),
        "it was over already"
    );
    let resume = "offline --resume cut";

    let config = cut.join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("gamma = 0.99", "gamma = 0.9")).unwrap();
    let error = refuses(folder, resume);
    assert!(
        error.contains("`gamma = 0.99`") && error.contains("now says `gamma = 0.9`"),
        "{error}"
    );
    fs::write(&config, text.replace("updates = 1000", "updates = x")).unwrap();
    let error = refuses(folder, resume);
    assert!(
        error.contains("cut/config.toml") && error.contains("line "),
        "{error}"
    );
    fs::write(&config, &text).unwrap();

    // Data that moved, and others.
    fs::rename(folder.join("invertedpendulum"), folder.join("moved")).unwrap();
    let error = refuses(folder, resume);
    assert!(
        error.contains(DATA) && error.contains("cargo xtask offline DATASET --resume cut"),
        "{error}"
    );
    fs::create_dir(folder.join("other")).unwrap();
    common::dataset_of(&folder.join("other"), 4);
    let error = refuses(folder, &format!("offline other/{DATA} --resume cut"));
    assert!(error.contains("data are others now"), "{error}");

    let state = cut.join("resume/state.bin");
    let bytes = fs::read(&state).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 8;
    fs::write(&state, flipped).unwrap();
    let error = refuses(folder, "offline moved/random-v0 --resume cut");
    assert!(
        error.contains("state.bin: its checksum is another"),
        "{error}"
    );
    fs::write(&state, &bytes).unwrap();

    // Metrics count as the run knows them.
    let rows = fs::read_to_string(cut.join("metrics.csv")).unwrap();
    let last = rows.lines().last().unwrap();
    fs::write(cut.join("metrics.csv"), format!("{rows}{last}\nmine\n")).unwrap();
    let said = run(folder, "offline moved/random-v0 --resume cut");
    assert!(said.status.success());
    same(&folder.join("whole"), &cut);
    assert!(cut.join("metrics.changed.csv").exists());

    let before = fs::read(cut.join("resume/state.bin")).unwrap();
    // Without its data: a run that is over needs none.
    let said = says(folder, resume);
    assert!(
        said.contains("was over already, after 1,000 updates"),
        "{said}"
    );
    assert!(fs::read(cut.join("resume/state.bin")).unwrap() == before);
    // What is lost of a run that is over is made again, but for what it goes on from.
    fs::remove_file(cut.join("policy.safetensors")).unwrap();
    fs::remove_file(cut.join("networks.safetensors")).unwrap();
    says(folder, "offline moved/random-v0 --resume cut");
    same(&folder.join("whole"), &cut);
    fs::remove_file(cut.join("networks.safetensors")).unwrap();
    fs::remove_file(&state).unwrap();
    let error = refuses(folder, "offline moved/random-v0 --resume cut");
    assert!(
        error.contains("state.bin is missing, so a run of 40 evaluations"),
        "{error}"
    );
    assert_eq!(metrics(&folder.join("whole")), metrics(&cut));
}

/// Each command recognises a run of the other.
#[test]
fn each_command_knows_the_runs_of_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    fs::write(folder.join("my.toml"), CONFIG).unwrap();
    says(
        folder,
        &format!("offline {DATA} --algo bc --config my.toml --updates 25 --out off"),
    );
    let online = "recipe = \"dense\"\nenv = \"Hopper-v5\"\nsteps = 60\n[networks]\nactor = [8]\ncritic = [8]\n\
                  [learning]\nbatch_size = 8\n[evaluation]\nevery = 30\nepisodes = 1\n";
    fs::write(folder.join("on.toml"), online).unwrap();
    says(folder, "train --config on.toml --out on");
    for (words, expected) in [
        (
            "train --resume off".to_owned(),
            "off is of `cargo xtask offline`, which takes it: cargo xtask offline --resume off",
        ),
        (
            "offline --resume on".to_owned(),
            "on is of `cargo xtask train`, which takes it: cargo xtask train --resume on",
        ),
        (
            "train --config off/config.toml".to_owned(),
            "off/config.toml is of `cargo xtask offline`, which takes it: cargo xtask offline --config off/config.toml",
        ),
        (
            format!("offline {DATA} --config on/config.toml"),
            "on/config.toml is of `cargo xtask train`, which takes it: cargo xtask train --config on/config.toml",
        ),
        (
            "collect off".to_owned(),
            "off is a run of `cargo xtask offline`",
        ),
        (
            "train --out off --overwrite".to_owned(),
            "off holds a run of `cargo xtask offline`",
        ),
        (
            format!("offline {DATA} --out on --overwrite"),
            "on holds a run of `cargo xtask train`",
        ),
        ("offline --resume none".to_owned(), "none holds no run"),
        ("eval off --best".to_owned(), ""),
    ] {
        if expected.is_empty() {
            says(folder, &words);
            continue;
        }
        let error = refuses(folder, &words);
        assert!(error.contains(expected), "{words}: {error}");
    }
    // Runs without a best policy, or without any yet, say so.
    for file in ["best.safetensors", "best.json", "policy.json"] {
        fs::remove_file(folder.join("off").join(file)).unwrap();
    }
    let error = refuses(folder, "eval off --best");
    assert!(
        error.contains("kept no best policy, only its last"),
        "{error}"
    );
    says(folder, "eval off --episodes 1");
    fs::remove_file(folder.join("off/policy.safetensors")).unwrap();
    for words in ["eval off", "watch off", "eval off --best"] {
        let error = refuses(folder, words);
        assert!(error.contains("policy yet"), "{words}: {error}");
    }
    says(
        folder,
        &format!("offline {DATA} --algo bcq --updates 1 --out bcq"),
    );
    let error = refuses(folder, "eval bcq --best");
    assert!(
        error.contains("whose policy is several networks"),
        "{error}"
    );
}

/// What nothing could read again is refused before anything is written.
#[test]
fn numbers_past_what_settings_can_say_are_refused_first() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    dataset(folder);
    for (words, number) in [
        ("--seed 10000000000000000000", "10000000000000000000"),
        ("--seeds 5,10000000000000000000", "10000000000000000000"),
        ("--updates 18446744073709551615", "18446744073709551615"),
    ] {
        let error = refuses(folder, &format!("offline {DATA} {words} --out run"));
        assert!(error.contains(number), "{error}");
        assert!(!folder.join("run").exists());
    }
    // More than any machine has.
    let wide = "prune_batches = 16384\n[networks]\nactor = [65535, 65535, 65535, 65535]\ncritic = [65535]\n\
                [learning]\nbatch_size = 1048576\n";
    for (name, text, expected) in [
        ("wide", wide, "; this machine has "),
        (
            "batch",
            "[learning]\nbatch_size = 1000000000\n",
            "would take 4096 GB",
        ),
        (
            "unit",
            "[networks]\nactor = [1000000000]\ncritic = [8]\n",
            "each of 1 to 65535",
        ),
        ("nan", "[algo.td3-bc]\nalpha = nan\n", "alpha = NaN"),
    ] {
        let file = format!("{name}.toml");
        fs::write(folder.join(&file), text).unwrap();
        let error = refuses(folder, &format!("offline {DATA} --config {file} --out run"));
        assert!(error.contains(expected), "{error}");
        assert!(!folder.join("run").exists());
    }
    let words =
        format!("offline {DATA} --algo bc --updates 2 --seed 9223372036854775807 --out run");
    says(folder, &words);
    let said = says(folder, &format!("{words} --continue"));
    assert!(said.contains("is whole"), "{said}");
}
