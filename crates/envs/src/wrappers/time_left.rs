//! Observations with the time.

use super::{Kind, Wrapped, Wrapper, read};
use crate::Result;
use crate::env::{Env, SpaceDim, Step, TaskInfo};

pub(super) const KIND: Kind = Kind {
    name: "time_in_observation",
    about: "Whether the share of the episode that is over, in [0, 1], is observed too, as the last number",
    allowed: "true or false, and true only where episodes have a longest (`max_episode_steps`)",
    wrap: |env, value| {
        let limit = env.info().max_episode_steps;
        if !read(value, |wanted: &bool| !wanted || limit > 0)? {
            return Some(env);
        }
        let time = TimeInObservation::new(limit);
        let task = time.task(env.info());
        Some(Wrapped::telling(env, time, task).into())
    },
};

/// Observes the share of the episode that is over, so that values can depend on it (Pardo et al. 2018).
#[derive(Clone, Debug)]
pub struct TimeInObservation {
    limit: usize,
    elapsed: usize,
}

impl TimeInObservation {
    /// The share of episodes of `limit` steps, 1 or more.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            elapsed: 0,
        }
    }

    /// The task, when that of the environment inside is `inner`.
    #[must_use]
    pub fn task(&self, inner: &TaskInfo) -> TaskInfo {
        let mut task = inner.clone();
        let (low, high) = (0.0, 1.0);
        task.observation.push(SpaceDim {
            low,
            high,
            ..SpaceDim::unbounded("share of the episode", "1")
        });
        task
    }
}

impl Wrapper for TimeInObservation {
    fn begin(&mut self, _: Option<u64>, _: &[f64]) {
        self.elapsed = 0;
    }

    fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
        self.elapsed = self.elapsed.saturating_add(1);
        env.step(action, seen)
    }

    fn observe(&self, seen: &[f64], observation: &mut [f64]) {
        let (first, last) = observation.split_at_mut(seen.len());
        first.copy_from_slice(seen);
        last.fill((self.elapsed as f64 / self.limit as f64).min(1.0));
    }

    fn state(&self) -> Vec<f64> {
        vec![self.elapsed as f64]
    }

    fn set_state(&mut self, numbers: &[f64]) {
        self.elapsed = numbers[0] as usize;
    }
}
