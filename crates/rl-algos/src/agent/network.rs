//! The networks of an agent by name, for observers, files and checks.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use sparse_core::nn::{SparseMlp, SparseModule};
use sparse_core::record;
use sparse_core::trainer::{Memory, NetworkTrainer};

use super::Agent;
use crate::scale::CriticUnits;
use crate::{Error, Result};

/// The role of a network, which decides its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Acts: reads observations.
    Actor,
    /// Values actions: reads observations followed by actions.
    Critic,
    /// Judges states: reads observations.
    Value,
    /// Anything else.
    Other,
}

/// A network of an agent.
#[derive(Clone, Copy, Debug)]
pub struct Network<'a> {
    /// Its name, unique within the agent, such as `critic_1`.
    pub name: &'a str,
    /// What it is for.
    pub role: Role,
    /// Its weights.
    pub net: &'a SparseMlp,
    /// Its trainer; `None` where it is trained as part of another module.
    pub learner: Option<&'a NetworkTrainer<SparseMlp>>,
    /// How a critic reads actions; `None` in [-1, 1].
    pub units: Option<&'a CriticUnits>,
}

impl<'a> Network<'a> {
    /// A network that a learner trains by itself.
    #[must_use]
    pub fn of(name: &'a str, role: Role, learner: &'a NetworkTrainer<SparseMlp>) -> Self {
        Self {
            name,
            role,
            net: learner.net(),
            learner: Some(learner),
            units: None,
        }
    }

    /// Density of each layer, in (0, 1].
    #[must_use]
    pub fn densities(&self) -> Vec<f64> {
        let layers = self.net.sparse_layers().into_iter();
        layers.map(|layer| layer.pattern().density()).collect()
    }

    /// Where its weights lie.
    ///
    /// # Panics
    /// When it has no layer; every network has one.
    #[must_use]
    pub fn device(&self) -> Device {
        self.net.sparse_layers()[0].values().device()
    }

    /// Weights that exist, and that could.
    #[must_use]
    pub fn weights(&self) -> Weights {
        Weights::of(self.net)
    }
}

/// Shares of the weights that exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Densities {
    /// Of the actor; NaN where there is none.
    pub actor: f64,
    /// Of each critic; NaN where there is none.
    pub critic: f64,
}

/// Weights of one network, biases not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    /// Weights that exist.
    pub active: usize,
    /// Weights that a dense network of this shape has.
    pub total: usize,
}

impl Weights {
    /// The weights of a network.
    #[must_use]
    pub fn of(network: &SparseMlp) -> Self {
        let mut sum = Self::default();
        for layer in network.sparse_layers() {
            let pattern = layer.pattern();
            sum.active += pattern.nnz();
            sum.total += pattern.outputs() * pattern.inputs();
        }
        sum
    }
}

impl dyn Agent + '_ {
    /// Weights of the actor; zeros without an actor.
    #[must_use]
    pub fn actor_weights(&self) -> Weights {
        self.weights(&[Role::Actor])
    }

    /// Weights of the first critic; zeros without a critic.
    #[must_use]
    pub fn critic_weights(&self) -> Weights {
        self.weights(&[Role::Critic, Role::Value])
    }

    /// Weights of all networks that are trained.
    #[must_use]
    pub fn all_weights(&self) -> Weights {
        let networks = self.networks().into_iter();
        let networks = networks.map(|network| network.weights());
        networks.fold(Weights::default(), |sum, weights| Weights {
            active: sum.active + weights.active,
            total: sum.total + weights.total,
        })
    }

    /// Weights of the first network with one of these roles.
    fn weights(&self, roles: &[Role]) -> Weights {
        let mut networks = self.networks().into_iter();
        let network = networks.find(|network| roles.contains(&network.role));
        network.map_or(Weights::default(), |network| network.weights())
    }

    /// Shares of the weights that exist; NaN for a missing network.
    #[must_use]
    pub fn densities(&self) -> Densities {
        let density = |w: Weights| w.active as f64 / w.total as f64;
        Densities {
            actor: density(self.actor_weights()),
            critic: density(self.critic_weights()),
        }
    }

    /// Bytes that the learners hold, in the order of [`Agent::networks`].
    #[must_use]
    pub fn memory(&self) -> Vec<Memory> {
        let networks = self.networks().into_iter();
        let learners = networks.filter_map(|network| network.learner);
        learners.map(NetworkTrainer::memory).collect()
    }

    /// The bytes of a safetensors file with the networks, for [`Policy::open`](crate::algos::Policy::open) and for
    /// other programs.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when the format cannot hold them.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let networks = self.networks();
        let networks: Vec<_> = networks.iter().map(|n| (n.name, n.net)).collect();
        Ok(record::to_bytes(&networks)?)
    }

    /// The same bytes with the actor alone.
    ///
    /// # Errors
    /// [`Error::Config`] when no network is the policy; [`sparse_core::Error::Record`] when the format cannot hold it.
    pub fn policy_bytes(&self) -> Result<Vec<u8>> {
        let actor = self.actor()?;
        Ok(record::to_bytes(&[(actor.name, actor.net)])?)
    }

    /// The network that is the policy.
    ///
    /// # Errors
    /// [`Error::Config`] when there is none, as where acting takes several networks.
    pub fn actor(&self) -> Result<Network<'_>> {
        let mut networks = self.networks().into_iter();
        let actor = networks.find(|network| network.role == Role::Actor);
        actor.ok_or_else(|| {
            let names: Vec<_> = self.networks().iter().map(|n| n.name.to_owned()).collect();
            let allowed = "with one that is an actor by itself, for a policy to be a file";
            Error::config("networks", format!("[{}]", names.join(", ")), allowed)
        })
    }
}
