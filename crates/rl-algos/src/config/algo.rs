//! The algorithm and its own settings.

use serde::{Deserialize, Serialize};

use super::{at_least_one, check};
use crate::{Error, Result};

/// The algorithm of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AlgoConfig {
    /// Twin delayed DDPG.
    Td3(Td3Config),
    /// Soft actor-critic.
    Sac(SacConfig),
}

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

/// SAC (Haarnoja et al., arXiv 1812.05905): a Gaussian policy squashed by tanh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SacConfig {
    /// Lowest logarithm of the Gaussian's standard deviation. The network's output goes through tanh and is
    /// stretched between both bounds, as in RLx2's code and in CleanRL.
    pub log_std_min: f64,
    /// Highest logarithm of the standard deviation, above the lowest.
    pub log_std_max: f64,
    /// Critic updates per update of the actor and of the temperature, 1 or more.
    pub policy_delay: u64,
    /// Whether training acts by a sample of the policy; else by its mean, which does not explore.
    pub sample_actions: bool,
    /// Weight of the entropy.
    pub temperature: Temperature,
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

impl AlgoConfig {
    /// The names of all algorithms, as recipes end on them.
    pub const NAMES: [&str; 2] = ["td3", "sac"];

    /// The algorithm's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Td3(_) => "td3",
            Self::Sac(_) => "sac",
        }
    }

    /// Outputs of the actor's network for actions of `action` numbers.
    #[must_use]
    pub fn actor_outputs(&self, action: usize) -> usize {
        match self {
            Self::Td3(_) => action,
            // A mean and a spread for each.
            Self::Sac(_) => 2 * action,
        }
    }

    /// Critic updates per update of the actor.
    #[must_use]
    pub fn policy_delay(&self) -> u64 {
        match self {
            Self::Td3(td3) => td3.policy_delay,
            Self::Sac(sac) => sac.policy_delay,
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        match self {
            Self::Td3(td3) => td3.validate(),
            Self::Sac(sac) => sac.validate(),
        }
    }
}

impl Td3Config {
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
}

impl SacConfig {
    fn validate(&self) -> Result<()> {
        at_least_one("algo.sac.policy_delay", self.policy_delay)?;
        let (min, max) = (self.log_std_min, self.log_std_max);
        let good = min.is_finite() && min >= -20.0;
        check("algo.sac.log_std_min", min, good)?;
        if !(max > min && max <= 10.0) {
            let allowed = format!("above log_std_min = {min}, and 10 at most");
            return Err(Error::config("algo.sac.log_std_max", max, &allowed));
        }
        self.temperature.validate()
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

    fn validate(&self) -> Result<()> {
        match *self {
            Self::Fixed(alpha) => {
                let good = alpha >= 0.0 && alpha.is_finite();
                check("algo.sac.temperature.fixed", alpha, good)
            }
            Self::Auto {
                initial,
                learning_rate,
                entropy_per_action,
            } => {
                let positive = |x: f64| x > 0.0 && x.is_finite();
                let field = "algo.sac.temperature.auto.initial";
                check(field, initial, positive(initial))?;
                let field = "algo.sac.temperature.auto.learning_rate";
                check(field, learning_rate, positive(learning_rate))?;
                let field = "algo.sac.temperature.auto.entropy_per_action";
                check(field, entropy_per_action, entropy_per_action.is_finite())
            }
        }
    }
}
