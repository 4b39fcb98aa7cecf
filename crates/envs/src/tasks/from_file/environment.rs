//! The environment of a file's task.

use std::sync::Arc;

use glam::DVec3;

use super::plan::Plan;
use super::reward::Bad;
use super::source::{Memory, Moment, Now};
use crate::dynamics::{Model, State, diverged, forward, rne_post_constraint, step};
use crate::env::{Env, EnvState, Info, Step, TaskInfo};
use crate::error::{check, check_length};
use crate::numpy_rng::NumpyRng;
use crate::{Error, Result};

/// Numbers of an [`Info`].
const TERMS: usize = 16;

/// The environment of a file's task; [`open`](super::open()) makes one.
///
/// A step goes as that of a [`Mujoco`](crate::Mujoco): the physics, then what is observed, rewarded and ended. Goals, the
/// last action and what rates are of stand at the end of [`EnvState::qpos`].
#[derive(Clone)]
pub struct FileTask {
    plan: Arc<Plan>,
    state: State,
    rng: Option<NumpyRng>,
    /// Whether there is a state to step from.
    began: bool,
    elapsed_steps: usize,
    memory: Memory,
    /// The measured numbers, and the terms of the reward behind them.
    values: Vec<f64>,
    /// Memory of measuring.
    scratch: [Vec<f64>; 2],
}

impl FileTask {
    pub(super) fn new(plan: Plan) -> Self {
        let mut state = State::new(&plan.model);
        forward(&plan.model, &mut state);
        let tracked = plan.quantities.tracked;
        let values = plan.quantities.dims.len() + plan.reward.terms.len();
        Self {
            state,
            rng: None,
            began: false,
            elapsed_steps: 0,
            memory: Memory {
                goals: vec![DVec3::ZERO; plan.goals],
                action: vec![0.0; plan.model.nu],
                before: vec![0.0; tracked],
                rates: vec![0.0; tracked],
            },
            values: vec![0.0; values],
            scratch: [Vec::new(), Vec::new()],
            plan: Arc::new(plan),
        }
    }

    /// The compiled model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.plan.model
    }

    /// The terms of the last step's reward, by name.
    pub fn terms(&self) -> impl Iterator<Item = (&str, f64)> {
        let terms = &self.plan.reward.terms;
        let paid = &self.values[self.values.len() - terms.len()..];
        terms
            .iter()
            .map(|term| term.name.as_str())
            .zip(paid.iter().copied())
    }

    fn dt(&self) -> f64 {
        self.plan.model.opt.timestep * self.plan.info.frame_skip as f64
    }

    /// Measures, and writes what is observed.
    fn observe(&mut self, moment: Moment, observation: &mut [f64]) -> Result<()> {
        let dt = self.dt();
        let plan = &self.plan;
        let [scratch, stack] = &mut self.scratch;
        let mut now = Now {
            model: &plan.model,
            state: &self.state,
            memory: &mut self.memory,
            moment,
            time: self.elapsed_steps as f64 * dt,
            dt,
            stack,
        };
        plan.quantities.measure(&mut now, &mut self.values, scratch);
        let seen = plan.observed.iter().flat_map(|seen| {
            let values = &self.values[seen.slot.clone()];
            values.iter().map(|value| (*value, &seen.mark))
        });
        for (to, (value, mark)) in observation.iter_mut().zip(seen) {
            let must = "what is observed must be finite, and so in single precision";
            let fits = Bad::unless_single(value, mark, must);
            *to = fits.map_err(|bad| self.told(&bad, moment))?;
        }
        Ok(())
    }

    /// The error of a number that the file asks for.
    fn told(&self, bad: &Bad<'_>, moment: Moment) -> Error {
        let when = moment.told(self.elapsed_steps);
        let value = match bad.value.abs() < 1e16 {
            true => bad.value.to_string(),
            false => format!("{:e}", bad.value),
        };
        let message = format!("it is {value} {when}; {}", bad.must);
        bad.mark.error(self.plan.info.id, message)
    }

    /// Computes what derives from the positions and velocities.
    fn derive(&mut self) {
        forward(&self.plan.model, &mut self.state);
    }

    fn update_contact_forces(&mut self) {
        if self.plan.contact_forces {
            rne_post_constraint(&self.plan.model, &mut self.state);
        }
    }

    fn begin(&mut self, mut rng: NumpyRng, observation: &mut [f64]) -> Result<()> {
        let plan = &self.plan;
        self.state.reset(&plan.model);
        plan.begin.set(
            &plan.model,
            &mut self.state,
            &mut rng,
            &mut self.memory.goals,
        );
        self.rng = Some(rng);
        self.began = true;
        self.elapsed_steps = 0;
        self.memory.action.fill(0.0);
        self.derive();
        if self.plan.recompute {
            self.update_contact_forces();
        }
        self.observe(Moment::Begin, observation)
    }

    fn check_observation(&self, observation: &[f64]) -> Result<()> {
        check_length("observation", observation, self.plan.info.observation.len())
    }

    /// The numbers beside the physics.
    fn own(&self) -> Vec<f64> {
        let Memory {
            goals,
            action,
            before,
            rates,
        } = &self.memory;
        let goals = goals.iter().flat_map(DVec3::to_array);
        let all = goals.chain(action.iter().chain(before).chain(rates).copied());
        all.collect()
    }
}

impl Env for FileTask {
    fn info(&self) -> &TaskInfo {
        &self.plan.info
    }

    fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()> {
        self.check_observation(observation)?;
        self.begin(NumpyRng::new(seed), observation)
    }

    fn reset_next(&mut self, observation: &mut [f64]) -> Result<()> {
        self.check_observation(observation)?;
        let task = self.plan.info.id;
        let rng = self.rng.clone().ok_or(Error::NotReset { task })?;
        self.begin(rng, observation)
    }

    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step> {
        self.plan.info.check_step(action, observation)?;
        let plan = Arc::clone(&self.plan);
        let task = plan.info.id;
        if !self.began {
            return Err(Error::NotReset { task });
        }
        self.state.ctrl.copy_from_slice(action);
        for _ in 0..plan.info.frame_skip {
            step(&plan.model, &mut self.state);
        }
        if diverged(&plan.model, &mut self.state) {
            let elapsed_steps = self.elapsed_steps;
            self.derive();
            self.update_contact_forces();
            self.observe(Moment::Begin, observation)?;
            return Err(Error::Diverged {
                task,
                elapsed_steps,
            });
        }
        self.elapsed_steps = self.elapsed_steps.saturating_add(1);
        self.memory.action.copy_from_slice(action);
        if plan.recompute {
            self.derive();
        }
        self.update_contact_forces();
        self.observe(Moment::Step, observation)?;
        // Once one is met, the others do not matter.
        let mut terminated = false;
        for end in &plan.ends {
            let met = end.is_met(&self.values);
            terminated = terminated || met.map_err(|bad| self.told(&bad, Moment::Step))?;
        }
        let [_, stack] = &mut self.scratch;
        let paid = plan.reward.of(&mut self.values, terminated, stack);
        let reward = paid.map_err(|bad| self.told(&bad, Moment::Step))?;
        let mut terms = [0.0; TERMS];
        for (to, (_, term)) in terms.iter_mut().zip(self.terms()) {
            *to = term;
        }
        Ok(Step {
            reward,
            terminated,
            truncated: self.elapsed_steps >= plan.info.max_episode_steps,
            info: Info::new(plan.info.info, terms),
        })
    }

    fn state(&self) -> Result<EnvState> {
        Ok(EnvState {
            qpos: [self.state.qpos.clone(), self.own()].concat(),
            qvel: self.state.qvel.clone(),
            qacc_warmstart: self.state.qacc_warmstart.clone(),
            act: self.state.act.clone(),
            elapsed_steps: self.elapsed_steps,
            pre_step: None,
            rng: self.rng.clone(),
        })
    }

    fn set_state(&mut self, state: &EnvState, observation: &mut [f64]) -> Result<()> {
        let plan = Arc::clone(&self.plan);
        let model = &plan.model;
        check("qpos", &state.qpos, model.nq + self.own().len())?;
        check("qvel", &state.qvel, model.nv)?;
        check("qacc_warmstart", &state.qacc_warmstart, model.nv)?;
        if !state.act.is_empty() {
            check("act", &state.act, model.na)?;
        }
        self.check_observation(observation)?;
        self.state.reset(model);
        let (qpos, mut own) = state.qpos.split_at(model.nq);
        for goal in &mut self.memory.goals {
            let (numbers, rest) = own.split_at(3);
            *goal = DVec3::from_slice(numbers);
            own = rest;
        }
        let Memory {
            action,
            before,
            rates,
            ..
        } = &mut self.memory;
        for part in [action, before, rates] {
            let (numbers, rest) = own.split_at(part.len());
            part.copy_from_slice(numbers);
            own = rest;
        }
        plan.begin.place(model, &mut self.state, &self.memory.goals);
        self.state.qpos.copy_from_slice(qpos);
        self.state.qvel.copy_from_slice(&state.qvel);
        for (to, from) in self.state.act.iter_mut().zip(&state.act) {
            *to = *from;
        }
        self.elapsed_steps = state.elapsed_steps;
        self.derive();
        self.update_contact_forces();
        self.observe(Moment::Restored, observation)?;
        self.state
            .qacc_warmstart
            .copy_from_slice(&state.qacc_warmstart);
        self.state.time = state.elapsed_steps as f64 * self.dt();
        self.rng.clone_from(&state.rng);
        self.began = true;
        Ok(())
    }

    fn physics(&self) -> Option<(&Model, &State)> {
        Some((&self.plan.model, &self.state))
    }
}
