//! The sparse SAC of Graesser et al. (arXiv 2206.10369; google-research/rigl, `rigl/rl/tfagents/configs/sac_mujoco_*.gin` and
//! `sac_train_eval.py`): RigL, SET and a static network at 90 % in the actor and in both critics, by Erdős–Rényi with the output
//! layer, moved every 1,000 updates until 80 % of the run with a share that falls from 0.5 by a half cosine. 1,000 random
//! steps, rewards times 0.1, Glorot weights whose fans count the connections there are, 30 episodes every 10,000 steps. Its
//! penalty of 1e-6 w² is a decay of 2e-6; here it also acts on biases. The network is SAC's as here, with either agent.

use sparse_core::nn::{Fans, InitialMask, Initializer};
use sparse_core::topology::{RigL, RuleConfig, Set};

use super::Recipe;
use crate::config::{Decay, TopologyConfig, TrainConfig};

const SOURCE: &str = "arXiv 2206.10369 and released code";

pub(super) const RIGL: Recipe = Recipe {
    name: "graesser-rigl",
    about: "RigL at 90 % as Graesser et al. train it",
    source: SOURCE,
    settings: |base, _| moving(base, RuleConfig::new(RigL::default())),
};

pub(super) const SET: Recipe = Recipe {
    name: "graesser-set",
    about: "SET at 90 % as Graesser et al. train it",
    source: SOURCE,
    settings: |base, _| moving(base, RuleConfig::new(Set::default())),
};

pub(super) const STATIC: Recipe = Recipe {
    name: "graesser-static",
    about: "a static network at 90 % as Graesser et al. train it",
    source: SOURCE,
    settings: |base, _| still(base),
};

fn still(mut base: TrainConfig) -> TrainConfig {
    (base.sparsity.actor, base.sparsity.critic) = (0.9, 0.9);
    base.sparsity.mask = InitialMask::Random;
    base.networks.init = Initializer::XavierUniform;
    base.networks.fans = Fans::Actual;
    base.learning.weight_decay = 2e-6;
    base.learning.reward_scale = 0.1;
    base.replay.capacity = 1_000_000;
    base.exploration.random_steps = 1_000;
    (base.evaluation.every, base.evaluation.episodes) = (10_000, 30);
    base
}

fn moving(base: TrainConfig, rule: RuleConfig) -> TrainConfig {
    TrainConfig {
        topology: Some(TopologyConfig {
            rule,
            actor_rule: None,
            every: 1_000,
            actor_every: None,
            drop_fraction: 0.5,
            decay: Decay::Cosine,
            until: 0.8,
        }),
        ..still(base)
    }
}
