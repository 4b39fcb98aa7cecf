//! The interface of an environment: spaces, reset, step, and its whole state.

use crate::Result;
use serde::{Deserialize, Serialize};

/// One number of an observation or an action.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// What it is: a coordinate's name, for velocities with `velocity of` in front.
    pub name: &'static str,
    /// SI unit, or `1` for a plain number.
    pub unit: &'static str,
    /// Lowest value; `-inf` when unbounded.
    pub low: f64,
    /// Highest value; `inf` when unbounded.
    pub high: f64,
}

/// What is known of a task before it runs.
#[derive(Debug, PartialEq)]
pub struct TaskInfo {
    /// Name and version, such as `HalfCheetah-v5`.
    pub id: &'static str,
    /// The task in one sentence.
    pub about: &'static str,
    /// Where the task is defined.
    pub source: &'static str,
    /// The observation, number by number.
    pub observation: &'static [Quantity],
    /// The action, number by number.
    pub action: &'static [Quantity],
    /// Names of the numbers in [`Step::info`].
    pub info: &'static [&'static str],
    /// Physics steps per step of the environment.
    pub frame_skip: usize,
    /// Steps after which an episode is truncated.
    pub max_episode_steps: usize,
}

/// Most numbers that [`Info`] holds.
const INFO_CAPACITY: usize = 8;

/// Named numbers that explain a reward, by Gymnasium's names; held in place, so a step allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    terms: [(&'static str, f64); INFO_CAPACITY],
    len: usize,
}

impl Info {
    /// Holds `terms`, of which there are at most eight.
    pub(crate) fn new<const N: usize>(terms: [(&'static str, f64); N]) -> Self {
        const { assert!(N <= INFO_CAPACITY) };
        let mut all = [("", 0.0); INFO_CAPACITY];
        all[..N].copy_from_slice(&terms);
        Self { terms: all, len: N }
    }

    /// The number of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter()
            .find(|(term, _)| *term == name)
            .map(|(_, value)| value)
    }

    /// All names and numbers, in the order of [`TaskInfo::info`].
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.terms[..self.len].iter().copied()
    }
}

/// What a step brought, besides the observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Reward of the step.
    pub reward: f64,
    /// Whether the task itself ended (the robot fell): the value of what follows is zero.
    pub terminated: bool,
    /// Whether the time limit was reached: the episode stops, the task would have gone on.
    pub truncated: bool,
    /// Terms of the reward and where the robot is.
    pub info: Info,
}

/// Everything that decides how an environment goes on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnvState {
    /// Generalized positions `[nq]` (m, rad).
    pub qpos: Vec<f64>,
    /// Generalized velocities `[nv]` (m/s, rad/s).
    pub qvel: Vec<f64>,
    /// Accelerations `[nv]` from which the constraint solver starts.
    pub qacc_warmstart: Vec<f64>,
    /// Steps since the episode began.
    pub elapsed_steps: usize,
}

impl EnvState {
    /// A state at the start of an episode, without warm start.
    pub fn at(qpos: &[f64], qvel: &[f64]) -> Self {
        Self {
            qpos: qpos.to_vec(),
            qvel: qvel.to_vec(),
            qacc_warmstart: vec![0.0; qvel.len()],
            elapsed_steps: 0,
        }
    }
}

/// An environment. A clone of it, also in mid-episode, goes on identically.
///
/// A new environment stands in the model's reference pose at step 0. Observations and actions are `f64`, in
/// the order of [`TaskInfo::observation`] and [`TaskInfo::action`].
pub trait Env: CloneEnv + Send {
    /// The task: spaces, limits, source.
    fn info(&self) -> &'static TaskInfo;

    /// Begins an episode drawn from `seed`; equal seeds begin equally, whatever came before.
    ///
    /// # Errors
    /// [`crate::Error::Length`] unless `observation` has the task's length.
    fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()>;

    /// Applies `action` for one step. Forces are clamped to the action's range, costs are not, as in Gymnasium.
    ///
    /// After `terminated` or `truncated` the physics may still be stepped, as in Gymnasium: the flags are
    /// computed anew each time, and `truncated` stays until the next reset.
    ///
    /// # Errors
    /// [`crate::Error::Length`] or [`crate::Error::NotFinite`]; the environment is then untouched.
    /// [`crate::Error::Diverged`] when the physics met a number that is not finite; reset it.
    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step>;

    /// Everything that decides how the environment goes on.
    fn state(&self) -> EnvState;

    /// Continues from `state`.
    ///
    /// # Errors
    /// [`crate::Error::Length`] or [`crate::Error::NotFinite`]; the environment is then untouched.
    fn set_state(&mut self, state: &EnvState, observation: &mut [f64]) -> Result<()>;
}

/// Cloning behind a box; every [`Env`] that is `Clone` has it.
pub trait CloneEnv {
    /// A clone in a box.
    fn clone_env(&self) -> Box<dyn Env>;
}

impl<T: Env + Clone + 'static> CloneEnv for T {
    fn clone_env(&self) -> Box<dyn Env> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Env> {
    fn clone(&self) -> Self {
        (**self).clone_env()
    }
}
