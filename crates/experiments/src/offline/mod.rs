//! `cargo xtask offline`: prune once, learn from a dataset, evaluate in its task.
//!
//! In reading order: this file (what runs have in common), [`data`] (reading a dataset), [`alone`] (one run), [`sweep`]
//! (several side by side), [`writer`] (who writes a run's folder), [`stored`] (what a run goes on from), [`job`] (which
//! runs a command asks for), [`kept`] (runs of earlier commands), [`prune`] (pruning alone), [`layers`] (what pruning
//! left).

mod alone;
mod data;
mod job;
mod kept;
mod layers;
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
use offline_prune::score::Reference;
use offline_prune::train::{State, Trained, environment, reference, resume, start};
use rl_algos::agent::{Agent, Weights};
use rl_algos::observe::Observer;
use sparse_core::kernels::Kernels;

use crate::observe::{ProgressObserver, TensorBoard};
use crate::parallel::thread_count;
use crate::settings::offline as settings;
use crate::settings::set::told;
use crate::terminal::table::thousands;
use crate::terminal::tell::print_line;
use data::open;
use writer::Folder;

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

/// Makes a run to its end, from its beginning or from what was stored of it. With `tables` it tells what pruning left.
///
/// # Errors
/// Those of the run, with its folder.
fn make(
    source: Source<'_>,
    path: &Path,
    (folder, state): (&mut Folder, Option<State>),
    observer: &mut ProgressObserver,
    tables: bool,
) -> Result<Trained> {
    let config = source.config;
    let trained = go(source, path, (&mut *folder, state), observer, tables);
    observer.progress.finish();
    let mut trained = trained.map_err(|error| {
        let place = path.display();
        let context = match (observer.started, &error) {
            (true, _) => format!("the run in {place} ended early; its last checkpoint stays"),
            // Which says its place.
            (false, Fault::File { .. } | Fault::Learning(rl_algos::Error::File { .. })) => {
                return Error::from(error);
            }
            (false, _) => place.to_string(),
        };
        Error::from(error).context(context)
    })?;
    if is_over(&trained, config) {
        folder.finish(&mut trained)?;
    }
    Ok(trained)
}

fn go(
    source: Source<'_>,
    path: &Path,
    (folder, state): (&mut Folder, Option<State>),
    observer: &mut ProgressObserver,
    tables: bool,
) -> offline_prune::Result<Trained> {
    let Source {
        config,
        dataset,
        device,
    } = source;
    let mut board = TensorBoard::offline(path, config);
    if let Some(state) = state {
        let observers: &mut [&mut dyn Observer] = &mut [folder, &mut board, observer];
        return resume(config, dataset, device, state, observers);
    }
    let task = environment(config, dataset)?;
    let mut start = start(config, dataset, device)?;
    folder.pruning = std::mem::take(&mut start.pruning);
    if tables && !folder.pruning.is_empty() {
        observer.say_first([
            layers::table(&folder.pruning).text(),
            layers::remarks(&folder.pruning),
        ]);
    }
    let trainer = start.trainer(config, dataset, task);
    let trainer = trainer.observe(folder).observe(board).observe(observer);
    Ok(trainer.run()?)
}

/// Whether all updates were made.
fn is_over(trained: &Trained, config: &OfflineConfig) -> bool {
    trained.steps >= config.updates && !trained.stopped
}

/// Prints what is trained, and the device.
///
/// # Errors
/// As [`OfflineArgs::device`].
fn header(config: &OfflineConfig, threads: &str, args: &OfflineArgs) -> Result<()> {
    print_line(&format!(
        "task     {}{}, {} updates by {} on batches of {}, seed {}",
        config.env,
        told(&config.env_settings),
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
    /// Of a run with these updates and returns, which took so long (s).
    fn of(
        updates: u64,
        returns: &[f64],
        reference: Option<Reference>,
        weights: (usize, usize),
        seconds: f64,
    ) -> Self {
        let last = &returns[returns.len().saturating_sub(LAST)..];
        let mean = |sum: f64| sum / last.len() as f64;
        // Without a task no evaluation has one.
        let known = !last.iter().any(|mean| mean.is_nan());
        let score = |reference: Reference| {
            let scores = last.iter().map(|mean| reference.normalised(*mean));
            mean(scores.sum())
        };
        Self {
            updates,
            returns: known.then(|| mean(last.iter().sum())),
            score: reference.filter(|_| known).map(score),
            weights,
            seconds,
        }
    }

    /// Of a run that was just made.
    fn of_run(trained: &Trained, source: Source<'_>, folder: &Folder) -> Self {
        let agent: &dyn Agent = &*trained.agent;
        let Weights { active, total } = agent.all_weights();
        let reference = reference(source.config, source.dataset);
        let (returns, seconds) = (&trained.returns, folder.seconds());
        Self::of(trained.steps, returns, reference, (active, total), seconds)
    }
}
