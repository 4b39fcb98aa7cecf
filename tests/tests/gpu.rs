//! Training on a GPU against training on the CPU.
//!
//! As in `sparse-core`'s tests of the same name, what the machine has no adapter for is listed as ignored, with the
//! reason on top.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]
#![allow(clippy::print_stderr, reason = "says why tests are skipped")]

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rl_algos::agent::UpdateReport;
use rl_algos::algos::build;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::device::{available, by_name};
use tests::small;

const UPDATES: usize = 50;

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for name in ["wgpu", "cuda"] {
        if !available().contains(&name) {
            continue;
        }
        let missing = by_name(name).err();
        if let Some(error) = &missing {
            eprintln!("skipped: {error}");
        }
        let trial = Trial::test(format!("{name}::td3_follows_the_cpu"), move || {
            td3_follows_the_cpu(name);
            Ok(())
        });
        trials.push(trial.with_ignored_flag(missing.is_some()));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Numbers in [-1, 1).
fn uniform(rng: &mut impl Rng, count: usize) -> Vec<f32> {
    let one = |_| rng.next_u32() as f32 / 2f32.powi(31) - 1.0;
    (0..count).map(one).collect()
}

/// The reports of some updates on batches of made-up transitions.
fn updates(device: &str) -> Vec<UpdateReport> {
    const OBSERVATION: usize = 11;
    const ACTION: usize = 3;
    let mut config = small::config("static", 3_000);
    config.learning.batch_size = 256;
    let device = by_name(device).unwrap();
    let mut streams = Streams::new(1);
    let mut agent = build(&config, OBSERVATION, ACTION, &device, &mut streams).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut update = || {
        let size = config.learning.batch_size;
        let batch = Batch {
            size,
            observation: uniform(&mut rng, size * OBSERVATION),
            action: uniform(&mut rng, size * ACTION),
            return_n: uniform(&mut rng, size),
            discount: vec![0.97; size],
            next_observation: uniform(&mut rng, size * OBSERVATION),
            ..Batch::default()
        };
        agent.update(&batch, &mut streams).unwrap()
    };
    (0..UPDATES).map(|_| update()).collect()
}

/// Both round differently in the last place, about 1e-7 of a loss. That grows where Adam divides a nearly zero
/// moment by its own size and the step's sign is a matter of rounding; 1e-3 leaves room for that over 50 updates.
/// A kernel that is wrong in one column in a thousand is off by more.
fn td3_follows_the_cpu(gpu: &str) {
    let (expected, found) = (updates("flex"), updates(gpu));
    for (update, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let close = |name: &str, add: f32| match (found.get(name), expected.get(name)) {
            (Some(found), Some(expected)) => {
                (found - expected).abs() <= 1e-3 * (expected + add).abs()
            }
            (found, expected) => found == expected,
        };
        let alike =
            close("critic_loss", 0.0) && close("target_mean", 1.0) && close("actor_loss", 1.0);
        assert!(alike, "update {update}: {found:?}, on the CPU {expected:?}");
    }
}
