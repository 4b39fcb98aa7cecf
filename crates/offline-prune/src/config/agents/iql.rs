//! Settings of IQL.

use rl_algos::Result;
use rl_algos::config::AgentConfig;
use serde::{Deserialize, Serialize};

use crate::limits::{log_std, not_negative, positive, within};

/// IQL (Kostrikov et al. 2021, arXiv:2110.06169; the numbers of its released code for MuJoCo's tasks).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IqlConfig {
    /// The expectile τ that the value of a state is of its actions' values, in (0, 1): 0.5 is their mean, 1 would be
    /// their maximum.
    pub expectile: f64,
    /// Inverse temperature β of the advantages, 0 or more; 0 clones.
    pub beta: f64,
    /// Scale of rewards, above 0. `None` takes it from the dataset as the released code does: 1,000 over the range of
    /// the returns of its episodes, and 1 where all are the same. An agent that is built without a dataset then takes
    /// 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reward_scale: Option<f64>,
    /// Lower bound of log σ of the policy, at most 0.
    pub log_std_min: f64,
    /// Upper bound of log σ of the policy, 0 or more.
    pub log_std_max: f64,
}

impl Default for IqlConfig {
    fn default() -> Self {
        Self {
            expectile: 0.7,
            beta: 3.0,
            reward_scale: None,
            log_std_min: -5.0,
            log_std_max: 2.0,
        }
    }
}

impl AgentConfig for IqlConfig {
    const NAME: &'static str = "iql";
    const ABOUT: &'static str = "expectiles of the values of the data's own actions";
    const SOURCE: &'static str = "arXiv 2110.06169";

    fn validate(&self) -> Result<()> {
        let tau = self.expectile;
        within(
            "algo.iql.expectile",
            tau,
            tau > 0.0 && tau < 1.0,
            "in (0, 1)",
        )?;
        not_negative("algo.iql.beta", self.beta)?;
        let scale = self.reward_scale.unwrap_or(1.0);
        positive("algo.iql.reward_scale", scale)?;
        let fields = ["algo.iql.log_std_min", "algo.iql.log_std_max"];
        log_std(fields, [self.log_std_min, self.log_std_max])
    }
}
