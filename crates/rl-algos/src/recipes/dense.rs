//! Dense TD3 (Fujimoto et al., arXiv 1802.09477) with the settings of RLx2's code (arXiv 2205.15043): the
//! baseline that every sparse recipe is measured against.

use super::td3;
use crate::config::{SparsityConfig, TrainConfig};

pub(super) fn config(env: &str) -> TrainConfig {
    let sparsity = SparsityConfig {
        actor: 0.0,
        critic: 0.0,
        ..super::rlx2_sparsity(env)
    };
    td3("dense", env, sparsity)
}
