//! Settings of SAC.

use envs::TaskInfo;
use serde::{Deserialize, Serialize};

use crate::config::fields::{Field, choice, field};
use crate::config::{
    AgentConfig, AgentShape, LogStd, Spread, TrainConfig, at_least_one, check, is_default,
    task_name,
};
use crate::{Error, Result};

/// SAC (Haarnoja et al., arXiv 1812.05905): a Gaussian policy squashed by tanh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SacConfig {
    /// Lowest logarithm of the Gaussian's standard deviation.
    pub log_std_min: f64,
    /// Highest logarithm of the standard deviation, above the lowest.
    pub log_std_max: f64,
    /// Critic updates per update of the actor and of the temperature, 1 or more.
    pub policy_delay: u64,
    /// Whether training acts by a sample of the policy; else by its mean, which does not explore.
    pub sample_actions: bool,
    /// Weight of the entropy.
    pub temperature: Temperature,
    /// How the network's output is kept between both bounds of log σ.
    #[serde(default, skip_serializing_if = "is_default")]
    pub log_std: LogStd,
    /// By which gradient a rule grows the critics' connections.
    #[serde(default, skip_serializing_if = "is_default")]
    pub growth: Growth,
}

/// By which gradient a rule that looks at one, such as RigL, grows the critics' connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// That of the critics' own loss.
    #[default]
    Own,
    /// The sum of that and the gradient at the critic of the actor's loss of the update before, as in RLx2's released code:
    /// its hook on the critic's weights collects from the moment when the critic is due, and the actor's loss passes through
    /// the critic before the critic's own loss does (`DST_Scheduler.py`, `SAC.py`).
    WithActor,
}

/// Weight α of the entropy in SAC's objective.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Temperature {
    /// Always this, 0 or more.
    Fixed(f64),
    /// Tuned until the policy's entropy is on target (arXiv 1812.05905, section 5).
    Auto {
        /// α at first, above 0.
        initial: f64,
        /// Adam's learning rate for log α, above 0.
        learning_rate: f64,
        /// Target entropy per component of an action; published as -1.
        entropy_per_action: f64,
    },
}

impl Default for SacConfig {
    /// RLx2's code squashes log σ into [-5, 2], starts at α = 1 and aims at an entropy of -1 per number of an action.
    /// Its training acts by the policy's mean once the random steps are over, which does not explore; here a recipe
    /// that does not reproduce RLx2 itself samples, as SAC's paper does.
    fn default() -> Self {
        Self {
            log_std_min: -5.0,
            log_std_max: 2.0,
            policy_delay: 1,
            sample_actions: true,
            temperature: Temperature::Auto {
                initial: 1.0,
                learning_rate: 3e-4,
                entropy_per_action: -1.0,
            },
            log_std: LogStd::Tanh,
            growth: Growth::Own,
        }
    }
}

/// The table reads by row.
#[rustfmt::skip]
const FIELDS: [Field; 13] = [
    field("algo.sac", "SAC: a Gaussian policy squashed by tanh", ""),
    field("algo.sac.log_std_min", "Lowest logarithm of the Gaussian's standard deviation", "-20 or more"),
    field("algo.sac.log_std_max", "Highest logarithm of it", "above log_std_min, and 10 at most"),
    field("algo.sac.log_std", "How the network's output is kept between them: through tanh, or cut off", "tanh or clamp"),
    field("algo.sac.growth", "By which gradient critics grow: their own, or with the actor loss's of the update before", "own or with_actor"),
    field("algo.sac.policy_delay", "Critic updates per update of the actor and the temperature", "1 or more"),
    field("algo.sac.sample_actions", "Whether training acts by a sample, else by the mean", "true or false"),
    choice("algo.sac.temperature", "Weight of the entropy (alpha)", "fixed or auto"),
    field("algo.sac.temperature.fixed", "Always this", "0 or more"),
    field("algo.sac.temperature.auto", "Tuned until the policy's entropy is on target", ""),
    field("algo.sac.temperature.auto.initial", "Alpha at first", "above 0"),
    field("algo.sac.temperature.auto.learning_rate", "Adam's learning rate for log alpha", "above 0"),
    field("algo.sac.temperature.auto.entropy_per_action", "Entropy to reach, nats per number of an action", "finite"),
];

impl SacConfig {
    /// The spread of its policy.
    pub(crate) fn gaussian(&self) -> Spread {
        Spread {
            log_std_min: self.log_std_min,
            log_std_max: self.log_std_max,
            log_std: self.log_std,
        }
    }
}

impl AgentConfig for SacConfig {
    const NAME: &'static str = "sac";
    const ABOUT: &'static str =
        "SAC: a Gaussian policy squashed by tanh, two critics, an entropy bonus";
    const SOURCE: &'static str = "arXiv 1812.05905";
    const FIELDS: &'static [Field] = &FIELDS;

    fn validate(&self) -> Result<()> {
        at_least_one("algo.sac.policy_delay", self.policy_delay)?;
        let (min, max) = (self.log_std_min, self.log_std_max);
        let good = min.is_finite() && min >= -20.0;
        check("algo.sac.log_std_min", min, good)?;
        if !(max > min && max <= 10.0) {
            let allowed = format!("above log_std_min = {min}, and 10 at most");
            return Err(Error::config("algo.sac.log_std_max", max, &allowed));
        }
        self.temperature.validate([
            "algo.sac.temperature.fixed",
            "algo.sac.temperature.auto.initial",
            "algo.sac.temperature.auto.learning_rate",
            "algo.sac.temperature.auto.entropy_per_action",
        ])
    }

    fn spread(&self) -> Option<Spread> {
        Some(self.gaussian())
    }

    fn shape(&self) -> AgentShape {
        AgentShape {
            // A mean and a spread.
            actor_outputs: 2,
            critics: 2,
            updates_per_step: 1,
            policy_delay: self.policy_delay,
            actor_target: false,
        }
    }

    /// The sparsities of RLx2's Table 2 (arXiv 2205.15043, §5.1) for SAC.
    fn suit(&self, base: &mut TrainConfig, task: &TaskInfo) {
        base.replay.capacity = 3_000_000;
        let sparsity = &mut base.sparsity;
        (sparsity.actor, sparsity.critic) = match task_name(task) {
            "Hopper" => (0.98, 0.95),
            "Walker2d" => (0.90, 0.90),
            "Ant" => (0.90, 0.75),
            _ => (0.90, 0.80),
        };
    }
}

impl Temperature {
    /// α before any tuning.
    #[must_use]
    pub fn initial(&self) -> f64 {
        match *self {
            Self::Fixed(alpha) | Self::Auto { initial: alpha, .. } => alpha,
        }
    }

    /// Checks every number; `fields` are those of `fixed` and of the three of `auto`.
    pub(super) fn validate(&self, fields: [&'static str; 4]) -> Result<()> {
        let [fixed, first, rate, target] = fields;
        match *self {
            Self::Fixed(alpha) => {
                let good = alpha >= 0.0 && alpha.is_finite();
                check(fixed, alpha, good)
            }
            Self::Auto {
                initial,
                learning_rate,
                entropy_per_action,
            } => {
                let positive = |x: f64| x > 0.0 && x.is_finite();
                check(first, initial, positive(initial))?;
                check(rate, learning_rate, positive(learning_rate))?;
                check(target, entropy_per_action, entropy_per_action.is_finite())
            }
        }
    }
}
