//! RLx2 with TD3 (Tan et al., arXiv 2205.15043): gradient-based topology evolution, delayed multi-step
//! targets, dynamic-capacity replay. Numbers from its released code (`RLx2_TD3/train.py`, `DST/`, README).
//!
//! Where this departs from that code: moments of grown weights start at zero (there they are what masked
//! gradients left), and a target network has its online network's connections from the start (there it is
//! dense for its first update or two).

use sparse_core::topology::{RigL, RuleConfig};

use super::{rlx2_sparsity, td3};
use crate::config::{NStepConfig, ReplayConfig, TopologyConfig, TrainConfig};
use crate::replay::AdaptiveCapacity;

pub(super) fn config(env: &str) -> TrainConfig {
    let base = td3("rlx2", env, rlx2_sparsity(env));
    TrainConfig {
        topology: Some(topology(RuleConfig::RigL(RigL::default()))),
        // The README's `--nstep 3 --delay_nstep 300000`: a tenth of the paper's 3 million steps.
        n_step: NStepConfig {
            n: 3,
            delay: 300_000,
        },
        replay: ReplayConfig {
            adaptive: Some(AdaptiveCapacity::default()),
            ..base.replay
        },
        ..base
    }
}

/// RLx2's schedule: Δ = 10,000 updates of the network at hand, ζ = 0.5 falling to 0 over the run.
pub(super) fn topology(rule: RuleConfig) -> TopologyConfig {
    TopologyConfig {
        rule,
        every: 10_000,
        drop_fraction: 0.5,
    }
}
