//! Bad input ends in one clear line, and nothing is lost.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;

use rl_algos::algos::Policy;
use rl_algos::config::TrainConfig;
use rl_algos::run_dir::{Checkpoint, RunDir};
use rl_algos::{Error, recipes};
use tests::small::{config, run};

/// The message, which must be one line.
fn line(error: &Error) -> String {
    let line = error.to_string();
    assert!(!line.contains('\n'), "{line}");
    line
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
    let metrics = fs::read(path.join("metrics.csv")).unwrap();
    let error = run(&config("rlx2", 300), &path).unwrap_err();
    assert!(line(&error).contains("already holds a run"), "{error}");
    assert_eq!(fs::read(path.join("metrics.csv")).unwrap(), metrics);
    assert_eq!(RunDir::open(&path).unwrap().1.recipe, "static-td3");
}

#[test]
fn a_diverging_run_says_where_and_keeps_its_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut config = config("rlx2", 3000);
    config.evaluation.every = 400;
    config.learning.critic_learning_rate = 1e30;
    let error = run(&config, &path).unwrap_err();
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
    assert!(line(&error).starts_with("diverged at step"), "{error}");

    // An actor that diverges sends the world an action that is no number.
    let mut actor = config.clone();
    actor.learning.critic_learning_rate = 3e-4;
    actor.learning.actor_learning_rate = 1e30;
    let path = folder.path().join("actor");
    let error = run(&actor, &path).unwrap_err();
    assert!(line(&error).starts_with("diverged at step"), "{error}");

    // The random steps before the first update make an evaluation with a checkpoint.
    config.exploration.random_steps = 500;
    config.steps = 4_001;
    config.recipe = "late".into();
    let path = folder.path().join("late");
    assert!(run(&config, &path).is_err());
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let (dir, _) = RunDir::open(&path).unwrap();
    let hopper = envs::make("Hopper-v5").unwrap();
    let mut policy = Policy::open(
        &dir.weights_path(Checkpoint::Latest),
        hopper.info(),
        &device,
    )
    .unwrap();
    let mut action = [f32::NAN; 3];
    policy.act(&[0.0; 11], &mut action);
    assert!(action.iter().all(|a| a.is_finite()));
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
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let hopper = envs::make("Hopper-v5").unwrap();
    assert!(Policy::open(&weights, hopper.info(), &device).is_err());
}
