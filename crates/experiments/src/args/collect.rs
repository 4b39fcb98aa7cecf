//! Options of `cargo xtask collect`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::help;
use super::values::{self, Device};
use crate::catalogue;

/// What a dataset is made of, by D4RL's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Uniformly random actions
    Random,
    /// The kept policy whose evaluation is nearest to a third of the way from a random policy to the run's best
    Medium,
    /// The checkpoint of the run's best evaluation
    Expert,
    /// What the run's replay holds of the steps up to the medium policy's
    MediumReplay,
    /// Half of the transitions by the medium policy, then half by the expert
    MediumExpert,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Random,
        Self::Medium,
        Self::Expert,
        Self::MediumReplay,
        Self::MediumExpert,
    ];

    /// The name on the command line and in a dataset's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Medium => "medium",
            Self::Expert => "expert",
            Self::MediumReplay => "medium-replay",
            Self::MediumExpert => "medium-expert",
        }
    }
}

/// Options of `cargo xtask collect`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  cargo xtask train --env hopper --steps 1M --keep-policies --out runs/hopper
  cargo xtask collect runs/hopper
  cargo xtask collect runs/hopper --kind medium,medium-expert --noise 0
  cargo xtask collect --env ant --kind random --transitions 100k

Each dataset is a folder of Minari's layout, such as datasets/hopper/medium-v0; Minari opens it with
MINARI_DATASETS_PATH=datasets.")]
pub struct CollectArgs {
    /// Folder of a run that was trained with --keep-policies
    #[arg(value_name = "RUN", required_unless_present = "env")]
    pub run: Option<PathBuf>,

    /// Task of --kind random without a run, by Gymnasium's name
    #[arg(long, value_name = "TASK", value_parser = values::task, conflicts_with = "run")]
    pub env: Option<String>,

    /// One setting of --env or of a wrapper around it, such as reset_noise_scale=0.2 or action_repeat=2; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::env_setting, conflicts_with = "run")]
    pub env_set: Vec<String>,

    /// What to collect: random, medium, expert, medium-replay or medium-expert, or several with commas between
    /// [default: all that the run has]
    #[arg(
        long = "kind",
        value_name = "KIND",
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true
    )]
    pub kinds: Vec<Kind>,

    /// Transitions of each dataset; of medium-replay at most so many, the newest [default: 1M; of medium-replay all]
    #[arg(long, value_name = "N", value_parser = values::count, allow_hyphen_values = true)]
    pub transitions: Option<u64>,

    /// Standard deviation of Gaussian noise on a policy's mean actions, which are in [-1, 1], clipped to that
    /// [default: 0.1; SAC draws from its own Gaussian instead]
    #[arg(long, value_name = "STD", value_parser = noise, allow_hyphen_values = true)]
    pub noise: Option<f64>,

    /// Seed of the starting states and of the noise
    #[arg(long, value_name = "N", default_value = "0", value_parser = values::seed, allow_hyphen_values = true)]
    pub seed: u64,

    /// Folder of datasets; a folder of the dataset's name is made in it
    #[arg(long, value_name = "DIR", default_value = "datasets")]
    pub out: PathBuf,

    /// Name of the dataset, of one kind: namespace/name-v0 [default: TASK/KIND-v0]
    #[arg(long, value_name = "ID")]
    pub name: Option<String>,

    /// Replace datasets that are there
    #[arg(long)]
    pub overwrite: bool,

    /// Threads to step environments with; changes the speed, never the numbers [default: as many as cores]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_hyphen_values = true)]
    pub threads: Option<u64>,

    /// Backend that reads the networks
    #[arg(long, value_name = "NAME", value_parser = values::device,
        help = help::named("Backend that reads the networks", catalogue::Kind::Device, "flex"))]
    pub device: Option<Device>,
}

/// Reads a standard deviation.
fn noise(text: &str) -> Result<f64, String> {
    let value = text.parse().ok();
    let fits = |value: &f64| value.is_finite() && *value >= 0.0;
    value
        .filter(fits)
        .ok_or_else(|| "must be a number, 0 or more, such as 0.1".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: CollectArgs,
    }

    fn read(words: &str) -> Result<CollectArgs, String> {
        let words = ["collect"].into_iter().chain(words.split_whitespace());
        let line = Line::try_parse_from(words);
        line.map(|line| line.args).map_err(|e| e.to_string())
    }

    #[test]
    fn kinds_go_by_the_names_that_datasets_have() {
        let names = Kind::ALL.map(Kind::name).join(",");
        let args = read(&format!("runs/a --kind {names}")).unwrap();
        assert_eq!(args.kinds, Kind::ALL);
        assert!(read("runs/a --kind large").is_err());
        assert!(read("runs/a").unwrap().kinds.is_empty());
    }

    #[test]
    fn mistakes_are_refused() {
        for (words, expected) in [
            ("", "RUN"),
            ("runs/a --env hopper", "--env"),
            ("runs/a --transitions 0", "must be at least 1"),
            ("runs/a --noise -1", "0 or more"),
            ("runs/a --noise NaN", "0 or more"),
        ] {
            let error = read(words).unwrap_err();
            assert!(error.contains(expected), "{words}: {error}");
        }
    }
}
