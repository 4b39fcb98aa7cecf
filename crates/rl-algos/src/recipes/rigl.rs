//! RLx2's baseline "RigL" (arXiv 2205.15043, §5; `RigL`: Evci et al., arXiv 1911.11134): drop the smallest
//! weights, grow where the gradient is largest, with one-step targets and a plain buffer.

use envs::TaskInfo;
use sparse_core::topology::{RigL, RuleConfig};

use super::{Recipe, rlx2};
use crate::config::TrainConfig;

pub(super) const RECIPE: Recipe = Recipe {
    name: "rigl",
    about: "grow where the gradient is large, drop small weights",
    source: "arXiv 2205.15043, §5, baseline RigL",
    settings: config,
};

pub(super) fn config(base: TrainConfig, _: &TaskInfo) -> TrainConfig {
    TrainConfig {
        topology: Some(rlx2::topology(RuleConfig::new(RigL::default()))),
        ..base
    }
}
