//! The dense baseline that every sparse recipe is measured against: TD3 (Fujimoto et al., arXiv 1802.09477) or SAC
//! (Haarnoja et al., arXiv 1812.05905) with the settings of RLx2's code (arXiv 2205.15043).

use envs::TaskInfo;

use super::Recipe;
use crate::config::{SparsityConfig, TrainConfig};

pub(super) const RECIPE: Recipe = Recipe {
    name: "dense",
    about: "no zeros: the baseline",
    source: "arXiv 1802.09477 and 1812.05905, numbers of RLx2's code",
    settings: config,
};

pub(super) fn config(base: TrainConfig, _: &TaskInfo) -> TrainConfig {
    let sparsity = SparsityConfig {
        actor: 0.0,
        critic: 0.0,
        ..base.sparsity
    };
    TrainConfig { sparsity, ..base }
}
