//! Gradual magnitude pruning (Zhu & Gupta, arXiv 1710.01878) of networks that start dense, as Graesser et al. (arXiv
//! 2206.10369, Table 8) and Obando-Ceron et al. (arXiv 2402.12479) prune in reinforcement learning: from 20 % to
//! 80 % of the updates, every 1,000; with SAC, which Graesser et al. train, their weight decay of 1e-4 and their replay. The sparsities that
//! it ends with are RLx2's, for comparison; Graesser et al. allocate by Erdős–Rényi, as here. Their initialisation that looks
//! at the sparsity has nothing to look at in networks that start dense, and is left out.

use envs::TaskInfo;

use super::Recipe;
use crate::config::{PruningConfig, SacConfig, TrainConfig};

pub(super) const RECIPE: Recipe = Recipe {
    name: "pruned",
    about: "starts dense; small weights go from 20 % to 80 % of the run",
    source: "arXiv 2206.10369, Table 8, and 2402.12479",
    settings: config,
};

pub(super) fn config(mut base: TrainConfig, _: &TaskInfo) -> TrainConfig {
    if base.algo.get::<SacConfig>().is_some() {
        base.learning.weight_decay = 1e-4;
        base.replay.capacity = 1_000_000;
    }
    TrainConfig {
        pruning: Some(PruningConfig {
            begin: 0.2,
            end: 0.8,
            every: 1000,
        }),
        ..base
    }
}
