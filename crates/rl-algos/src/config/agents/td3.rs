//! Settings of TD3.

use envs::TaskInfo;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::config::fields::{Field, field};
use crate::config::{AgentConfig, AgentShape, TrainConfig, at_least_one, check, task_name};

/// TD3 (Fujimoto et al., arXiv 1802.09477). Noise is relative to the action's half-range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Td3Config {
    /// Standard deviation of the noise on target actions, 0 or more.
    pub target_noise: f64,
    /// Bound of that noise, 0 or more.
    pub target_noise_clip: f64,
    /// Critic updates per update of the actor, 1 or more.
    pub policy_delay: u64,
    /// Standard deviation of the noise on actions in training, 0 or more.
    pub exploration_noise: f64,
}

impl Default for Td3Config {
    /// Those of the paper.
    fn default() -> Self {
        Self {
            target_noise: 0.2,
            target_noise_clip: 0.5,
            policy_delay: 2,
            exploration_noise: 0.1,
        }
    }
}

/// The table reads by row.
#[rustfmt::skip]
const FIELDS: [Field; 5] = [
    field("algo.td3", "TD3, with noise in units of half the action's range", ""),
    field("algo.td3.target_noise", "Standard deviation of the noise on target actions", "0 or more"),
    field("algo.td3.target_noise_clip", "Bound of that noise", "0 or more"),
    field("algo.td3.policy_delay", "Critic updates per update of the actor", "1 or more"),
    field("algo.td3.exploration_noise", "Standard deviation of the noise on actions in training", "0 or more"),
];

impl AgentConfig for Td3Config {
    const NAME: &'static str = "td3";
    const ABOUT: &'static str = "TD3: a deterministic policy, two critics";
    const SOURCE: &'static str = "arXiv 1802.09477";
    const FIELDS: &'static [Field] = &FIELDS;

    fn validate(&self) -> Result<()> {
        at_least_one("algo.td3.policy_delay", self.policy_delay)?;
        for (field, value) in [
            ("algo.td3.target_noise", self.target_noise),
            ("algo.td3.target_noise_clip", self.target_noise_clip),
            ("algo.td3.exploration_noise", self.exploration_noise),
        ] {
            check(field, value, value >= 0.0 && value.is_finite())?;
        }
        Ok(())
    }

    fn shape(&self) -> AgentShape {
        AgentShape {
            actor_outputs: 1,
            critics: 2,
            updates_per_step: 1,
            policy_delay: self.policy_delay,
            actor_target: true,
        }
    }

    /// The sparsities of RLx2's Table 2 (arXiv 2205.15043, §5.1) for TD3.
    fn suit(&self, base: &mut TrainConfig, task: &TaskInfo) {
        base.replay.capacity = 1_000_000;
        let sparsity = &mut base.sparsity;
        (sparsity.actor, sparsity.critic) = match task_name(task) {
            "Hopper" => (0.98, 0.95),
            "Walker2d" => (0.97, 0.95),
            "Ant" => (0.96, 0.88),
            _ => (0.90, 0.85),
        };
    }
}
