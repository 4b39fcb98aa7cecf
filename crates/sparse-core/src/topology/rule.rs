//! What a rule is.

use std::fmt::Debug;

use rand::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{LayerChange, NetworkState, RewireBudget, Schedule};
use crate::error::Result;

/// What a rule must be given besides the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// Nothing.
    None,
    /// The gradient at every weight that a layer could have: [`LayerState::gradient`](super::LayerState::gradient).
    DenseGradient,
    /// The mean magnitude of each hidden unit's output: [`NetworkState::activity`].
    Activation,
}

/// A rule that changes connections while a network is trained.
///
/// A rule reads a [`NetworkState`] and plans changes; it changes nothing itself. Its plan is checked and then applied
/// to everything that is kept per connection, by [`TopologyUpdater`](super::TopologyUpdater) or
/// [`NetworkTrainer`](crate::trainer::NetworkTrainer). [`DropGrow`](super::DropGrow),
/// [`DropCriterion`](super::DropCriterion) and [`Candidates`](super::Candidates) are parts to make a rule of;
/// [`testing`](crate::testing) checks what must hold of any.
pub trait Rule: Debug + Send + Sync {
    /// The signal that the rule needs at update `step`, counted from 1. `None` where it does not act then, whatever the
    /// schedule says.
    fn signal(&self, step: u64) -> Option<Signal>;

    /// The change of each layer, in the order of layers. All draws come from `rng`.
    ///
    /// # Errors
    /// When the rule cannot act on the network. Nothing changes then.
    fn plan(
        &self,
        network: &NetworkState,
        update: Update,
        rng: &mut dyn Rng,
    ) -> Result<Vec<LayerChange>>;

    /// Whether connections may be grown. If so, one bit for each possible connection records which were ever active.
    fn grows(&self) -> bool {
        true
    }

    /// Checks the rule's settings, which act on this schedule, for layers of `shapes` (`(outputs, inputs)`; empty where
    /// they are not known yet).
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) with the setting by its name within the rule, its value and what is allowed; [`Error::Budget`](crate::Error::Budget)
    /// when a layer would be left without connections.
    fn validate(&self, schedule: &Schedule, shapes: &[(usize, usize)]) -> Result<()> {
        let _ = (schedule, shapes);
        Ok(())
    }
}

/// A rule that has a name in configurations, where its settings stand as serde writes them: `"static"`,
/// `{"rigl": {"allow_regrow": false}}`.
pub trait NamedRule: Rule + Clone + PartialEq + Serialize + DeserializeOwned + 'static {
    /// Its name: lower case, with `_` between words.
    const NAME: &'static str;
    /// One line about it, for help and lists.
    const ABOUT: &'static str;
}

/// When a rule acts, and how far it may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// The update, counted from 1.
    pub step: u64,
    /// How far it may go.
    pub budget: RewireBudget,
}
