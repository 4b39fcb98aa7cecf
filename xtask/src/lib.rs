//! The command line of `cargo xtask`, shared by the binary that parses it and the one that does the work: those of an
//! experiment, and this project's chores.
//!
//! In reading order: this file, [`mod@bench`], [`chores`].

use clap::{Parser, Subcommand};
use experiments::args::Job;
use experiments::args::values::Device;

pub mod bench;
pub mod chores;

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
    Heavy(Heavy),
    /// Run the tests of the workspace, optimised
    Test(chores::TestArgs),
    /// Check the project's invariants: crate edges, sizes, citations, docs pages
    Tidy,
    /// Run all that continuous integration runs
    Ci,
}

/// Jobs that link the libraries: the `run` binary does them.
#[derive(Debug, Subcommand)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one, and it is not moved about"
)]
pub enum Heavy {
    /// A job of an experiment.
    #[command(flatten)]
    Job(Job),
    /// Measure speed: kernels, layers, single actions, updates, training steps, environments
    Bench(bench::BenchArgs),
}

impl Heavy {
    /// The backend that the job needs.
    ///
    /// # Errors
    /// As [`Job::device`].
    pub fn device(&self) -> anyhow::Result<Device> {
        match self {
            Self::Job(job) => job.device(),
            Self::Bench(args) if args.what == bench::Bench::Envs => Ok(Device::default()),
            Self::Bench(args) => Ok(args.device.unwrap_or_default()),
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
    pub job: Heavy,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use experiments::args::one_line;

    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
        RunCli::command().debug_assert();
    }

    #[test]
    fn train_needs_no_argument() {
        let cli = Cli::try_parse_from(["xtask", "train"]).unwrap();
        let Command::Heavy(job) = cli.command else {
            panic!("train is a job")
        };
        assert_eq!(job.device().unwrap(), Device::Flex);
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
