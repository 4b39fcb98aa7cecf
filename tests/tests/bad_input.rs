//! Bad input ends in one clear line, and nothing is lost.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rl_algos::algos::Policy;
use rl_algos::config::TrainConfig;
use rl_algos::run_dir::{Checkpoint, RunDir};
use rl_algos::{Error, recipes};
use sparse_core::budget::Allocation;
use tests::small::{config, device, run};

/// The message, which must be one line.
fn line(error: &Error) -> String {
    let line = error.to_string();
    assert!(!line.contains('\n'), "{line}");
    line
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn unknown_names_list_the_known_ones() {
    let recipe = line(&recipes::named("rlx", "Hopper-v5").unwrap_err());
    assert!(
        recipe.contains("`rlx`") && recipe.contains("static"),
        "{recipe}"
    );
    let task = line(&recipes::named("rlx2", "Hoppr").unwrap_err());
    assert!(
        task.contains("`Hoppr`") && task.contains("Walker2d-v5"),
        "{task}"
    );
}

#[test]
fn a_sparsity_outside_its_range_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for sparsity in [1.0, -0.1, f64::NAN, f64::INFINITY] {
        let mut config = config("rlx2", 300);
        config.sparsity.critic = sparsity;
        let path = folder.path().join("run");
        let error = run(&config, &path).unwrap_err();
        assert!(line(&error).contains("sparsity.critic"), "{error}");
        fs::remove_dir_all(&path).unwrap();
    }
}

#[test]
fn a_layer_without_weights_is_named() {
    let refused = |config: &TrainConfig| {
        let folder = tempfile::tempdir().unwrap();
        line(&run(config, &folder.path().join("run")).unwrap_err())
    };
    let mut thin = config("static", 300);
    thin.td3.hidden = vec![8, 8];
    thin.sparsity.actor = 0.99;
    thin.sparsity.allocation = Allocation::Uniform;
    let message = refused(&thin);
    assert!(message.contains("layer 0 [8×11]"), "{message}");

    let mut empty = config("static", 300);
    empty.sparsity.allocation = Allocation::PerLayer(vec![0.5, 0.0, 1.0]);
    let message = refused(&empty);
    assert!(message.contains("layer 1 [64×64]"), "{message}");
}

#[test]
fn an_unknown_key_is_named() {
    let text = config("rlx2", 300).to_toml().unwrap();
    for (key, wrong) in [
        ("tau", "tauu"),
        ("capacity", "size"),
        ("[sparsity]", "[sparse]"),
    ] {
        let error = TrainConfig::from_toml(&text.replace(key, wrong)).unwrap_err();
        let wrong = wrong.trim_matches(['[', ']']);
        assert!(error.to_string().contains(wrong), "{error}");
    }
}

#[test]
fn a_folder_with_a_run_is_refused_and_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    run(&config("static", 300), &path).unwrap();
    let before = files(&path);
    assert_eq!(before.len(), 6, "configuration, metrics, two checkpoints");
    let other = config("rlx2", 300);
    for error in [
        run(&other, &path).unwrap_err(),
        RunDir::create(&path, &other, false).unwrap_err(),
    ] {
        assert!(line(&error).contains("already holds a run"), "{error}");
        assert_eq!(files(&path), before);
    }
}

#[test]
fn a_diverging_run_says_where_and_keeps_its_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut config = config("rlx2", 3000);
    config.evaluation.every = 400;
    config.td3.critic_learning_rate = 1e30;
    let error = run(&config, &path).unwrap_err();
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
    assert!(line(&error).starts_with("diverged at step"), "{error}");

    // An actor that diverges sends the world an action that is no number.
    let mut actor = config.clone();
    (
        actor.td3.critic_learning_rate,
        actor.td3.actor_learning_rate,
    ) = (3e-4, 1e30);
    let path = folder.path().join("actor");
    let error = run(&actor, &path).unwrap_err();
    assert!(line(&error).starts_with("diverged at step"), "{error}");

    // The random steps before the first update make an evaluation with a checkpoint.
    config.exploration.random_steps = 500;
    config.steps = 4_001;
    config.recipe = "late".into();
    let path = folder.path().join("late");
    let error = run(&config, &path).unwrap_err();
    let Error::Diverged { step, .. } = error else {
        panic!("{error}")
    };
    assert!((501..800).contains(&step), "{error}");
    assert!(line(&error).contains(&format!("step {step}:")), "{error}");
    let (dir, _) = RunDir::open(&path).unwrap();
    let policy = Policy::open(&dir.weights_path(Checkpoint::Latest), &device()).unwrap();
    assert!(policy.act(&[0.0; 11]).iter().all(|a| a.is_finite()));
    assert_eq!(dir.info(Checkpoint::Latest).unwrap().step, 400);
}

#[test]
fn a_damaged_checkpoint_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    run(&config("static", 300), &path).unwrap();
    let (dir, _) = RunDir::open(&path).unwrap();
    let weights = dir.weights_path(Checkpoint::Best);
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    assert!(Policy::open(&weights, &device()).is_err());
}
