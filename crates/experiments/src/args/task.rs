//! Options of `task`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values;

/// Options of `cargo xtask task`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  cargo xtask task new robot.xml
  cargo xtask task check robot.toml
  cargo xtask train --env robot.toml")]
pub struct TaskArgs {
    /// What is done.
    #[command(subcommand)]
    pub job: TaskJob,
}

/// What is done with a task of one's own.
#[derive(Clone, Debug, Subcommand)]
pub enum TaskJob {
    /// Write a first file for a model, with its joints, actuators, bodies and sites in comments
    New(NewArgs),
    /// Step a task with random actions: ranges of what is observed and of the reward's terms, and a film
    Check(CheckArgs),
}

/// Options of `cargo xtask task new`.
#[derive(Args, Clone, Debug)]
pub struct NewArgs {
    /// Model in MJCF
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// File to write; none that is there is replaced [default: the model's with .toml]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Options of `cargo xtask task check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// A task's file, or any other task
    #[arg(value_name = "TASK", value_parser = values::task)]
    pub env: String,

    /// One value of the file, such as reward.control.weight=-0.1, or setting of a wrapper; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::env_setting)]
    pub env_set: Vec<String>,

    /// Episodes to play with uniformly random actions
    #[arg(long, value_name = "N", default_value = "10", value_parser = values::count, allow_hyphen_values = true)]
    pub episodes: u64,

    /// Seed of the starting states and of the actions
    #[arg(long, value_name = "N", default_value = "0", value_parser = values::seed, allow_hyphen_values = true)]
    pub seed: u64,

    /// Film of the first episode (GIF) [default: TASK.gif here]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Leave out the film, which takes longer than the rest
    #[arg(long, conflicts_with = "out")]
    pub no_film: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Job, job};

    #[test]
    fn a_task_is_begun_from_a_model_and_checked() {
        let Job::Task(args) = job("task check my_arm.toml --env-set frame_skip=2").unwrap() else {
            panic!("another job");
        };
        let TaskJob::Check(args) = args.job else {
            panic!("another job");
        };
        assert_eq!((args.env.as_str(), args.episodes), ("my_arm.toml", 10));
        assert!(job("task new robot.xml").is_ok());
        for (words, said) in [
            ("task check hopr", "Hopper-v5"),
            ("task check a.toml --episodes 0", "at least 1"),
            ("task check a.toml --env-set x", "key=value"),
        ] {
            let error = job(words).unwrap_err().to_string();
            assert!(error.contains(said), "{words}: {error}");
        }
    }
}
