//! RLx2 (Tan et al., arXiv 2205.15043): gradient-based topology evolution, delayed multi-step targets,
//! dynamic-capacity replay. Numbers from its released code (`RLx2_TD3/train.py`, `RLx2_SAC/train.py`, `DST/`, README).
//!
//! Where this departs from that code: moments of grown weights start at zero (there they are what masked
//! gradients left); a target network has its online network's connections from the start (there it is
//! dense for its first update or two); with SAC, a network's output is not scaled by the action's range. With SAC it
//! follows the code in acting without noise after the random steps, in orthogonal first weights, and in growth by the
//! critics' and the actor's loss together.

use envs::TaskInfo;
use sparse_core::nn::Initializer;
use sparse_core::topology::{RigL, RuleConfig};

use super::Recipe;
use crate::config::{
    Decay, Growth, NStepConfig, ReplayConfig, SacConfig, TopologyConfig, TrainConfig,
};
use crate::replay::AdaptiveCapacity;

pub(super) const RECIPE: Recipe = Recipe {
    name: "rlx2",
    about: "RigL, 3-step targets after a delay, replay that forgets stale policies",
    source: "arXiv 2205.15043, Table 2 and released code",
    settings: config,
};

pub(super) fn config(mut base: TrainConfig, _: &TaskInfo) -> TrainConfig {
    let mut min = 100_000;
    if with_sac_as_code(&mut base) {
        min = 200_000;
    }
    TrainConfig {
        topology: Some(topology(RuleConfig::new(RigL::default()))),
        // The README's `--nstep 3 --delay_nstep 300000`: a tenth of the paper's 3 million steps.
        n_step: NStepConfig {
            n: 3,
            delay: 300_000,
        },
        replay: ReplayConfig {
            adaptive: Some(AdaptiveCapacity {
                min,
                ..AdaptiveCapacity::default()
            }),
            ..base.replay
        },
        ..base
    }
}

/// Lets SAC act by its policy's mean after the random steps (`SAC.py`, `select_action(sample=False)`), and begin with
/// orthogonal weights and biases of 0 (`modules_SAC.py`), of which a sparse network keeps the largest, and grow by the gradients of
/// both losses (`DST_Scheduler.py`). Whether the agent is SAC.
pub(super) fn with_sac_as_code(config: &mut TrainConfig) -> bool {
    let Some(sac) = config.algo.get_mut::<SacConfig>() else {
        return false;
    };
    sac.sample_actions = false;
    sac.growth = Growth::WithActor;
    config.networks.init = Initializer::Orthogonal;
    true
}

/// RLx2's schedule: Δ = 10,000 updates of the network at hand, ζ = 0.5 falling to 0 over the run.
pub(super) fn topology(rule: RuleConfig) -> TopologyConfig {
    TopologyConfig {
        rule,
        actor_rule: None,
        every: 10_000,
        actor_every: None,
        drop_fraction: 0.5,
        decay: Decay::Cosine,
        until: 1.0,
    }
}
