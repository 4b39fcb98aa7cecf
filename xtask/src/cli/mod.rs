//! The command line of `cargo xtask`, shared by the binary that reads it and the one that does the work.
//!
//! In reading order: this file (which jobs there are), [`train`], [`seeds`], [`collect`], [`offline`], [`jobs`], [`watch`],
//! [`chores`], [`values`].

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

pub mod chores;
pub mod collect;
pub mod jobs;
pub mod offline;
pub mod seeds;
pub mod train;
pub mod values;
pub mod watch;

/// What `cargo xtask` takes.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Sparse deep reinforcement learning: train, evaluate, measure, check.",
    after_help = "Each command has its own page: cargo xtask train --help",
    disable_help_subcommand = true
)]
pub struct Cli {
    /// The job.
    #[command(subcommand)]
    pub command: Command,
}

/// Every job, light or heavy.
#[derive(Debug, Subcommand)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one, and it is not moved about"
)]
pub enum Command {
    /// A job for the `run` binary.
    #[command(flatten)]
    Job(Job),
    /// Run the tests of the workspace, optimised
    Test(chores::TestArgs),
    /// Check the project's invariants: crate edges, sizes, citations, docs pages
    Tidy,
    /// Run all that continuous integration runs
    Ci,
}

/// Jobs that link the libraries: the `run` binary does them.
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
    /// Measure speed: kernels, layers, single actions, updates, training steps, environments
    Bench(jobs::BenchArgs),
    /// Prune an agent's networks for a dataset, and show what is left of each layer
    Prune(offline::PruneArgs),
    /// Prune once, then learn from a dataset and evaluate; also over many sparsities
    Offline(offline::OfflineArgs),
    /// Draw learning curves of runs as one SVG picture
    Plot(jobs::PlotArgs),
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
            Self::Bench(args) if args.what != jobs::Bench::Envs => args.device.unwrap_or_default(),
            Self::Bench(_) | Self::Plot(_) | Self::Recipes(_) => values::Device::default(),
        })
    }
}

/// What the `run` binary takes: the same words, without the light jobs.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true
)]
pub struct RunCli {
    /// The job.
    #[command(subcommand)]
    pub job: Job,
}

/// Reads the words of this process. A mistake ends it with one line on standard error and status 2; help goes to
/// standard output.
#[must_use]
#[allow(clippy::print_stderr, reason = "this is the command line")]
pub fn read<T: Parser>() -> T {
    T::try_parse().unwrap_or_else(|error| {
        let missing = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        if !error.use_stderr() || error.kind() == missing {
            error.exit();
        }
        eprintln!("{}", one_line(&error.to_string()));
        std::process::exit(error.exit_code());
    })
}

/// A message of several paragraphs in one line, without the usage.
fn one_line(message: &str) -> String {
    let lines = message.lines().map(str::trim);
    let said = lines.take_while(|line| !line.starts_with("Usage:"));
    let said = said.filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    said.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
        RunCli::command().debug_assert();
    }

    #[test]
    fn train_needs_no_argument() {
        let cli = Cli::try_parse_from(["xtask", "train"]).unwrap();
        let Command::Job(job) = cli.command else {
            panic!("train is a job")
        };
        assert_eq!(job.device().unwrap(), values::Device::Flex);
    }

    #[test]
    fn mistakes_are_one_line_that_says_what_is_right() {
        for (words, expected) in [
            (["train", "--env", "x"], "known tasks: HalfCheetah-v5"),
            (["train", "--stepz", "5"], "--steps"),
            (
                ["bench", "speed", "--json"],
                "kernels, act, break-even, layers, train, updates, offline, envs",
            ),
        ] {
            let words = ["xtask"].into_iter().chain(words);
            let error = Cli::try_parse_from(words).unwrap_err();
            let line = one_line(&error.to_string());
            assert!(line.contains(expected) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn both_binaries_read_the_same_words() {
        let words = ["xtask", "train", "--env", "hopper", "--steps", "3k"];
        assert!(Cli::try_parse_from(words).is_ok());
        assert!(RunCli::try_parse_from(words).is_ok());
    }
}
