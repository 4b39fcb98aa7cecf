//! The networks of an agent by name, for observers, files and checks.

use std::any::Any;
use std::fmt::Debug;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use sparse_core::nn::{Activation, SparseLinear, SparseMlp, SparseModule};
use sparse_core::record::{self, RecordWriter};
use sparse_core::topology::ExplorationRate;
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

/// A network of an agent: any module with sparse layers. What asks for a plain [`SparseMlp`], such as pruning, dormant units
/// and files of policies, asks for [`mlp`](Self::mlp).
#[derive(Clone, Debug)]
pub struct Network<'a> {
    /// Its name, unique within the agent, such as `critic_1`.
    pub name: &'a str,
    /// What it is for.
    pub role: Role,
    /// Its sparse layers, in the order of [`SparseModule::sparse_layers`].
    pub layers: Vec<&'a SparseLinear>,
    /// How a critic reads actions; `None` in [-1, 1].
    pub units: Option<&'a CriticUnits>,
    activation: Option<Activation>,
    mlp: Option<&'a SparseMlp>,
    learner: Option<&'a dyn AnyLearner>,
}

/// A [`NetworkTrainer`] of any module.
trait AnyLearner: Any + Debug + Sync {
    fn explored(&self) -> Option<&ExplorationRate>;
    fn memory(&self) -> Memory;
}

impl<M: SparseModule + Sync + 'static> AnyLearner for NetworkTrainer<M> {
    fn explored(&self) -> Option<&ExplorationRate> {
        self.explored()
    }

    fn memory(&self) -> Memory {
        self.memory()
    }
}

impl<'a> Network<'a> {
    /// A network that a learner trains by itself.
    #[must_use]
    pub fn of<M: SparseModule + Sync + 'static>(
        name: &'a str,
        role: Role,
        learner: &'a NetworkTrainer<M>,
    ) -> Self {
        Self {
            learner: Some(learner),
            ..Self::part(name, role, learner.net())
        }
    }

    /// A network that is trained as part of another module, or not at all.
    #[must_use]
    pub fn part<M: SparseModule + 'static>(name: &'a str, role: Role, module: &'a M) -> Self {
        Self {
            name,
            role,
            layers: module.sparse_layers(),
            activation: module.activation(),
            mlp: (module as &dyn Any).downcast_ref(),
            learner: None,
            units: None,
        }
    }

    /// Of a critic that reads actions in these units.
    #[must_use]
    pub fn with_units(self, units: &'a CriticUnits) -> Self {
        Self {
            units: Some(units),
            ..self
        }
    }

    /// The network, where it is a plain one.
    #[must_use]
    pub fn mlp(&self) -> Option<&'a SparseMlp> {
        self.mlp
    }

    /// Its learner, where it has one of its own that trains a module of this type.
    #[must_use]
    pub fn learner<M: SparseModule + 'static>(&self) -> Option<&'a NetworkTrainer<M>> {
        let learner: &dyn Any = self.learner?;
        learner.downcast_ref()
    }

    /// The plain network that it has to be, for what `purpose` says.
    ///
    /// # Errors
    /// [`Error::Config`] with its name when it is another module.
    pub fn plain(&self, purpose: &str) -> Result<&'a SparseMlp> {
        self.mlp.ok_or_else(|| {
            let allowed = format!("a SparseMlp, {purpose}");
            Error::config(
                "networks",
                format!("`{}`, a module of its own", self.name),
                allowed,
            )
        })
    }

    /// Shares of the possible connections that existed at some time; `None` where connections stay.
    #[must_use]
    pub fn explored(&self) -> Option<&'a ExplorationRate> {
        self.learner.and_then(AnyLearner::explored)
    }

    /// Density of each layer, in (0, 1].
    #[must_use]
    pub fn densities(&self) -> Vec<f64> {
        let layers = self.layers.iter();
        layers.map(|layer| layer.pattern().density()).collect()
    }

    /// Features of the input and of each layer's output, of layers in a chain.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        let first = self.layers.first().map(|layer| layer.pattern().inputs());
        let outputs = self.layers.iter().map(|layer| layer.pattern().outputs());
        first.into_iter().chain(outputs).collect()
    }

    /// Where its weights lie.
    ///
    /// # Panics
    /// When it has no layer; every network has one.
    #[must_use]
    pub fn device(&self) -> Device {
        self.layers[0].values().device()
    }

    /// Weights that exist, and that could.
    #[must_use]
    pub fn weights(&self) -> Weights {
        let mut sum = Weights::default();
        for layer in &self.layers {
            let pattern = layer.pattern();
            sum.active += pattern.nnz();
            sum.total += pattern.outputs() * pattern.inputs();
        }
        sum
    }

    /// Adds it to a record, as [`RecordWriter::network`] does.
    pub(super) fn record(&self, record: &mut RecordWriter) {
        record.layers(self.name, &self.layers, self.activation);
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
        learners.map(AnyLearner::memory).collect()
    }

    /// The bytes of a safetensors file with the networks, for [`Policy::open`](crate::algos::Policy::open) and for
    /// other programs.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when the format cannot hold them.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut record = RecordWriter::new();
        for network in self.networks() {
            network.record(&mut record);
        }
        Ok(record.finish()?)
    }

    /// The same bytes with the actor alone.
    ///
    /// # Errors
    /// [`Error::Config`] when no plain network is the policy; [`sparse_core::Error::Record`] when the format cannot hold it.
    pub fn policy_bytes(&self) -> Result<Vec<u8>> {
        let actor = self.actor()?;
        let net = actor.plain("for a policy to be a file")?;
        Ok(record::to_bytes(&[(actor.name, net)])?)
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
