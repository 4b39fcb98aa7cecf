//! What a rule is, and what it sees of a network.

use std::fmt::Debug;

use rand::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{LayerChange, RewireBudget, Schedule};
use crate::error::{Error, Result};
use crate::nn::Activity;
use crate::op::DenseGradient;
use crate::pattern::Pattern;

/// What a rule must be given besides the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Nothing.
    None,
    /// The gradient at every weight that a layer could have: [`LayerState::gradient`].
    DenseGradient,
    /// The mean magnitude of each hidden unit's output: [`NetworkState::activity`].
    Activation,
}

/// A rule that changes connections while a network is trained.
///
/// A rule reads a [`NetworkState`] and says what is to change; it changes nothing itself. Its plan is checked and then
/// applied to all that is kept per connection, by [`TopologyUpdater`](super::TopologyUpdater) or
/// [`NetworkTrainer`](crate::trainer::NetworkTrainer). [`DropGrow`](super::DropGrow),
/// [`DropCriterion`](super::DropCriterion) and [`Candidates`](super::Candidates) are parts to make a rule of;
/// [`testing`](crate::testing) checks what must hold of any.
pub trait Rule: Debug + Send + Sync {
    /// What the rule must be given to act at update `step`, counted from 1. `None` where it does not act then, whatever
    /// the schedule says.
    fn signal(&self, step: u64) -> Option<Signal>;

    /// What changes in each layer, in the order of layers. All draws come from `rng`.
    ///
    /// # Errors
    /// When the network is none that the rule can act on. Nothing changes then.
    fn plan(
        &self,
        network: &NetworkState,
        update: Update,
        rng: &mut dyn Rng,
    ) -> Result<Vec<LayerChange>>;

    /// Whether connections may come. If so, one bit for each possible connection records which were ever active.
    fn grows(&self) -> bool {
        true
    }

    /// Checks the rule's settings, which act on this schedule, for layers of `shapes` (`(outputs, inputs)`; empty where
    /// they are not known yet).
    ///
    /// # Errors
    /// [`Error::Config`] with the setting by its name within the rule, its value and what is allowed; [`Error::Budget`]
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

/// One layer as a rule sees it.
#[derive(Debug)]
pub struct LayerState {
    /// Its connections.
    pub pattern: Pattern,
    /// Their values `[nnz]`, in the pattern's order.
    pub values: Vec<f32>,
    /// The dense gradient, where the rule asked for it.
    pub gradient: Option<DenseGradient>,
}

impl LayerState {
    /// The magnitude of each value.
    #[must_use]
    pub fn magnitudes(&self) -> Vec<f32> {
        self.values.iter().map(|value| value.abs()).collect()
    }

    /// The dense gradient.
    ///
    /// # Errors
    /// [`Error::Shape`] when there is none, or one of another shape than the layer's.
    pub fn dense_gradient(&self) -> Result<&DenseGradient> {
        let shape = self
            .gradient
            .as_ref()
            .map_or((0, 0), |g| (g.outputs(), g.inputs()));
        let (outputs, inputs) = (self.pattern.outputs(), self.pattern.inputs());
        Error::check_size("outputs of the dense gradient", shape.0, outputs)?;
        Error::check_size("inputs of the dense gradient", shape.1, inputs)?;
        match &self.gradient {
            Some(gradient) => Ok(gradient),
            None => Err(Error::Shape {
                what: "dense gradients",
                got: 0,
                expected: 1,
            }),
        }
    }
}

/// A network as a rule sees it.
#[derive(Debug, Default)]
pub struct NetworkState {
    /// Its sparse layers.
    pub layers: Vec<LayerState>,
    /// Pairs of layers: the outputs of the first are hidden units, and the inputs of the second.
    pub hidden: Vec<[usize; 2]>,
    /// How active hidden units were, where the rule asked for it.
    pub activity: Activity,
}

impl NetworkState {
    /// `(outputs, inputs)` of each layer.
    #[must_use]
    pub fn shapes(&self) -> Vec<(usize, usize)> {
        let layers = self.layers.iter();
        layers
            .map(|layer| (layer.pattern.outputs(), layer.pattern.inputs()))
            .collect()
    }
}
