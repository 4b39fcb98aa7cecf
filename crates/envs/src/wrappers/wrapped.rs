//! The seam of wrappers, and the environment that each of them makes.

use std::sync::Arc;

use crate::Result;
use crate::dynamics::{Model, State};
use crate::env::{Env, EnvState, Info, Step, TaskInfo};
use crate::error::{check, check_length};

/// What a wrapper changes of an environment. By default nothing.
pub trait Wrapper: Clone + Send + Sync + 'static {
    /// An episode of the environment inside begins, drawn from `seed` or from what follows, and `seen` is observed there.
    fn begin(&mut self, _seed: Option<u64>, _seen: &[f64]) {}

    /// Steps the environment inside, whose observation is `seen` before and after.
    ///
    /// # Errors
    /// Those of [`Env::step`].
    fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
        env.step(action, seen)
    }

    /// Writes what is observed when `seen` is observed inside.
    fn observe(&self, seen: &[f64], observation: &mut [f64]) {
        for (to, from) in observation.iter_mut().zip(seen) {
            *to = *from;
        }
    }

    /// The wrapper's own numbers, on which later steps depend: always as many, and finite.
    fn state(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Goes on from such numbers.
    fn set_state(&mut self, _numbers: &[f64]) {}
}

/// An environment inside a wrapper.
///
/// The wrapper's own numbers stand at the end of [`EnvState::qpos`].
#[derive(Clone)]
pub struct Wrapped<W> {
    env: Box<dyn Env>,
    wrapper: W,
    info: Arc<TaskInfo>,
    /// What the environment inside observes.
    seen: Vec<f64>,
}

impl<W: Wrapper> Wrapped<W> {
    /// Puts a wrapper around an environment, whose task stays as it is.
    pub fn new(env: impl Into<Box<dyn Env>>, wrapper: W) -> Self {
        let env = env.into();
        let task = env.info().clone();
        Self::telling(env, wrapper, task)
    }

    /// Puts a wrapper around an environment that makes it another task.
    pub fn telling(env: impl Into<Box<dyn Env>>, wrapper: W, task: TaskInfo) -> Self {
        let env = env.into();
        Self {
            info: Arc::new(task),
            seen: vec![0.0; env.info().observation.len()],
            env,
            wrapper,
        }
    }

    fn check(&self, observation: &[f64]) -> Result<()> {
        check_length("observation", observation, self.info.observation.len())
    }
}

impl<W: Wrapper> Env for Wrapped<W> {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()> {
        self.check(observation)?;
        self.env.reset(seed, &mut self.seen)?;
        self.wrapper.begin(Some(seed), &self.seen);
        self.wrapper.observe(&self.seen, observation);
        Ok(())
    }

    fn reset_next(&mut self, observation: &mut [f64]) -> Result<()> {
        self.check(observation)?;
        self.env.reset_next(&mut self.seen)?;
        self.wrapper.begin(None, &self.seen);
        self.wrapper.observe(&self.seen, observation);
        Ok(())
    }

    fn reset_info(&self) -> Info {
        self.env.reset_info()
    }

    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step> {
        self.info.check_step(action, observation)?;
        let step = self.wrapper.step(&mut *self.env, action, &mut self.seen);
        self.wrapper.observe(&self.seen, observation);
        step
    }

    fn state(&self) -> Result<EnvState> {
        let mut state = self.env.state()?;
        state.qpos.extend(self.wrapper.state());
        Ok(state)
    }

    fn set_state(&mut self, state: &EnvState, observation: &mut [f64]) -> Result<()> {
        self.check(observation)?;
        let own = self.wrapper.state().len();
        let mut inner = state.clone();
        let split = inner.qpos.len().saturating_sub(own);
        let own_numbers = inner.qpos.split_off(split);
        check("qpos", &own_numbers, own)?;
        self.env.set_state(&inner, &mut self.seen)?;
        self.wrapper.set_state(&own_numbers);
        self.wrapper.observe(&self.seen, observation);
        Ok(())
    }

    fn physics(&self) -> Option<(&Model, &State)> {
        self.env.physics()
    }
}
