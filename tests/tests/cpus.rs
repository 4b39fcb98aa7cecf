//! A small training with all that a long one meets, for every kind of CPU: `.ci/run` starts it once for each version of the
//! kernels, natively and in an emulator of CPUs without AVX-512 and without AVX2.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use rl_algos::recipes;
use tests::{isa, small};

/// The number in a named column of the last row.
fn column(rows: &[String], name: &str) -> f64 {
    let numbers = rows[0].split(',').zip(rows[rows.len() - 1].split(','));
    let number = numbers.into_iter().find(|(column, _)| *column == name);
    let (_, number) = number.unwrap_or_else(|| panic!("no column {name}"));
    number.parse().unwrap()
}

#[test]
fn a_small_training_rewires_and_looks_three_steps_ahead() {
    let isa = isa::settle();
    let mut config = recipes::named("rlx2-td3", "HalfCheetah-v5").unwrap();
    config.steps = 400;
    config.exploration.random_steps = 50;
    config.learning.batch_size = 64;
    config.topology.as_mut().unwrap().every = 100;
    config.n_step.delay = 100;
    (config.evaluation.every, config.evaluation.episodes) = (400, 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    small::run(&config, &path).unwrap();
    let rows = small::metrics(&path);
    assert_eq!(rows.len(), 2, "a header and an evaluation: {rows:#?}");
    assert!(column(&rows, "moved") > 0.0, "{isa:?}: {rows:#?}");
    assert_eq!(column(&rows, "n_step"), 3.0, "{isa:?}: {rows:#?}");
    for name in ["return_mean", "critic_loss", "actor_loss", "value_mean"] {
        assert!(column(&rows, name).is_finite(), "{isa:?} {name}: {rows:#?}");
    }
}
