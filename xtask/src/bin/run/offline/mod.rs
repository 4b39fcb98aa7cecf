//! `cargo xtask offline`: prune once, learn from a dataset, evaluate in its task.
//!
//! In reading order: this file (one run), [`settings`], [`sweep`] (several side by side), [`folder`] (a run on disk),
//! [`shown`] (what a person watches), [`layers`] (what pruning left).

pub(crate) mod folder;
pub(crate) mod layers;
pub(crate) mod settings;
mod shown;
mod sweep;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cli::offline::OfflineArgs;
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;
use offline_prune::train::{Evaluation, Trained, environments, reference, train};
use sparse_core::kernels::Kernels;

use crate::interrupt::{self, Interrupt};
use crate::progress::{Progress, span};
use crate::table::thousands;
use crate::{say, thread_count};
use folder::{Folder, Outcome};
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
        [job] if !args.keep => job,
        _ => return sweep::run(args, &base, jobs, &device, threads),
    };
    crate::threads(args.agent.threads)?;
    let label = settings::label(&args.agent.dataset);
    let path = args.out.clone().unwrap_or_else(|| {
        let name = format!("{label}-{}-{}", base.algo.name(), job.name);
        Path::new("runs/offline").join(name)
    });
    folder::check(&path, args.overwrite)?;
    let dataset = open(&args.agent.dataset, &job.config)?;
    let config = job.config.fitted(&dataset);
    header(&config, &format!("{threads} threads"), args);
    say(&format!("folder   {}\n", path.display()));
    let progress = Progress::start(config.updates).of_updates();
    let folder = Folder::new(&path, args.overwrite, &config, &args.agent.dataset)?;
    let mut shown = Shown::new(progress, Interrupt::catch()?, folder);
    let begun = Instant::now();
    let trained = train(&config, &dataset, &device, &mut shown);
    let took = begun.elapsed();
    shown.progress.finish();
    let trained = trained.with_context(|| format!("the run in {} ended early", path.display()))?;
    finish(&shown, &trained, &dataset, took)?;
    summary(&trained, &config, &dataset, took, &path);
    Ok(match trained.stopped {
        true => ExitCode::from(interrupt::STATUS),
        false => ExitCode::SUCCESS,
    })
}

/// Reads a dataset and prepares it as the settings ask; says what it is.
///
/// # Errors
/// As [`Dataset::open`], and when it does not fit the task.
pub(crate) fn open(path: &Path, config: &OfflineConfig) -> Result<Dataset> {
    let begun = Instant::now();
    let mut dataset = Dataset::open(path)?;
    let rewards = dataset.rewards();
    let returns = |rows: std::ops::Range<usize>| rewards[rows].iter().map(|r| f64::from(*r)).sum();
    let returns: Vec<f64> = dataset.episodes().map(returns).collect();
    let mean = returns.iter().sum::<f64>() / returns.len() as f64;
    let score = reference(config, &dataset).map(|reference| reference.normalised(mean));
    let score = score.map_or_else(String::new, |score| format!(" (score {score:.1})"));
    say(&format!(
        "dataset  {}: {} transitions in {} episodes, mean return {}{score}, read in {:.1} s",
        path.display(),
        thousands(dataset.len() as f64),
        thousands(returns.len() as f64),
        thousands(mean),
        begun.elapsed().as_secs_f64()
    ));
    // Before anything is written.
    environments(config, &dataset)?;
    if config.normalise_observations {
        dataset.normalise();
    }
    Ok(dataset)
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
fn last(evaluations: &[Evaluation]) -> (f64, Option<f64>) {
    let last = &evaluations[evaluations.len().saturating_sub(LAST)..];
    let count = last.len() as f64;
    let returns = last.iter().map(|e| e.returns.mean).sum::<f64>() / count;
    let scores: Option<f64> = last.iter().map(|e| e.score).sum();
    (returns, scores.map(|sum| sum / count))
}

/// Writes the networks, and what came of a run that is over.
///
/// # Errors
/// When they cannot be written.
fn finish(shown: &Shown, trained: &Trained, dataset: &Dataset, took: Duration) -> Result<Outcome> {
    shown.folder.finish(trained, dataset)?;
    let (returns, score) = last(&trained.evaluations);
    let outcome = Outcome {
        updates: trained.evaluations.last().map_or(0, |e| e.update),
        returns,
        score,
        weights: shown.weights,
        seconds: took.as_secs_f64(),
    };
    if !trained.stopped {
        shown.folder.whole(&outcome)?;
    }
    Ok(outcome)
}

/// Says what came of a run.
fn summary(
    trained: &Trained,
    config: &OfflineConfig,
    dataset: &Dataset,
    took: Duration,
    folder: &Path,
) {
    let updates = trained.evaluations.last().map_or(0, |e| e.update);
    let (returns, score) = last(&trained.evaluations);
    let told = trained.evaluations.len().min(LAST);
    let score = match score {
        Some(score) => format!(", score {score:.1}"),
        None => format!(
            "; no score: neither {} nor the dataset has the returns of a random policy and an expert",
            config.env
        ),
    };
    if trained.stopped {
        let whole = thousands(config.updates as f64);
        say(&format!(
            "\nstopped after {} of {whole} updates; a run from a dataset cannot go on, begin it again with --keep or --overwrite",
            thousands(updates as f64)
        ));
    }
    say(&format!(
        "\nreturn   mean of the last {told} evaluations {}{score}",
        thousands(returns)
    ));
    say(&format!(
        "speed    {} updates in {}, evaluations included: {} updates/s",
        thousands(updates as f64),
        span(took),
        thousands(updates as f64 / took.as_secs_f64())
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
