//! Settings of BC.

use rl_algos::Result;
use rl_algos::config::AgentConfig;
use serde::{Deserialize, Serialize};

/// Behavioural cloning (the baseline of TD3+BC's paper, arXiv:2106.06860), which has no settings of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BcConfig {}

impl AgentConfig for BcConfig {
    const NAME: &'static str = "bc";
    const ABOUT: &'static str = "imitates the actions of the data";
    const SOURCE: &'static str = "arXiv 2106.06860";

    fn validate(&self) -> Result<()> {
        Ok(())
    }
}
