//! Every setting of offline learning, as plain data that reads from and writes to TOML.

mod agents;
mod algo;

use envs::{Env, Settings, TaskInfo};
use rl_algos::config::fields::Field;
use rl_algos::config::{EvaluationConfig, MOST_EPISODES, NStepConfig, NetworksConfig, text};
use rl_algos::train::LoopConfig;
use serde::{Deserialize, Serialize};
use sparse_core::nn::{Fans, Initializer};
use sparse_core::optim::AdamConfig;
use sparse_core::trainer::{NetworkTrainerConfig, TargetConfig};

pub use agents::*;
pub use algo::{AlgoConfig, Offline, OfflineAgentConfig, agent_kinds, register_agent};

use crate::dataset::Reading;
use crate::limits::{hidden_layers, in_toml, positive, within};
use crate::prune::PruneConfig;
use crate::{Error, Result};

/// Largest number of transitions per update.
const MOST_ROWS: usize = 1 << 20;

/// The name that stands for no task.
pub const NO_TASK: &str = "none";

/// All settings of one run. [`OfflineConfig::new`] has the published ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineConfig {
    /// Task to evaluate in, by Gymnasium's name; [`NO_TASK`] learns from data of no task that is known here, such as a
    /// robot's, without evaluation.
    pub env: String,
    /// Updates, 1 or more and below 2⁶³.
    pub updates: u64,
    /// Seed of every stream of random numbers, below 2⁶³.
    pub seed: u64,
    /// Whether the policy learns from observations of mean 0 and deviation 1, see
    /// [`Dataset::normalise`](crate::dataset::Dataset::normalise).
    pub normalise_observations: bool,
    /// Batches whose mean loss scores weights, 1 or more; one, as SNIP is defined.
    pub prune_batches: usize,
    /// What is not as published in the task: its options, and wrappers around it.
    #[serde(default, skip_serializing_if = "Settings::is_empty")]
    pub env_settings: Settings,
    /// The algorithm.
    pub algo: AlgoConfig,
    /// How the dataset is read, where it does not describe itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub data: Reading,
    /// Shapes of the networks.
    pub networks: NetworksConfig,
    /// How networks are updated, by any algorithm.
    pub learning: LearningConfig,
    /// How the networks are pruned before the first update; `None`, or a sparsity of 0, leaves them dense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruning: Option<PruneConfig>,
    /// How progress is measured; `every` counts updates.
    pub evaluation: EvaluationConfig,
}

fn is_default(reading: &Reading) -> bool {
    *reading == Reading::default()
}

/// How networks are updated, by any algorithm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningConfig {
    /// Transitions per update, 1 or more.
    pub batch_size: usize,
    /// Discount per step, in [0, 1].
    pub gamma: f64,
    /// Steps of a return, 1 or more.
    pub n_step: usize,
    /// Step of the target networks towards the online ones, in (0, 1].
    pub tau: f64,
    /// Adam's learning rate for the policy, above 0.
    pub actor_learning_rate: f64,
    /// Adam's learning rate for critics and values, above 0.
    pub critic_learning_rate: f64,
}

impl OfflineConfig {
    /// The published settings of an algorithm on a task: a discount of 0.99, Adam, targets that move by 0.005, and the
    /// algorithm's own networks, batches and learning rate; batches of 256, two hidden layers of 256 and 3e-4 where
    /// its page does not say otherwise. The papers make a million updates.
    #[must_use]
    pub fn new(algo: AlgoConfig, env: &str) -> Self {
        let mut config = Self {
            env: env.to_owned(),
            updates: 200_000,
            seed: 0,
            normalise_observations: true,
            prune_batches: 1,
            env_settings: Settings::default(),
            networks: NetworksConfig {
                actor: vec![256, 256],
                critic: vec![256, 256],
                critic_layer_norm: false,
                init: Initializer::default(),
                fans: Fans::default(),
            },
            learning: LearningConfig {
                batch_size: 256,
                gamma: 0.99,
                n_step: 1,
                tau: 0.005,
                actor_learning_rate: 3e-4,
                critic_learning_rate: 3e-4,
            },
            algo,
            data: Reading::default(),
            pruning: None,
            evaluation: EvaluationConfig {
                every: 5_000,
                episodes: 10,
                keep_policies: false,
                at_start: false,
            },
        };
        config.set_published();
        config
    }

    /// The task to evaluate in, if there is one.
    #[must_use]
    pub fn task(&self) -> Option<&str> {
        Some(self.env.as_str()).filter(|env| *env != NO_TASK)
    }

    /// An environment to evaluate in, if there is a task: with its settings.
    ///
    /// # Errors
    /// As [`envs::make_with`].
    pub fn make_env(&self) -> envs::Result<Option<Box<dyn Env>>> {
        let task = self.task();
        task.map(|task| envs::make_with(task, &self.env_settings))
            .transpose()
    }

    /// Checks that the task, if there is one, has as many numbers in an observation and an action.
    ///
    /// # Errors
    /// An unknown task; [`rl_algos::Error::Config`] when it has others, with the tasks that fit.
    pub fn check_sizes(&self, [observation, action]: [usize; 2]) -> Result<()> {
        let Some(env) = self.make_env()? else {
            return Ok(());
        };
        let sizes = |task: &TaskInfo| [task.observation.len(), task.action.len()];
        let [its_observation, its_action] = sizes(env.info());
        if [its_observation, its_action] == [observation, action] {
            return Ok(());
        }
        let fitting = envs::list()
            .into_iter()
            .filter(|task| sizes(task) == [observation, action]);
        let fitting: Vec<&str> = fitting.map(|task| task.id).collect();
        let allowed = format!(
            "a task with {observation} and {action} numbers in an observation and an action, as the dataset; this one has \
             {its_observation} and {its_action}, and with those of the dataset there is {}",
            match fitting.as_slice() {
                [] => "none".to_owned(),
                fitting => fitting.join(", "),
            }
        );
        Err(Error::config("env", &self.env, allowed))
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`rl_algos::Error::Config`] with the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        let learning = &self.learning;
        for (field, number) in [
            ("updates", self.updates),
            ("learning.n_step", learning.n_step as u64),
            ("evaluation.every", self.evaluation.every),
        ] {
            in_toml(field, number, 1)?;
        }
        in_toml("seed", self.seed, 0)?;
        self.check_batch()?;
        for (field, number, most) in [
            (
                "evaluation.episodes",
                self.evaluation.episodes,
                MOST_EPISODES,
            ),
            ("prune_batches", self.prune_batches, 1 << 14),
        ] {
            if number == 0 {
                return Err(Error::config(field, number, "1 or more"));
            }
            if number > most {
                return Err(Error::config(field, number, format!("{most} at most")));
            }
        }
        if self.evaluation.keep_policies {
            let allowed = "false: only runs in the task keep policies";
            return Err(Error::config("evaluation.keep_policies", true, allowed));
        }
        hidden_layers("networks.actor", &self.networks.actor)?;
        hidden_layers("networks.critic", &self.networks.critic)?;
        let (gamma, tau) = (learning.gamma, learning.tau);
        let good = (0.0..=1.0).contains(&gamma);
        within("learning.gamma", gamma, good, "in [0, 1]")?;
        // Steps are made in f32.
        let good = tau as f32 > 0.0 && tau <= 1.0;
        within("learning.tau", tau, good, "in (0, 1], and not 0 in f32")?;
        for (field, rate) in [
            ("learning.actor_learning_rate", learning.actor_learning_rate),
            (
                "learning.critic_learning_rate",
                learning.critic_learning_rate,
            ),
        ] {
            positive(field, rate)?;
        }
        self.algo.validate()?;
        self.data.validate()?;
        if let Some(length) = self.data.episode_length {
            in_toml("data.episode_length", length as u64, 1)?;
        }
        self.pruning.as_ref().map_or(Ok(()), PruneConfig::validate)
    }

    /// Refuses a batch of nothing, and one that is too large, with what it would take.
    fn check_batch(&self) -> Result<()> {
        let size = self.learning.batch_size;
        if (1..=MOST_ROWS).contains(&size) {
            return Ok(());
        }
        if size == 0 {
            return Err(Error::config("learning.batch_size", size, "1 or more"));
        }
        let units = self.networks.actor.iter().chain(&self.networks.critic);
        let units: f64 = units.map(|units| *units as f64).sum();
        let gigabytes = size_of::<f32>() as f64 * size as f64 * units / 1e9;
        let allowed = format!(
            "{MOST_ROWS} at most; the hidden layers alone would take {gigabytes:.0} GB for such a batch"
        );
        Err(Error::config("learning.batch_size", size, allowed))
    }

    /// The settings as TOML.
    ///
    /// # Errors
    /// [`rl_algos::Error::Toml`] when TOML cannot say them.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self).map_err(Error::toml)
    }

    /// The settings that a TOML text gives.
    ///
    /// # Errors
    /// [`rl_algos::Error::Toml`] with the line, or with the key; otherwise as [`validate`](Self::validate).
    pub fn from_toml(text: &str) -> Result<Self> {
        read(&text::parse(text)?)
    }

    /// These settings overridden by those of a table. Another choice of the algorithm or the criterion replaces it as a
    /// whole.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml).
    pub fn merged(&self, given: toml::Table) -> Result<Self> {
        let mut all = toml::Table::try_from(self).map_err(Error::toml)?;
        text::overlay(&mut all, given, &|key| CHOICES.contains(&key), &[]);
        read(&all)
    }

    /// Settings of the loop.
    #[must_use]
    pub fn loop_config(&self) -> LoopConfig {
        LoopConfig {
            steps: self.updates,
            seed: self.seed,
            random_steps: 0,
            batch_size: self.learning.batch_size,
            gamma: self.learning.gamma,
            n_step: NStepConfig {
                n: self.learning.n_step,
                delay: 0,
            },
            replay: None,
            evaluation: self.evaluation.clone(),
        }
    }

    /// How the policy is trained. Its target moves with each of its updates, if it has one.
    #[must_use]
    pub fn actor_learner(&self, target: bool) -> NetworkTrainerConfig {
        self.learner(self.learning.actor_learning_rate, target.then_some(1))
    }

    /// How critics and values are trained. The target moves every `target_every` updates, if there is one.
    #[must_use]
    pub fn critic_learner(&self, target_every: Option<u64>) -> NetworkTrainerConfig {
        self.learner(self.learning.critic_learning_rate, target_every)
    }

    fn learner(&self, learning_rate: f64, target_every: Option<u64>) -> NetworkTrainerConfig {
        NetworkTrainerConfig {
            adam: AdamConfig {
                learning_rate,
                ..AdamConfig::default()
            },
            topology: None,
            target: target_every.map(|every| TargetConfig::new(self.learning.tau, every)),
        }
    }
}

/// Sections that hold one of several choices by name.
const CHOICES: [&str; 3] = ["algo", "pruning.criterion", "pruning.allocation"];

/// Checked settings from keys and values.
fn read(given: &toml::Table) -> Result<OfflineConfig> {
    let config: OfflineConfig = text::read(given, field)?;
    config.validate()?;
    Ok(config)
}

/// What an agent says of one of its keys.
fn field(key: &str) -> Option<&'static Field> {
    let kinds = agent_kinds().into_iter();
    let mut fields = kinds.flat_map(|kind| kind.fields);
    fields.find(|field| field.key == key)
}

#[cfg(test)]
mod tests;
