//! Random search over linear policies: a change of the weights that pays at least as much over an episode stays. After
//! Mania, Guy and Recht (2018), Simple random search of static linear policies is competitive, arXiv 1803.07055.
//!
//! An agent without a network of ours: its policy is a matrix, and its actions are cut to their range.

use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rl_algos::Result;
use rl_algos::agent::{Agent, Experience, Network, Part, Parts, Resumable, UpdateReport};
use rl_algos::algos::BuildAgent;
use rl_algos::config::{AgentConfig, AgentShape, TrainConfig};
use rl_algos::nets::BatchShape;
use rl_algos::rng::Streams;
use serde::{Deserialize, Serialize};
use sparse_core::math::StandardNormal;
use sparse_core::record::{Record, RecordWriter};

/// Settings of `HillClimber`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HillClimberConfig {
    /// Standard deviation of a change of a weight, above 0.
    pub noise: f64,
}

impl Default for HillClimberConfig {
    fn default() -> Self {
        Self { noise: 0.1 }
    }
}

impl AgentConfig for HillClimberConfig {
    const NAME: &'static str = "climber";
    const ABOUT: &'static str = "random search over linear policies";
    const SOURCE: &'static str = "arXiv 1803.07055";

    fn validate(&self) -> Result<()> {
        match self.noise > 0.0 {
            true => Ok(()),
            false => {
                let (field, allowed) = ("algo.climber.noise", "above 0");
                Err(rl_algos::Error::config(field, self.noise, allowed))
            }
        }
    }

    fn shape(&self) -> AgentShape {
        AgentShape {
            critics: 0,
            ..AgentShape::default()
        }
    }
}

impl BuildAgent for HillClimberConfig {
    fn build(&self, _: &TrainConfig, shape: BatchShape, _: &mut Streams) -> Result<Box<dyn Agent>> {
        let zeros = || Matrix(vec![0.0; shape.obs_dim * shape.act_dim]);
        Ok(Box::new(HillClimber {
            noise: self.noise as f32,
            best: zeros(),
            trial: zeros(),
            best_return: f64::NEG_INFINITY,
            trial_return: 0.0,
        }))
    }
}

/// Weights `[action, observation]`, row-major.
#[derive(Clone, Debug)]
struct Matrix(Vec<f32>);

impl Matrix {
    /// Writes the product with `observation`, cut to [-1, 1].
    fn act(&self, observation: &[f32], action: &mut [f32]) {
        for (number, row) in action.iter_mut().zip(self.0.chunks(observation.len())) {
            let sum: f32 = row.iter().zip(observation).map(|(w, o)| w * o).sum();
            *number = sum.clamp(-1.0, 1.0);
        }
    }
}

impl Part for Matrix {
    fn save(&self, record: &mut RecordWriter, name: &str) {
        record.floats(name, &self.0);
    }

    fn restore(&mut self, record: &Record, name: &str) -> sparse_core::Result<()> {
        self.0 = record.floats(name)?;
        Ok(())
    }
}

/// Acts by the best weights, and tries others in each episode.
#[derive(Debug)]
struct HillClimber {
    noise: f32,
    best: Matrix,
    trial: Matrix,
    best_return: f64,
    /// Of the episode under way.
    trial_return: f64,
}

impl Resumable for HillClimber {
    fn parts(&mut self) -> Parts<'_> {
        Parts::default()
            .learner("best", &mut self.best)
            .learner("trial", &mut self.trial)
            .numbers([&mut self.best_return, &mut self.trial_return])
    }
}

impl Agent for HillClimber {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.best.act(observation, action);
    }

    fn explore(
        &mut self,
        observation: &[f32],
        _: &mut ChaCha8Rng,
        mean: &mut [f32],
        action: &mut [f32],
    ) {
        self.trial.act(observation, action);
        mean.copy_from_slice(action);
    }

    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> Result<UpdateReport> {
        let Some(step) = experience.transition() else {
            return Ok(UpdateReport::default());
        };
        self.trial_return += f64::from(step.reward);
        if !(step.terminated || step.truncated) {
            return Ok(UpdateReport::default());
        }
        let found = std::mem::take(&mut self.trial_return);
        if found >= self.best_return {
            (self.best_return, self.best) = (found, self.trial.clone());
        }
        let rng = streams.named("trial");
        self.trial = self.best.clone();
        for weight in &mut self.trial.0 {
            let unit: f32 = StandardNormal.sample(rng);
            *weight += self.noise * unit;
        }
        Ok(UpdateReport {
            updates: 1,
            metrics: vec![("best_return", self.best_return as f32)],
            ..UpdateReport::default()
        })
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["best_return"]
    }

    fn networks(&self) -> Vec<Network<'_>> {
        Vec::new()
    }
}
