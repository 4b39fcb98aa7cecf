//! RLx2's baseline "RigL" (arXiv 2205.15043, §5; `RigL`: Evci et al., arXiv 1911.11134): drop the smallest
//! weights, grow where the gradient is largest, with one-step targets and a plain buffer.

use sparse_core::topology::{RigL, RuleConfig};

use super::{rlx2, rlx2_sparsity, td3};
use crate::config::TrainConfig;

pub(super) fn config(env: &str) -> TrainConfig {
    TrainConfig {
        topology: Some(rlx2::topology(RuleConfig::RigL(RigL::default()))),
        ..td3("rigl", env, rlx2_sparsity(env))
    }
}
