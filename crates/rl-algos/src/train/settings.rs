//! Settings of the loop: length, intervals, batch.

use crate::config::{
    EvaluationConfig, MOST_EPISODES, NStepConfig, ReplayConfig, TrainConfig, check_adaptive,
};
use crate::{Error, Result};

/// Settings of the loop, whatever the agent and its experience.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopConfig {
    /// Environment steps, or steps with recorded transitions; 1 or more.
    pub steps: u64,
    /// Seed of every stream of random numbers.
    pub seed: u64,
    /// Environment steps with uniformly random actions, and without learning, before all else. None with recorded
    /// transitions, whatever it says.
    pub random_steps: u64,
    /// Transitions per batch, 1 or more.
    pub batch_size: usize,
    /// Discount per step, in [0, 1].
    pub gamma: f64,
    /// Steps of the returns in batches.
    pub n_step: NStepConfig,
    /// Stored transitions of an environment; `None` for an agent that keeps its own.
    pub replay: Option<ReplayConfig>,
    /// How progress is measured.
    pub evaluation: EvaluationConfig,
}

impl Default for LoopConfig {
    /// 200,000 steps, 10,000 of them random; batches of 256, one-step returns with a discount of 0.99, a replay of
    /// a million transitions; 10 episodes every 5,000 steps.
    fn default() -> Self {
        Self {
            steps: 200_000,
            seed: 0,
            random_steps: 10_000,
            batch_size: 256,
            gamma: 0.99,
            n_step: NStepConfig { n: 1, delay: 0 },
            replay: Some(ReplayConfig {
                capacity: 1_000_000,
                adaptive: None,
            }),
            evaluation: EvaluationConfig {
                every: 5_000,
                episodes: 10,
                keep_policies: false,
                at_start: false,
            },
        }
    }
}

impl From<&TrainConfig> for LoopConfig {
    fn from(config: &TrainConfig) -> Self {
        Self {
            steps: config.steps,
            seed: config.seed,
            random_steps: config.random_steps(),
            batch_size: config.learning.batch_size,
            gamma: config.learning.gamma,
            n_step: config.n_step.clone(),
            replay: Some(config.replay.clone()),
            evaluation: config.evaluation.clone(),
        }
    }
}

impl LoopConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Config`] with the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        let replay = self.replay.as_ref();
        for (field, value) in [
            ("steps", self.steps),
            ("batch_size", self.batch_size as u64),
            ("n_step.n", self.n_step.n as u64),
            ("replay.capacity", replay.map_or(1, |r| r.capacity as u64)),
            ("evaluation.every", self.evaluation.every),
            ("evaluation.episodes", self.evaluation.episodes as u64),
        ] {
            if value == 0 {
                return Err(Error::config(field, value, "1 or more"));
            }
        }
        let episodes = self.evaluation.episodes;
        if episodes > MOST_EPISODES {
            let allowed = format!("{MOST_EPISODES} at most");
            return Err(Error::config("evaluation.episodes", episodes, &allowed));
        }
        if !(0.0..=1.0).contains(&self.gamma) {
            return Err(Error::config("gamma", self.gamma, "in [0, 1]"));
        }
        let adaptive = replay.and_then(|replay| replay.adaptive.as_ref());
        adaptive.map_or(Ok(()), check_adaptive)
    }

    /// What recorded transitions allow beside that: their windows have the same steps from the first update on.
    pub(super) fn validate_recorded(&self) -> Result<()> {
        match self.n_step.delay {
            0 => Ok(()),
            delay => Err(Error::config(
                "n_step.delay",
                delay,
                "0 with recorded transitions",
            )),
        }
    }
}
