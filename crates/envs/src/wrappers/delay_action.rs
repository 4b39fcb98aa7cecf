//! Actions that are late.

use std::collections::VecDeque;

use super::{Kind, Wrapped, Wrapper, read};
use crate::Result;
use crate::env::{Env, Step, TaskInfo};

/// Most steps of a delay.
const MOST: usize = 100;

pub(super) const KIND: Kind = Kind {
    name: "action_delay",
    about: "Steps between an action and its execution, 0 to 100; 0 of each is executed until then",
    allowed: "a whole number, 0 to 100",
    wrap: |env, value| {
        let steps = read(value, |steps| *steps <= MOST)?;
        let delay = DelayAction::new(steps, env.info());
        Some(Wrapped::new(env, delay).into())
    },
};

/// Executes each action some steps after it was chosen (Dulac-Arnold et al. 2021). Until the first is due, actions are 0, or
/// what is nearest to it in their range.
#[derive(Clone, Debug)]
pub struct DelayAction {
    idle: Vec<f64>,
    /// Actions that are not executed yet, the next one first.
    waiting: VecDeque<Vec<f64>>,
}

impl DelayAction {
    /// Executes actions of the task `steps` steps late.
    #[must_use]
    pub fn new(steps: usize, task: &TaskInfo) -> Self {
        let idle: Vec<f64> = task
            .action
            .iter()
            .map(|q| 0.0_f64.max(q.low).min(q.high))
            .collect();
        Self {
            waiting: vec![idle.clone(); steps].into(),
            idle,
        }
    }
}

impl Wrapper for DelayAction {
    fn begin(&mut self, _: Option<u64>, _: &[f64]) {
        for action in &mut self.waiting {
            action.copy_from_slice(&self.idle);
        }
    }

    fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
        let Some(mut due) = self.waiting.pop_front() else {
            return env.step(action, seen);
        };
        let step = env.step(&due, seen);
        due.copy_from_slice(action);
        self.waiting.push_back(due);
        step
    }

    fn state(&self) -> Vec<f64> {
        self.waiting.iter().flatten().copied().collect()
    }

    fn set_state(&mut self, numbers: &[f64]) {
        let actions = numbers.chunks_exact(self.idle.len().max(1));
        for (action, from) in self.waiting.iter_mut().zip(actions) {
            action.copy_from_slice(from);
        }
    }
}
