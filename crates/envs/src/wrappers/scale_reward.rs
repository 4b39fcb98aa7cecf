//! Rewards times a factor.

use super::{Kind, Wrapped, Wrapper, read};
use crate::Result;
use crate::env::{Env, Step};

pub(super) const KIND: Kind = Kind {
    name: "reward_scale",
    about: "What rewards are multiplied by, a finite number; returns that are told are of the scaled rewards",
    allowed: "a finite number",
    wrap: |env, value| {
        let scale = read(value, |scale: &f64| scale.is_finite())?;
        Some(Wrapped::new(env, ScaleReward::new(scale)).into())
    },
};

/// Multiplies rewards by a factor.
#[derive(Clone, Debug)]
pub struct ScaleReward {
    scale: f64,
}

impl ScaleReward {
    /// Multiplies by `scale`.
    #[must_use]
    pub fn new(scale: f64) -> Self {
        Self { scale }
    }
}

impl Wrapper for ScaleReward {
    fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
        let step = env.step(action, seen)?;
        Ok(Step {
            reward: step.reward * self.scale,
            ..step
        })
    }
}
