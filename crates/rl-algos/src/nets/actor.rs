//! A policy's network.

use sparse_core::math::tanh;
use sparse_core::nn::{Inference, SparseMlp};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig};

use super::BatchShape;
use super::spec::{NetworkSpec, network};
use crate::Result;
use crate::agent::{Network, Role};
use crate::config::TrainConfig;
use crate::rng::Streams;

/// A policy's network, which acts without tensors.
#[derive(Debug)]
pub struct Actor {
    learner: NetworkTrainer<SparseMlp>,
    /// The network as it acts, until its next update.
    inference: Option<Inference>,
}

impl Actor {
    /// Draws the network.
    ///
    /// # Errors
    /// The network's own, such as when a layer would have no inputs.
    pub fn new(config: &TrainConfig, rows: &BatchShape, streams: &mut Streams) -> Result<Self> {
        let spec = NetworkSpec::actor(config, [rows.obs_dim, rows.act_dim]);
        let net = network(config, &spec, &rows.device, streams)?;
        Self::from_network(net, spec.settings)
    }

    /// An actor with this network, which is trained by these settings.
    ///
    /// # Errors
    /// As [`NetworkTrainer::new`].
    pub fn from_network(net: SparseMlp, settings: NetworkTrainerConfig) -> Result<Self> {
        Ok(Self {
            learner: NetworkTrainer::new(net, settings)?,
            inference: None,
        })
    }

    /// What is trained.
    #[must_use]
    pub fn learner(&self) -> &NetworkTrainer<SparseMlp> {
        &self.learner
    }

    /// The network by its name, `actor`.
    #[must_use]
    pub fn network(&self) -> Network<'_> {
        Network::of("actor", Role::Actor, &self.learner)
    }

    /// What is trained, to be changed.
    pub fn learner_mut(&mut self) -> &mut NetworkTrainer<SparseMlp> {
        self.inference = None;
        &mut self.learner
    }

    /// The network's output for one observation.
    ///
    /// # Panics
    /// When the observation has another size.
    #[must_use]
    pub fn output(&mut self, observation: &[f32]) -> &[f32] {
        let net = self.learner.net();
        let inference = self.inference.get_or_insert_with(|| Inference::of(net));
        let output = inference.forward(observation);
        output.unwrap_or_else(|error| panic!("observation: {error}"))
    }

    /// Writes the action for `observation` `[observation]` to `action` `[action]`: the first outputs through tanh.
    ///
    /// # Panics
    /// When the observation has another size.
    pub fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        tanh(&self.output(observation)[..action.len()], action);
    }
}
