//! Options of `prune` and `offline`.

use std::path::PathBuf;

use clap::Args;

use super::seeds::{self, Seeds};
use super::values::{self, Device};

/// What both commands take: a dataset, and how an agent is drawn and pruned for it.
#[derive(Args, Clone, Debug, Default)]
pub struct AgentArgs {
    /// Dataset: D4RL's HDF5 file, a NumPy archive (.npz) of the same arrays, or Minari's folder
    #[arg(value_name = "DATASET")]
    pub dataset: PathBuf,

    /// Task of the dataset, by Gymnasium's name, or none: data of no task that is known here, learned from without
    /// evaluation [default: the one that the dataset says it is of, or that its path names]
    #[arg(long, value_name = "TASK", value_parser = values::task_or_none)]
    pub env: Option<String>,

    /// Algorithm: bc, td3-bc, iql, awac or bcq [default: td3-bc]
    #[arg(long, value_name = "NAME", value_parser = values::offline_algorithm)]
    pub algo: Option<String>,

    /// Seed of every stream of random numbers [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Settings as TOML, with keys of the `config.toml` that every run writes; the algorithm's published ones fill the
    /// rest
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Backend that computes the networks: flex, ndarray, wgpu or cuda [default: flex]
    #[arg(long, value_name = "NAME", value_parser = values::device)]
    pub device: Option<Device>,

    /// Threads to compute with; changes the speed, never the numbers [default: as many as cores]
    #[arg(long, value_name = "N", value_parser = values::count)]
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
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub episode_length: Option<u64>,

    /// Leave episodes out that cannot be read or hold what is not allowed, and count them
    #[arg(long)]
    pub skip_bad_episodes: bool,
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

    /// What a weight is worth: snip, grasp, synflow, iterative-snip, force, magnitude or random [default: snip]
    #[arg(long, value_name = "NAME", value_parser = values::criterion)]
    pub criterion: Option<String>,

    /// Share of each network's weights that go, in [0, 1) [default: 0.95]
    #[arg(long, value_name = "SHARE", value_parser = values::sparsity)]
    pub sparsity: Option<f64>,

    /// File for the pruned networks (safetensors)
    #[arg(long, value_name = "FILE", default_value = "pruned.safetensors")]
    pub out: PathBuf,

    /// Replace the file if it is there
    #[arg(long)]
    pub overwrite: bool,
}

/// Options of `cargo xtask offline`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = AFTER)]
pub struct OfflineArgs {
    /// Dataset, task, algorithm and seed.
    #[command(flatten)]
    pub agent: AgentArgs,

    /// What a weight is worth: snip, grasp, synflow, iterative-snip, force, magnitude or random; several with commas
    /// [default: snip]
    #[arg(long, value_name = "LIST", value_parser = values::criterion, value_delimiter = ',')]
    pub criterion: Vec<String>,

    /// Share of each network's weights that go before training, in [0, 1); 0 trains them dense [default: 0.95]
    #[arg(long, value_name = "SHARE", value_parser = values::sparsity, conflicts_with = "sweep")]
    pub sparsity: Option<f64>,

    /// Several sparsities, one run each for every criterion and seed, such as 0,0.5,0.8,0.9,0.95,0.98
    #[arg(long, value_name = "LIST", value_parser = values::sparsity, value_delimiter = ',')]
    pub sweep: Vec<f64>,

    /// Updates; 200_000, 200k and 1M are understood [default: 200000]
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub updates: Option<u64>,

    /// A run for each of several seeds: 0..5 (without 5), 0..=4 or 0,3,7
    #[arg(long, value_name = "LIST", value_parser = seeds::seeds, conflicts_with = "seed")]
    pub seeds: Option<Seeds>,

    /// Folder for the run [default: runs/offline/DATASET-ALGO-CRITERION-SPARSITY-sSEED]; for several runs the folder
    /// that gets one for each [default: runs/offline/DATASET-ALGO]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace runs that the folder already holds
    #[arg(long)]
    pub overwrite: bool,

    /// Keep the runs of the folder that are whole, and make those that are missing or were cut off
    #[arg(long, conflicts_with = "overwrite")]
    pub keep: bool,
}

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

Ctrl-C ends a run after its update and an evaluation.";
