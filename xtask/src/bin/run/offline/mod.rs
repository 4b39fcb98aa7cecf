//! `cargo xtask offline`: prune once, learn from a dataset, evaluate in its task.
//!
//! In reading order: this file (one run), [`settings`], [`task`] (which task a dataset is of), [`data`] (reading one),
//! [`sweep`] (several side by side), [`folder`] (a run on disk),
//! [`kept`] (runs of earlier commands), [`shown`] (what a person watches), [`layers`] (what pruning left).

mod data;
pub(crate) mod folder;
mod kept;
pub(crate) mod layers;
pub(crate) mod settings;
mod shown;
mod sweep;
mod task;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cli::offline::OfflineArgs;
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;
use offline_prune::train::{Evaluation, Trained, train};
use sparse_core::kernels::Kernels;

use crate::interrupt::{self, Interrupt};
use crate::progress::{Progress, span};
use crate::table::thousands;
use crate::{say, thread_count};
pub(crate) use data::open;
use folder::Folder;
use shown::Shown;

/// Evaluations at the end of a run whose mean is told.
const LAST: usize = 10;

/// Learns as the options say. A run that Ctrl-C ended has a status of its own.
///
/// # Errors
/// Bad settings, a dataset that cannot be read, a folder that already holds a run, a run that diverges.
pub(crate) fn run(args: &OfflineArgs) -> Result<ExitCode> {
    let mut base = settings::config(&args.agent)?;
    base.updates = args.updates.unwrap_or(base.updates);
    let jobs = sweep::jobs(args, &base)?;
    let device = sparse_core::device::by_name(args.agent.device.unwrap_or_default().name())?;
    let threads = thread_count(args.agent.threads)?;
    let job = match jobs.as_slice() {
        [job] if !sweep::asked(args) => job,
        _ => return sweep::run(args, &base, jobs, &device, threads),
    };
    crate::threads(args.agent.threads)?;
    let label = settings::label(&args.agent.dataset);
    let path = args.out.clone().unwrap_or_else(|| {
        let name = format!("{label}-{}-{}", base.algo.name(), job.name);
        Path::new("runs/offline").join(name)
    });
    folder::check(&path, args.overwrite || args.keep)?;
    let dataset = open(&args.agent.dataset, &job.config)?;
    let config = job.config.fitted(&dataset);
    let content = folder::content(&dataset);
    if args.keep && kept::whole(&path, &config, &dataset, &content)?.is_some() {
        say(&format!("the run in {} is whole", path.display()));
        return Ok(ExitCode::SUCCESS);
    }
    header(&config, &format!("{threads} threads"), args);
    say(&format!("folder   {}\n", path.display()));
    let progress = Progress::start(config.updates).of_updates();
    let place = args.agent.dataset.display().to_string();
    let data = [place.as_str(), &content];
    let folder = Folder::new(&path, args.overwrite || args.keep, &config, data)?;
    let mut shown = Shown::new(progress, Interrupt::catch()?, folder);
    let begun = Instant::now();
    let trained = train(&config, &dataset, &device, &mut shown);
    let took = begun.elapsed();
    shown.progress.finish();
    let trained = trained.with_context(|| format!("the run in {} ended early", path.display()))?;
    shown.folder.finish(&trained, &dataset)?;
    let outcome = Outcome::of(&trained, shown.weights, took);
    summary(&outcome, &trained, &config, &dataset, &path);
    Ok(match trained.stopped {
        true => ExitCode::from(interrupt::STATUS),
        false => ExitCode::SUCCESS,
    })
}

/// Says what is trained, and what computes.
fn header(config: &OfflineConfig, threads: &str, args: &OfflineArgs) {
    say(&format!(
        "task     {}, {} updates by {} on batches of {}, seed {}",
        config.env,
        thousands(config.updates as f64),
        config.algo.name(),
        config.learning.batch_size,
        config.seed
    ));
    let kernels = Kernels::best().isa();
    let device = args.agent.device.unwrap_or_default();
    say(&format!(
        "device   {device}, {threads}, {kernels:?} kernels"
    ));
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
    fn of(trained: &Trained, weights: (usize, usize), took: Duration) -> Self {
        let [returns, score] = last(&trained.evaluations);
        Self {
            updates: trained.evaluations.last().map_or(0, |e| e.update),
            returns,
            score,
            weights,
            seconds: took.as_secs_f64(),
        }
    }
}

/// Says what came of a run.
fn summary(
    outcome: &Outcome,
    trained: &Trained,
    config: &OfflineConfig,
    dataset: &Dataset,
    folder: &Path,
) {
    let updates = thousands(outcome.updates as f64);
    let told = trained.evaluations.len().min(LAST);
    let score = match outcome.score {
        Some(score) => format!(", score {score:.1}"),
        None => format!(
            "; no score: neither {} nor the dataset has the returns of a random policy and an expert",
            config.env
        ),
    };
    if trained.stopped {
        let whole = thousands(config.updates as f64);
        say(&format!(
            "\nstopped after {updates} of {whole} updates; a run from a dataset cannot go on, begin it again with \
             --overwrite"
        ));
    }
    say(&match outcome.returns {
        Some(returns) => format!(
            "\nreturn   mean of the last {told} evaluations {}{score}",
            thousands(returns)
        ),
        None => {
            let losses = trained.evaluations.last().map(|e| shown::losses(&e.losses));
            let losses = losses.unwrap_or_default();
            format!("\nlosses   {losses} (no task to evaluate in)")
        }
    });
    say(&format!(
        "speed    {updates} updates in {}, evaluations included: {} updates/s",
        span(Duration::from_secs_f64(outcome.seconds)),
        thousands(outcome.updates as f64 / outcome.seconds)
    ));
    let file = folder.join(folder::POLICY);
    let said = match (trained.agent.policy(), dataset.normaliser()) {
        (Err(why), _) => format!("in no file of its own: {why}"),
        (Ok(_), None) => file.display().to_string(),
        (Ok(_), Some(_)) => format!(
            "{} (its first layer normalises observations)",
            file.display()
        ),
    };
    say(&format!("policy   {said}"));
}
