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
use rl_algos::agent::Resumable;
use rl_algos::config::Need;
use rl_algos::nets::{BatchShape, check_batch, row_slice, to_vec};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::nn::{SparseMlp, SparseMlpConfig};
use sparse_core::op::mean;

pub use awac::Awac;
pub use bc::Bc;
pub use bcq::Bcq;
pub use iql::Iql;
pub use td3_bc::Td3Bc;

use crate::Result;
use crate::config::{AlgoConfig, OfflineConfig};
use crate::weights::Loss;

/// An agent that learns from a dataset. Actions are in [-1, 1] per component.
pub trait OfflineAgent: Resumable + Debug + Send {
    /// Writes the action for `observation` `[observation]`, without noise, to `action` `[action]`. Observations are
    /// normalised if the training data were.
    fn act(&mut self, observation: &[f32], action: &mut [f32]);

    /// Learns from a batch; returns losses and other numbers by name. They are the same
    /// each time, NaN where an update does not compute one.
    ///
    /// # Errors
    /// [`sparse_core::Error::Diverged`] when a loss is NaN or infinite.
    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> Result<Vec<(&'static str, f32)>>;

    /// The trained networks by name, the policy first.
    fn networks(&self) -> Vec<(&'static str, &SparseMlp)>;

    /// The network that is the policy by itself: its output through tanh is the action.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) where acting takes several networks, as with BCQ.
    fn policy(&self) -> Result<&SparseMlp>;

    /// The losses of the networks on a batch; each network is in one objective. Noise is drawn now, so that each loss
    /// is a function of the networks.
    ///
    /// # Errors
    /// When the batch does not fit.
    fn objectives(&self, batch: &Batch, streams: &mut Streams) -> Result<Vec<Objective>>;
}

/// A loss, and its networks by their index in [`OfflineAgent::networks`].
pub struct Objective {
    /// Networks that minimise it together, 1 or more.
    pub networks: Vec<usize>,
    /// Networks that it uses but does not train; `loss` receives them after the others.
    pub fixed: Vec<usize>,
    /// The loss of the networks, one number.
    pub loss: Box<Loss<'static>>,
}

/// A network before it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkShape {
    /// What it is called.
    pub name: &'static str,
    /// Numbers of features: input, hidden layers, output.
    pub sizes: Vec<usize>,
    /// Whether it is a critic; else it is an actor.
    pub critic: bool,
}

/// The networks that an algorithm trains, in its order.
#[must_use]
pub fn shapes(config: &OfflineConfig, rows: &BatchShape) -> Vec<NetworkShape> {
    match &config.algo {
        AlgoConfig::Bc => bc::shapes(config, rows),
        AlgoConfig::Td3Bc(_) => td3_bc::shapes(config, rows),
        AlgoConfig::Iql(_) => iql::shapes(config, rows),
        AlgoConfig::Awac(_) => awac::shapes(config, rows),
        AlgoConfig::Bcq(bcq) => bcq::shapes(config, bcq, rows),
    }
}

/// Least memory of a run beside its dataset, setting by setting: five numbers for each weight of the dense networks
/// (its value, and what scoring or training keeps for it), what is sampled, and what the largest network keeps of a
/// batch.
#[must_use]
pub fn needs(config: &OfflineConfig, rows: &BatchShape) -> Vec<Need> {
    let shapes = shapes(config, rows);
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

/// Draws dense networks for [`build`].
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
    shapes(config, rows).into_iter().map(network).collect()
}

/// The agent that `config` describes with these networks, dense or pruned, in the order of [`shapes`].
///
/// # Errors
/// As [`OfflineConfig::validate`], and when there are more networks or fewer.
pub fn build(
    config: &OfflineConfig,
    rows: BatchShape,
    networks: Vec<SparseMlp>,
) -> Result<Box<dyn OfflineAgent>> {
    config.validate()?;
    Ok(match &config.algo {
        AlgoConfig::Bc => Box::new(Bc::new(config, rows, take(networks)?)?),
        AlgoConfig::Td3Bc(td3_bc) => Box::new(Td3Bc::new(config, td3_bc, rows, take(networks)?)?),
        AlgoConfig::Iql(iql) => Box::new(Iql::new(config, iql, rows, take(networks)?)?),
        AlgoConfig::Awac(awac) => Box::new(Awac::new(config, awac, rows, take(networks)?)?),
        AlgoConfig::Bcq(bcq) => Box::new(Bcq::new(config, bcq, rows, take(networks)?)?),
    })
}

/// So many networks.
fn take<const N: usize>(networks: Vec<SparseMlp>) -> Result<[SparseMlp; N]> {
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
    let judged = judged(rows, batch, &all(batch));
    let targets = rows.tensor(targets, 1);
    Objective {
        networks: vec![place],
        fixed: Vec::new(),
        loss: Box::new(move |nets| {
            let [judged, targets] = [&judged, &targets].map(|t| Tensor::from_inner(t.clone()));
            mean((nets[0].forward(judged) - targets).square())
        }),
    }
}

/// The values of two critics for each row of `judged` `[rows, observation + action]`.
fn pairs(critics: [&SparseMlp; 2], judged: Tensor<2>) -> impl Iterator<Item = [f32; 2]> {
    let [first, second] = critics.map(|critic| to_vec(critic.forward(judged.clone())));
    first.into_iter().zip(second).map(<[f32; 2]>::from)
}

/// Some rows of observations with their actions, `[rows, observation + action]`.
fn judged(rows: &BatchShape, batch: &Batch, some: &Range<usize>) -> Tensor<2> {
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

/// Refuses a batch that is not made for these sizes.
fn check(rows: &BatchShape, batch: &Batch) -> Result<()> {
    Ok(check_batch(rows, batch)?)
}
