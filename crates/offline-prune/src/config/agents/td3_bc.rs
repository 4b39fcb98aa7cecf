//! Settings of TD3+BC.

use rl_algos::Result;
use rl_algos::config::AgentConfig;
use serde::{Deserialize, Serialize};

use crate::limits::{in_toml, not_negative};

/// TD3+BC (Fujimoto & Gu 2021, arXiv:2106.06860; the numbers of its released code).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Td3BcConfig {
    /// Weight α of the value against cloning, 0 or more: the value is scaled by α over its mean size.
    pub alpha: f64,
    /// Standard deviation of the noise on target actions, 0 or more.
    pub target_noise: f64,
    /// Bound of that noise, 0 or more.
    pub target_noise_clip: f64,
    /// Critic updates per update of the actor and the targets, 1 or more.
    pub policy_delay: u64,
}

impl Default for Td3BcConfig {
    fn default() -> Self {
        Self {
            alpha: 2.5,
            target_noise: 0.2,
            target_noise_clip: 0.5,
            policy_delay: 2,
        }
    }
}

impl AgentConfig for Td3BcConfig {
    const NAME: &'static str = "td3-bc";
    const ABOUT: &'static str = "TD3 that stays near the actions of the data";
    const SOURCE: &'static str = "arXiv 2106.06860";

    fn validate(&self) -> Result<()> {
        not_negative("algo.td3-bc.alpha", self.alpha)?;
        not_negative("algo.td3-bc.target_noise", self.target_noise)?;
        not_negative("algo.td3-bc.target_noise_clip", self.target_noise_clip)?;
        in_toml("algo.td3-bc.policy_delay", self.policy_delay, 1)
    }
}
