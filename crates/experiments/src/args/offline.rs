//! Options of `prune` and `offline`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use super::help;
use super::seeds::{self, Seeds};
use super::train::device_of;
use super::values::{self, Device};
use crate::catalogue::Kind;

/// Options of both commands: a dataset, and how an agent is drawn and pruned for it.
#[derive(Args, Clone, Debug, Default)]
pub struct AgentArgs {
    /// Dataset: D4RL's HDF5 file, a NumPy archive (.npz) of the same arrays, or Minari's folder
    #[arg(value_name = "DATASET", required = true)]
    pub dataset: Option<PathBuf>,

    /// Task of the dataset, by Gymnasium's name, or none: data of no task that is known here, learned from without
    /// evaluation [default: the one that the dataset says it is of, or that its path names]
    #[arg(long, value_name = "TASK", value_parser = values::task_or_none)]
    pub env: Option<String>,

    /// One setting of the task or of a wrapper around it, such as reset_noise_scale=0.2 or action_repeat=2; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::env_setting)]
    pub env_set: Vec<String>,

    /// Algorithm
    #[arg(long, value_name = "NAME", value_parser = values::offline_algorithm,
        help = help::named("Algorithm", Kind::OfflineAlgorithm, "td3-bc"))]
    pub algo: Option<String>,

    /// Seed of every stream of random numbers [default: 0]
    #[arg(long, value_name = "N", value_parser = values::seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,

    /// Settings as TOML, with keys of the `config.toml` that every run writes; the algorithm's published ones fill the
    /// rest
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// One setting, by its key in `config.toml`, such as learning.gamma=0.98 or pruning.floor.keep_outputs=false; may be
    /// repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::setting)]
    pub set: Vec<String>,

    /// Backend that computes the networks
    #[arg(long, value_name = "NAME", value_parser = values::device,
        help = help::named("Backend that computes the networks", Kind::Device, "flex"))]
    pub device: Option<Device>,

    /// Threads to compute with; changes the speed, never the numbers [default: as many as cores]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_hyphen_values = true)]
    pub threads: Option<u64>,

    /// How the dataset is read.
    #[command(flatten)]
    pub data: DataArgs,
}

/// What a dataset may not say of itself.
#[derive(Args, Clone, Debug, Default)]
pub struct DataArgs {
    /// Smallest action in the dataset's units, one number for all or one for each with commas [default: the dataset's
    /// metadata, else the task's, else -1]
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        allow_hyphen_values = true,
        requires = "action_high"
    )]
    pub action_low: Vec<f64>,

    /// Largest action, in the same way
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        allow_hyphen_values = true,
        requires = "action_low"
    )]
    pub action_high: Vec<f64>,

    /// Cut actions outside the range off to it, as the tasks do; they are an error otherwise
    #[arg(long)]
    pub clip_actions: bool,

    /// Cut episodes after so many steps [default: where a file has neither timeouts nor next_observations the task's
    /// longest, as D4RL does]
    #[arg(long, value_name = "N", value_parser = values::count, allow_hyphen_values = true)]
    pub episode_length: Option<u64>,

    /// Leave episodes out that cannot be read or hold what is not allowed, and count them
    #[arg(long)]
    pub skip_bad_episodes: bool,
}

impl AgentArgs {
    /// The dataset's path; empty only where a run goes on, which names its own.
    #[must_use]
    pub fn dataset(&self) -> &Path {
        self.dataset.as_deref().unwrap_or(Path::new(""))
    }
}

/// Options of `cargo xtask prune`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example:
  cargo xtask prune datasets/hopper/medium-v0 --criterion snip --sparsity 0.95 --algo td3-bc

Draws the algorithm's dense networks, scores every weight by the loss of its own network on a batch of the dataset,
keeps the best and prints what is left of each layer. The file has the networks with their connections and
first weights; `cargo xtask offline` prunes by itself, the same way.")]
pub struct PruneArgs {
    /// Dataset, task, algorithm and seed.
    #[command(flatten)]
    pub agent: AgentArgs,

    /// What a weight is worth
    #[arg(long, value_name = "NAME", value_parser = values::criterion,
        help = help::named("What a weight is worth", Kind::Criterion, "snip"))]
    pub criterion: Option<String>,

    /// Share of each network's weights that go, in [0, 1) [default: 0.95]
    #[arg(long, value_name = "SHARE", value_parser = values::sparsity, allow_hyphen_values = true)]
    pub sparsity: Option<f64>,

    /// File for the pruned networks (safetensors)
    #[arg(long, value_name = "FILE", default_value = "pruned.safetensors")]
    pub out: PathBuf,

    /// Replace the file if it is there, and is a safetensors file of no run
    #[arg(long)]
    pub overwrite: bool,
}

/// Options of `cargo xtask offline`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = AFTER,
    mut_arg("dataset", |arg| arg.required(false).required_unless_present("resume"))
)]
pub struct OfflineArgs {
    /// Dataset, task, algorithm and seed.
    #[command(flatten)]
    pub agent: AgentArgs,

    /// What a weight is worth, or several with commas between
    #[arg(long, value_name = "LIST", value_parser = values::criterion, value_delimiter = ',',
        help = help::named("What a weight is worth, or several with commas between", Kind::Criterion, "snip"))]
    pub criterion: Vec<String>,

    /// Share of each network's weights that go before training, in [0, 1); 0 trains them dense [default: 0.95]
    #[arg(long, value_name = "SHARE", value_parser = values::sparsity, conflicts_with = "sweep", allow_hyphen_values = true)]
    pub sparsity: Option<f64>,

    /// Several sparsities, one run each for every criterion and seed, such as 0,0.5,0.8,0.9,0.95,0.98
    #[arg(long, value_name = "LIST", value_parser = values::sparsity, value_delimiter = ',', allow_hyphen_values = true)]
    pub sweep: Vec<f64>,

    /// Updates; 200_000, 200k and 1M are understood [default: 200000]
    #[arg(long, value_name = "N", value_parser = values::count, allow_hyphen_values = true)]
    pub updates: Option<u64>,

    /// A run for each of several seeds: 0..5 (without 5), 0..=4 or 0,3,7
    #[arg(long, value_name = "LIST", value_parser = seeds::seeds, conflicts_with = "seed", allow_hyphen_values = true)]
    pub seeds: Option<Seeds>,

    /// Folder for the run [default: runs/offline/DATASET-ALGO-CRITERION-SPARSITY-sSEED]; for several runs the folder
    /// that gets one for each [default: runs/offline/DATASET-ALGO]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace runs that the folder already holds; files of no run stay
    #[arg(long)]
    pub overwrite: bool,

    /// Keep the runs of the folder that are whole, go on with those that were cut off, and make those that are missing
    #[arg(long = "continue", alias = "keep", conflicts_with = "overwrite")]
    pub go_on: bool,

    /// Go on with the run in this folder, which was stopped or killed, as if it had not stopped; the dataset is the one
    /// that it began with, wherever DATASET says that it lies now
    #[arg(long, value_name = "DIR", conflicts_with_all = FRESH)]
    pub resume: Option<PathBuf>,
}

impl OfflineArgs {
    /// The requested device; else that of the resumed run, so that its numbers stay the same; else the default.
    ///
    /// # Errors
    /// When the run's folder names a device that is not known.
    pub fn device(&self) -> Result<Device> {
        device_of(self.agent.device, self.resume.as_deref())
    }
}

/// Options of new runs: a resumed run has its own settings.
const FRESH: [&str; 19] = [
    "env",
    "env_set",
    "algo",
    "seed",
    "config",
    "set",
    "criterion",
    "sparsity",
    "sweep",
    "updates",
    "seeds",
    "out",
    "overwrite",
    "go_on",
    "action_low",
    "action_high",
    "clip_actions",
    "episode_length",
    "skip_bad_episodes",
];

const AFTER: &str = "\
With a dataset alone: TD3+BC with 95 % of every network's weights pruned by SNIP before the
first update, 200,000 updates, an evaluation in the task every 5,000.

Several criteria, sparsities or seeds are as many runs, as many at a time as there are threads; a table and
`sweep.csv` come of them, and of several sparsities `sweep.svg` (score by sparsity). Sparsity 0 is the dense agent.

The score is D4RL's: 0 a random policy, 100 an expert, where the task or the dataset has both returns.

Examples:
  cargo xtask offline datasets/hopper/medium-v0
  cargo xtask offline datasets/hopper/medium-v0 --algo bc --sparsity 0
  cargo xtask offline halfcheetah-medium-v2.hdf5 --criterion snip,grasp,random --sweep 0,0.5,0.8,0.9,0.95,0.98
  cargo xtask offline datasets/hopper/medium-v0 --config my.toml --seeds 0..5
  cargo xtask offline --resume runs/offline/hopper-medium-v0-td3-bc-snip-0.95-s0

Ctrl-C ends a run after its update, with all that --resume needs; a second one ends it at once, and --resume goes on
from the last evaluation. Several runs go on with --continue.

The folder holds metrics.csv (one row per evaluation), config.toml, policy.safetensors and best.safetensors (the
policy of the last evaluation and of the best) and TensorBoard's events. Meanwhile:
  tensorboard --logdir runs
Afterwards:
  cargo xtask eval DIR      cargo xtask plot DIR";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Job, job};

    fn read(words: &str) -> std::result::Result<OfflineArgs, clap::Error> {
        match job(&format!("offline {words}"))? {
            Job::Offline(args) => Ok(args),
            other => panic!("not offline: {other:?}"),
        }
    }

    #[test]
    fn a_run_that_goes_on_takes_only_a_dataset_a_device_and_threads() {
        let args = read("data --resume runs/a --device ndarray --threads 2").unwrap();
        assert_eq!(args.resume, Some("runs/a".into()));
        assert_eq!(args.agent.dataset(), Path::new("data"));
        assert!(read("--resume runs/a").is_ok());
        let error = read("").unwrap_err().to_string();
        assert!(error.contains("DATASET"), "{error}");
        for other in [
            "--env ant",
            "--algo bc",
            "--seed 1",
            "--config a",
            "--set updates=5",
            "--criterion snip",
            "--sparsity 0.5",
            "--sweep 0,0.5",
            "--updates 5",
            "--seeds 0..2",
            "--out a",
            "--overwrite",
            "--continue",
            "--keep",
            "--action-low 0 --action-high 1",
            "--clip-actions",
            "--episode-length 5",
            "--skip-bad-episodes",
        ] {
            assert!(read(&format!("data {other}")).is_ok(), "{other}");
            assert!(
                read(&format!("--resume runs/a {other}")).is_err(),
                "{other}"
            );
        }
        let prune = job("prune").err().unwrap().to_string();
        assert!(prune.contains("DATASET"), "{prune}");
    }
}
