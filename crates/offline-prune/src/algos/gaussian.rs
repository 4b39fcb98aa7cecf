//! The policy of IQL and AWAC: a Gaussian `N(tanh f(s), σ²)` whose σ is learned for each component of the action and is
//! the same in every state, and the likelihood of the data's actions under it, weighted by their advantages.
//!
//! σ is not a weight of the network: its gradient is written by hand, and it is never pruned.

use std::f32::consts::PI;
use std::ops::Range;

use burn::tensor::{Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rl_algos::Result;
use rl_algos::agent::{Network, Parts};
use rl_algos::algos::td3::policy;
use rl_algos::nets::{Actor, BatchShape, ScalarAdam, equal_parts, row_slice, to_vec};
use rl_algos::replay::Batch;
use sparse_core::nn::{SparseMlp, SparseModule};
use sparse_core::trainer::NetworkTrainerConfig;

use super::{actions, all};
use crate::agent::Objective;

/// The largest weight of a row (IQL's code, and CORL's of AWAC).
const MOST: f32 = 100.0;

/// How much each row counts: `exp(advantage / temperature)`, 100 at most.
pub(super) fn weights(advantages: impl Iterator<Item = f32>, temperature: f64) -> Vec<f32> {
    let temperature = temperature as f32;
    let weight = |advantage: f32| libm::expf(advantage / temperature).min(MOST);
    advantages.map(weight).collect()
}

/// A network for the mean, and log σ.
#[derive(Debug)]
pub(super) struct GaussianActor {
    actor: Actor,
    log_std: LogStd,
}

impl GaussianActor {
    /// A policy with this network and log σ of 0, which stays within `bounds`; both are trained by these settings.
    ///
    /// # Errors
    /// As [`NetworkTrainer::new`](sparse_core::trainer::NetworkTrainer::new).
    pub(super) fn new(
        net: SparseMlp,
        settings: NetworkTrainerConfig,
        bounds: [f64; 2],
    ) -> Result<Self> {
        let layers = net.sparse_layers();
        let size = layers.last().map_or(0, |layer| layer.pattern().outputs());
        Ok(Self {
            log_std: LogStd::new(size, settings.adam.learning_rate, bounds),
            actor: Actor::from_network(net, settings)?,
        })
    }

    /// The network by its name, `actor`.
    pub(super) fn network(&self) -> Network<'_> {
        self.actor.network()
    }

    /// The trained parts: the network, and what log σ depends on.
    pub(super) fn parts(&mut self) -> Parts<'_> {
        let numbers = self.log_std.values.iter_mut().flat_map(ScalarAdam::state);
        let parts = Parts::default().numbers(numbers);
        parts.learner("actor", self.actor.learner_mut())
    }

    /// Writes the mean for `observation`.
    pub(super) fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.actor.act(observation, action);
    }

    /// Drawn actions for some observations, with standard normal noise for each number of them; in [-1, 1].
    pub(super) fn sampled(&self, observations: Tensor<2>, noise: &[f32]) -> Vec<f32> {
        let mut actions = to_vec(policy(self.actor.learner().net(), observations));
        let std = self.log_std.clamped().map(f32::exp).collect::<Vec<_>>();
        let noise = noise.iter().zip(std.iter().cycle());
        for (action, (unit, std)) in actions.iter_mut().zip(noise) {
            *action = (*action + std * unit).clamp(-1.0, 1.0);
        }
        actions
    }

    /// One step of the network and of σ towards the batch's actions, each row with its weight. Returns the loss.
    pub(super) fn minimise(
        &mut self,
        rows: &BatchShape,
        batch: &Batch,
        weights: &[f32],
        rng: &mut ChaCha8Rng,
    ) -> Result<f32> {
        let log_std = &self.log_std;
        let loss = |actor: &SparseMlp, some: Range<usize>| {
            let (loss, slope) = Likelihood::new(rows, batch, weights, log_std, &some).of(actor);
            (loss, to_vec(slope))
        };
        let actor = self.actor.learner_mut();
        let report = actor.minimise(equal_parts(rows, batch.size), loss, rng)?;
        self.log_std.step(&report.aux);
        Ok(report.loss)
    }

    /// The loss that [`minimise`](Self::minimise) minimises, for the first network of the objective.
    pub(super) fn objective(&self, rows: &BatchShape, batch: &Batch, weights: &[f32]) -> Objective {
        let likelihood = Likelihood::new(rows, batch, weights, &self.log_std, &all(batch));
        Objective {
            networks: vec![0],
            fixed: Vec::new(),
            loss: Box::new(move |nets| likelihood.of(&nets[0]).0),
        }
    }
}

/// `-w log π(a|s)`, the mean over rows.
struct Likelihood {
    /// `[rows, observation]`.
    observations: Tensor<2>,
    /// `[rows, action]`.
    actions: Tensor<2>,
    /// `[rows, 1]`.
    weights: Tensor<2>,
    /// log σ within its bounds, `[1, action]`.
    log_std: Tensor<2>,
}

impl Likelihood {
    fn new(
        rows: &BatchShape,
        batch: &Batch,
        weights: &[f32],
        log_std: &LogStd,
        some: &Range<usize>,
    ) -> Self {
        let log_std: Vec<f32> = log_std.clamped().collect();
        let shape = [1, log_std.len()];
        Self {
            observations: rows.observations(&batch.observation, some),
            actions: actions(rows, batch, some),
            weights: rows.tensor(row_slice(weights, 1, some), 1),
            log_std: Tensor::from_data(TensorData::new(log_std, shape), &rows.device),
        }
    }

    /// The loss of a network, and outside autodiff its slope along log σ, `[1, action]`.
    fn of(&self, actor: &SparseMlp) -> (Tensor<1>, Tensor<2>) {
        let inner = [
            &self.observations,
            &self.actions,
            &self.weights,
            &self.log_std,
        ];
        let [observations, actions, weights, log_std] =
            inner.map(|t| Tensor::from_inner(t.clone()));
        let units = (actions - policy(actor, observations)) / log_std.clone().exp();
        let squares = units.square();
        let slope = (squares.clone().inner().neg() + 1.0) * self.weights.clone();
        let each = squares * 0.5 + log_std + 0.5 * (2.0 * PI).ln();
        ((each.sum_dim(1) * weights).mean(), slope.mean_dim(0))
    }
}

/// log σ for each number of an action.
#[derive(Debug)]
struct LogStd {
    values: Vec<ScalarAdam>,
    learning_rate: f64,
    bounds: [f64; 2],
}

impl LogStd {
    fn new(size: usize, learning_rate: f64, bounds: [f64; 2]) -> Self {
        Self {
            values: vec![ScalarAdam::new(0.0); size],
            learning_rate,
            bounds,
        }
    }

    /// The values that count.
    fn clamped(&self) -> impl Iterator<Item = f32> {
        let [low, high] = self.bounds;
        let values = self.values.iter();
        values.map(move |value| value.value().clamp(low, high) as f32)
    }

    /// One step along the mean of some slopes `[action]`. Beyond a bound there is no slope.
    fn step(&mut self, slopes: &[Vec<f32>]) {
        let [low, high] = self.bounds;
        for (k, value) in self.values.iter_mut().enumerate() {
            let sum: f64 = slopes.iter().map(|slope| f64::from(slope[k])).sum();
            let inside = (low..=high).contains(&value.value());
            let slope = if inside {
                sum / slopes.len() as f64
            } else {
                0.0
            };
            value.step(slope, self.learning_rate);
        }
    }
}
