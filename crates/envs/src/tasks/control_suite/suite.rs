//! The environment of a task of the suite: resets, control steps, the time limit. dm_control, `rl/control.py` and
//! `mujoco/engine.py`.

use std::sync::Arc;

use crate::dynamics::{Model, State, diverged, forward_unactuated, step, step1, step2};
use crate::env::{Env, EnvState, SpaceDim, Step, TaskInfo};
use crate::error::{check, check_length};
use crate::numpy_rng::{NUMBERS, RandomState};
use crate::tasks::common::action_dim;
use crate::tasks::{Observation, TaskSpec};
use crate::{Error, Info, Result};

/// A task with the suite's conventions, which differ from [`Task`](crate::tasks::Task)'s: what is observed and rewarded is
/// of the time of the positions, an episode can draw more than positions and velocities, and nothing but time ends it.
///
/// [`Suite`] makes an environment of it.
pub trait SuiteTask: Clone + Send + Sync + 'static {
    /// Name, source and limits.
    fn spec(&self) -> TaskSpec;

    /// The task's model.
    ///
    /// # Errors
    /// [`Error::Mjcf`] when it cannot be compiled.
    fn model(&self) -> Result<Model>;

    /// What is observed, number by number.
    fn observation_space(&self, model: &Model) -> Vec<SpaceDim>;

    /// Writes the observation of a state: one number for each of [`observation_space`](Self::observation_space).
    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>);

    /// Sets where an episode begins. At first all is in the reference pose at rest, with everything computed there.
    fn begin(&self, start: &mut Start<'_>);

    /// How many numbers an episode draws that are no positions or velocities. Default: none.
    fn drawn(&self) -> usize {
        0
    }

    /// Changes the model as these numbers say, such as where the target is; see [`Start::arrange`]. Default: not at all.
    fn arrange(&self, _model: &mut Model, _drawn: &[f64]) {}

    /// The reward of the control step that led to a state, mostly between 0 and 1.
    fn reward(&self, model: &Model, state: &State) -> f64;
}

/// An episode that begins.
pub struct Start<'a> {
    /// The random numbers.
    pub rng: &'a mut RandomState,
    /// The state.
    pub state: &'a mut State,
    model: &'a mut Arc<Model>,
    drawn: &'a mut Vec<f64>,
}

impl Start<'_> {
    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        self.model
    }

    /// Draws numbers that are no positions or velocities, and changes the model as `task` makes of them.
    pub fn arrange(&mut self, task: &impl SuiteTask, drawn: &[f64]) {
        self.drawn.clear();
        self.drawn.extend_from_slice(drawn);
        task.arrange(Arc::make_mut(self.model), drawn);
    }

    /// Back to the reference pose at rest, with everything computed there.
    pub fn reset(&mut self) {
        self.state.reset(self.model);
        self.settle();
    }

    /// Computes everything at the positions and velocities set so far, with all actuators off.
    pub fn settle(&mut self) {
        forward_unactuated(self.model, self.state);
    }

    /// Whether anything touches, at the positions set so far.
    pub fn touches(&mut self) -> bool {
        self.settle();
        !self.state.contacts.is_empty()
    }

    /// Takes physics steps without control. What the first one takes to be the place of bodies is what was computed last.
    pub fn step(&mut self, steps: usize) {
        advance(self.model, self.state, steps);
        self.state.time = 0.0;
    }
}

/// Physics steps from a state whose positions and velocities are known to all stages, to another such state.
fn advance(model: &Model, state: &mut State, steps: usize) {
    if steps > 0 {
        step2(model, state);
    }
    for _ in 1..steps {
        step(model, state);
    }
    step1(model, state);
}

/// The environment of a task of the suite.
///
/// [`EnvState::qpos`] holds what the episode drew and the generator behind the positions; it may be left out.
///
/// ```
/// use envs::{Env, tasks::control_suite::{Cartpole, Suite}};
///
/// let mut env = Suite::new(Cartpole::swingup())?;
/// let mut observation = [0.0; 5];
/// env.reset(0, &mut observation)?;
/// let step = env.step(&[1.0], &mut observation)?;
/// assert!(0.0 <= step.reward && step.reward <= 1.0 && !step.terminated);
/// # Ok::<(), envs::Error>(())
/// ```
#[derive(Clone)]
pub struct Suite<T> {
    task: T,
    model: Arc<Model>,
    info: Arc<TaskInfo>,
    state: State,
    /// What the episode drew that is no position or velocity.
    drawn: Vec<f64>,
    /// None before the first reset.
    rng: Option<RandomState>,
    begun: bool,
    elapsed_steps: usize,
}

impl<T: SuiteTask> Suite<T> {
    /// An environment of `task`, which waits for its first reset.
    ///
    /// # Errors
    /// [`Error::Mjcf`] when the task's model cannot be compiled; [`Error::Observation`] when the task observes another number
    /// of numbers than it says.
    pub fn new(task: T) -> Result<Self> {
        let model = task.model()?;
        let spec = task.spec();
        let info = TaskInfo {
            id: spec.id,
            about: spec.about,
            source: spec.source,
            observation: task.observation_space(&model),
            action: (0..model.nu).map(|i| action_dim(&model, i)).collect(),
            info: spec.info,
            frame_skip: spec.frame_skip,
            max_episode_steps: spec.max_episode_steps,
        };
        let mut state = State::new(&model);
        forward_unactuated(&model, &mut state);
        let mut observation = vec![0.0; info.observation.len()];
        let env = Self {
            state,
            drawn: vec![0.0; task.drawn()],
            rng: None,
            begun: false,
            elapsed_steps: 0,
            info: Arc::new(info),
            model: Arc::new(model),
            task,
        };
        env.observe(&mut observation)?;
        Ok(env)
    }

    /// The same with another limit of an episode's time (s, above 0): infinite for none.
    #[must_use]
    pub fn with_time_limit(mut self, seconds: f64) -> Self {
        let step = self.model.opt.timestep * self.info.frame_skip as f64;
        let limit = (seconds / step).ceil();
        let info = Arc::make_mut(&mut self.info);
        info.max_episode_steps = if limit.is_finite() { limit as usize } else { 0 };
        self
    }

    /// Writes the observation of the state.
    fn observe(&self, observation: &mut [f64]) -> Result<()> {
        Observation::fill(observation, self.info.id, |observation| {
            self.task.observe(&self.model, &self.state, observation);
        })
    }

    /// Begins an episode with these random numbers.
    fn begin_episode(&mut self, rng: RandomState, observation: &mut [f64]) -> Result<()> {
        let mut start = Start {
            rng: self.rng.insert(rng),
            state: &mut self.state,
            model: &mut self.model,
            drawn: &mut self.drawn,
        };
        start.reset();
        self.task.begin(&mut start);
        start.settle();
        self.elapsed_steps = 0;
        self.begun = true;
        self.observe(observation)
    }

    /// The numbers behind the positions in [`EnvState::qpos`].
    fn numbers(&self) -> Vec<f64> {
        let rng = self.rng.as_ref().map(RandomState::numbers);
        let known = f64::from(u8::from(rng.is_some()));
        [&self.drawn[..], &[known], &rng.unwrap_or_default()].concat()
    }
}

impl<T: SuiteTask> Env for Suite<T> {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()> {
        check_length("observation", observation, self.info.observation.len())?;
        self.begin_episode(RandomState::new(seed), observation)
    }

    fn reset_next(&mut self, observation: &mut [f64]) -> Result<()> {
        check_length("observation", observation, self.info.observation.len())?;
        let task = self.info.id;
        let rng = self.rng.clone().ok_or(Error::NotReset { task })?;
        self.begin_episode(rng, observation)
    }

    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step> {
        self.info.check_step(action, observation)?;
        let task = self.info.id;
        if !self.begun {
            return Err(Error::NotReset { task });
        }
        self.state.ctrl.copy_from_slice(action);
        // The first half of the step, which looks for bad numbers, was taken before.
        let mut broken = diverged(&self.model, &mut self.state);
        if !broken {
            advance(&self.model, &mut self.state, self.info.frame_skip);
            broken = diverged(&self.model, &mut self.state);
        }
        if broken {
            forward_unactuated(&self.model, &mut self.state);
            self.observe(observation)?;
            let elapsed_steps = self.elapsed_steps;
            return Err(Error::Diverged {
                task,
                elapsed_steps,
            });
        }
        self.elapsed_steps = self.elapsed_steps.saturating_add(1);
        self.observe(observation)?;
        let limit = self.info.max_episode_steps;
        Ok(Step {
            reward: self.task.reward(&self.model, &self.state),
            terminated: false,
            truncated: limit > 0 && self.elapsed_steps >= limit,
            info: Info::default(),
        })
    }

    fn state(&self) -> Result<EnvState> {
        Ok(EnvState {
            qpos: [&self.state.qpos[..], &self.numbers()].concat(),
            qvel: self.state.qvel.clone(),
            qacc_warmstart: self.state.qacc_warmstart.clone(),
            act: self.state.act.clone(),
            elapsed_steps: self.elapsed_steps,
            ..EnvState::default()
        })
    }

    fn set_state(&mut self, state: &EnvState, observation: &mut [f64]) -> Result<()> {
        let (model, drawn) = (&self.model, self.drawn.len());
        let whole = model.nq + drawn + 1 + NUMBERS;
        let behind = if state.qpos.len() == model.nq {
            model.nq
        } else {
            whole
        };
        check("qpos", &state.qpos, behind)?;
        check("qvel", &state.qvel, model.nv)?;
        check("qacc_warmstart", &state.qacc_warmstart, model.nv)?;
        if !state.act.is_empty() {
            check("act", &state.act, model.na)?;
        }
        check_length("observation", observation, self.info.observation.len())?;
        let (qpos, numbers) = state.qpos.split_at(model.nq);
        if let Some((drawn, rng)) = numbers.split_at_checked(drawn)
            && let Some((known, rng)) = rng.split_first()
        {
            self.drawn.copy_from_slice(drawn);
            if !drawn.is_empty() {
                self.task.arrange(Arc::make_mut(&mut self.model), drawn);
            }
            let rng = <[f64; NUMBERS]>::try_from(rng).unwrap_or_default();
            self.rng = (*known != 0.0).then(|| RandomState::read(rng));
        }
        self.state.reset(&self.model);
        for (to, from) in self.state.act.iter_mut().zip(&state.act) {
            *to = *from;
        }
        self.state.qpos.copy_from_slice(qpos);
        self.state.qvel.copy_from_slice(&state.qvel);
        forward_unactuated(&self.model, &mut self.state);
        self.observe(observation)?;
        self.state
            .qacc_warmstart
            .copy_from_slice(&state.qacc_warmstart);
        self.elapsed_steps = state.elapsed_steps;
        let dt = self.model.opt.timestep * self.info.frame_skip as f64;
        self.state.time = state.elapsed_steps as f64 * dt;
        self.begun = true;
        Ok(())
    }

    fn physics(&self) -> Option<(&Model, &State)> {
        Some((&self.model, &self.state))
    }
}
