//! Every setting of offline learning, as plain data that reads from and writes to TOML.

mod algo;

use envs::TaskInfo;
use rl_algos::config::{EvaluationConfig, MOST_EPISODES, NetworksConfig};
use serde::{Deserialize, Serialize};
use sparse_core::nn::{Fans, Initializer};
use sparse_core::optim::AdamConfig;
use sparse_core::trainer::{NetworkTrainerConfig, TargetConfig};

pub use algo::{AlgoConfig, AwacConfig, BcqConfig, IqlConfig, Td3BcConfig};
use algo::{hidden_layers, positive, within};

use crate::dataset::{Dataset, Reading};
use crate::limits::in_toml;
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
        let (batch_size, learning_rate) = algo.learning();
        Self {
            env: env.to_owned(),
            updates: 200_000,
            seed: 0,
            normalise_observations: algo.normalises(),
            prune_batches: 1,
            networks: NetworksConfig {
                actor: algo.hidden(),
                critic: algo.hidden(),
                critic_layer_norm: false,
                init: Initializer::default(),
                fans: Fans::default(),
            },
            learning: LearningConfig {
                batch_size,
                gamma: 0.99,
                n_step: 1,
                tau: 0.005,
                actor_learning_rate: learning_rate,
                critic_learning_rate: learning_rate,
            },
            algo,
            data: Reading::default(),
            pruning: None,
            evaluation: EvaluationConfig {
                every: 5_000,
                episodes: 10,
                keep_policies: false,
            },
        }
    }

    /// The task to evaluate in, if there is one.
    #[must_use]
    pub fn task(&self) -> Option<&str> {
        Some(self.env.as_str()).filter(|env| *env != NO_TASK)
    }

    /// Checks that the task, if there is one, has observations and actions of `seen` and `done` numbers.
    ///
    /// # Errors
    /// An unknown task; [`Error::Config`] when it has others, with the tasks that fit.
    pub fn check_sizes(&self, [seen, done]: [usize; 2]) -> Result<()> {
        let Some(name) = self.task() else {
            return Ok(());
        };
        let sizes = |task: &TaskInfo| [task.observation.len(), task.action.len()];
        let [its_seen, its_done] = match envs::list().into_iter().find(|task| task.id == name) {
            Some(task) => sizes(task),
            None => sizes(envs::make(name)?.info()),
        };
        if [its_seen, its_done] == [seen, done] {
            return Ok(());
        }
        let fitting = envs::list()
            .into_iter()
            .filter(|task| sizes(task) == [seen, done]);
        let fitting: Vec<&str> = fitting.map(|task| task.id).collect();
        let allowed = format!(
            "a task with {seen} and {done} numbers in an observation and an action, as the dataset; this one has \
             {its_seen} and {its_done}, and with those of the dataset there is {}",
            match fitting.as_slice() {
                [] => "none".to_owned(),
                fitting => fitting.join(", "),
            }
        );
        Err(Error::config("env", &self.env, allowed))
    }

    /// The same settings with what was left to the dataset: IQL's [`reward_scale`](IqlConfig::reward_scale).
    #[must_use]
    pub fn resolved(&self, dataset: &Dataset) -> Self {
        let mut config = self.clone();
        if let AlgoConfig::Iql(iql) = &mut config.algo {
            iql.reward_scale = iql.reward_scale.or_else(|| Some(reward_scale(dataset)));
        }
        config
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Config`] with the setting, its value and what is allowed.
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
    /// [`Error::Toml`] when TOML cannot say them.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self).map_err(Error::toml)
    }

    /// The settings that a TOML text gives.
    ///
    /// # Errors
    /// [`Error::Toml`] with the key or the line; otherwise as [`validate`](Self::validate).
    pub fn from_toml(text: &str) -> Result<Self> {
        let fault = |error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = 1 + text[..start].matches('\n').count();
            Error::toml(format!("line {line}: {}", error.message()))
        };
        let config: Self = toml::from_str(text).map_err(fault)?;
        config.validate()?;
        Ok(config)
    }

    /// These settings overridden by those of a table. Another choice of the algorithm or the criterion replaces it as a
    /// whole.
    ///
    /// # Errors
    /// [`Error::Toml`] with a key that is unknown or has a value of another kind; otherwise as
    /// [`validate`](Self::validate).
    pub fn merged(&self, given: toml::Table) -> Result<Self> {
        let mut all = toml::Table::try_from(self).map_err(Error::toml)?;
        lay_over(&mut all, given);
        let config: Self = all.try_into().map_err(Error::toml)?;
        config.validate()?;
        Ok(config)
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

/// Tables that hold one of several choices by name.
const CHOICES: [&str; 3] = ["algo", "criterion", "allocation"];

/// Overrides settings by given ones, table by table.
fn lay_over(all: &mut toml::Table, given: toml::Table) {
    use toml::Value::Table;
    for (key, value) in given {
        match (all.get_mut(&key), value) {
            (Some(Table(there)), Table(new))
                if !CHOICES.contains(&key.as_str())
                    || new.keys().all(|k| there.contains_key(k)) =>
            {
                lay_over(there, new);
            }
            (_, value) => drop(all.insert(key, value)),
        }
    }
}

/// 1,000 over the range of the undiscounted returns of a dataset's episodes; 1 where all are the same.
fn reward_scale(dataset: &Dataset) -> f64 {
    let rewards = dataset.rewards();
    let returns = dataset
        .episodes()
        .map(|rows| rewards[rows].iter().map(|r| f64::from(*r)).sum::<f64>());
    let none = [f64::INFINITY, f64::NEG_INFINITY];
    let [least, most] = returns.fold(none, |[least, most], r| [least.min(r), most.max(r)]);
    if most > least {
        1000.0 / (most - least)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests;
