//! RLx2's baseline "SET" (arXiv 2205.15043, §5; SET: Mocanu et al. 2018): drop the smallest weights, grow at
//! random, on RLx2's schedule (`random_grow` in its code), with one-step targets and a plain buffer.

use envs::TaskInfo;
use sparse_core::topology::{RuleConfig, Set};

use super::{Recipe, rlx2};
use crate::config::TrainConfig;

pub(super) const RECIPE: Recipe = Recipe {
    name: "set",
    about: "grow at random, drop small weights",
    source: "arXiv 2205.15043, §5, baseline SET",
    settings: config,
};

pub(super) fn config(base: TrainConfig, _: &TaskInfo) -> TrainConfig {
    TrainConfig {
        topology: Some(rlx2::topology(RuleConfig::new(Set::default()))),
        ..base
    }
}
