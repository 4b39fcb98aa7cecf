//! Runs that take seconds: every part of a real one, small.

use std::path::Path;

use experiments::RunDir;
use experiments::{resume, train};
use rl_algos::config::TrainConfig;
use rl_algos::observe::Observer;
use rl_algos::recipes;
use rl_algos::train::Trained;

/// A recipe on Hopper for `steps` steps, with small networks that are rewired, and a replay that is checked,
/// every few hundred steps.
///
/// # Panics
/// When there is no such recipe.
#[must_use]
pub fn config(recipe: &str, steps: u64) -> TrainConfig {
    let mut config = recipes::named(recipe, "Hopper-v5").expect("a known recipe");
    config.steps = steps;
    config.networks.actor = vec![64, 64];
    config.networks.critic = vec![64, 64];
    config.learning.batch_size = 100;
    if config.sparsity.critic > 0.0 {
        config.sparsity.actor = 0.8;
        config.sparsity.critic = 0.7;
    }
    if let Some(topology) = &mut config.topology {
        topology.every = 100;
        topology.actor_every = topology.actor_every.map(|_| 50);
    }
    if let Some(adaptive) = &mut config.replay.adaptive {
        (adaptive.every, adaptive.min, adaptive.threshold) = (300, 100, 0.0);
    }
    config.n_step.delay = config.n_step.delay.min(steps / 3);
    (config.evaluation.every, config.evaluation.episodes) = (steps / 3, 2);
    config
}

/// Trains into `folder` on the first backend of this build.
///
/// # Errors
/// Those of the run.
pub fn run(config: &TrainConfig, folder: &Path) -> experiments::Result<Trained> {
    watched(config, folder, &mut [])
}

/// As [`run`], with observers.
///
/// # Errors
/// Those of the run.
pub fn watched(
    config: &TrainConfig,
    folder: &Path,
    observers: &mut [&mut dyn Observer],
) -> experiments::Result<Trained> {
    let name = sparse_core::device::available()[0];
    let device = sparse_core::device::by_name(name)?;
    let dir = RunDir::create(folder, config, false)?;
    train(config, &device, &dir, observers)
}

/// Resumes the run in `folder`, with `config` as its configuration.
///
/// # Errors
/// Those of the run.
pub fn go_on(
    config: &TrainConfig,
    folder: &Path,
    observers: &mut [&mut dyn Observer],
) -> experiments::Result<Trained> {
    let name = sparse_core::device::available()[0];
    let device = sparse_core::device::by_name(name)?;
    let (dir, _) = RunDir::open(folder)?;
    resume(config, &device, &dir, observers)
}

/// The rows of a run's metrics, without the columns that tell the time.
///
/// # Panics
/// When the file is not there.
#[must_use]
pub fn metrics(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("metrics.csv")).expect("a run's metrics");
    let timeless = |line: &str| {
        let columns: Vec<&str> = line.split(',').collect();
        columns[..columns.len() - 2].join(",")
    };
    text.lines().map(timeless).collect()
}
