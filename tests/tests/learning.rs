//! Recipes learn. Long: minutes each, behind `cargo xtask test --long`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use rl_algos::recipes;
use tests::small::run;

/// The mean return of the last evaluation after `steps` steps of HalfCheetah.
fn half_cheetah(recipe: &str, steps: u64) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut config = recipes::named(recipe, "HalfCheetah-v5").unwrap();
    config.steps = steps;
    config.exploration.random_steps = 10_000;
    let trained = run(&config, &folder.path().join("run")).unwrap();
    *trained.returns.last().unwrap()
}

#[test]
#[ignore = "a minute and a half"]
fn rlx2_learns_to_run() {
    let reached = half_cheetah("rlx2", 60_000);
    assert!(reached > 1_500.0, "{reached}");
}

#[test]
#[ignore = "four minutes"]
fn dense_learns_to_run() {
    let reached = half_cheetah("dense", 60_000);
    assert!(reached > 1_500.0, "{reached}");
}
