//! The interface of an environment: spaces, reset, step, and its whole state.

use crate::Result;
use crate::dynamics::{Model, State};
use crate::numpy_rng::Generator;
use serde::{Deserialize, Serialize};

/// One number of an observation or an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// What it is: a coordinate's name, for velocities with `velocity of` in front.
    pub name: String,
    /// SI unit, or `1` for a plain number.
    pub unit: &'static str,
    /// Lowest value; `-inf` when unbounded.
    pub low: f64,
    /// Highest value; `inf` when unbounded.
    pub high: f64,
}

/// What is known of a task before it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskInfo {
    /// Name and version, such as `HalfCheetah-v5`.
    pub id: &'static str,
    /// The task in one sentence.
    pub about: &'static str,
    /// Where the task is defined.
    pub source: &'static str,
    /// The observation, number by number.
    pub observation: Vec<Quantity>,
    /// The action, number by number.
    pub action: Vec<Quantity>,
    /// Names of the numbers in [`Step::info`].
    pub info: &'static [&'static str],
    /// Physics steps per step of the environment.
    pub frame_skip: usize,
    /// Steps after which an episode is truncated; 0 is never.
    pub max_episode_steps: usize,
}

/// Most numbers that [`Info`] holds.
const INFO_CAPACITY: usize = 13;

/// Named numbers that explain a reward, by Gymnasium's names; held in place, so a step allocates nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Info {
    names: &'static [&'static str],
    values: [f64; INFO_CAPACITY],
}

impl Info {
    /// Holds the first of `values` under `names`, of which there may be fewer.
    pub(crate) fn named<const N: usize>(names: &'static [&'static str], values: [f64; N]) -> Self {
        const { assert!(N <= INFO_CAPACITY) };
        let mut all = [0.0; INFO_CAPACITY];
        all[..N].copy_from_slice(&values);
        Self { names, values: all }
    }

    /// The number of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter()
            .find(|(term, _)| *term == name)
            .map(|(_, value)| value)
    }

    /// All names and numbers, in the order of [`TaskInfo::info`].
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let pairs = self.names.iter().zip(self.values);
        pairs.map(|(name, value)| (*name, value))
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
    /// What the next step is judged by, which can be older than the positions.
    #[serde(default)]
    pub(crate) before: Option<[f64; 3]>,
    /// Where the random numbers of resets are.
    #[serde(default)]
    pub(crate) generator: Option<Generator>,
}

impl EnvState {
    /// A state at the start of an episode, without warm start.
    pub fn at(qpos: &[f64], qvel: &[f64]) -> Self {
        Self {
            qpos: qpos.to_vec(),
            qvel: qvel.to_vec(),
            qacc_warmstart: vec![0.0; qvel.len()],
            elapsed_steps: 0,
            before: None,
            generator: None,
        }
    }
}

/// An environment. A clone of it, also in mid-episode, goes on identically.
///
/// A new environment waits for its first reset. Observations and actions are `f64`, in
/// the order of [`TaskInfo::observation`] and [`TaskInfo::action`].
pub trait Env: CloneEnv + Send + Sync {
    /// The task: spaces, limits, source.
    fn info(&self) -> &TaskInfo;

    /// Begins an episode drawn from `seed`; equal seeds begin equally, whatever came before. Gymnasium's
    /// `reset(seed=…)` begins the same episode.
    ///
    /// # Errors
    /// [`crate::Error::Length`] unless `observation` has the task's length.
    fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()>;

    /// Begins another episode, with the random numbers that follow; Gymnasium's `reset()` without a seed.
    ///
    /// # Errors
    /// [`crate::Error::Length`], and [`crate::Error::NotReset`] when there was no reset with a seed.
    fn reset_next(&mut self, observation: &mut [f64]) -> Result<()>;

    /// Where the robot is now: right after a reset, the `info` of Gymnasium's `reset`, by its names. Empty for tasks and
    /// versions whose reset tells nothing.
    fn reset_info(&self) -> Info {
        Info::default()
    }

    /// Applies `action` for one step. Forces are clamped to the action's range, costs are not, as in Gymnasium.
    ///
    /// After `terminated` or `truncated` the physics may still be stepped, as in Gymnasium: the flags are
    /// computed anew each time, and `truncated` stays until the next reset.
    ///
    /// # Errors
    /// [`crate::Error::Length`] or [`crate::Error::NotFinite`]; the environment is then untouched.
    /// [`crate::Error::NotReset`] before the first reset. [`crate::Error::Diverged`] when the physics met a number
    /// that is not finite or too large; as in MuJoCo it then starts over in the model's reference pose, from where
    /// the environment can be stepped on or reset, and the warning is counted (`State::warnings`).
    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step>;

    /// Everything that decides how the environment goes on.
    fn state(&self) -> EnvState;

    /// Continues from `state`: every later step goes as it would have gone there. What `observation` holds of
    /// derived quantities is computed anew, at the time of the positions.
    ///
    /// # Errors
    /// [`crate::Error::Length`] or [`crate::Error::NotFinite`]; the environment is then untouched.
    fn set_state(&mut self, state: &EnvState, observation: &mut [f64]) -> Result<()>;

    /// The physics behind it, if it has any: for pictures and measurements.
    fn physics(&self) -> Option<(&Model, &State)> {
        None
    }
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
