//! Settings of REDQ.

use envs::TaskInfo;
use serde::{Deserialize, Serialize};

use super::Temperature;
use crate::config::fields::{Field, choice, field};
use crate::config::{AgentConfig, AgentShape, LogStd, Spread, TrainConfig, at_least_one, check};
use crate::{Error, Result};

/// REDQ (Chen et al., arXiv 2101.05982): SAC with many critics and many updates a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedqConfig {
    /// Critics, 1 or more.
    pub critics: usize,
    /// Critics of which the smallest value is a target, drawn for each update; 1 or more and `critics` at most.
    pub subset: usize,
    /// Updates of the critics after each environment step, 1 or more. The actor and the temperature are updated with the
    /// last of them.
    pub updates_per_step: usize,
    /// Lowest logarithm of the Gaussian's standard deviation, as SAC's.
    pub log_std_min: f64,
    /// Highest logarithm of it, above the lowest.
    pub log_std_max: f64,
    /// Weight of the entropy.
    pub temperature: Temperature,
}

impl Default for RedqConfig {
    /// Those of the paper (appendix B, Table 3): 10 critics, targets by 2, 20 updates a step.
    fn default() -> Self {
        Self {
            critics: 10,
            subset: 2,
            updates_per_step: 20,
            log_std_min: -20.0,
            log_std_max: 2.0,
            temperature: Temperature::Auto {
                initial: 1.0,
                learning_rate: 3e-4,
                entropy_per_action: -1.0,
            },
        }
    }
}

/// The table reads by row.
#[rustfmt::skip]
const FIELDS: [Field; 12] = [
    field("algo.redq", "REDQ: SAC with many critics and many updates a step", ""),
    field("algo.redq.critics", "Critics", "1 or more"),
    field("algo.redq.subset", "Critics drawn for each update, whose smallest value is the target", "1 or more, and critics at most"),
    field("algo.redq.updates_per_step", "Updates of the critics after each environment step", "1 or more"),
    field("algo.redq.log_std_min", "Lowest logarithm of the Gaussian's standard deviation", "-20 or more"),
    field("algo.redq.log_std_max", "Highest logarithm of it", "above log_std_min, and 10 at most"),
    choice("algo.redq.temperature", "Weight of the entropy (alpha)", "fixed or auto"),
    field("algo.redq.temperature.fixed", "Always this", "0 or more"),
    field("algo.redq.temperature.auto", "Tuned until the policy's entropy is on target", ""),
    field("algo.redq.temperature.auto.initial", "Alpha at first", "above 0"),
    field("algo.redq.temperature.auto.learning_rate", "Adam's learning rate for log alpha", "above 0"),
    field("algo.redq.temperature.auto.entropy_per_action", "Entropy to reach, nats per number of an action", "finite"),
];

impl RedqConfig {
    /// The spread of its policy.
    pub(crate) fn gaussian(&self) -> Spread {
        Spread {
            log_std_min: self.log_std_min,
            log_std_max: self.log_std_max,
            // As in the authors' code. Stretched by tanh between these bounds, a new policy would have a spread of e⁻⁹.
            log_std: LogStd::Clamp,
        }
    }
}

impl AgentConfig for RedqConfig {
    const NAME: &'static str = "redq";
    const ABOUT: &'static str = "REDQ: SAC with 10 critics and 20 updates a step";
    const SOURCE: &'static str = "arXiv 2101.05982";
    const FIELDS: &'static [Field] = &FIELDS;

    fn validate(&self) -> Result<()> {
        at_least_one("algo.redq.critics", self.critics as u64)?;
        let (subset, critics) = (self.subset, self.critics);
        if !(1..=critics).contains(&subset) {
            let allowed = format!("1 or more, and algo.redq.critics = {critics} at most");
            return Err(Error::config("algo.redq.subset", subset, &allowed));
        }
        at_least_one("algo.redq.updates_per_step", self.updates_per_step as u64)?;
        let (min, max) = (self.log_std_min, self.log_std_max);
        let good = min.is_finite() && min >= -20.0;
        check("algo.redq.log_std_min", min, good)?;
        check("algo.redq.log_std_max", max, max > min && max <= 10.0)?;
        self.temperature.validate([
            "algo.redq.temperature.fixed",
            "algo.redq.temperature.auto.initial",
            "algo.redq.temperature.auto.learning_rate",
            "algo.redq.temperature.auto.entropy_per_action",
        ])
    }

    fn spread(&self) -> Option<Spread> {
        Some(self.gaussian())
    }

    fn shape(&self) -> AgentShape {
        AgentShape {
            // A mean and a spread.
            actor_outputs: 2,
            critics: self.critics,
            updates_per_step: self.updates_per_step as u64,
            policy_delay: self.updates_per_step as u64,
            actor_target: false,
        }
    }

    /// 5,000 random steps, targets that follow every update of the critics.
    fn suit(&self, base: &mut TrainConfig, _: &TaskInfo) {
        base.exploration.random_steps = 5_000;
        base.learning.target_every = 1;
    }
}
