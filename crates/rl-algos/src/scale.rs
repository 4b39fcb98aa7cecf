//! Between the agent's actions in [-1, 1] and a task's own range.

use envs::Quantity;

/// A task's action range; agents act in [-1, 1] per number.
#[derive(Clone, Debug)]
pub struct ActionRange {
    middle: Vec<f64>,
    half: Vec<f64>,
}

impl ActionRange {
    /// The range of a task's actions.
    #[must_use]
    pub fn of(action: &[Quantity]) -> Self {
        let half = |q: &Quantity| (q.high - q.low) / 2.0;
        Self {
            middle: action.iter().map(|q| q.low + half(q)).collect(),
            half: action.iter().map(half).collect(),
        }
    }

    /// Writes the task's action for the agent's.
    pub fn to_task(&self, action: &[f32], task: &mut [f64]) {
        let ranges = self.middle.iter().zip(&self.half);
        for ((task, action), (middle, half)) in task.iter_mut().zip(action).zip(ranges) {
            *task = middle + half * f64::from(*action);
        }
    }
}

/// Writes an observation as the agent reads it.
pub fn to_agent(observation: &[f64], agent: &mut [f32]) {
    for (agent, number) in agent.iter_mut().zip(observation) {
        *agent = *number as f32;
    }
}
