//! What all MuJoCo tasks share: the loop around the physics, resets, the time limit.

mod needs;
pub(super) mod observed;
pub(super) mod planar;

use crate::dynamics::model::Model;
use crate::dynamics::{State, diverged, forward, post_constraint, step};
use crate::env::{Env, EnvState, Info, Quantity, Step, TaskInfo};
use crate::error::{check, check_length};
use crate::numpy_rng::Generator;
use crate::{Error, Result, mjcf};
use std::sync::Arc;

pub(super) use needs::Needs;

/// Revision of a task's definition. MuJoCo's numbers are those of 3.3.7 in all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// As on mujoco-py 2.0 and later, which reports no contact forces.
    V3,
    /// As on MuJoCo's own bindings.
    V4,
    /// Gymnasium's present definition.
    #[default]
    V5,
}

impl Version {
    /// The one of three values that belongs to the version.
    pub(in crate::tasks) fn pick<T>(self, v3: T, v4: T, v5: T) -> T {
        match self {
            Self::V3 => v3,
            Self::V4 => v4,
            Self::V5 => v5,
        }
    }
}

/// What is known of a task without its model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facts {
    /// Name and version, such as `HalfCheetah-v5`.
    pub id: &'static str,
    /// The task in one sentence.
    pub about: &'static str,
    /// Where the task is defined.
    pub source: &'static str,
    /// Names of the numbers in [`Step::info`].
    pub info: &'static [&'static str],
    /// Steps after which an episode is truncated; 0 is never.
    pub max_episode_steps: usize,
}

/// What a task keeps of the state before a step, to judge the step.
pub type Before = [f64; 3];

/// What a task judges: the state after a step, and how it came about.
#[derive(Clone, Copy, Debug)]
pub struct Transition<'a> {
    /// The action as given, not clamped `[nu]`.
    pub action: &'a [f64],
    /// What [`Task::before`] gave before the step.
    pub before: Before,
    /// The compiled model.
    pub model: &'a Model,
    /// The state after the step; its derived fields are those of its last force evaluation.
    pub state: &'a State,
    /// Length of the step (s).
    pub dt: f64,
}

impl Transition<'_> {
    /// Mean velocity (m/s) of a coordinate that was [`before`](Self::before)`[axis]`.
    pub(in crate::tasks) fn velocity(&self, axis: usize, now: f64) -> f64 {
        (now - self.before[axis]) / self.dt
    }

    /// Sum of the squares of the action.
    pub(in crate::tasks) fn effort(&self) -> f64 {
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

/// Where an episode begins: in the reference pose at rest, until a task changes that.
#[derive(Debug)]
pub struct Start<'a> {
    /// Positions `[nq]`.
    pub qpos: &'a mut [f64],
    /// Velocities `[nv]`.
    pub qvel: &'a mut [f64],
    pub(in crate::tasks) rng: &'a mut Generator,
}

impl Start<'_> {
    /// Adds uniform noise in ±`scale` to all positions.
    pub(in crate::tasks) fn shake_positions(&mut self, scale: f64) {
        for q in self.qpos.iter_mut() {
            *q += self.rng.uniform(-scale, scale);
        }
    }

    /// Adds uniform noise in ±`scale` to all velocities.
    pub(in crate::tasks) fn shake_velocities(&mut self, scale: f64) {
        for v in self.qvel.iter_mut() {
            *v += self.rng.uniform(-scale, scale);
        }
    }

    /// Adds normal noise of standard deviation `scale` to all velocities.
    pub(in crate::tasks) fn kick_velocities(&mut self, scale: f64) {
        for v in self.qvel.iter_mut() {
            *v += scale * self.rng.standard_normal();
        }
    }
}

/// A task: a model, what is seen of it, and what is rewarded.
pub trait Task: Clone + Send + Sync + 'static {
    /// Name, source and limits.
    fn facts(&self) -> Facts;

    /// Physics steps per step of the environment.
    fn frame_skip(&self) -> usize;

    /// The published model.
    ///
    /// # Errors
    /// [`Error::Mjcf`] when it cannot be compiled.
    fn model(&self) -> Result<Model>;

    /// Checks the settings, and that a model has what the task looks at.
    ///
    /// # Errors
    /// [`Error::Setting`] and [`Error::Model`].
    fn check(&self, model: &Model) -> Result<()>;

    /// What is observed, number by number.
    fn observed(&self, model: &Model) -> Vec<Quantity>;

    /// Sets where an episode begins.
    fn start(&self, start: &mut Start<'_>);

    /// Writes the observation of a state.
    fn observe(&self, model: &Model, state: &State, observation: &mut [f64]);

    /// What is needed of a state to judge the step that begins there.
    fn before(&self, model: &Model, state: &State) -> Before;

    /// Judges a step.
    fn score(&self, transition: &Transition<'_>) -> Score;

    /// What a reset tells of the state that it came to. Default: nothing.
    fn reset_info(&self, _model: &Model, _state: &State) -> Info {
        Info::default()
    }

    /// Whether contact forces on bodies are observed or rewarded.
    fn needs_contact_forces(&self) -> bool {
        false
    }
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
    info: Arc<TaskInfo>,
    state: State,
    /// What the next step will be judged by; none before the first reset.
    before: Option<Before>,
    generator: Option<Generator>,
    elapsed_steps: usize,
    fresh: bool,
}

impl<T: Task> Mujoco<T> {
    /// An environment of `task`, which waits for its first reset.
    ///
    /// # Errors
    /// [`Error::Setting`] when a setting is out of range; [`Error::Mjcf`] when the task's model cannot be compiled.
    pub fn new(task: T) -> Result<Self> {
        let model = task.model()?;
        Self::with_model(task, model)
    }

    /// An environment of `task` on a model of your own: Gymnasium's `xml_file`.
    ///
    /// Observation and action follow the model: all its positions, velocities, bodies and actuators. What the task
    /// looks at by number or name must be there, such as height as the third position.
    ///
    /// # Errors
    /// [`Error::Setting`] when a setting is out of range; [`Error::Model`] when the model lacks something.
    ///
    /// ```
    /// use envs::{Env, Mujoco, mjcf, tasks::Hopper};
    ///
    /// let xml = r#"<mujoco>
    ///   <compiler angle="radian"/>
    ///   <worldbody>
    ///     <body name="ball">
    ///       <joint name="x" type="slide" axis="1 0 0"/>
    ///       <joint name="z" type="slide" axis="0 0 1"/>
    ///       <joint name="lean" axis="0 1 0"/>
    ///       <geom size="0.1"/>
    ///     </body>
    ///   </worldbody>
    ///   <actuator><motor joint="x" ctrlrange="-2 2"/></actuator>
    /// </mujoco>"#;
    /// let env = Mujoco::with_model(Hopper::default(), mjcf::compile(xml, "ball")?)?;
    /// assert_eq!((env.info().observation.len(), env.info().action[0].high), (5, 2.0));
    ///
    /// let short = mjcf::compile(&xml.replace(r#"<joint name="lean" axis="0 1 0"/>"#, ""), "ball")?;
    /// let error = Mujoco::with_model(Hopper::default(), short).err().unwrap();
    /// assert_eq!(error.to_string(), "Hopper-v5 needs 3 positions (nq) or more; the model has 2");
    /// # Ok::<(), envs::Error>(())
    /// ```
    pub fn with_model(task: T, model: Model) -> Result<Self> {
        let facts = task.facts();
        if task.frame_skip() == 0 {
            return Err(Error::Setting {
                task: facts.id,
                name: "frame_skip",
                value: 0.0,
                allowed: "1 or more".into(),
            });
        }
        task.check(&model)?;
        let action = (0..model.nu).map(|actuator| {
            // As in Gymnasium the range counts also where the physics does not clamp to it. Without one, where Gymnasium
            // tells 0 to 0, any control is felt.
            let [low, high] = match model.actuators.ctrlrange[actuator] {
                [low, high] if low < high => [low, high],
                _ => [f64::NEG_INFINITY, f64::INFINITY],
            };
            Quantity {
                name: observed::driven(&model, actuator).into(),
                unit: "1",
                low,
                high,
            }
        });
        let info = TaskInfo {
            id: facts.id,
            about: facts.about,
            source: facts.source,
            observation: task.observed(&model),
            action: action.collect(),
            info: facts.info,
            frame_skip: task.frame_skip(),
            max_episode_steps: facts.max_episode_steps,
        };
        let mut state = State::new(&model);
        forward(&model, &mut state);
        Ok(Self {
            task,
            state,
            before: None,
            generator: None,
            elapsed_steps: 0,
            fresh: false,
            info: Arc::new(info),
            model: Arc::new(model),
        })
    }

    /// The same environment with another time limit; 0 is none.
    #[must_use]
    pub fn with_time_limit(mut self, steps: usize) -> Self {
        self.info = Arc::new(TaskInfo {
            max_episode_steps: steps,
            ..TaskInfo::clone(&self.info)
        });
        self
    }

    /// The same environment, with all that is observed and rewarded taken at the time of the positions.
    ///
    /// By default what derives from positions (places of bodies, inertias, velocities and forces in Cartesian
    /// space) is that of the last force evaluation, up to one physics step earlier, as in Gymnasium.
    #[must_use]
    pub fn with_fresh_observations(mut self) -> Self {
        self.fresh = true;
        self
    }

    /// The compiled model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Length of one step of the environment (s).
    pub fn dt(&self) -> f64 {
        self.model.opt.timestep * self.info.frame_skip as f64
    }

    /// The physics: frames, contacts, forces, as the last physics step left them. MuJoCo: Computation,
    /// "Consistency in mjData".
    pub fn physics(&self) -> &State {
        &self.state
    }

    /// Takes the positions and velocities of the state as the present; `look` says whether contact forces are computed
    /// for them, too.
    fn arrive(&mut self, look: bool, observation: &mut [f64]) {
        forward(&self.model, &mut self.state);
        if look {
            self.look();
        }
        self.before = Some(self.task.before(&self.model, &self.state));
        self.task.observe(&self.model, &self.state, observation);
    }

    /// Brings the contact forces on bodies up to date, where the task looks at them.
    fn look(&mut self) {
        if self.task.needs_contact_forces() {
            post_constraint(&self.model, &mut self.state);
        }
    }

    /// Begins an episode with the generator as it is.
    fn begin(&mut self, generator: Generator, observation: &mut [f64]) {
        let rng = self.generator.insert(generator);
        self.state.reset(&self.model);
        self.task.start(&mut Start {
            qpos: &mut self.state.qpos,
            qvel: &mut self.state.qvel,
            rng,
        });
        self.elapsed_steps = 0;
        // As in Gymnasium, which computes contact forces after steps only.
        self.arrive(self.fresh, observation);
    }
}

impl<T: Task> Env for Mujoco<T> {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()> {
        check_length("observation", observation, self.info.observation.len())?;
        self.begin(Generator::new(seed), observation);
        Ok(())
    }

    fn reset_next(&mut self, observation: &mut [f64]) -> Result<()> {
        check_length("observation", observation, self.info.observation.len())?;
        let task = self.info.id;
        let generator = self.generator.clone().ok_or(Error::NotReset { task })?;
        self.begin(generator, observation);
        Ok(())
    }

    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step> {
        check("action", action, self.model.nu)?;
        check_length("observation", observation, self.info.observation.len())?;
        let task = self.info.id;
        let before = self.before.ok_or(Error::NotReset { task })?;
        self.state.ctrl.copy_from_slice(action);
        for _ in 0..self.info.frame_skip {
            step(&self.model, &mut self.state);
        }
        if diverged(&self.model, &mut self.state) {
            let elapsed_steps = self.elapsed_steps;
            self.arrive(true, observation);
            return Err(Error::Diverged {
                task,
                elapsed_steps,
            });
        }
        self.elapsed_steps = self.elapsed_steps.saturating_add(1);
        if self.fresh {
            forward(&self.model, &mut self.state);
        }
        self.look();
        self.task.observe(&self.model, &self.state, observation);
        let Score {
            reward,
            terminated,
            info,
        } = self.task.score(&Transition {
            action,
            before,
            model: &self.model,
            state: &self.state,
            dt: self.dt(),
        });
        self.before = Some(self.task.before(&self.model, &self.state));
        let limit = self.info.max_episode_steps;
        Ok(Step {
            reward,
            terminated,
            truncated: limit > 0 && self.elapsed_steps >= limit,
            info,
        })
    }

    fn reset_info(&self) -> Info {
        self.task.reset_info(&self.model, &self.state)
    }

    fn state(&self) -> EnvState {
        EnvState {
            qpos: self.state.qpos.clone(),
            qvel: self.state.qvel.clone(),
            qacc_warmstart: self.state.qacc_warmstart.clone(),
            elapsed_steps: self.elapsed_steps,
            before: self.before,
            generator: self.generator.clone(),
        }
    }

    fn set_state(&mut self, state: &EnvState, observation: &mut [f64]) -> Result<()> {
        check("qpos", &state.qpos, self.model.nq)?;
        check("qvel", &state.qvel, self.model.nv)?;
        check("qacc_warmstart", &state.qacc_warmstart, self.model.nv)?;
        check_length("observation", observation, self.info.observation.len())?;
        self.state.reset(&self.model);
        self.state.qpos.copy_from_slice(&state.qpos);
        self.state.qvel.copy_from_slice(&state.qvel);
        self.arrive(true, observation);
        self.state
            .qacc_warmstart
            .copy_from_slice(&state.qacc_warmstart);
        self.elapsed_steps = state.elapsed_steps;
        self.state.time = state.elapsed_steps as f64 * self.dt();
        self.before = state.before.or(self.before);
        self.generator.clone_from(&state.generator);
        Ok(())
    }

    fn physics(&self) -> Option<(&Model, &State)> {
        Some((&self.model, &self.state))
    }
}

/// Where a robot is that moves in the plane, as its reset tells.
pub(in crate::tasks) fn place_in_plane(state: &State) -> Info {
    let (x, y) = (state.qpos[0], state.qpos[1]);
    Info::named(
        &["x_position", "y_position", "distance_from_origin"],
        [x, y, (x * x + y * y).sqrt()],
    )
}

/// Checks the scale of the noise at reset.
pub(in crate::tasks) fn check_noise(task: &'static str, scale: f64) -> Result<()> {
    if scale >= 0.0 && scale.is_finite() {
        Ok(())
    } else {
        Err(Error::Setting {
            task,
            name: "reset_noise_scale",
            value: scale,
            allowed: "0 or more, and finite".into(),
        })
    }
}

/// Compiles a task's MJCF.
pub(in crate::tasks) fn compile(xml: &str, id: &str) -> Result<Model> {
    mjcf::compile(xml, id)
}
