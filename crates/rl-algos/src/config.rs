//! Every setting of a run, as plain data that reads from and writes to TOML.

use serde::{Deserialize, Serialize};
use sparse_core::budget::Allocation;
use sparse_core::learner::{LearnerConfig, TargetConfig};
use sparse_core::nn::Mask;
use sparse_core::optim::AdamConfig;
use sparse_core::topology::{DropFraction, RuleConfig, Schedule, Topology};

use crate::replay::AdaptiveCapacity;
use crate::{Error, Result};

/// Share of a short run that acts at random first, when the recipe's number of steps is longer.
const RANDOM_SHARE: u64 = 8;

/// All settings of one run. [`recipes`](crate::recipes) have them ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Task, by Gymnasium's name.
    pub env: String,
    /// Recipe that the other settings started from; a label.
    pub recipe: String,
    /// Environment steps, 1 or more.
    pub steps: u64,
    /// Seed of every stream of random numbers, below 2⁶³.
    pub seed: u64,
    /// How many weights exist, and which at first.
    pub sparsity: SparsityConfig,
    /// How connections move; `None` leaves them where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology: Option<TopologyConfig>,
    /// The algorithm.
    pub td3: Td3Config,
    /// Returns over several steps.
    pub n_step: NStepConfig,
    /// Stored transitions.
    pub replay: ReplayConfig,
    /// How actions are varied.
    pub exploration: ExplorationConfig,
    /// How progress is measured.
    pub evaluation: EvaluationConfig,
}

/// How many weights of each network exist, and which at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SparsityConfig {
    /// Share of the actor's weights that do not exist, in [0, 1); 0 is a dense network.
    pub actor: f64,
    /// Share of each critic's weights that do not exist, in [0, 1); 0 is a dense network.
    pub critic: f64,
    /// How the weights that exist are shared out among the layers.
    pub allocation: Allocation,
    /// Which weights exist at first.
    pub mask: Mask,
}

/// How connections move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopologyConfig {
    /// Which connections are dropped and grown.
    pub rule: RuleConfig,
    /// Updates of a network between two moves, 1 or more.
    pub every: u64,
    /// Share of the connections that the first move replaces, in [0, 1]; it falls to 0 with a half cosine
    /// over the updates of the run.
    pub drop_fraction: f64,
}

/// TD3 (Fujimoto et al., arXiv 1802.09477).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Td3Config {
    /// Features of the hidden layers, each 1 or more.
    pub hidden: Vec<usize>,
    /// Transitions per update, 1 or more.
    pub batch_size: usize,
    /// Discount per step, in [0, 1].
    pub gamma: f64,
    /// Step of the target networks towards the online ones, in (0, 1].
    pub tau: f64,
    /// Adam's learning rate for the actor, above 0.
    pub actor_learning_rate: f64,
    /// Adam's learning rate for the critics, above 0.
    pub critic_learning_rate: f64,
    /// Standard deviation of the noise on target actions, relative to the action's half-range, 0 or more.
    pub target_noise: f64,
    /// Bound of that noise, 0 or more.
    pub target_noise_clip: f64,
    /// Critic updates per update of the actor and of the targets, 1 or more.
    pub policy_delay: u64,
}

/// Returns over several steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NStepConfig {
    /// Steps of a return, 1 or more.
    pub n: usize,
    /// Updates with one-step returns before that (RLx2 §4.2.1: early policies change too fast).
    pub delay: u64,
}

/// Stored transitions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayConfig {
    /// Transitions kept at most, 1 or more.
    pub capacity: usize,
    /// Forgetting by policy distance; `None` only forgets what no longer fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<AdaptiveCapacity>,
}

/// How actions are varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplorationConfig {
    /// Environment steps with uniformly random actions, and without updates, before all else; an eighth of
    /// the run where that is less.
    pub random_steps: u64,
    /// Standard deviation of the noise on actions, relative to the action's half-range, 0 or more.
    pub noise: f64,
}

/// How progress is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationConfig {
    /// Environment steps between two evaluations, 1 or more.
    pub every: u64,
    /// Deterministic episodes of an evaluation, 1 or more.
    pub episodes: usize,
}

impl TrainConfig {
    /// Reads TOML, with every key that [`to_toml`](Self::to_toml) writes; checks all values.
    ///
    /// # Errors
    /// [`Error::Toml`] with the key and its line, or as [`validate`](Self::validate).
    pub fn from_toml(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| Error::Toml {
            message: error.to_string().trim_end().to_owned(),
        })?;
        config.validate()?;
        Ok(config)
    }

    /// Writes TOML.
    ///
    /// # Errors
    /// [`Error::Toml`] when a number does not fit, such as a seed of 2⁶³ or more.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::Toml {
            message: error.to_string(),
        })
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Config`] with the setting, its value and what is allowed, or the networks' own errors, such
    /// as a sparsity that leaves a layer without inputs.
    pub fn validate(&self) -> Result<()> {
        at_least_one("steps", self.steps)?;
        if i64::try_from(self.seed).is_err() {
            return Err(Error::config("seed", self.seed, "below 2^63"));
        }
        for (field, value) in [
            ("sparsity.actor", self.sparsity.actor),
            ("sparsity.critic", self.sparsity.critic),
        ] {
            check(field, value, (0.0..1.0).contains(&value), "in [0, 1)")?;
        }
        if let Some(topology) = &self.topology {
            at_least_one("topology.every", topology.every)?;
            let fraction = topology.drop_fraction;
            let good = (0.0..=1.0).contains(&fraction);
            check("topology.drop_fraction", fraction, good, "in [0, 1]")?;
        }
        self.td3.validate()?;
        for learner in [self.actor_learner(), self.critic_learner()] {
            learner.validate()?;
        }
        at_least_one("n_step.n", self.n_step.n as u64)?;
        at_least_one("replay.capacity", self.replay.capacity as u64)?;
        if let Some(adaptive) = &self.replay.adaptive {
            adaptive.validate()?;
        }
        let noise = self.exploration.noise;
        let good = noise >= 0.0 && noise.is_finite();
        check("exploration.noise", noise, good, "0 or more")?;
        at_least_one("evaluation.every", self.evaluation.every)?;
        at_least_one("evaluation.episodes", self.evaluation.episodes as u64)
    }

    /// Steps with random actions: as set, but an eighth of the run at most.
    #[must_use]
    pub fn random_steps(&self) -> u64 {
        let share = (self.steps / RANDOM_SHARE).max(1);
        self.exploration.random_steps.min(share)
    }

    /// Settings of the actor's learner; it is updated with every `policy_delay`-th update.
    #[must_use]
    pub fn actor_learner(&self) -> LearnerConfig {
        self.learner(self.td3.actor_learning_rate, self.td3.policy_delay, 1)
    }

    /// Settings of each critic's learner.
    #[must_use]
    pub fn critic_learner(&self) -> LearnerConfig {
        self.learner(self.td3.critic_learning_rate, 1, self.td3.policy_delay)
    }

    /// A learner that takes one step in `delay` updates, and one step of its target every `target` of these.
    fn learner(&self, learning_rate: f64, delay: u64, target: u64) -> LearnerConfig {
        let end = (self.steps - self.random_steps()) / delay;
        let topology = self.topology.as_ref().filter(|_| end > 0);
        LearnerConfig {
            adam: AdamConfig {
                learning_rate,
                ..AdamConfig::default()
            },
            topology: topology.map(|t| {
                let schedule = Schedule {
                    every: t.every,
                    until: end,
                    fraction: DropFraction::Cosine {
                        initial: t.drop_fraction,
                        end,
                    },
                };
                Topology::new(t.rule.clone(), schedule)
            }),
            target: Some(TargetConfig {
                tau: self.td3.tau,
                every: target,
            }),
        }
    }
}

impl Td3Config {
    fn validate(&self) -> Result<()> {
        if self.hidden.is_empty() || self.hidden.contains(&0) {
            let allowed = "one or more sizes, each 1 or more";
            return Err(Error::config(
                "td3.hidden",
                format!("{:?}", self.hidden),
                allowed,
            ));
        }
        at_least_one("td3.batch_size", self.batch_size as u64)?;
        at_least_one("td3.policy_delay", self.policy_delay)?;
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let noise = |x: f64| x >= 0.0 && x.is_finite();
        let (gamma, tau) = (self.gamma, self.tau);
        check(
            "td3.gamma",
            gamma,
            (0.0..=1.0).contains(&gamma),
            "in [0, 1]",
        )?;
        check("td3.tau", tau, tau > 0.0 && tau <= 1.0, "in (0, 1]")?;
        for (field, value) in [
            ("td3.actor_learning_rate", self.actor_learning_rate),
            ("td3.critic_learning_rate", self.critic_learning_rate),
        ] {
            check(field, value, positive(value), "above 0")?;
        }
        for (field, value) in [
            ("td3.target_noise", self.target_noise),
            ("td3.target_noise_clip", self.target_noise_clip),
        ] {
            check(field, value, noise(value), "0 or more")?;
        }
        Ok(())
    }
}

/// A configuration error unless `good`.
pub(crate) fn check(field: &'static str, value: f64, good: bool, allowed: &str) -> Result<()> {
    if good {
        Ok(())
    } else {
        Err(Error::config(field, value, allowed))
    }
}

/// A configuration error unless `value` is 1 or more.
pub(crate) fn at_least_one(field: &'static str, value: u64) -> Result<()> {
    if value > 0 {
        Ok(())
    } else {
        Err(Error::config(field, value, "1 or more"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes;

    #[test]
    fn toml_round_trips_for_every_recipe() {
        for name in recipes::NAMES {
            let config = recipes::named(name, "Hopper-v5").unwrap();
            let text = config.to_toml().unwrap();
            assert_eq!(TrainConfig::from_toml(&text).unwrap(), config, "{text}");
        }
    }

    #[test]
    fn unknown_and_missing_keys_are_named() {
        let text = recipes::named("rlx2", "Hopper-v5")
            .unwrap()
            .to_toml()
            .unwrap();
        let error = TrainConfig::from_toml(&text.replace("gamma", "gama")).unwrap_err();
        assert!(error.to_string().contains("gama"), "{error}");
        let error = TrainConfig::from_toml(&text.replace("steps = 200000\n", "")).unwrap_err();
        assert!(error.to_string().contains("steps"), "{error}");
    }

    #[test]
    fn values_outside_their_range_are_named() {
        type Change = fn(&mut TrainConfig);
        let cases: [(Change, &str); 10] = [
            (|c| c.steps = 0, "steps = 0"),
            (|c| c.seed = u64::MAX, "seed = 18446744073709551615"),
            (|c| c.sparsity.actor = 1.0, "sparsity.actor = 1"),
            (|c| c.sparsity.critic = f64::NAN, "sparsity.critic = NaN"),
            (|c| c.td3.gamma = 1.5, "td3.gamma = 1.5"),
            (|c| c.td3.hidden = vec![], "td3.hidden = []"),
            (|c| c.td3.batch_size = 0, "td3.batch_size = 0"),
            (|c| c.n_step.n = 0, "n_step.n = 0"),
            (|c| c.exploration.noise = -0.1, "exploration.noise = -0.1"),
            (|c| c.evaluation.every = 0, "evaluation.every = 0"),
        ];
        for (change, expected) in cases {
            let mut config = recipes::named("rlx2", "Hopper-v5").unwrap();
            change(&mut config);
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn short_runs_still_learn() {
        let mut config = recipes::named("rlx2", "HalfCheetah-v5").unwrap();
        assert_eq!(config.random_steps(), 25_000);
        config.steps = 3_000;
        assert_eq!(config.random_steps(), 375);
    }

    #[test]
    fn rlx2_at_full_length_has_the_published_schedule() {
        let mut config = recipes::named("rlx2", "HalfCheetah-v5").unwrap();
        config.steps = 3_000_000;
        let schedule = |l: LearnerConfig| l.topology.unwrap().schedule;
        assert_eq!(schedule(config.critic_learner()).until, 2_975_000);
        assert_eq!(schedule(config.actor_learner()).until, 1_487_500);
    }
}
