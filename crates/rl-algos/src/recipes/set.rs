//! RLx2's baseline "SET" (arXiv 2205.15043, §5; SET: Mocanu et al. 2018): drop the smallest weights, grow at
//! random, on RLx2's schedule (`random_grow` in its code), with one-step targets and a plain buffer.

use sparse_core::topology::{RuleConfig, Set};

use super::{rlx2, rlx2_sparsity, td3};
use crate::config::TrainConfig;

pub(super) fn config(env: &str) -> TrainConfig {
    TrainConfig {
        topology: Some(rlx2::topology(RuleConfig::Set(Set::default()))),
        ..td3("set", env, rlx2_sparsity(env))
    }
}
