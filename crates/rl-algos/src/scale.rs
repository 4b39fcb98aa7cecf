//! Scales an agent's actions in [-1, 1] to a task's range.

use envs::SpaceDim;

use crate::{Error, Result};

/// A task's action range; agents act in [-1, 1] per component.
#[derive(Clone, Debug)]
pub struct ActionRange {
    middle: Vec<f64>,
    half: Vec<f64>,
}

impl ActionRange {
    /// The range of a task's actions.
    ///
    /// # Errors
    /// [`Error::ActionRange`] when an action has no finite range, such as an actuator without `ctrlrange`.
    /// of one's own.
    pub fn of(action: &[SpaceDim]) -> Result<Self> {
        let half = |q: &SpaceDim| (q.high - q.low) / 2.0;
        if let Some(index) = action
            .iter()
            .position(|q| !(half(q) > 0.0 && half(q).is_finite()))
        {
            let SpaceDim {
                name, low, high, ..
            } = action[index].clone();
            return Err(Error::ActionRange {
                index,
                name,
                low,
                high,
            });
        }
        Ok(Self {
            middle: action.iter().map(|q| q.low + half(q)).collect(),
            half: action.iter().map(half).collect(),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_without_a_range_is_refused_by_name() {
        let action = |name: &str, low, high| SpaceDim {
            name: name.into(),
            unit: "1",
            low,
            high,
        };
        let hip = action("hip", -2.0, 4.0);
        let range = ActionRange::of(std::slice::from_ref(&hip)).unwrap();
        let mut told = [0.0];
        for (does, expected) in [(-1.0, -2.0), (0.0, 1.0), (1.0, 4.0)] {
            range.to_task(&[does], &mut told);
            assert_eq!(told, [expected]);
        }
        let unbounded = action("knee", f64::NEG_INFINITY, f64::INFINITY);
        for bad in [
            unbounded,
            action("knee", 0.0, 0.0),
            action("knee", 0.0, f64::NAN),
        ] {
            let told = format!(
                "action[1] `knee` ranges from {} to {}: agents act in [-1, 1] and need a finite range; give the actuator a ctrlrange",
                bad.low, bad.high
            );
            let error = ActionRange::of(&[hip.clone(), bad]).unwrap_err();
            assert_eq!(error.to_string(), told);
        }
    }
}
