//! The interface of an environment: spaces, reset, step, and its whole state.

use crate::dynamics::{Model, State};
use crate::error::{check, check_length};
use crate::numpy_rng::NumpyRng;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// One number of an observation or an action.
#[derive(Clone, Debug, PartialEq)]
pub struct SpaceDim {
    /// What it is: a coordinate's name, for velocities with `velocity of` in front.
    pub name: String,
    /// SI unit, or `1` for a plain number.
    pub unit: &'static str,
    /// Lowest value; `-inf` when unbounded.
    pub low: f64,
    /// Highest value; `inf` when unbounded.
    pub high: f64,
}

impl SpaceDim {
    /// A number without bounds.
    #[must_use]
    pub fn unbounded(name: impl Into<String>, unit: &'static str) -> Self {
        Self::bounded(name, unit, f64::INFINITY)
    }

    /// A number within ±`limit`.
    #[must_use]
    pub fn bounded(name: impl Into<String>, unit: &'static str, limit: f64) -> Self {
        Self {
            name: name.into(),
            unit,
            low: -limit,
            high: limit,
        }
    }
}

/// What is known of a task before it runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskInfo {
    /// Name and version, such as `HalfCheetah-v5`: the name under which the task is registered.
    pub id: &'static str,
    /// The task in one sentence.
    pub about: &'static str,
    /// Where the task is defined.
    pub source: &'static str,
    /// The observation, number by number.
    pub observation: Vec<SpaceDim>,
    /// The action, number by number.
    pub action: Vec<SpaceDim>,
    /// Names of the numbers in [`Step::info`].
    pub info: &'static [&'static str],
    /// Physics steps per step of the environment.
    pub frame_skip: usize,
    /// Steps after which an episode is truncated; 0 is never: an evaluation then waits until the task itself ends, and
    /// fails where that takes more than 100,000 steps.
    pub max_episode_steps: usize,
}

impl TaskInfo {
    /// Checks what [`Env::step`] is given: an action of finite numbers and an observation, both of the task's length.
    ///
    /// # Errors
    /// [`Error::Length`] and [`Error::NotFinite`].
    pub fn check_step(&self, action: &[f64], observation: &[f64]) -> Result<()> {
        check("action", action, self.action.len())?;
        check_length("observation", observation, self.observation.len())
    }
}

/// Most numbers that an [`Info`] holds.
const INFO_CAPACITY: usize = 16;

/// Named numbers that explain a reward, by Gymnasium's names; held in place, so a step allocates nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Info {
    names: &'static [&'static str],
    values: [f64; INFO_CAPACITY],
}

impl Info {
    /// Holds the first of `values` under `names`, of which there may be fewer. More than 16 values do not compile.
    ///
    /// ```
    /// let info = envs::Info::new(&["reward_forward", "reward_ctrl"], [1.5, -0.1]);
    /// assert_eq!(info.get("reward_ctrl"), Some(-0.1));
    /// ```
    #[must_use]
    pub fn new<const N: usize>(names: &'static [&'static str], values: [f64; N]) -> Self {
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
    /// Whether the time limit was reached: the episode stops although the task has not ended.
    pub truncated: bool,
    /// Terms of the reward and where the robot is.
    pub info: Info,
}

/// Everything that determines how an environment continues.
///
/// An environment of your own keeps its numbers, whatever they are, in `qpos` and `qvel`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnvState {
    /// Generalized positions `[nq]` (m, rad).
    pub qpos: Vec<f64>,
    /// Generalized velocities `[nv]` (m/s, rad/s).
    pub qvel: Vec<f64>,
    /// Accelerations `[nv]` from which the constraint solver starts.
    pub qacc_warmstart: Vec<f64>,
    /// Activations of actuators `[na]`; empty for zeros.
    #[serde(default)]
    pub act: Vec<f64>,
    /// Steps since the episode began.
    pub elapsed_steps: usize,
    /// What the outcome of the next step is computed from, which can be older than the positions; see
    /// [`Task::pre_step`](crate::tasks::Task::pre_step).
    #[serde(default)]
    pub pre_step: Option<[f64; 3]>,
    /// The random numbers of resets.
    #[serde(default)]
    pub rng: Option<NumpyRng>,
}

impl EnvState {
    /// A state at the start of an episode, without warm start and random numbers.
    #[must_use]
    pub fn at(qpos: &[f64], qvel: &[f64]) -> Self {
        Self {
            qpos: qpos.to_vec(),
            qvel: qvel.to_vec(),
            qacc_warmstart: vec![0.0; qvel.len()],
            ..Self::default()
        }
    }
}

/// An environment. A clone of it, also in mid-episode, goes on identically.
///
/// A new environment waits for its first reset. Observations and actions are `f64`, in
/// the order of [`TaskInfo::observation`] and [`TaskInfo::action`].
///
/// Four methods make an environment of your own; two more make it resumable:
///
/// ```
/// use envs::{Env, EnvState, Error, Info, NumpyRng, Result, SpaceDim, Step, TaskInfo};
///
/// /// A point on a line, pushed towards 0.
/// #[derive(Clone)]
/// struct Point {
///     info: TaskInfo,
///     x: f64,
///     elapsed_steps: usize,
///     rng: Option<NumpyRng>,
/// }
///
/// impl Point {
///     fn new() -> Self {
///         let info = TaskInfo {
///             id: "Point-v0",
///             about: "A point on a line moves to 0.",
///             observation: vec![SpaceDim::unbounded("x", "m")],
///             action: vec![SpaceDim::bounded("velocity", "m/s", 1.0)],
///             max_episode_steps: 100,
///             ..TaskInfo::default()
///         };
///         Self { info, x: 0.0, elapsed_steps: 0, rng: None }
///     }
/// }
///
/// impl Env for Point {
///     fn info(&self) -> &TaskInfo {
///         &self.info
///     }
///
///     fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()> {
///         self.rng = Some(NumpyRng::new(seed));
///         self.reset_next(observation)
///     }
///
///     fn reset_next(&mut self, observation: &mut [f64]) -> Result<()> {
///         let rng = self.rng.as_mut().ok_or(Error::NotReset { task: self.info.id })?;
///         self.x = rng.uniform(-1.0, 1.0);
///         self.elapsed_steps = 0;
///         observation.copy_from_slice(&[self.x]);
///         Ok(())
///     }
///
///     fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step> {
///         self.info.check_step(action, observation)?;
///         self.x += 0.05 * action[0].clamp(-1.0, 1.0);
///         self.elapsed_steps += 1;
///         observation.copy_from_slice(&[self.x]);
///         Ok(Step {
///             reward: -self.x * self.x,
///             terminated: self.x.abs() > 2.0,
///             truncated: self.elapsed_steps >= self.info.max_episode_steps,
///             info: Info::default(),
///         })
///     }
///
///     fn state(&self) -> Result<EnvState> {
///         Ok(EnvState {
///             qpos: vec![self.x],
///             elapsed_steps: self.elapsed_steps,
///             rng: self.rng.clone(),
///             ..EnvState::default()
///         })
///     }
///
///     fn set_state(&mut self, state: &EnvState, observation: &mut [f64]) -> Result<()> {
///         self.x = state.qpos[0];
///         self.elapsed_steps = state.elapsed_steps;
///         self.rng.clone_from(&state.rng);
///         observation.copy_from_slice(&[self.x]);
///         Ok(())
///     }
/// }
///
/// envs::register("Point-v0", || Ok(Point::new().into()))?;
/// let mut env = envs::make("point")?;
/// let mut observation = [0.0];
/// env.reset(0, &mut observation)?;
/// let step = env.step(&[-observation[0].signum()], &mut observation)?;
/// assert!(step.reward > -1.0);
/// # Ok::<(), envs::Error>(())
/// ```
pub trait Env: CloneEnv + Send + Sync {
    /// The task: spaces, limits, source.
    fn info(&self) -> &TaskInfo;

    /// Begins an episode drawn from `seed`; equal seeds begin equally, whatever came before. Gymnasium's
    /// `reset(seed=…)` begins the same episode.
    ///
    /// # Errors
    /// [`Error::Length`] unless `observation` has the task's length.
    fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()>;

    /// Begins another episode, with the random numbers that follow; Gymnasium's `reset()` without a seed.
    ///
    /// # Errors
    /// [`Error::Length`], and [`Error::NotReset`] when there was no reset with a seed.
    fn reset_next(&mut self, observation: &mut [f64]) -> Result<()>;

    /// Where the robot is now: right after a reset, the `info` of Gymnasium's `reset`, by its names. Empty for tasks
    /// and versions whose reset has none.
    fn reset_info(&self) -> Info {
        Info::default()
    }

    /// Applies `action` for one step. Forces are clamped to the action's range, costs are not, as in Gymnasium.
    ///
    /// After `terminated` or `truncated` the physics may still be stepped, as in Gymnasium: the flags are
    /// computed anew each time, and `truncated` stays until the next reset.
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::NotFinite`]; the environment is then untouched.
    /// [`Error::NotReset`] before the first reset. [`Error::Diverged`] when the physics met a number
    /// that is not finite or too large; as in MuJoCo it then starts over in the model's reference pose, from where
    /// the environment can be stepped on or reset, and the warning is counted (`State::warnings`).
    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step>;

    /// Everything that determines how the environment continues.
    ///
    /// # Errors
    /// [`Error::NotResumable`], unless the environment implements it.
    fn state(&self) -> Result<EnvState> {
        let task = self.info().id;
        Err(Error::NotResumable { task })
    }

    /// Continues from `state`: every later step goes as it would have gone there. What `observation` holds of
    /// derived quantities is computed anew, at the time of the positions.
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::NotFinite`]; the environment is then untouched.
    /// [`Error::NotResumable`], unless the environment implements it.
    fn set_state(&mut self, _state: &EnvState, _observation: &mut [f64]) -> Result<()> {
        let task = self.info().id;
        Err(Error::NotResumable { task })
    }

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

impl<T: Env + 'static> From<T> for Box<dyn Env> {
    fn from(env: T) -> Self {
        Box::new(env)
    }
}

impl Clone for Box<dyn Env> {
    fn clone(&self) -> Self {
        (**self).clone_env()
    }
}
