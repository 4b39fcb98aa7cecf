//! DS-TD3 and DS-SAC (Sokar et al., arXiv 2106.04217, §4.4 and appendix A): λ per layer with dense output layers, the
//! smallest of each sign dropped and as many grown at random, targets that keep their own largest weights.
//!
//! Where this departs from the released code: connections are counted exactly (there each is drawn by itself); a
//! move takes the place of a weight update (there it follows one); grown weights start at zero, as in the paper (there at
//! one step of Adam, which ran on for absent weights: here their second moment begins as the layer's mean); the last move grows as much as it
//! drops (there it only drops); half of what is dropped is of each sign, as in the paper (there the same share of each
//! sign); moves come with every thousandth update (there with the second after it).

use envs::TaskInfo;
use sparse_core::budget::Allocation;
use sparse_core::nn::{InitialMask, Initializer};
use sparse_core::topology::{DropCriterion, GrownMoments, RuleConfig, Set};
use sparse_core::trainer::TargetConnections;

use super::Recipe;
use crate::config::{
    AlgoConfig, Decay, LearningConfig, LogStd, ReplayConfig, SacConfig, SparsityConfig,
    Temperature, TopologyConfig, TrainConfig, task_name,
};

pub(super) const RECIPE: Recipe = Recipe {
    name: "ds",
    about: "half the weights: drop the smallest of each sign, grow at random",
    source: "arXiv 2106.04217, §4.4 and appendix A",
    settings: config,
};

/// Adaptation stops 50,000 updates before the end of 1,000,000 steps, of which 25,000 are random.
const UNTIL: f64 = 925.0 / 975.0;

pub(super) fn config(mut base: TrainConfig, env: &TaskInfo) -> TrainConfig {
    let delay = base.algo.policy_delay();
    let common = LearningConfig {
        target_connections: TargetConnections::Magnitude,
        ..base.learning
    };
    let (learning, drop_fraction) = match base.algo.get_mut::<SacConfig>() {
        None => {
            let learning = LearningConfig {
                batch_size: 100,
                actor_learning_rate: 1e-3,
                critic_learning_rate: 1e-3,
                weight_decay: 2e-4,
                ..common
            };
            (learning, 0.05)
        }
        Some(sac) => {
            sac.temperature = Temperature::Fixed(0.2);
            // The SAC that the paper cites: pranz24/pytorch-soft-actor-critic, `model.py` and `main.py`.
            sac.log_std = LogStd::Clamp;
            (sac.log_std_min, sac.log_std_max) = (-20.0, 2.0);
            base.networks.init = Initializer::XavierUniform;
            base.exploration.random_steps = 10_000;
            let learning = LearningConfig {
                tau: 1.0,
                target_every: 1000,
                ..common
            };
            (learning, 0.1)
        }
    };
    let rule = Set {
        drop: DropCriterion::SignBalanced,
        // There Adam runs on for absent weights, so that a grown one makes steps of the usual size.
        grown_moments: GrownMoments::LayerMean,
        ..Set::default()
    };
    TrainConfig {
        sparsity: sparsity(&base, env),
        learning,
        replay: ReplayConfig {
            capacity: 1_000_000,
            ..base.replay
        },
        // Counted in the critics' updates, of which the actor has one in `policy_delay`.
        topology: Some(TopologyConfig {
            rule: RuleConfig::new(rule),
            actor_rule: None,
            every: 1000,
            actor_every: Some(1000 / delay),
            drop_fraction,
            decay: Decay::Constant,
            until: UNTIL,
        }),
        ..base
    }
}

/// λ of the first and the second layer, by task; other tasks get `HalfCheetah`'s.
fn lambdas(algo: &AlgoConfig, env: &TaskInfo) -> Vec<f64> {
    let pair = match (algo.get::<SacConfig>().is_some(), task_name(env)) {
        (_, "Humanoid") => [61.0, 64.0],
        (false, "Ant") => [40.0, 64.0],
        (false, _) => [7.0, 64.0],
        (true, "Ant") => [30.0, 64.0],
        (true, "Hopper") => [7.0, 20.0],
        (true, _) => [12.0, 80.0],
    };
    pair.to_vec()
}

fn sparsity(base: &TrainConfig, env: &TaskInfo) -> SparsityConfig {
    let lambdas = lambdas(&base.algo, env);
    let (observation, action) = (env.observation.len(), env.action.len());
    let outputs = base.algo.actor_outputs(action);
    let allocation = Allocation::Lambda(lambdas);
    // What λ comes to.
    let share = |first: usize, hidden: &[usize], last: usize| {
        let sizes = [&[first], hidden, &[last]].concat();
        let shapes: Vec<(usize, usize)> = sizes.windows(2).map(|w| (w[1], w[0])).collect();
        let all: usize = shapes.iter().map(|(out, inputs)| out * inputs).sum();
        let counts = allocation.counts(&shapes, 0.5).unwrap_or_default();
        1.0 - counts.iter().sum::<usize>() as f64 / all as f64
    };
    SparsityConfig {
        actor: share(observation, &base.networks.actor, outputs),
        critic: share(observation + action, &base.networks.critic, 1),
        allocation,
        mask: InitialMask::Random,
        ..base.sparsity
    }
}
