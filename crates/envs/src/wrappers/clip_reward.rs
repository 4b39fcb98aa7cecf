//! Rewards within bounds.

use super::{Kind, Wrapped, Wrapper, read};
use crate::Result;
use crate::env::{Env, Step};

pub(super) const KIND: Kind = Kind {
    name: "reward_clip",
    about: "Lowest and highest reward of a step, such as [-1, 1], after `reward_scale`",
    allowed: "two numbers, the lower first, such as [-1, 1]",
    wrap: |env, value| {
        let [low, high] = read(value, |[low, high]: &[f64; 2]| low <= high)?;
        Some(Wrapped::new(env, ClipReward::new(low, high)).into())
    },
};

/// Keeps the reward of each step within bounds.
#[derive(Clone, Debug)]
pub struct ClipReward {
    low: f64,
    high: f64,
}

impl ClipReward {
    /// Keeps rewards within `low` and `high`.
    #[must_use]
    pub fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }
}

impl Wrapper for ClipReward {
    fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
        let step = env.step(action, seen)?;
        Ok(Step {
            reward: step.reward.max(self.low).min(self.high),
            ..step
        })
    }
}
