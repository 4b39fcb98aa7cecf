//! Between a task's numbers and an agent's: actions in [-1, 1] to a task's range, observations and rewards to f32.

use std::borrow::Cow;

use envs::SpaceDim;

use crate::config::{CriticActions, TrainConfig};
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
    /// [`Error::ActionRange`] when an action has no finite range, such as that of an actuator without `ctrlrange`.
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

/// Actions as critics read them, `middle + half · a` of each component; `None` leaves them in [-1, 1].
#[derive(Clone, Debug, Default)]
pub struct CriticUnits(Option<[Vec<f32>; 2]>);

impl CriticUnits {
    /// As a configuration has it, by the ranges of its task's actions.
    ///
    /// # Errors
    /// Where they are the task's: when there is no task of this name, or as [`ActionRange::of`].
    pub fn of(config: &TrainConfig) -> Result<Self> {
        match config.learning.critic_actions {
            CriticActions::Unit => Ok(Self(None)),
            CriticActions::Task => {
                let range = ActionRange::of(&config.make_env()?.info().action)?;
                let floats = |numbers: Vec<f64>| numbers.into_iter().map(|n| n as f32).collect();
                let (middle, half): (Vec<f32>, Vec<f32>) =
                    (floats(range.middle), floats(range.half));
                let is_unit = middle.iter().all(|m| *m == 0.0) && half.iter().all(|h| *h == 1.0);
                Ok(Self((!is_unit).then_some([middle, half])))
            }
        }
    }

    /// Actions `[rows, action]`, in [-1, 1] before.
    #[must_use]
    pub fn of_actions<'a>(&self, actions: &'a [f32]) -> Cow<'a, [f32]> {
        let Some([middle, half]) = &self.0 else {
            return Cow::Borrowed(actions);
        };
        let ranges = middle.iter().zip(half).cycle();
        let scaled = actions.iter().zip(ranges);
        scaled
            .map(|(a, (middle, half))| middle + half * a)
            .collect()
    }

    /// The same of columns `[action, width]`, in place.
    pub(crate) fn scale_columns(&self, actions: &mut [f32], width: usize) {
        let Some([middle, half]) = &self.0 else {
            return;
        };
        let ranges = middle.iter().zip(half);
        for (actions, (middle, half)) in actions.chunks_exact_mut(width).zip(ranges) {
            actions.iter_mut().for_each(|a| *a = middle + half * *a);
        }
    }

    /// Slopes by actions as critics read them, `[action, width]`, to those by actions in [-1, 1], in place.
    pub(crate) fn scale_slopes(&self, slopes: &mut [f32], width: usize) {
        let Some([_, half]) = &self.0 else {
            return;
        };
        for (slopes, half) in slopes.chunks_exact_mut(width).zip(half) {
            slopes.iter_mut().for_each(|slope| *slope *= half);
        }
    }
}

/// Writes an observation as the agent reads it.
///
/// # Errors
/// [`Error::Overflow`] of a number that is finite and beyond f32.
pub fn to_agent(observation: &[f64], agent: &mut [f32]) -> Result<()> {
    let mut fits = true;
    for (agent, number) in agent.iter_mut().zip(observation) {
        *agent = *number as f32;
        fits &= agent.is_finite();
    }
    let index = (!fits).then(|| agent.iter().position(|number| !number.is_finite()));
    match index.flatten() {
        None => Ok(()),
        Some(index) => Err(Error::Overflow {
            what: format!("observation[{index}]"),
            value: observation[index],
        }),
    }
}

/// A reward as the agent reads it.
///
/// # Errors
/// [`Error::Overflow`] when it is finite and beyond f32.
pub fn reward_to_agent(reward: f64) -> Result<f32> {
    let read = reward as f32;
    match read.is_finite() {
        true => Ok(read),
        false => Err(Error::Overflow {
            what: "reward".to_owned(),
            value: reward,
        }),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::algos;
    use crate::recipes;
    use crate::replay::Batch;
    use crate::rng::Streams;

    fn units(task: &str, actions: CriticActions) -> CriticUnits {
        let mut config = recipes::named("ds-td3", task).unwrap();
        config.learning.critic_actions = actions;
        CriticUnits::of(&config).unwrap()
    }

    #[test]
    fn actions_are_in_the_units_of_the_task_where_that_is_asked() {
        let actions = [0.5, -1.0, 1.0].repeat(17 * 2 / 2)[..34].to_vec();
        let humanoid = units("Humanoid-v5", CriticActions::Task);
        let scaled = humanoid.of_actions(&actions);
        assert!(
            scaled
                .iter()
                .zip(&actions)
                .all(|(told, unit)| (told - 0.4 * unit).abs() < 1e-7)
        );
        // In columns of a block of three, the last of which is no row.
        let column = |numbers: &[f32]| -> Vec<f32> {
            let number = |k| [numbers[k], numbers[17 + k], 7.0];
            (0..17).flat_map(number).collect()
        };
        let (mut columns, mut slopes) = (column(&actions), vec![2.0; 51]);
        humanoid.scale_columns(&mut columns, 3);
        let rows = |numbers: &[f32]| -> Vec<[f32; 2]> {
            let columns = numbers.chunks_exact(3);
            columns.map(|column| [column[0], column[1]]).collect()
        };
        assert_eq!(rows(&columns), rows(&column(&scaled)));
        humanoid.scale_slopes(&mut slopes, 3);
        assert!(slopes.iter().all(|slope| (slope - 0.8).abs() < 1e-6));
        for same in [
            units("Humanoid-v5", CriticActions::Unit),
            units("Hopper-v5", CriticActions::Task),
        ] {
            assert!(matches!(same.of_actions(&actions), Cow::Borrowed(_)));
        }
    }

    /// An update reads actions in units only where they differ from those in [-1, 1].
    #[test]
    fn agents_learn_by_these_units() {
        for (recipe, task, sizes, same) in [
            ("ds-td3", "Hopper-v5", [11, 3], true),
            ("ds-td3", "Pusher-v5", [23, 7], false),
            ("rlx2-sac", "Pusher-v5", [23, 7], false),
            ("dense-redq", "Pusher-v5", [23, 7], false),
        ] {
            let [observation, action] = sizes;
            let learned = |actions: CriticActions| {
                let mut config = recipes::named(recipe, task).unwrap();
                (config.networks.actor, config.networks.critic) = (vec![32, 32], vec![32, 32]);
                config.learning.critic_actions = actions;
                let mut streams = Streams::new(2);
                let device = Device::flex();
                let mut agent =
                    algos::build(&config, observation, action, &device, &mut streams).unwrap();
                let batch = Batch {
                    size: 4,
                    observation: vec![0.3; 4 * observation],
                    action: vec![-0.7; 4 * action],
                    return_n: vec![1.0; 4],
                    discount: vec![0.99; 4],
                    next_observation: vec![-0.2; 4 * observation],
                    ..Batch::default()
                };
                for _ in 0..2 {
                    (*agent).update(&batch, &mut streams).unwrap();
                }
                let units = agent.networks()[1].units.cloned().unwrap_or_default();
                (
                    agent.to_bytes().unwrap(),
                    units.of_actions(&batch.action)[0],
                )
            };
            let [unit, told] = [CriticActions::Unit, CriticActions::Task].map(learned);
            assert_eq!(unit.1, -0.7);
            assert_eq!(told.1, if same { -0.7 } else { -1.4 }, "{recipe} {task}");
            assert_eq!(unit.0 == told.0, same, "{recipe} {task}");
        }
    }

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
