//! Actions that last several steps.

use super::{Kind, Wrapped, Wrapper, read};
use crate::Result;
use crate::env::{Env, Step, TaskInfo};

/// Most steps of an action.
const MOST: usize = 1000;

pub(super) const KIND: Kind = Kind {
    name: "action_repeat",
    about: "Steps of the task for each action, 1 to 1000; their rewards are summed",
    allowed: "a whole number, 1 to 1000",
    wrap: |env, value| {
        let times = read(value, |times| (1..=MOST).contains(times))?;
        let repeat = RepeatAction::new(times);
        let task = repeat.task(env.info());
        Some(Wrapped::telling(env, repeat, task).into())
    },
};

/// Executes each action for several steps, to the end of the episode at most, and sums their rewards. The info is the last
/// step's.
#[derive(Clone, Debug)]
pub struct RepeatAction {
    times: usize,
}

impl RepeatAction {
    /// Executes each action `times` times, 1 or more.
    #[must_use]
    pub fn new(times: usize) -> Self {
        Self {
            times: times.max(1),
        }
    }

    /// The task, when that of the environment inside is `inner`.
    #[must_use]
    pub fn task(&self, inner: &TaskInfo) -> TaskInfo {
        TaskInfo {
            frame_skip: inner.frame_skip.saturating_mul(self.times),
            max_episode_steps: inner.max_episode_steps.div_ceil(self.times),
            ..inner.clone()
        }
    }
}

impl Wrapper for RepeatAction {
    fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
        let mut step = env.step(action, seen)?;
        for _ in 1..self.times {
            if step.terminated || step.truncated {
                break;
            }
            let reward = step.reward;
            step = env.step(action, seen)?;
            step.reward += reward;
        }
        Ok(step)
    }
}
