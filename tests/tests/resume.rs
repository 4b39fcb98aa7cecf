//! A run that was stopped or killed goes on as if it had not stopped.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use rl_algos::config::TrainConfig;
use rl_algos::observe::{Observer, Progress};
use rl_algos::run_dir::RunDir;
use rl_algos::train::Trained;
use tests::small::{config, go_on, metrics, run, watched};

/// Ends a run after a step.
struct StopAt(u64);

impl Observer for StopAt {
    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        if progress.step == self.0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Begins a run, stops it after some steps, and goes on, again and again.
fn in_pieces(config: &TrainConfig, folder: &Path, stops: &[u64]) -> Trained {
    let mut trained = watched(config, folder, &mut [&mut StopAt(stops[0])]).unwrap();
    for stop in &stops[1..] {
        assert!(trained.stopped, "at {stop}");
        let (_, config) = RunDir::open(folder).unwrap();
        trained = go_on(&config, folder, &mut [&mut StopAt(*stop)]).unwrap();
    }
    trained
}

/// Weights of the last checkpoint, and the rows of the metrics.
fn outcome(folder: &Path) -> (Vec<u8>, Vec<String>) {
    let weights = fs::read(folder.join("checkpoints/latest.safetensors")).unwrap();
    (weights, metrics(folder))
}

#[test]
fn a_run_in_pieces_is_the_run_in_one() {
    for recipe in ["rlx2-td3", "rlx2-sac", "ds-td3", "pruned-sac", "tiny-td3"] {
        let config = config(recipe, 900);
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("whole");
        run(&config, &whole).unwrap();
        let pieces = folder.path().join("pieces");
        // In the random steps, on an evaluation, beside one, after the last.
        let trained = in_pieces(&config, &pieces, &[7, 300, 451, 452, 899, 5000]);
        assert_eq!((trained.steps, trained.stopped), (900, false), "{recipe}");
        assert!(outcome(&whole) == outcome(&pieces), "{recipe}");
    }
}

/// What a killed process leaves: an unfinished file, rows after the last checkpoint, or nothing but a configuration.
#[test]
fn what_a_killed_process_leaves_does_no_harm() {
    let config = config("rlx2-td3", 900);
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    run(&config, &whole).unwrap();
    let killed = folder.path().join("killed");
    in_pieces(&config, &killed, &[500]);
    fs::write(killed.join("resume/state.bin.tmp"), b"half").unwrap();
    let csv = killed.join("metrics.csv");
    let rows = fs::read_to_string(&csv).unwrap();
    fs::write(&csv, format!("{rows}600,1,2,3")).unwrap();
    let go_on = || go_on(&config, &killed, &mut []).unwrap();
    go_on();
    assert!(outcome(&whole) == outcome(&killed));
    fs::remove_dir_all(killed.join("resume")).unwrap();
    let error = tests::small::go_on(&config, &killed, &mut []).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("state.bin: missing, so a run of 3 evaluations"),
        "{error}"
    );
    assert!(outcome(&whole) == outcome(&killed));
    // Killed in its first steps.
    fs::create_dir(killed.join("resume")).unwrap();
    fs::write(&csv, "step").unwrap();
    go_on();
    assert!(outcome(&whole) == outcome(&killed));
    // And without the folder, but with the weights of an evaluation.
    fs::remove_dir_all(killed.join("resume")).unwrap();
    fs::write(&csv, "step").unwrap();
    assert!(tests::small::go_on(&config, &killed, &mut []).is_err());
}

#[test]
fn a_folder_is_trained_in_once() {
    let config = config("static-td3", 300);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    run(&config, &path).unwrap();
    let before = outcome(&path);
    let (dir, _) = RunDir::open(&path).unwrap();
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let again = rl_algos::train::train(&config, &device, &dir, &mut []);
    let error = again.unwrap_err().to_string();
    assert!(error.contains("already holds a run"), "{error}");
    assert!(outcome(&path) == before);
}

#[test]
fn what_cannot_be_gone_on_with_is_one_line_that_names_the_file() {
    let config = config("rlx2-sac", 600);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    in_pieces(&config, &path, &[450]);
    let before = outcome(&path);
    let state = path.join("resume/state.bin");
    let good = fs::read(&state).unwrap();
    let message = |config: &TrainConfig| {
        let error = go_on(config, &path, &mut []).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        error
    };
    for length in [0, 5, 100, good.len() / 2, good.len() - 1] {
        fs::write(&state, &good[..length]).unwrap();
        let error = message(&config);
        assert!(
            error.contains("state.bin") && error.contains("cut off"),
            "{error}"
        );
    }
    let mut other = good.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&state, &other).unwrap();
    assert!(message(&config).contains("damaged"));
    fs::write(&state, &good).unwrap();
    let mut other = config.clone();
    other.env = "Walker2d-v5".into();
    let error = message(&other);
    assert!(
        error.contains("Hopper-v5") && error.contains("Walker2d-v5"),
        "{error}"
    );
    let csv = path.join("metrics.csv");
    let rows = fs::read(&csv).unwrap();
    fs::write(&csv, &rows[..rows.len() / 2]).unwrap();
    assert!(message(&config).contains("metrics.csv"));
    fs::write(&csv, &rows).unwrap();
    let slots = fs::read_dir(path.join("resume/replay"))
        .unwrap()
        .next()
        .unwrap();
    let slots = slots.unwrap().path();
    let bytes = fs::read(&slots).unwrap();
    fs::write(&slots, &bytes[..bytes.len() - 3]).unwrap();
    let error = message(&config);
    assert!(error.contains("slots-"), "{error}");
    fs::write(&slots, &bytes).unwrap();
    assert!(outcome(&path) == before);
}
