//! Another length of episodes.

use super::{Kind, Wrapped, Wrapper, read};
use crate::Result;
use crate::env::{Env, Step, TaskInfo};

pub(super) const KIND: Kind = Kind {
    name: "max_episode_steps",
    about: "Steps of the task after which an episode is truncated, 1 or more",
    allowed: "a whole number, 1 or more",
    wrap: |env, value| {
        let steps = read(value, |steps| *steps >= 1)?;
        let limit = TimeLimit::new(steps);
        let task = limit.task(env.info());
        Some(Wrapped::telling(env, limit, task).into())
    },
};

/// Truncates episodes after another number of steps than the task does, earlier or later.
#[derive(Clone, Debug)]
pub struct TimeLimit {
    steps: usize,
    elapsed: usize,
}

impl TimeLimit {
    /// Truncates after `steps` steps.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        Self { steps, elapsed: 0 }
    }

    /// The task, when that of the environment inside is `inner`.
    #[must_use]
    pub fn task(&self, inner: &TaskInfo) -> TaskInfo {
        TaskInfo {
            max_episode_steps: self.steps,
            ..inner.clone()
        }
    }
}

impl Wrapper for TimeLimit {
    fn begin(&mut self, _: Option<u64>, _: &[f64]) {
        self.elapsed = 0;
    }

    fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
        let step = env.step(action, seen)?;
        self.elapsed = self.elapsed.saturating_add(1);
        let own_limit = env.info().max_episode_steps;
        // Before its own limit the task has another reason.
        let other_reason = step.truncated && (own_limit == 0 || self.elapsed < own_limit);
        Ok(Step {
            truncated: self.elapsed >= self.steps || other_reason,
            ..step
        })
    }

    fn state(&self) -> Vec<f64> {
        vec![self.elapsed as f64]
    }

    fn set_state(&mut self, numbers: &[f64]) {
        self.elapsed = numbers[0] as usize;
    }
}
