//! `cargo xtask offline`: prune once, learn from a dataset, evaluate in its task.
//!
//! In reading order: this file (what runs have in common), [`data`] (reading a dataset), [`alone`] (one run), [`sweep`]
//! (several side by side), [`writer`] (who writes a run's folder), [`stored`] (what a run goes on from), [`board`]
//! (TensorBoard), [`job`] (which runs a command asks for), [`kept`] (runs of earlier commands), [`observer`] (what a person watches), [`prune`] (pruning alone),
//! [`layers`] (what pruning left).

mod alone;
mod board;
mod data;
mod job;
mod kept;
mod layers;
mod observer;
pub(crate) mod prune;
mod stored;
mod sweep;
mod writer;

use std::path::Path;
use std::process::ExitCode;

use crate::args::offline::OfflineArgs;
use anyhow::{Error, Result};
use burn::tensor::Device;
use offline_prune::Error as Fault;
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;
use offline_prune::train::{Evaluation, State, Trained, resume, train};
use sparse_core::kernels::Kernels;

use crate::parallel::thread_count;
use crate::settings::offline as settings;
use crate::terminal::table::thousands;
use crate::terminal::tell::print_line;
use data::open;
use observer::ProgressObserver;

/// Evaluations at the end of a run whose mean is reported.
const LAST: usize = 10;

/// Learns as the options say. A run that Ctrl-C ended has its own exit status.
///
/// # Errors
/// Bad settings, a dataset that cannot be read, a folder that already holds a run, a run that diverges.
pub(crate) fn run(args: &OfflineArgs) -> Result<ExitCode> {
    let device = sparse_core::device::by_name(args.device()?.name())?;
    if let Some(folder) = &args.resume {
        return alone::go_on(args, folder, &device);
    }
    let mut base = settings::config(&args.agent)?;
    base.updates = args.updates.unwrap_or(base.updates);
    let jobs = job::jobs(args, &base)?;
    match jobs.as_slice() {
        [job] if !sweep::asked(args) => alone::run(args, job, &device),
        _ => {
            let threads = thread_count(args.agent.threads)?;
            sweep::run(args, &base, jobs, &device, threads)
        }
    }
}

/// What a run is made from.
#[derive(Clone, Copy)]
struct Source<'a> {
    config: &'a OfflineConfig,
    dataset: &'a Dataset,
    device: &'a Device,
}

/// Makes a run to its end, from its beginning or from what was stored of it.
///
/// # Errors
/// Those of the run, with its folder.
fn make(
    source: Source<'_>,
    path: &Path,
    state: Option<State>,
    observer: &mut ProgressObserver,
) -> Result<Trained> {
    let Source {
        config,
        dataset,
        device,
    } = source;
    let trained = match state {
        None => train(config, dataset, device, observer),
        Some(state) => resume(config, dataset, device, state, observer),
    };
    observer.progress.finish();
    let trained = trained.map_err(|error| {
        let place = path.display();
        let context = match (observer.started, &error) {
            (true, _) => format!("the run in {place} ended early; its last checkpoint stays"),
            // Which says its place.
            (false, Fault::File { .. } | Fault::Online(rl_algos::Error::File { .. })) => {
                return Error::from(error);
            }
            (false, _) => place.to_string(),
        };
        Error::from(error).context(context)
    })?;
    if is_over(&trained, config) {
        observer.folder.finish(&trained, dataset)?;
    }
    Ok(trained)
}

/// Whether all updates were made.
fn is_over(trained: &Trained, config: &OfflineConfig) -> bool {
    trained.updates >= config.updates
}

/// Prints what is trained, and the device.
///
/// # Errors
/// As [`OfflineArgs::device`].
fn header(config: &OfflineConfig, threads: &str, args: &OfflineArgs) -> Result<()> {
    print_line(&format!(
        "task     {}, {} updates by {} on batches of {}, seed {}",
        config.env,
        thousands(config.updates as f64),
        config.algo.name(),
        config.learning.batch_size,
        config.seed
    ));
    let kernels = Kernels::best().isa();
    let device = args.device()?;
    print_line(&format!(
        "device   {device}, {threads}, {kernels:?} kernels"
    ));
    Ok(())
}

/// Mean return and, where there is a reference, mean score of the last evaluations.
fn last(evaluations: &[Evaluation]) -> [Option<f64>; 2] {
    let last = &evaluations[evaluations.len().saturating_sub(LAST)..];
    let mean = |sum: Option<f64>| sum.map(|sum| sum / last.len() as f64);
    let returns = |e: &Evaluation| e.returns.as_ref().map(|returns| returns.mean);
    let returns = last.iter().map(returns).sum();
    [returns, last.iter().map(|e| e.score).sum()].map(mean)
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    updates: u64,
    /// Means of the last evaluations.
    returns: Option<f64>,
    score: Option<f64>,
    /// Weights that were trained, and weights of the dense networks.
    weights: (usize, usize),
    seconds: f64,
}

impl Outcome {
    /// Of a run with these updates and evaluations, which took so long (s).
    fn of(updates: u64, evaluations: &[Evaluation], weights: (usize, usize), seconds: f64) -> Self {
        let [returns, score] = last(evaluations);
        Self {
            updates,
            returns,
            score,
            weights,
            seconds,
        }
    }
}
