//! Algorithms that learn from a fixed dataset, one per file, and what they share.
//!
//! An algorithm names its networks and the loss of each; pruning scores weights by the same losses.

mod awac;
mod bc;
mod bcq;
mod gaussian;
mod iql;
mod td3_bc;

use std::fmt::Debug;
use std::ops::Range;

use burn::tensor::Tensor;
use rl_algos::agent::{Agent, Experience, Network, Parts, Resumable, UpdateReport};
use rl_algos::config::Need;
use rl_algos::nets::{BatchShape, row_slice, to_vec};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::nn::{SparseMlp, SparseMlpConfig};
use sparse_core::op::mean;

use crate::Result;
use crate::agent::{NetworkShape, Objective, OfflineAgent};
use crate::config::OfflineConfig;

/// What differs between the algorithms here. Each learns from one batch at a time; a [`BatchAgent`] of it is an agent.
trait Algorithm: Resumable + Debug + Send + 'static {
    /// As [`Agent::metrics`].
    const METRICS: &'static [&'static str];

    /// As [`Agent::act`].
    fn act(&mut self, observation: &[f32], action: &mut [f32]);

    /// Learns from a batch.
    ///
    /// # Errors
    /// As [`Agent::learn`].
    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> rl_algos::Result<UpdateReport>;

    /// As [`Agent::networks`].
    fn networks(&self) -> Vec<Network<'_>>;

    /// As [`OfflineAgent::objectives`].
    ///
    /// # Errors
    /// When the batch does not fit.
    fn objectives(&self, batch: &Batch, streams: &mut Streams) -> Result<Vec<Objective>>;
}

/// An agent that learns from batches.
#[derive(Debug)]
struct BatchAgent<A>(A);

/// The agent of an algorithm.
fn agent(algorithm: impl Algorithm) -> Box<dyn OfflineAgent> {
    Box::new(BatchAgent(algorithm))
}

impl<A: Algorithm> Agent for BatchAgent<A> {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.0.act(observation, action);
    }

    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> rl_algos::Result<UpdateReport> {
        let batch = experience.batch(&mut streams.replay)?;
        self.0.update(batch, streams)
    }

    fn metrics(&self) -> &'static [&'static str] {
        A::METRICS
    }

    fn networks(&self) -> Vec<Network<'_>> {
        self.0.networks()
    }
}

impl<A: Algorithm> Resumable for BatchAgent<A> {
    fn parts(&mut self) -> Parts<'_> {
        self.0.parts()
    }
}

impl<A: Algorithm> OfflineAgent for BatchAgent<A> {
    fn objectives(&self, batch: &Batch, streams: &mut Streams) -> Result<Vec<Objective>> {
        self.0.objectives(batch, streams)
    }
}

/// Least memory of a run beside its dataset, setting by setting: five numbers for each weight of the dense networks
/// (its value, and what scoring or training keeps for it), what is sampled, and what the largest network keeps of a
/// batch.
#[must_use]
pub fn needs(config: &OfflineConfig, rows: &BatchShape) -> Vec<Need> {
    let shapes = config.shapes(rows);
    let sum = |numbers: &mut dyn Iterator<Item = u64>| numbers.fold(0, u64::saturating_add);
    let weights = |critic: bool| {
        let shapes = shapes.iter().filter(|shape| shape.critic == critic);
        let pairs = shapes.flat_map(|shape| shape.sizes.windows(2));
        sum(&mut pairs.map(|pair| (pair[0] as u64).saturating_mul(pair[1] as u64)))
    };
    let units = |shape: &NetworkShape| sum(&mut shape.sizes.iter().map(|units| *units as u64));
    let units = shapes.iter().map(units).max().unwrap_or(0);
    let row = (2 * rows.obs_dim + rows.act_dim + 2) as u64;
    let sampled = row.saturating_mul(config.prune_batches as u64);
    let size = config.learning.batch_size;
    let batch = units.saturating_add(sampled).saturating_mul(size as u64);
    let need = |field, value, numbers: u64| Need {
        field,
        value,
        bytes: numbers.saturating_mul(size_of::<f32>() as u64),
    };
    let shown = |sizes: &[usize]| format!("{sizes:?}");
    let (actor, critic) = (&config.networks.actor, &config.networks.critic);
    vec![
        need(
            "networks.actor",
            shown(actor),
            weights(false).saturating_mul(5),
        ),
        need(
            "networks.critic",
            shown(critic),
            weights(true).saturating_mul(5),
        ),
        need("learning.batch_size", size.to_string(), batch),
    ]
}

/// Draws dense networks for [`OfflineConfig::build`].
///
/// # Errors
/// The networks' own, such as when a layer would have no inputs.
pub fn draw(
    config: &OfflineConfig,
    rows: &BatchShape,
    streams: &mut Streams,
) -> Result<Vec<SparseMlp>> {
    let network = |shape: NetworkShape| -> Result<SparseMlp> {
        let norm = shape.critic && config.networks.critic_layer_norm;
        let network = SparseMlpConfig::new(shape.sizes)
            .with_layer_norm(norm)
            .with_initializer(config.networks.init)
            .with_fans(config.networks.fans);
        Ok(network.try_init(&rows.device, &mut streams.init)?)
    };
    config.shapes(rows).into_iter().map(network).collect()
}

/// The networks of an agent that has so many, in the order of its shapes.
///
/// # Errors
/// [`rl_algos::Error::Config`] when there are more or fewer.
pub fn take<const N: usize>(networks: Vec<SparseMlp>) -> Result<[SparseMlp; N]> {
    <[SparseMlp; N]>::try_from(networks).map_err(|networks| {
        crate::Error::config(
            "networks",
            networks.len(),
            format!("{N} for this algorithm"),
        )
    })
}

/// The policy's network: observations in, `per_action` numbers out for each of an action.
fn actor_shape(config: &OfflineConfig, rows: &BatchShape, per_action: usize) -> NetworkShape {
    let hidden = config.networks.actor.as_slice();
    NetworkShape {
        name: "actor",
        sizes: [&[rows.obs_dim], hidden, &[per_action * rows.act_dim]].concat(),
        critic: false,
    }
}

/// A critic's network: observations and actions in, a value out.
fn critic_shape(config: &OfflineConfig, rows: &BatchShape, name: &'static str) -> NetworkShape {
    let hidden = config.networks.critic.as_slice();
    NetworkShape {
        name,
        sizes: [&[rows.obs_dim + rows.act_dim], hidden, &[1]].concat(),
        critic: true,
    }
}

/// The mean squared error of a critic's values, as the objective of the network at `place`.
fn critic_objective(place: usize, rows: &BatchShape, batch: &Batch, targets: &[f32]) -> Objective {
    let critic_input = critic_input(rows, batch, &all(batch));
    let targets = rows.tensor(targets, 1);
    Objective {
        networks: vec![place],
        fixed: Vec::new(),
        loss: Box::new(move |nets| {
            let [critic_input, targets] =
                [&critic_input, &targets].map(|t| Tensor::from_inner(t.clone()));
            mean((nets[0].forward(critic_input) - targets).square())
        }),
    }
}

/// The values of two critics for each row of `critic_input` `[rows, observation + action]`.
fn pairs(critics: [&SparseMlp; 2], critic_input: Tensor<2>) -> impl Iterator<Item = [f32; 2]> {
    let [first, second] = critics.map(|critic| to_vec(critic.forward(critic_input.clone())));
    first.into_iter().zip(second).map(<[f32; 2]>::from)
}

/// Some rows of observations with their actions, `[rows, observation + action]`.
fn critic_input(rows: &BatchShape, batch: &Batch, some: &Range<usize>) -> Tensor<2> {
    let observations = row_slice(&batch.observation, rows.obs_dim, some);
    rows.critic_input(observations, row_slice(&batch.action, rows.act_dim, some))
}

/// Some rows of actions as a tensor `[rows, action]`.
fn actions(rows: &BatchShape, batch: &Batch, some: &Range<usize>) -> Tensor<2> {
    rows.tensor(row_slice(&batch.action, rows.act_dim, some), rows.act_dim)
}

/// All rows of a batch.
fn all(batch: &Batch) -> Range<usize> {
    0..batch.size
}

/// What an update tells.
fn report(metrics: impl Into<Vec<(&'static str, f32)>>) -> UpdateReport {
    UpdateReport {
        updates: 1,
        metrics: metrics.into(),
        ..UpdateReport::default()
    }
}
