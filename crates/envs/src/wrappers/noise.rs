//! Observations with noise.

use super::draws::Draws;
use super::{Kind, Wrapped, Wrapper, read};
use crate::Result;
use crate::env::{Env, Step, TaskInfo};

pub(super) const KIND: Kind = Kind {
    name: "observation_noise",
    about: "Standard deviation of Gaussian noise on every number of an observation, 0 or more",
    allowed: "a finite number, 0 or more",
    wrap: |env, value| {
        let std = read(value, |std: &f64| *std >= 0.0 && std.is_finite())?;
        let numbers = env.info().observation.len();
        let noise = ObservationNoise::new(std, numbers);
        let task = noise.task(env.info());
        Some(Wrapped::telling(env, noise, task).into())
    },
};

/// Adds Gaussian noise to every number of every observation, drawn anew each step. Rewards are of the true state.
#[derive(Clone, Debug)]
pub struct ObservationNoise {
    std: f64,
    /// What is added to the present observation.
    noise: Vec<f64>,
    draws: Draws,
}

impl ObservationNoise {
    /// Noise of this standard deviation on observations of `numbers` numbers.
    #[must_use]
    pub fn new(std: f64, numbers: usize) -> Self {
        Self {
            std,
            noise: vec![0.0; numbers],
            draws: Draws::new(2),
        }
    }

    fn draw(&mut self) {
        let mut rng = self.draws.next();
        for noise in &mut self.noise {
            *noise = self.std * rng.standard_normal();
        }
    }

    /// The task, when that of the environment inside is `inner`.
    #[must_use]
    pub fn task(&self, inner: &TaskInfo) -> TaskInfo {
        let mut task = inner.clone();
        for number in &mut task.observation {
            (number.low, number.high) = (f64::NEG_INFINITY, f64::INFINITY);
        }
        task
    }
}

impl Wrapper for ObservationNoise {
    fn begin(&mut self, seed: Option<u64>, _: &[f64]) {
        self.draws.begin(seed);
        self.draw();
    }

    fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
        let step = env.step(action, seen);
        self.draw();
        step
    }

    fn observe(&self, seen: &[f64], observation: &mut [f64]) {
        for ((observed, seen), noise) in observation.iter_mut().zip(seen).zip(&self.noise) {
            *observed = seen + noise;
        }
    }

    fn state(&self) -> Vec<f64> {
        [&self.draws.state()[..], &self.noise].concat()
    }

    fn set_state(&mut self, numbers: &[f64]) {
        let (draws, noise) = numbers.split_at(Draws::NUMBERS);
        self.draws.set_state(draws);
        self.noise.copy_from_slice(noise);
    }
}
