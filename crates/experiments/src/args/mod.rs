//! The command line: jobs and their options. Parsing needs no tensor library.
//!
//! In reading order: this file, [`train`], [`seeds`], [`collect`], [`offline`], [`study`], [`jobs`], [`figures`], [`watch`], [`task`], [`values`], [`help`].

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::terminal::tell;

pub mod collect;
pub mod figures;
pub mod help;
pub mod jobs;
pub mod offline;
pub mod seeds;
pub mod study;
pub mod task;
pub mod train;
pub mod values;
pub mod watch;

/// Jobs of an experiment.
#[derive(Debug, Subcommand)]
pub enum Job {
    /// Train an agent from scratch, or go on with a run that was stopped
    Train(train::TrainArgs),
    /// List the papers' recipes, or print one as a file for `train --config`
    Recipes(jobs::RecipesArgs),
    /// Evaluate the agent of a finished or interrupted run
    Eval(jobs::EvalArgs),
    /// Make offline datasets from a run's policies
    Collect(collect::CollectArgs),
    /// Film an agent, without a display
    Watch(watch::WatchArgs),
    /// Begin a task of your own from a model, or check one
    Task(task::TaskArgs),
    /// Prune an agent's networks for a dataset, and show what is left of each layer
    Prune(offline::PruneArgs),
    /// Prune once, then learn from a dataset and evaluate; also over many sparsities
    Offline(offline::OfflineArgs),
    /// Make many runs from one file: list them, make what is missing, tell how far they are
    Study(study::StudyArgs),
    /// Remake tables and figures of the papers, or list those that can be
    Reproduce(study::ReproduceArgs),
    /// Draw curves of runs, a panel for each task, as one SVG or PNG picture
    Plot(figures::PlotArgs),
    /// Make a page of runs: curves, scores with intervals, profiles, and each run by itself
    Report(figures::ReportArgs),
    /// Write runs as tables that other programs read, rliable among them
    Export(figures::ExportArgs),
}

impl Job {
    /// The backend that the job needs.
    ///
    /// # Errors
    /// As [`TrainArgs::device`](train::TrainArgs::device).
    pub fn device(&self) -> anyhow::Result<values::Device> {
        Ok(match self {
            Self::Train(args) => args.device()?,
            Self::Eval(args) => args.device.unwrap_or_default(),
            Self::Collect(args) => args.device.unwrap_or_default(),
            Self::Watch(args) => args.device.unwrap_or_default(),
            Self::Prune(args) => args.agent.device.unwrap_or_default(),
            Self::Offline(args) => args.device()?,
            Self::Study(args) => args.device()?,
            Self::Reproduce(args) => args.device.unwrap_or_default(),
            Self::Plot(_)
            | Self::Report(_)
            | Self::Export(_)
            | Self::Recipes(_)
            | Self::Task(_) => values::Device::default(),
        })
    }
}

/// Parses the command line of this process. A mistake ends it with one line on standard error and status 2; help goes
/// to standard output.
#[must_use]
pub fn read<T: Parser>() -> T {
    let command = T::command();
    let matches = match tell::program() {
        name if Some(name) == command.get_bin_name() => command.try_get_matches(),
        name => help::called(command, name)
            .name(name)
            .bin_name(name)
            .try_get_matches(),
    };
    let read = matches.and_then(|mut matches| T::from_arg_matches_mut(&mut matches));
    read.unwrap_or_else(|error| {
        let missing = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        if !error.use_stderr() || error.kind() == missing {
            tell::keep(error.print());
            if let Err(error) = tell::said() {
                tell::note(&format!("error: {error:#}"));
                std::process::exit(1);
            }
        } else {
            tell::note(&one_line(&error.to_string()));
        }
        std::process::exit(error.exit_code());
    })
}

/// A message of several paragraphs in one line, without the usage.
#[must_use]
pub fn one_line(message: &str) -> String {
    let lines = message.lines().map(str::trim);
    let said = lines.take_while(|line| !line.starts_with("Usage:"));
    let said = said.filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    said.collect::<Vec<_>>().join(" ")
}

/// The job that words ask for, for tests of its options.
#[cfg(test)]
pub(crate) fn job(words: &str) -> Result<Job, clap::Error> {
    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        job: Job,
    }

    let words = ["xtask"].into_iter().chain(words.split_whitespace());
    Ok(Line::try_parse_from(words)?.job)
}
