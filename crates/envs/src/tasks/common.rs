//! What all MuJoCo tasks share: the loop around the physics, reset noise, the time limit.

use crate::dynamics::model::Model;
use crate::dynamics::{State, forward, step};
use crate::env::{Env, EnvState, Info, Quantity, Step, TaskInfo};
use crate::{Error, Result, mjcf};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use std::sync::Arc;

/// Noise around the reference pose at the start of an episode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResetNoise {
    /// Half-width of the uniform noise, standard deviation of the normal one (m, rad, m/s, rad/s).
    pub scale: f64,
    /// Whether velocities are normal; positions always are uniform.
    pub normal_velocity: bool,
}

/// What a task judges: the state after a step, and how it came about.
#[derive(Clone, Copy, Debug)]
pub struct Transition<'a> {
    /// The action as given, not clamped `[nu]`.
    pub action: &'a [f64],
    /// Positions before `[nq]`.
    pub qpos_before: &'a [f64],
    /// Positions after `[nq]`.
    pub qpos: &'a [f64],
    /// Velocities after `[nv]`.
    pub qvel: &'a [f64],
    /// Positions in the reference pose `[nq]`.
    pub qpos0: &'a [f64],
    /// Length of the step (s).
    pub dt: f64,
}

impl Transition<'_> {
    /// Mean forward velocity of the first coordinate (m/s).
    pub(super) fn x_velocity(&self) -> f64 {
        (self.qpos[0] - self.qpos_before[0]) / self.dt
    }

    /// Sum of the squares of the action.
    pub(super) fn effort(&self) -> f64 {
        self.action.iter().map(|a| a * a).sum()
    }
}

/// A task's judgement of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Reward of the step.
    pub reward: f64,
    /// Whether the task ended.
    pub terminated: bool,
    /// The terms of the reward, named as in [`TaskInfo::info`].
    pub info: Info,
}

/// A task: a model, what is seen of it, and what is rewarded.
pub trait Task: Clone + Send + 'static {
    /// Name, spaces and limits.
    const INFO: &'static TaskInfo;
    /// The model's MJCF text.
    const XML: &'static str;

    /// Noise at the start of an episode.
    fn reset_noise(&self) -> ResetNoise;
    /// Writes the observation of a state.
    fn observe(&self, qpos: &[f64], qvel: &[f64], observation: &mut [f64]);
    /// Judges a step.
    fn score(&self, transition: &Transition<'_>) -> Score;
}

/// The environment of a task.
///
/// ```
/// use envs::{Env, Mujoco, tasks::HalfCheetah};
///
/// let task = HalfCheetah { ctrl_cost_weight: 0.0, ..HalfCheetah::default() };
/// let mut env = Mujoco::new(task)?;
/// let mut observation = [0.0; 17];
/// env.reset(7, &mut observation)?;
/// let step = env.step(&[0.5; 6], &mut observation)?;
/// assert_eq!(step.info.get("reward_ctrl"), Some(0.0));
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone)]
pub struct Mujoco<T> {
    task: T,
    model: Arc<Model>,
    state: State,
    qpos_before: Vec<f64>,
    elapsed_steps: usize,
    max_episode_steps: usize,
}

impl<T: Task> Mujoco<T> {
    /// An environment of `task`, in the reference pose.
    ///
    /// # Errors
    /// [`Error::Mjcf`] when the task's model cannot be compiled.
    pub fn new(task: T) -> Result<Self> {
        let model = mjcf::compile(T::XML, T::INFO.id)?;
        let state = State::new(&model);
        Ok(Self {
            task,
            qpos_before: model.qpos0.clone(),
            state,
            elapsed_steps: 0,
            max_episode_steps: T::INFO.max_episode_steps,
            model: Arc::new(model),
        })
    }

    /// The same environment with another time limit; 0 is none.
    #[must_use]
    pub fn with_time_limit(mut self, steps: usize) -> Self {
        self.max_episode_steps = steps;
        self
    }

    /// The compiled model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Length of one step of the environment (s).
    pub fn dt(&self) -> f64 {
        self.model.opt.timestep * T::INFO.frame_skip as f64
    }

    /// The physics: frames, contacts, forces, as the last physics step left them. MuJoCo: Computation,
    /// "Consistency in mjData".
    pub fn physics(&self) -> &State {
        &self.state
    }

    fn begin(&mut self, qpos: &[f64], qvel: &[f64]) {
        self.state.reset(&self.model);
        self.state.qpos.copy_from_slice(qpos);
        self.state.qvel.copy_from_slice(qvel);
        self.elapsed_steps = 0;
        forward(&self.model, &mut self.state);
    }

    fn observe(&self, observation: &mut [f64]) {
        self.task
            .observe(&self.state.qpos, &self.state.qvel, observation);
    }
}

impl<T: Task> Env for Mujoco<T> {
    fn info(&self) -> &'static TaskInfo {
        T::INFO
    }

    fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()> {
        check_length("observation", observation, T::INFO.observation.len())?;
        let ResetNoise {
            scale,
            normal_velocity,
        } = self.task.reset_noise();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let uniform = |rng: &mut ChaCha8Rng| {
            // An empty range has no distribution; no noise is what it means.
            Uniform::new_inclusive(-scale, scale).map_or(0.0, |noise| noise.sample(rng))
        };
        let qpos: Vec<f64> = self
            .model
            .qpos0
            .iter()
            .map(|q| q + uniform(&mut rng))
            .collect();
        let qvel: Vec<f64> = (0..self.model.nv)
            .map(|_| {
                if normal_velocity {
                    let unit: f64 = StandardNormal.sample(&mut rng);
                    scale * unit
                } else {
                    uniform(&mut rng)
                }
            })
            .collect();
        self.begin(&qpos, &qvel);
        self.observe(observation);
        Ok(())
    }

    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step> {
        check("action", action, self.model.nu)?;
        check_length("observation", observation, T::INFO.observation.len())?;
        self.qpos_before.copy_from_slice(&self.state.qpos);
        self.state.ctrl.copy_from_slice(action);
        for _ in 0..T::INFO.frame_skip {
            step(&self.model, &mut self.state);
        }
        if self.state.diverged {
            let (task, elapsed_steps) = (T::INFO.id, self.elapsed_steps);
            return Err(Error::Diverged {
                task,
                elapsed_steps,
            });
        }
        self.elapsed_steps += 1;
        self.observe(observation);
        let Score {
            reward,
            terminated,
            info,
        } = self.task.score(&Transition {
            action,
            qpos_before: &self.qpos_before,
            qpos: &self.state.qpos,
            qvel: &self.state.qvel,
            qpos0: &self.model.qpos0,
            dt: self.dt(),
        });
        let truncated = self.max_episode_steps > 0 && self.elapsed_steps >= self.max_episode_steps;
        Ok(Step {
            reward,
            terminated,
            truncated,
            info,
        })
    }

    fn state(&self) -> EnvState {
        EnvState {
            qpos: self.state.qpos.clone(),
            qvel: self.state.qvel.clone(),
            qacc_warmstart: self.state.qacc_warmstart.clone(),
            elapsed_steps: self.elapsed_steps,
        }
    }

    fn set_state(&mut self, state: &EnvState, observation: &mut [f64]) -> Result<()> {
        check("qpos", &state.qpos, self.model.nq)?;
        check("qvel", &state.qvel, self.model.nv)?;
        check("qacc_warmstart", &state.qacc_warmstart, self.model.nv)?;
        check_length("observation", observation, T::INFO.observation.len())?;
        self.begin(&state.qpos, &state.qvel);
        self.state
            .qacc_warmstart
            .copy_from_slice(&state.qacc_warmstart);
        self.elapsed_steps = state.elapsed_steps;
        self.state.time = state.elapsed_steps as f64 * self.dt();
        self.observe(observation);
        Ok(())
    }
}

fn check_length(what: &'static str, values: &[f64], expected: usize) -> Result<()> {
    if values.len() == expected {
        Ok(())
    } else {
        Err(Error::Length {
            what,
            got: values.len(),
            expected,
        })
    }
}

fn check(what: &'static str, values: &[f64], expected: usize) -> Result<()> {
    check_length(what, values, expected)?;
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NotFinite {
            what,
            index,
            value: values[index],
        }),
        None => Ok(()),
    }
}

/// Positions without the first, then velocities clipped to ±`limit`.
pub(super) fn planar_observation(qpos: &[f64], qvel: &[f64], limit: f64, observation: &mut [f64]) {
    let (positions, velocities) = observation.split_at_mut(qpos.len() - 1);
    positions.copy_from_slice(&qpos[1..]);
    for (seen, velocity) in velocities.iter_mut().zip(qvel) {
        *seen = velocity.clamp(-limit, limit);
    }
}

/// An unbounded position or velocity.
pub(super) const fn free(name: &'static str, unit: &'static str) -> Quantity {
    bounded(name, unit, f64::INFINITY)
}

/// A number within ±`limit`.
pub(super) const fn bounded(name: &'static str, unit: &'static str, limit: f64) -> Quantity {
    Quantity {
        name,
        unit,
        low: -limit,
        high: limit,
    }
}

/// A motor's control: ±1 of its greatest torque.
pub(super) const fn motor(name: &'static str) -> Quantity {
    bounded(name, "1", 1.0)
}
