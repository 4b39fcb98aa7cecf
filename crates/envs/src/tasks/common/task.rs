//! What a task is: a model, what is observed of it, where episodes begin, and what is rewarded.

use super::observation::{Observation, positions, velocities};
use super::requirements::Requirements;
use crate::Result;
use crate::dynamics::{Model, State};
use crate::env::{Info, SpaceDim};
use crate::numpy_rng::NumpyRng;

/// What is known of a task without its model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TaskSpec {
    /// Name and version, such as `HalfCheetah-v5`: the name under which the task is registered.
    pub id: &'static str,
    /// The task in one sentence.
    pub about: &'static str,
    /// Where the task is defined.
    pub source: &'static str,
    /// Names of the numbers in [`Step::info`](crate::Step::info).
    pub info: &'static [&'static str],
    /// Physics steps per step of the environment, 1 or more.
    pub frame_skip: usize,
    /// Steps after which an episode is truncated; 0 is never.
    pub max_episode_steps: usize,
}

impl Default for TaskSpec {
    /// No name, no info, one physics step per step, 1000 steps per episode.
    fn default() -> Self {
        Self {
            id: "",
            about: "",
            source: "",
            info: &[],
            frame_skip: 1,
            max_episode_steps: 1000,
        }
    }
}

/// What a task keeps of the state before a step, for the outcome of the step.
pub type PreStep = [f64; 3];

/// A step: the state after it, and how it came about.
#[derive(Clone, Copy, Debug)]
pub struct Transition<'a> {
    /// The action as given, not clamped `[nu]`.
    pub action: &'a [f64],
    /// What [`Task::pre_step`] gave before the step.
    pub pre_step: PreStep,
    /// The compiled model.
    pub model: &'a Model,
    /// The state after the step; its derived fields are those of its last force evaluation.
    pub state: &'a State,
    /// Length of the step (s).
    pub dt: f64,
}

impl Transition<'_> {
    /// Mean velocity (m/s) of a coordinate that was [`pre_step`](Self::pre_step)`[axis]` and is `now`.
    #[must_use]
    pub fn velocity(&self, axis: usize, now: f64) -> f64 {
        (now - self.pre_step[axis]) / self.dt
    }

    /// `weight` times the sum of the squares of the action.
    #[must_use]
    pub fn ctrl_cost(&self, weight: f64) -> f64 {
        weight * self.action.iter().map(|a| a * a).sum::<f64>()
    }
}

/// What a step of a task brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Reward of the step.
    pub reward: f64,
    /// Whether the task ended.
    pub terminated: bool,
    /// The terms of the reward, named as in [`TaskSpec::info`].
    pub info: Info,
}

/// Where an episode begins: in the reference pose at rest, until [`Task::reset`] changes that.
#[derive(Debug)]
pub struct ResetCtx<'a> {
    /// The compiled model.
    pub model: &'a Model,
    /// Positions `[nq]`.
    pub qpos: &'a mut [f64],
    /// Velocities `[nv]`.
    pub qvel: &'a mut [f64],
    /// The environment's random numbers.
    pub rng: &'a mut NumpyRng,
}

/// A task on a rigid-body model; [`Mujoco`](super::Mujoco) makes an environment of it.
///
/// The [module](crate::tasks) shows a whole one. By default all positions and velocities are observed, and episodes begin
/// in the reference pose at rest.
pub trait Task: Clone + Send + Sync + 'static {
    /// Name, source and limits.
    fn spec(&self) -> TaskSpec;

    /// The task's model.
    ///
    /// # Errors
    /// [`Error::Mjcf`](crate::Error::Mjcf) when it cannot be compiled.
    fn model(&self) -> Result<Model>;

    /// What a model must have for the task.
    fn requirements(&self) -> Requirements {
        Requirements::default()
    }

    /// Checks the settings of the task.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) when one is out of range.
    fn check(&self, _model: &Model) -> Result<()> {
        Ok(())
    }

    /// What is observed, number by number. Default: all positions and velocities.
    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        [positions(model, 0), velocities(model, f64::INFINITY)].concat()
    }

    /// Writes the observation of a state: one number for each of [`observation_space`](Self::observation_space).
    fn observe(&self, _model: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos);
        observation.push(&state.qvel);
    }

    /// Sets where an episode begins. Default: in the reference pose at rest.
    fn reset(&self, _ctx: &mut ResetCtx<'_>) {}

    /// What is needed of a state for the [`outcome`](Self::outcome) of the step that begins there. Default: zeros.
    fn pre_step(&self, _model: &Model, _state: &State) -> PreStep {
        PreStep::default()
    }

    /// Reward and end of a step.
    fn outcome(&self, transition: &Transition<'_>) -> Outcome;

    /// The `info` of a reset. Default: empty.
    fn reset_info(&self, _model: &Model, _state: &State) -> Info {
        Info::default()
    }

    /// Whether contact forces on bodies ([`State::cfrc_ext`]) are observed or rewarded. Default: no.
    fn needs_contact_forces(&self) -> bool {
        false
    }
}
