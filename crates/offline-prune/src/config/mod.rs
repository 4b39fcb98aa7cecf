//! Every setting of offline learning, as plain data that reads from and writes to TOML.

mod algo;

use rl_algos::config::{EvaluationConfig, NetworksConfig};
use serde::{Deserialize, Serialize};
use sparse_core::learner::{LearnerConfig, TargetConfig};
use sparse_core::optim::AdamConfig;

pub use algo::{AlgoConfig, Td3BcConfig};

use crate::prune::PruneConfig;
use crate::{Error, Result};

/// All settings of one run. [`OfflineConfig::new`] has the published ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineConfig {
    /// Task to evaluate in, by Gymnasium's name.
    pub env: String,
    /// Updates, 1 or more.
    pub updates: u64,
    /// Seed of every stream of random numbers.
    pub seed: u64,
    /// Whether the policy learns from observations of mean 0 and deviation 1, see
    /// [`Dataset::normalise`](crate::dataset::Dataset::normalise).
    pub normalise_observations: bool,
    /// Batches whose mean loss weights are scored by, 1 or more; one, as SNIP is defined.
    pub prune_batches: usize,
    /// The algorithm.
    pub algo: AlgoConfig,
    /// Shapes of the networks.
    pub networks: NetworksConfig,
    /// How networks are updated, by any algorithm.
    pub learning: LearningConfig,
    /// How the networks are pruned before the first update; `None` leaves them dense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruning: Option<PruneConfig>,
    /// How progress is measured; `every` counts updates.
    pub evaluation: EvaluationConfig,
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
    /// Adam's learning rate for all that judges, above 0.
    pub critic_learning_rate: f64,
}

impl OfflineConfig {
    /// The published settings of an algorithm on a task: batches of 256, two hidden layers of 256, a discount of 0.99,
    /// Adam at 3e-4, targets that move by 0.005 (TD3+BC's released code, which the others' comparisons share). The
    /// papers make a million updates; 200,000 settle on the tasks here.
    #[must_use]
    pub fn new(algo: AlgoConfig, env: &str) -> Self {
        Self {
            env: env.to_owned(),
            updates: 200_000,
            seed: 0,
            normalise_observations: algo.normalises(),
            prune_batches: 1,
            networks: NetworksConfig {
                actor: vec![256, 256],
                critic: vec![256, 256],
                critic_layer_norm: false,
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
            pruning: None,
            evaluation: EvaluationConfig {
                every: 5_000,
                episodes: 10,
                keep_policies: false,
            },
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Config`] with the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        let learning = &self.learning;
        for (field, number) in [
            ("updates", self.updates),
            ("prune_batches", self.prune_batches as u64),
            ("learning.batch_size", learning.batch_size as u64),
            ("learning.n_step", learning.n_step as u64),
            ("evaluation.every", self.evaluation.every),
            ("evaluation.episodes", self.evaluation.episodes as u64),
        ] {
            if number == 0 {
                return Err(Error::config(field, number, "1 or more"));
            }
        }
        for (field, sizes) in [
            ("networks.actor", &self.networks.actor),
            ("networks.critic", &self.networks.critic),
        ] {
            if sizes.is_empty() || sizes.contains(&0) {
                let allowed = "one hidden layer or more, each of 1 or more units";
                return Err(Error::config(field, format!("{sizes:?}"), allowed));
            }
        }
        let within = |field, value: f64, good: bool, allowed: &str| {
            let refused = || Err(Error::config(field, value, allowed));
            if good { Ok(()) } else { refused() }
        };
        let (gamma, tau) = (learning.gamma, learning.tau);
        let good = (0.0..=1.0).contains(&gamma);
        within("learning.gamma", gamma, good, "in [0, 1]")?;
        within("learning.tau", tau, tau > 0.0 && tau <= 1.0, "in (0, 1]")?;
        for (field, rate) in [
            ("learning.actor_learning_rate", learning.actor_learning_rate),
            (
                "learning.critic_learning_rate",
                learning.critic_learning_rate,
            ),
        ] {
            within(field, rate, rate > 0.0 && rate.is_finite(), "above 0")?;
        }
        self.algo.validate()?;
        self.pruning.as_ref().map_or(Ok(()), PruneConfig::validate)
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

    /// These settings with those that a table gives in their place; what it leaves out stays. Another choice of the
    /// algorithm or the criterion takes the place of the whole.
    ///
    /// # Errors
    /// [`Error::Toml`] with a key that is unknown or has a value of another kind; otherwise as
    /// [`validate`](Self::validate).
    pub fn overlaid(&self, given: toml::Table) -> Result<Self> {
        let mut all = toml::Table::try_from(self).map_err(Error::toml)?;
        lay_over(&mut all, given);
        let config: Self = all.try_into().map_err(Error::toml)?;
        config.validate()?;
        Ok(config)
    }

    /// How the policy is trained. Its target moves with each of its updates, if it has one.
    #[must_use]
    pub fn actor_learner(&self, target: bool) -> LearnerConfig {
        self.learner(self.learning.actor_learning_rate, target.then_some(1))
    }

    /// How what judges is trained. Its target moves every `target_every` updates, if it has one.
    #[must_use]
    pub fn critic_learner(&self, target_every: Option<u64>) -> LearnerConfig {
        self.learner(self.learning.critic_learning_rate, target_every)
    }

    fn learner(&self, learning_rate: f64, target_every: Option<u64>) -> LearnerConfig {
        LearnerConfig {
            adam: AdamConfig {
                learning_rate,
                ..AdamConfig::default()
            },
            topology: None,
            target: target_every.map(|every| TargetConfig::new(self.learning.tau, every)),
        }
    }
}

/// Tables that hold one of several choices by its name.
const CHOICES: [&str; 3] = ["algo", "criterion", "allocation"];

/// Puts what is given in the place of what is there, table by table.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_toml() {
        for name in AlgoConfig::NAMES {
            let mut config = OfflineConfig::new(name.parse().unwrap(), "Hopper-v5");
            for pruning in [None, Some(PruneConfig::default())] {
                config.pruning = pruning;
                let text = config.to_toml().unwrap();
                assert_eq!(OfflineConfig::from_toml(&text).unwrap(), config, "{text}");
            }
        }
    }

    #[test]
    fn what_is_outside_its_range_is_named() {
        type Change = fn(&mut OfflineConfig);
        let cases: [(Change, &str); 7] = [
            (|c| c.updates = 0, "updates = 0: must be 1 or more"),
            (|c| c.learning.gamma = 1.5, "learning.gamma = 1.5"),
            (|c| c.learning.tau = 0.0, "learning.tau = 0"),
            (|c| c.learning.batch_size = 0, "learning.batch_size = 0"),
            (|c| c.networks.actor = vec![], "networks.actor = []"),
            (
                |c| c.learning.actor_learning_rate = f64::NAN,
                "learning.actor_learning_rate = NaN",
            ),
            (
                |c| {
                    c.pruning = Some(PruneConfig {
                        sparsity: 1.0,
                        ..PruneConfig::default()
                    });
                },
                "sparsity = 1",
            ),
        ];
        for (change, expected) in cases {
            let algo = AlgoConfig::Td3Bc(Td3BcConfig::default());
            let mut config = OfflineConfig::new(algo, "Hopper-v5");
            change(&mut config);
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_the_known_ones() {
        let config = OfflineConfig::new("bc".parse().unwrap(), "Hopper-v5");
        let text = config.to_toml().unwrap().replace("gamma", "gama");
        let error = OfflineConfig::from_toml(&text).unwrap_err().to_string();
        assert!(
            error.contains("`gama`") && error.contains("`gamma`"),
            "{error}"
        );
    }
}
