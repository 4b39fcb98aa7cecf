//! What configurations and recipes must know of an agent.

use std::fmt;

use envs::TaskInfo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::TrainConfig;
use super::fields::Field;
use crate::Result;

/// Settings of an agent, with what configurations and recipes must know of it.
pub trait AgentConfig:
    Clone + fmt::Debug + Default + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Its name, on which the full names of recipes end.
    const NAME: &'static str;
    /// What it is, in a line.
    const ABOUT: &'static str;
    /// Where it is defined.
    const SOURCE: &'static str;
    /// The keys of its settings, as comments, hints and errors say them, each with its full path. Keys of the
    /// default settings are known without a row.
    const FIELDS: &'static [Field] = &[];

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) with the setting, its value and what is allowed.
    fn validate(&self) -> Result<()>;

    /// What its networks are like, and how often they are updated. Default: [`AgentShape::default`].
    fn shape(&self) -> AgentShape {
        AgentShape::default()
    }

    /// The spread of its policy, where that is a Gaussian whose actor gives means and then spreads, squashed by tanh: `eval
    /// --sample` and `collect` draw from it. Default: none.
    fn spread(&self) -> Option<Spread> {
        None
    }

    /// Changes the settings that all recipes start from to those that this agent was published with on a task.
    fn suit(&self, base: &mut TrainConfig, task: &TaskInfo) {
        let _ = (base, task);
    }
}

/// What the networks of an agent are like, and how often they are updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentShape {
    /// Outputs of the actor's network for each number of an action.
    pub actor_outputs: usize,
    /// Critics.
    pub critics: usize,
    /// Updates of the critics after an environment step, 1 or more.
    pub updates_per_step: u64,
    /// Critic updates per update of the actor, 1 or more.
    pub policy_delay: u64,
    /// Whether the actor has a target network.
    pub actor_target: bool,
}

impl Default for AgentShape {
    /// A deterministic actor and two critics, which are updated together once a step.
    fn default() -> Self {
        Self {
            actor_outputs: 1,
            critics: 2,
            updates_per_step: 1,
            policy_delay: 1,
            actor_target: false,
        }
    }
}

/// How the logarithm of a standard deviation is kept between its bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStd {
    /// The output goes through tanh and is stretched between them, as in RLx2's code and in CleanRL.
    #[default]
    Tanh,
    /// The output is cut off at them, as in pranz24/pytorch-soft-actor-critic, the SAC that DS-SAC's authors cite.
    Clamp,
}

/// The spread of a Gaussian policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Lowest logarithm of the standard deviation.
    pub log_std_min: f64,
    /// Highest logarithm of it, above the lowest.
    pub log_std_max: f64,
    /// How the network's output is kept between both.
    pub log_std: LogStd,
}
