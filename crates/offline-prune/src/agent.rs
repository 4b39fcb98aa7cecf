//! What pruning needs of an agent beside learning: its losses as functions of its networks.

use rl_algos::agent::Agent;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;

use crate::Result;
use crate::weights::Loss;

/// An agent that learns from a dataset. Actions are in [-1, 1] per component; observations are normalised if the
/// dataset's are.
///
/// A policy that is one network, whose output through tanh is the action, has the role of
/// [an actor](rl_algos::agent::Role::Actor).
pub trait OfflineAgent: Agent {
    /// The losses of the networks on a batch; each network of the agent is in one objective, and every batch has the same
    /// ones in the same order. Noise is drawn now, so that each loss is a function of the networks.
    ///
    /// # Errors
    /// When the batch does not fit.
    fn objectives(&self, batch: &Batch, streams: &mut Streams) -> Result<Vec<Objective>>;
}

/// A loss, and its networks by their index in [`Agent::networks`].
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
    /// What it is called; `actor` where it is the policy by itself.
    pub name: &'static str,
    /// Numbers of features: input, hidden layers, output.
    pub sizes: Vec<usize>,
    /// Whether it is a critic; else it is an actor.
    pub critic: bool,
}
