//! Options of `bench`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use experiments::args::help;
use experiments::args::values::{self, Device};
use experiments::catalogue::Kind;

/// What `cargo xtask bench` can measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bench {
    /// Sparse products against the best dense product, one thread, GF/s
    Kernels,
    /// One observation at a time through an actor, µs
    Act,
    /// Densities up to which compressed rows beat a dense product, per layer size and batch
    BreakEven,
    /// One layer forward and backward, beside PyTorch and SparseProp; needs --python
    Layers,
    /// A training step by stage: act, environment, store, sample, update
    Train,
    /// Updates per second of TD3 and SAC, dense recipe and RLx2 recipe
    Updates,
    /// Updates per second from a dataset, dense and pruned; beside TD3+BC's own code with --python
    Offline,
    /// Control steps per second of each task, alone and many together
    Envs,
}

/// Options of `cargo xtask bench`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  cargo xtask bench updates
  cargo xtask bench kernels --json > kernels.jsonl
  cargo xtask bench kernels --device wgpu
  cargo xtask bench envs --python python3
  cargo xtask bench envs --python python3 --models hand.xml quadruped.xml

Compare numbers of one table only: a shared machine changes speed from hour to hour, so each bench measures its
rivals in turns, in one process, and prints medians and ratios.")]
pub struct BenchArgs {
    /// What to measure
    #[arg(value_enum)]
    pub what: Bench,

    /// One JSON object per row on standard output, for scripts
    #[arg(long)]
    pub json: bool,

    /// Threads to compute with, where the bench uses more than one [default: as many as cores]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_hyphen_values = true)]
    pub threads: Option<u64>,

    /// A Python with the rivals, timed in turns: mujoco 3.3.7 and gymnasium for `envs`, torch and sparseprop for
    /// `layers`, torch and a clone of sfujim/TD3_BC on PYTHONPATH for `offline`
    #[arg(long, value_name = "PYTHON", required_if_eq("what", "layers"))]
    pub python: Option<PathBuf>,

    /// Models in MJCF for `envs` to move beside MuJoCo, in place of the tasks: from the first keyframe, under random control
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "python")]
    pub models: Vec<PathBuf>,

    /// Backend of `updates`, `offline`, `train` and `break-even`, or the GPU of `kernels`
    #[arg(long, value_name = "NAME", value_parser = values::device, help = help::named(
        "Backend of `updates`, `offline`, `train` and `break-even`, or the GPU of `kernels`", Kind::Device, "flex"))]
    pub device: Option<Device>,
}
