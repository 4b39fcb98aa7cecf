//! The command line of `cargo xtask`, shared by the binary that reads it and the one that does the work.
//!
//! In reading order: this file (which jobs there are), [`train`], [`seeds`], [`collect`], [`offline`], [`jobs`], [`watch`],
//! [`chores`], [`values`]; then what both binaries say and how: [`tell`], [`shell`].

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

pub mod chores;
pub mod collect;
pub mod jobs;
pub mod offline;
pub mod seeds;
pub mod shell;
pub mod tell;
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
pub fn read<T: Parser>() -> T {
    T::try_parse().unwrap_or_else(|error| {
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

    /// Not as an unexpected argument.
    #[test]
    fn numbers_below_zero_are_told_with_their_option() {
        for (words, option, value) in [
            ("train --steps -5", "--steps <N>", "-5"),
            ("train --steps -5k", "--steps <N>", "-5k"),
            ("train --seeds -1..3", "--seeds <LIST>", "-1..3"),
            ("train --threads 100000", "--threads <N>", "100000"),
            (
                "train --actor-sparsity -0.5",
                "--actor-sparsity <SHARE>",
                "-0.5",
            ),
            ("eval run --seed -1", "--seed <N>", "-1"),
            ("collect run --transitions -1", "--transitions <N>", "-1"),
            ("watch run --fps -1", "--fps <N>", "-1"),
            ("watch run --size -4x4", "--size <WxH>", "-4x4"),
            ("offline data --sweep -0.5,0.5", "--sweep <LIST>", "-0.5"),
        ] {
            let words = ["xtask"].into_iter().chain(words.split(' '));
            let error = Cli::try_parse_from(words).unwrap_err();
            let line = one_line(&error.to_string());
            let expected = format!("invalid value '{value}' for '{option}'");
            assert!(line.contains(&expected), "{line}");
        }
        let numbers = ["N", "SHARE", "STD", "S", "TIMES", "DEG", "WxH"];
        for job in RunCli::command().get_subcommands() {
            for option in job.get_arguments() {
                let names = option.get_value_names().unwrap_or_default();
                if names.iter().any(|name| numbers.contains(&name.as_str())) {
                    assert!(
                        option.is_allow_hyphen_values_set(),
                        "{option} of {}",
                        job.get_name()
                    );
                }
            }
        }
    }

    #[test]
    fn both_binaries_read_the_same_words() {
        let words = ["xtask", "train", "--env", "hopper", "--steps", "3k"];
        assert!(Cli::try_parse_from(words).is_ok());
        assert!(RunCli::try_parse_from(words).is_ok());
    }
}
