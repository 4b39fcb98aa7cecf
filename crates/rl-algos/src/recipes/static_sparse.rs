//! RLx2's baseline "SS" (arXiv 2205.15043, §5): a sparse network whose connections never move.

use super::{rlx2_sparsity, td3};
use crate::config::TrainConfig;

pub(super) fn config(env: &str) -> TrainConfig {
    td3("static", env, rlx2_sparsity(env))
}
