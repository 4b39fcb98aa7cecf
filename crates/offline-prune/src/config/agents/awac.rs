//! Settings of AWAC.

use rl_algos::Result;
use rl_algos::config::AgentConfig;
use serde::{Deserialize, Serialize};

use crate::limits::{log_std, positive};

/// AWAC (Nair et al. 2020, arXiv:2006.09359; the numbers of CORL's code, arXiv:2210.07105, whose scores on D4RL are
/// published).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AwacConfig {
    /// Temperature λ of the advantages, above 0.
    pub lambda: f64,
    /// Lower bound of log σ of the policy, at most 0.
    pub log_std_min: f64,
    /// Upper bound of log σ of the policy, 0 or more.
    pub log_std_max: f64,
}

impl Default for AwacConfig {
    fn default() -> Self {
        Self {
            lambda: 0.3333,
            log_std_min: -20.0,
            log_std_max: 2.0,
        }
    }
}

impl AgentConfig for AwacConfig {
    const NAME: &'static str = "awac";
    const ABOUT: &'static str = "imitates actions by their advantage";
    const SOURCE: &'static str = "arXiv 2006.09359";

    fn validate(&self) -> Result<()> {
        positive("algo.awac.lambda", self.lambda)?;
        let fields = ["algo.awac.log_std_min", "algo.awac.log_std_max"];
        log_std(fields, [self.log_std_min, self.log_std_max])
    }
}
