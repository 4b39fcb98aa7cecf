//! The environment of a task: the loop around the physics, resets, the time limit.

use std::sync::Arc;

use super::observation::{Observation, driven};
use super::task::{Outcome, PreStep, ResetCtx, Task, Transition};
use crate::dynamics::{Model, State, diverged, forward, rne_post_constraint, step};
use crate::env::{Env, EnvState, Info, SpaceDim, Step, TaskInfo};
use crate::error::{check, check_length};
use crate::numpy_rng::NumpyRng;
use crate::{Error, Result};

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
    /// Of the state from which the next step begins; none before the first reset.
    pre_step: Option<PreStep>,
    rng: Option<NumpyRng>,
    elapsed_steps: usize,
    recompute_obs: bool,
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
        let spec = task.spec();
        if spec.frame_skip == 0 {
            return Err(Error::Setting {
                task: spec.id,
                name: "frame_skip",
                value: 0.0,
                allowed: "1 or more".into(),
            });
        }
        task.check(&model)?;
        task.requirements().check(spec.id, &model)?;
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
        forward(&model, &mut state);
        let mut observation = vec![0.0; info.observation.len()];
        let env = Self {
            task,
            state,
            pre_step: None,
            rng: None,
            elapsed_steps: 0,
            recompute_obs: false,
            info: Arc::new(info),
            model: Arc::new(model),
        };
        env.observe(&mut observation)?;
        Ok(env)
    }

    /// The same environment with another time limit; 0 means no limit.
    #[must_use]
    pub fn with_time_limit(mut self, steps: usize) -> Self {
        self.info = Arc::new(TaskInfo {
            max_episode_steps: steps,
            ..TaskInfo::clone(&self.info)
        });
        self
    }

    /// The same environment, with observation and reward computed at the time of the positions.
    ///
    /// By default what derives from positions (places of bodies, inertias, velocities and forces in Cartesian
    /// space) is that of the last force evaluation, up to one physics step earlier, as in Gymnasium.
    #[must_use]
    pub fn with_recomputed_obs(mut self) -> Self {
        self.recompute_obs = true;
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

    /// Takes the positions and velocities of the state as the present; `contact_forces` says whether those on bodies are
    /// computed for them, too.
    fn settle(&mut self, contact_forces: bool, observation: &mut [f64]) -> Result<()> {
        forward(&self.model, &mut self.state);
        if contact_forces {
            self.update_contact_forces();
        }
        self.pre_step = Some(self.task.pre_step(&self.model, &self.state));
        self.observe(observation)
    }

    /// Updates the contact forces on bodies, where the task uses them.
    fn update_contact_forces(&mut self) {
        if self.task.needs_contact_forces() {
            rne_post_constraint(&self.model, &mut self.state);
        }
    }

    /// Writes the observation of the state.
    fn observe(&self, observation: &mut [f64]) -> Result<()> {
        Observation::fill(observation, self.info.id, |observation| {
            self.task.observe(&self.model, &self.state, observation);
        })
    }

    /// Begins an episode with these random numbers.
    fn begin_episode(&mut self, rng: NumpyRng, observation: &mut [f64]) -> Result<()> {
        self.state.reset(&self.model);
        self.task.reset(&mut ResetCtx {
            model: &self.model,
            qpos: &mut self.state.qpos,
            qvel: &mut self.state.qvel,
            rng: self.rng.insert(rng),
        });
        self.elapsed_steps = 0;
        // As in Gymnasium, which computes contact forces after steps only.
        self.settle(self.recompute_obs, observation)
    }
}

/// One number of the action. As in Gymnasium the range counts also where the physics does not clamp to it. Without one,
/// where Gymnasium tells 0 to 0, any control is felt.
pub(in crate::tasks) fn action_dim(model: &Model, actuator: usize) -> SpaceDim {
    let [low, high] = match model.actuators.ctrlrange[actuator] {
        [low, high] if low < high => [low, high],
        _ => [f64::NEG_INFINITY, f64::INFINITY],
    };
    SpaceDim {
        name: driven(model, actuator).into(),
        unit: "1",
        low,
        high,
    }
}

impl<T: Task> Env for Mujoco<T> {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()> {
        check_length("observation", observation, self.info.observation.len())?;
        self.begin_episode(NumpyRng::new(seed), observation)
    }

    fn reset_next(&mut self, observation: &mut [f64]) -> Result<()> {
        check_length("observation", observation, self.info.observation.len())?;
        let task = self.info.id;
        let rng = self.rng.clone().ok_or(Error::NotReset { task })?;
        self.begin_episode(rng, observation)
    }

    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step> {
        check("action", action, self.model.nu)?;
        check_length("observation", observation, self.info.observation.len())?;
        let task = self.info.id;
        let pre_step = self.pre_step.ok_or(Error::NotReset { task })?;
        self.state.ctrl.copy_from_slice(action);
        for _ in 0..self.info.frame_skip {
            step(&self.model, &mut self.state);
        }
        if diverged(&self.model, &mut self.state) {
            let elapsed_steps = self.elapsed_steps;
            self.settle(true, observation)?;
            return Err(Error::Diverged {
                task,
                elapsed_steps,
            });
        }
        self.elapsed_steps = self.elapsed_steps.saturating_add(1);
        if self.recompute_obs {
            forward(&self.model, &mut self.state);
        }
        self.update_contact_forces();
        self.observe(observation)?;
        let Outcome {
            reward,
            terminated,
            info,
        } = self.task.outcome(&Transition {
            action,
            pre_step,
            model: &self.model,
            state: &self.state,
            dt: self.dt(),
        });
        self.pre_step = Some(self.task.pre_step(&self.model, &self.state));
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

    fn state(&self) -> Result<EnvState> {
        Ok(EnvState {
            qpos: self.state.qpos.clone(),
            qvel: self.state.qvel.clone(),
            qacc_warmstart: self.state.qacc_warmstart.clone(),
            act: self.state.act.clone(),
            elapsed_steps: self.elapsed_steps,
            pre_step: self.pre_step,
            rng: self.rng.clone(),
        })
    }

    fn set_state(&mut self, state: &EnvState, observation: &mut [f64]) -> Result<()> {
        check("qpos", &state.qpos, self.model.nq)?;
        check("qvel", &state.qvel, self.model.nv)?;
        check("qacc_warmstart", &state.qacc_warmstart, self.model.nv)?;
        if !state.act.is_empty() {
            check("act", &state.act, self.model.na)?;
        }
        check_length("observation", observation, self.info.observation.len())?;
        self.state.reset(&self.model);
        for (to, from) in self.state.act.iter_mut().zip(&state.act) {
            *to = *from;
        }
        self.state.qpos.copy_from_slice(&state.qpos);
        self.state.qvel.copy_from_slice(&state.qvel);
        self.settle(true, observation)?;
        self.state
            .qacc_warmstart
            .copy_from_slice(&state.qacc_warmstart);
        self.elapsed_steps = state.elapsed_steps;
        self.state.time = state.elapsed_steps as f64 * self.dt();
        self.pre_step = state.pre_step.or(self.pre_step);
        self.rng.clone_from(&state.rng);
        Ok(())
    }

    fn physics(&self) -> Option<(&Model, &State)> {
        Some((&self.model, &self.state))
    }
}
