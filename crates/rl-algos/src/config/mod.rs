//! Every setting of a run, as plain data that reads from and writes to TOML.

mod agent;
mod agents;
mod algo;
mod catalogue;
pub mod fields;
mod keys;
mod late;
mod lengthen;
mod limits;
mod located;
mod needs;
mod registered;
mod sparsity;
pub mod text;

use envs::{Env, Settings, TaskInfo};
use serde::{Deserialize, Serialize};
use sparse_core::nn::{Fans, Initializer};
use sparse_core::trainer::TargetConnections;

pub use agent::{AgentConfig, AgentShape, LogStd, Spread};
pub use agents::*;
pub(crate) use algo::register;
pub use algo::{AgentChoice, AgentKind, AgentRegistry, AlgoConfig, Online, agents as agent_kinds};
use catalogue::allowed;
pub use keys::nearest as nearest_key;
pub use needs::Need;
pub use registered::Registered;
pub(crate) use registered::check_name;
pub use sparsity::{Decay, PruningConfig, SparsityConfig, TopologyConfig};

use crate::replay::AdaptiveCapacity;
use crate::{Error, Result};

/// Most episodes of an evaluation: each has an environment of its own.
pub const MOST_EPISODES: usize = 1 << 14;

/// Share of a short run that acts at random first, when the recipe's number of steps is longer.
const RANDOM_SHARE: u64 = 8;

/// All settings of one run. [`recipes`](crate::recipes) provide them.
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
    /// What is not as published in the task: its options, and wrappers around it.
    #[serde(default, skip_serializing_if = "Settings::is_empty")]
    pub env_settings: Settings,
    /// The algorithm.
    pub algo: AlgoConfig,
    /// Shapes of the networks.
    pub networks: NetworksConfig,
    /// How networks are updated, by any algorithm.
    pub learning: LearningConfig,
    /// How many weights exist, and which at first.
    pub sparsity: SparsityConfig,
    /// How connections move; `None` leaves them where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology: Option<TopologyConfig>,
    /// Gradual pruning of networks that start dense; not together with `topology`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruning: Option<PruningConfig>,
    /// Returns over several steps.
    pub n_step: NStepConfig,
    /// Stored transitions.
    pub replay: ReplayConfig,
    /// How a run begins.
    pub exploration: ExplorationConfig,
    /// How progress is measured.
    pub evaluation: EvaluationConfig,
}

/// Shapes of the networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworksConfig {
    /// Features of the actor's hidden layers, each 1 or more.
    pub actor: Vec<usize>,
    /// Features of each critic's hidden layers, each 1 or more.
    pub critic: Vec<usize>,
    /// Whether the critics' hidden layers are normalised before their ReLU (layer normalisation).
    #[serde(default)]
    pub critic_layer_norm: bool,
    /// The distribution of the first weights and biases.
    #[serde(default, skip_serializing_if = "is_default")]
    pub init: Initializer,
    /// What counts as a weight's fan-in and fan-out in it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fans: Fans,
}

/// How networks are updated, by any algorithm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningConfig {
    /// Transitions per update, 1 or more.
    pub batch_size: usize,
    /// Discount per step, in [0, 1].
    pub gamma: f64,
    /// Step of the target networks towards the online ones, in (0, 1]; 1 copies them.
    pub tau: f64,
    /// Critic updates between two such steps, a multiple of TD3's `policy_delay`.
    pub target_every: u64,
    /// Which connections target networks have.
    #[serde(default)]
    pub target_connections: TargetConnections,
    /// Adam's learning rate for the actor, above 0.
    pub actor_learning_rate: f64,
    /// Adam's learning rate for the critics, above 0.
    pub critic_learning_rate: f64,
    /// Adam's weight decay, added to the gradient, 0 or more.
    pub weight_decay: f64,
    /// What rewards are multiplied by in targets, above 0.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub reward_scale: f64,
    /// How critics read actions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub critic_actions: CriticActions,
}

/// How critics read actions: it is the same where the task's range is [-1, 1].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CriticActions {
    /// In [-1, 1] per component, as agents act.
    #[default]
    Unit,
    /// In the task's units, as the code of TD3, RLx2 and DS-TD3 does.
    Task,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn one() -> f64 {
    1.0
}

fn is_one(value: &f64) -> bool {
    *value == 1.0
}

/// Returns over several steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NStepConfig {
    /// Steps of a return, 1 or more.
    pub n: usize,
    /// The first update with returns over `n` steps; before it they are over one (RLx2 §4.2.1: early policies change too
    /// fast).
    pub delay: u64,
}

/// Stored transitions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayConfig {
    /// Transitions kept at most, 1 or more.
    pub capacity: usize,
    /// Eviction by policy distance; `None` evicts only what no longer fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<AdaptiveCapacity>,
}

/// How a run begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplorationConfig {
    /// Environment steps with uniformly random actions, and without updates, before all else; an eighth of
    /// the run where that is less.
    pub random_steps: u64,
}

/// How progress is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationConfig {
    /// Environment steps between two evaluations, 1 or more.
    pub every: u64,
    /// Deterministic episodes of an evaluation, 1 to 16,384; each has an environment of its own.
    pub episodes: usize,
    /// Whether the actor of every evaluation is kept, not only of the last and the best: datasets need policies of
    /// different skill.
    #[serde(default)]
    pub keep_policies: bool,
    /// Whether there is an evaluation before the first step too, as sums over a learning curve have it (DS-TD3's LCA).
    #[serde(default, skip_serializing_if = "is_default")]
    pub at_start: bool,
}

impl TrainConfig {
    /// An environment of the run: its task, with its settings.
    ///
    /// # Errors
    /// As [`envs::make_with`].
    pub fn make_env(&self) -> envs::Result<Box<dyn Env>> {
        envs::make_with(&self.env, &self.env_settings)
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Config`] with the setting, its value and what is allowed. What depends on the task, its name and whether
    /// every layer keeps connections, shows when
    /// [`build`](crate::algos::build) looks at it.
    pub fn validate(&self) -> Result<()> {
        at_least_one("steps", self.steps)?;
        if i64::try_from(self.seed).is_err() {
            return Err(Error::config("seed", self.seed, allowed("seed")));
        }
        self.can_be_written()?;
        self.algo.validate()?;
        hidden("networks.actor", &self.networks.actor)?;
        hidden("networks.critic", &self.networks.critic)?;
        self.learning.validate(&self.algo)?;
        self.sparsity.validate(&self.networks)?;
        if let Some(topology) = &self.topology {
            topology.validate()?;
        }
        if let Some(pruning) = &self.pruning {
            pruning.validate()?;
            if self.topology.is_some() {
                let allowed = allowed("pruning");
                return Err(Error::config("pruning", "set", allowed));
            }
        }
        self.validate_schedules()?;
        at_least_one("n_step.n", self.n_step.n as u64)?;
        at_least_one("replay.capacity", self.replay.capacity as u64)?;
        let (batch, capacity) = (self.learning.batch_size, self.replay.capacity);
        if batch > capacity {
            let allowed = format!("at most replay.capacity = {capacity}; lower this or raise that");
            return Err(Error::config("learning.batch_size", batch, &allowed));
        }
        if let Some(adaptive) = &self.replay.adaptive {
            check_adaptive(adaptive)?;
        }
        at_least_one("evaluation.every", self.evaluation.every)?;
        at_least_one("evaluation.episodes", self.evaluation.episodes as u64)
    }

    /// Refuses settings that would have no effect, or too large a one, in a new run. Old runs with such settings can
    /// still be read.
    ///
    /// # Errors
    /// [`Error::Config`] with the setting, its value and what would have an effect.
    pub fn validate_new_run(&self) -> Result<()> {
        let capacity = self.replay.capacity;
        let min = self.replay.adaptive.as_ref().map(|adaptive| adaptive.min);
        if let Some(min) = min.filter(|min| *min >= capacity) {
            let allowed = format!(
                "below replay.capacity = {capacity}, or nothing is ever forgotten; lower this or raise that"
            );
            return Err(Error::config("replay.adaptive.min", min, &allowed));
        }
        let episodes = self.evaluation.episodes;
        check(
            "evaluation.episodes",
            episodes as f64,
            episodes <= MOST_EPISODES,
        )?;
        let [actor, critic] = [self.sparsity.actor, self.sparsity.critic];
        if self.pruning.is_some() && actor == 0.0 && critic == 0.0 {
            let allowed = "absent where sparsity.actor and sparsity.critic, to which networks are pruned, are 0";
            return Err(Error::config("pruning", "set", allowed));
        }
        self.sparsity.validate_new_run()?;
        self.check_beginning()
    }

    /// Steps with random actions: as set, but an eighth of the run at most.
    #[must_use]
    pub fn random_steps(&self) -> u64 {
        let share = (self.steps / RANDOM_SHARE).max(1);
        self.exploration.random_steps.min(share)
    }

    /// Updates of the critics in the whole run.
    #[must_use]
    pub fn updates(&self) -> u64 {
        let steps = self.steps.saturating_sub(self.random_steps());
        steps.saturating_mul(self.algo.shape().updates_per_step)
    }
}

impl LearningConfig {
    fn validate(&self, algo: &AlgoConfig) -> Result<()> {
        at_least_one("learning.batch_size", self.batch_size as u64)?;
        let (gamma, tau) = (self.gamma, self.tau);
        let good = (0.0..=1.0).contains(&gamma);
        check("learning.gamma", gamma, good)?;
        // Steps are made in f32.
        check("learning.tau", tau, tau as f32 > 0.0 && tau <= 1.0)?;
        let (every, delay) = (self.target_every, algo.policy_delay());
        at_least_one("learning.target_every", every)?;
        if algo.shape().actor_target && !every.is_multiple_of(delay) {
            let allowed = format!("a multiple of algo.{}.policy_delay = {delay}", algo.name());
            return Err(Error::config("learning.target_every", every, &allowed));
        }
        for (field, value) in [
            ("learning.actor_learning_rate", self.actor_learning_rate),
            ("learning.critic_learning_rate", self.critic_learning_rate),
        ] {
            let step = value as f32;
            check(field, value, step > 0.0 && step.is_finite())?;
        }
        let scale = self.reward_scale;
        let good = scale as f32 > 0.0 && (scale as f32).is_finite();
        check("learning.reward_scale", scale, good)?;
        let decay = self.weight_decay;
        let step = decay as f32;
        let good = decay == 0.0 || step > 0.0 && step.is_finite();
        check("learning.weight_decay", decay, good)
    }
}

/// Checks when and how much is forgotten.
pub(crate) fn check_adaptive(adaptive: &AdaptiveCapacity) -> Result<()> {
    at_least_one("replay.adaptive.every", adaptive.every)?;
    at_least_one("replay.adaptive.check", adaptive.check as u64)?;
    let (threshold, drop) = (adaptive.threshold, adaptive.drop);
    check("replay.adaptive.threshold", threshold, threshold >= 0.0)?;
    let good = (0.0..=1.0).contains(&drop);
    check("replay.adaptive.drop", drop, good)
}

/// The name of a task without its version.
pub(crate) fn task_name(task: &TaskInfo) -> &str {
    task.id.split("-v").next().unwrap_or(task.id)
}

/// Checks the sizes of hidden layers.
fn hidden(field: &'static str, sizes: &[usize]) -> Result<()> {
    if sizes.is_empty() || sizes.contains(&0) {
        return Err(Error::config(field, format!("{sizes:?}"), allowed(field)));
    }
    Ok(())
}

/// A configuration error unless `good`; the table of [`fields`] says what is allowed.
pub(crate) fn check(field: &'static str, value: f64, good: bool) -> Result<()> {
    if good {
        Ok(())
    } else {
        Err(Error::config(field, value, allowed(field)))
    }
}

/// A configuration error unless `value` is 1 or more.
pub(crate) fn at_least_one(field: &'static str, value: u64) -> Result<()> {
    if value > 0 {
        Ok(())
    } else {
        Err(Error::config(field, value, allowed(field)))
    }
}

#[cfg(test)]
mod tests {
    use sparse_core::budget::Allocation;
    use sparse_core::topology::{GradualMagnitude, RuleConfig};
    use sparse_core::trainer::NetworkTrainerConfig;

    use super::*;
    use crate::recipes;

    #[test]
    fn values_outside_their_range_are_named() {
        type Change = fn(&mut TrainConfig);
        let cases: [(Change, &str); 15] = [
            (|c| c.steps = 0, "steps = 0"),
            (|c| c.seed = u64::MAX, "seed = 18446744073709551615"),
            (
                |c| c.sparsity.allocation = Allocation::Lambda(vec![7.0]),
                "sparsity.allocation.lambda = [7.0]: must be 2 numbers, for networks.actor",
            ),
            (|c| c.sparsity.actor = 1.0, "sparsity.actor = 1"),
            (|c| c.sparsity.critic = f64::NAN, "sparsity.critic = NaN"),
            (|c| c.learning.gamma = 1.5, "learning.gamma = 1.5"),
            (|c| c.networks.actor = vec![], "networks.actor = []"),
            (|c| c.learning.batch_size = 0, "learning.batch_size = 0"),
            (
                |c| c.replay.capacity = 100,
                "learning.batch_size = 256: must be at most replay.capacity = 100; lower",
            ),
            (|c| c.learning.target_every = 3, "learning.target_every = 3"),
            (|c| td3(c).policy_delay = 0, "algo.td3.policy_delay = 0"),
            (|c| c.n_step.n = 0, "n_step.n = 0"),
            (
                |c| td3(c).exploration_noise = -0.1,
                "algo.td3.exploration_noise = -0.1",
            ),
            (|c| c.evaluation.every = 0, "evaluation.every = 0"),
            (
                |c| gradual(c, 0.5, 160_000),
                "topology.rule.gradual_magnitude.end = 160000: must be at most 80000",
            ),
        ];
        for (change, expected) in cases {
            let mut config = recipes::named("rlx2", "Hopper-v5").unwrap();
            change(&mut config);
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn what_would_do_nothing_is_refused_to_a_new_run_and_can_be_read() {
        type Change = fn(&mut TrainConfig);
        let cases: [(Change, &str); 3] = [
            (
                |c| c.replay.capacity = 100_000,
                "replay.adaptive.min = 100000: must be below replay.capacity = 100000",
            ),
            (
                |c| {
                    c.sparsity.allocation = Allocation::PerLayer(vec![0.1, 0.1, 1.0]);
                    (c.sparsity.actor, c.sparsity.critic) = (0.0, 0.0);
                },
                "sparsity.actor = 0: must be above 0, or that of the critics, with an allocation by layer",
            ),
            (
                |c| gradual(c, 0.99, 80_000),
                "topology.rule.gradual_magnitude.initial_sparsity = 0.99: must be at most sparsity.actor = 0.98",
            ),
        ];
        for (change, expected) in cases {
            let mut config = recipes::named("rlx2", "Hopper-v5").unwrap();
            config.validate_new_run().unwrap();
            change(&mut config);
            let error = config.validate_new_run().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
            let text = config.to_toml().unwrap();
            assert_eq!(TrainConfig::from_toml(&text).unwrap(), config);
        }
    }

    /// Prunes from 40,000 updates to `end`.
    fn gradual(config: &mut TrainConfig, initial_sparsity: f64, end: u64) {
        let rule = GradualMagnitude {
            initial_sparsity,
            final_sparsity: 0.995,
            begin: 40_000,
            end,
            allocation: Allocation::Uniform,
        };
        config.topology.as_mut().unwrap().rule = RuleConfig::new(rule);
    }

    fn td3(config: &mut TrainConfig) -> &mut Td3Config {
        config.algo.get_mut().unwrap()
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
        let schedule = |l: NetworkTrainerConfig| l.topology.unwrap().schedule;
        assert_eq!(schedule(config.critic_learner()).until, 2_975_000);
        assert_eq!(schedule(config.actor_learner()).until, 1_487_500);
    }
}
