//! The command line of `cargo xtask`, shared by the binary that reads it and the one that does the work.
//!
//! In reading order: this file (which jobs there are), [`train`], [`jobs`], [`chores`], [`values`].

use clap::{Parser, Subcommand};

pub mod chores;
pub mod jobs;
pub mod train;
pub mod values;

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
    /// Train an agent from scratch
    Train(train::TrainArgs),
    /// Evaluate the agent of a finished or interrupted run
    Eval(jobs::EvalArgs),
    /// Measure speed: kernels, updates or envs
    Bench(jobs::BenchArgs),
    /// Draw learning curves of runs as one SVG picture
    Plot(jobs::PlotArgs),
}

impl Job {
    /// The backend that the job needs.
    #[must_use]
    pub fn device(&self) -> values::Device {
        match self {
            Self::Train(args) => args.device.unwrap_or_default(),
            Self::Eval(args) => args.device.unwrap_or_default(),
            Self::Bench(args) if args.what == jobs::Bench::Updates => {
                args.device.unwrap_or_default()
            }
            Self::Bench(_) | Self::Plot(_) => values::Device::default(),
        }
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
        assert_eq!(job.device(), values::Device::Flex);
    }

    #[test]
    fn both_binaries_read_the_same_words() {
        let words = ["xtask", "train", "--env", "hopper", "--steps", "3k"];
        assert!(Cli::try_parse_from(words).is_ok());
        assert!(RunCli::try_parse_from(words).is_ok());
    }
}
