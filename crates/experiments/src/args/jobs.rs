//! Options of `recipes` and `eval`.

use std::path::PathBuf;

use clap::Args;

use super::help;
use super::values::{self, Device};
use crate::catalogue::Kind;

/// Options of `cargo xtask recipes`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  cargo xtask recipes
  cargo xtask recipes rlx2-td3
  cargo xtask recipes ds-sac --env ant > my.toml
  cargo xtask train --config my.toml")]
pub struct RecipesArgs {
    /// Print this one's settings, each with what it is and may be [default: list all recipes]
    #[arg(value_name = "RECIPE", value_parser = values::recipe)]
    pub recipe: Option<String>,

    /// Task that the settings are for, by Gymnasium's name [default: HalfCheetah-v5]
    #[arg(long, value_name = "TASK", value_parser = values::task, requires = "recipe")]
    pub env: Option<String>,

    /// One setting of the task or of a wrapper around it, such as reset_noise_scale=0.2 or action_repeat=2; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::env_setting, requires = "recipe")]
    pub env_set: Vec<String>,
}

/// Options of `cargo xtask eval`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  cargo xtask eval runs/halfcheetah-v5-rlx2-td3-s0
  cargo xtask eval runs/halfcheetah-v5-rlx2-td3-s0 --episodes 100 --seed 7
  cargo xtask eval runs/walker2d-v5-rlx2-td3-s0 --env walker2d-v3")]
pub struct EvalArgs {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Take the checkpoint of the best evaluation, not the last one
    #[arg(long)]
    pub best: bool,

    /// Another version of the task to play in, with the same observations and actions [default: the run's]
    #[arg(long, value_name = "TASK", value_parser = values::task)]
    pub env: Option<String>,

    /// Play with another setting of the task than the run has, such as reset_noise_scale=0.2 or observation_noise=0.01; may be
    /// repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::env_setting)]
    pub env_set: Vec<String>,

    /// Act by samples of a Gaussian policy (as SAC has), as training explores, not by its mean
    #[arg(long)]
    pub sample: bool,

    /// Whole episodes to play, without exploration noise
    #[arg(long, value_name = "N", default_value = "10", value_parser = values::count, allow_hyphen_values = true)]
    pub episodes: u64,

    /// Seed of the starting states [default: the run's evaluation seed]
    #[arg(long, value_name = "N", value_parser = values::seed, allow_hyphen_values = true)]
    pub seed: Option<u64>,

    /// Backend that computes the network
    #[arg(long, value_name = "NAME", value_parser = values::device,
        help = help::named("Backend that computes the network", Kind::Device, "flex"))]
    pub device: Option<Device>,
}
