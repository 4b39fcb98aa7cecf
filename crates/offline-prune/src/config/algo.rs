//! Which algorithm learns, and the numbers that are its own.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The algorithm of a run. `FromStr` takes the names, with published settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AlgoConfig {
    /// Behavioural cloning: a deterministic policy that does what the data does.
    Bc,
    /// TD3 that clones too.
    Td3Bc(Td3BcConfig),
}

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

impl AlgoConfig {
    /// The names of all algorithms.
    pub const NAMES: [&str; 2] = ["bc", "td3-bc"];

    /// The algorithm's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bc => "bc",
            Self::Td3Bc(_) => "td3-bc",
        }
    }

    /// Whether the published runs normalise observations.
    pub(super) fn normalises(&self) -> bool {
        match self {
            Self::Bc | Self::Td3Bc(_) => true,
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        match self {
            Self::Bc => Ok(()),
            Self::Td3Bc(td3_bc) => td3_bc.validate(),
        }
    }
}

impl FromStr for AlgoConfig {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "bc" => Ok(Self::Bc),
            "td3-bc" => Ok(Self::Td3Bc(Td3BcConfig::default())),
            _ => {
                let names = Self::NAMES.join(", ");
                Err(Error::config("algo", name, format!("one of {names}")))
            }
        }
    }
}

impl Td3BcConfig {
    fn validate(&self) -> Result<()> {
        not_negative("algo.td3-bc.alpha", self.alpha)?;
        not_negative("algo.td3-bc.target_noise", self.target_noise)?;
        not_negative("algo.td3-bc.target_noise_clip", self.target_noise_clip)?;
        if self.policy_delay == 0 {
            let field = "algo.td3-bc.policy_delay";
            return Err(Error::config(field, 0, "1 or more"));
        }
        Ok(())
    }
}

/// A configuration error unless `value` is finite and 0 or more.
fn not_negative(field: &'static str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::config(field, value, "0 or more"))
}
