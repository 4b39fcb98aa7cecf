//! A pole on a cart, balanced by pushing the cart. Barto, Sutton and Anderson (1983), Neuronlike Adaptive Elements That
//! Can Solve Difficult Learning Control Problems. Equations, constants and starts are those of Gymnasium's `CartPole-v0`;
//! the force is any up to 10 N.

use envs::{Env, EnvState, Error, Info, NumpyRng, Result, SpaceDim, Step, TaskInfo};

/// Acceleration by gravity (m/s²).
const GRAVITY: f64 = 9.8;
/// Masses of the pole and of both (kg).
const POLE_MASS: f64 = 0.1;
const TOTAL_MASS: f64 = 1.1;
/// Half the length of the pole (m).
const HALF_LENGTH: f64 = 0.5;
/// Force of an action of 1 (N).
const FORCE: f64 = 10.0;
/// Length of a step (s).
const TIMESTEP: f64 = 0.02;
/// Where the cart leaves the track (m), and where the pole counts as fallen (rad).
const TRACK: f64 = 2.4;
const FALLEN: f64 = 12.0 * std::f64::consts::PI / 180.0;

/// Where the cart and the pole are.
#[derive(Clone)]
pub struct CartPole {
    info: TaskInfo,
    /// Position of the cart (m), its velocity (m/s), lean of the pole (rad), its velocity (rad/s).
    state: [f64; 4],
    elapsed_steps: usize,
    rng: Option<NumpyRng>,
}

impl CartPole {
    /// Waits for its first reset.
    #[must_use]
    pub fn new() -> Self {
        let info = TaskInfo {
            id: "CartPole-v0",
            about: "A cart balances a pole by a force between -10 and 10 N.",
            source: "Barto, Sutton and Anderson (1983)",
            observation: vec![
                SpaceDim::unbounded("cart", "m"),
                SpaceDim::unbounded("velocity of cart", "m/s"),
                SpaceDim::unbounded("pole", "rad"),
                SpaceDim::unbounded("velocity of pole", "rad/s"),
            ],
            action: vec![SpaceDim::bounded("force / 10 N", "1", 1.0)],
            max_episode_steps: 200,
            ..TaskInfo::default()
        };
        Self {
            info,
            state: [0.0; 4],
            elapsed_steps: 0,
            rng: None,
        }
    }
}

impl Default for CartPole {
    fn default() -> Self {
        Self::new()
    }
}

impl Env for CartPole {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn reset(&mut self, seed: u64, observation: &mut [f64]) -> Result<()> {
        self.rng = Some(NumpyRng::new(seed));
        self.reset_next(observation)
    }

    fn reset_next(&mut self, observation: &mut [f64]) -> Result<()> {
        let task = self.info.id;
        let rng = self.rng.as_mut().ok_or(Error::NotReset { task })?;
        self.state = [0; 4].map(|_| rng.uniform(-0.05, 0.05));
        self.elapsed_steps = 0;
        observation.copy_from_slice(&self.state);
        Ok(())
    }

    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step> {
        self.info.check_step(action, observation)?;
        let [_, v, lean, turn] = self.state;
        let (sin, cos) = envs::dynamics::sin_cos(lean);
        let force = FORCE * action[0].clamp(-1.0, 1.0);
        let pull = (force + POLE_MASS * HALF_LENGTH * turn * turn * sin) / TOTAL_MASS;
        let inertia = HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * cos * cos / TOTAL_MASS);
        let fall = (GRAVITY * sin - cos * pull) / inertia;
        let acceleration = pull - POLE_MASS * HALF_LENGTH * fall * cos / TOTAL_MASS;
        let rates = [v, acceleration, turn, fall];
        for (number, rate) in self.state.iter_mut().zip(rates) {
            *number += TIMESTEP * rate;
        }
        self.elapsed_steps += 1;
        observation.copy_from_slice(&self.state);
        Ok(Step {
            reward: 1.0,
            terminated: self.state[0].abs() > TRACK || self.state[2].abs() > FALLEN,
            truncated: self.elapsed_steps >= self.info.max_episode_steps,
            info: Info::default(),
        })
    }

    fn state(&self) -> Result<EnvState> {
        Ok(EnvState {
            qpos: self.state.to_vec(),
            elapsed_steps: self.elapsed_steps,
            rng: self.rng.clone(),
            ..EnvState::default()
        })
    }

    fn set_state(&mut self, state: &EnvState, observation: &mut [f64]) -> Result<()> {
        self.state = state.qpos[..].try_into().map_err(|_| Error::Length {
            what: "qpos",
            got: state.qpos.len(),
            expected: 4,
        })?;
        self.elapsed_steps = state.elapsed_steps;
        self.rng.clone_from(&state.rng);
        observation.copy_from_slice(&self.state);
        Ok(())
    }
}
