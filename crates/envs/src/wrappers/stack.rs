//! Several observations as one.

use super::{Kind, Wrapped, Wrapper, read};
use crate::Result;
use crate::env::{Env, SpaceDim, Step, TaskInfo};

/// Most observations in one.
const MOST: usize = 100;

pub(super) const KIND: Kind = Kind {
    name: "observation_stack",
    about: "Observations in one, 1 to 100: the last so many, the oldest first",
    allowed: "a whole number, 1 to 100",
    wrap: |env, value| {
        let count = read(value, |count| (1..=MOST).contains(count))?;
        let stack = StackObservations::new(count, env.info().observation.len());
        let task = stack.task(env.info());
        Some(Wrapped::telling(env, stack, task).into())
    },
};

/// Observes the last few observations together, the oldest first (Mnih et al. 2015). Before there are so many the first of
/// the episode stands for those that are missing.
#[derive(Clone, Debug)]
pub struct StackObservations {
    count: usize,
    /// The last observations, the oldest first `[count, numbers]`.
    last: Vec<f64>,
}

impl StackObservations {
    /// Observes `count` observations of `numbers` numbers, each 1 or more.
    #[must_use]
    pub fn new(count: usize, numbers: usize) -> Self {
        Self {
            count,
            last: vec![0.0; count * numbers],
        }
    }

    /// The task, when that of the environment inside is `inner`.
    #[must_use]
    pub fn task(&self, inner: &TaskInfo) -> TaskInfo {
        let ages = (0..self.count).rev();
        let named = |age: usize, number: &SpaceDim| SpaceDim {
            name: match age {
                0 => number.name.clone(),
                1 => format!("{} 1 step ago", number.name),
                age => format!("{} {age} steps ago", number.name),
            },
            ..number.clone()
        };
        let all = ages.flat_map(|age| {
            inner
                .observation
                .iter()
                .map(move |number| named(age, number))
        });
        TaskInfo {
            observation: all.collect(),
            ..inner.clone()
        }
    }
}

impl Wrapper for StackObservations {
    fn begin(&mut self, _: Option<u64>, seen: &[f64]) {
        for last in self.last.chunks_exact_mut(seen.len().max(1)) {
            last.copy_from_slice(seen);
        }
    }

    fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
        let step = env.step(action, seen);
        self.last.copy_within(seen.len().., 0);
        let newest = self.last.len() - seen.len();
        self.last[newest..].copy_from_slice(seen);
        step
    }

    fn observe(&self, _: &[f64], observation: &mut [f64]) {
        observation.copy_from_slice(&self.last);
    }

    fn state(&self) -> Vec<f64> {
        self.last.clone()
    }

    fn set_state(&mut self, numbers: &[f64]) {
        self.last.copy_from_slice(numbers);
    }
}
