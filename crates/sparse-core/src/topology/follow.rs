//! One change of a module's connections, and everything that follows it.

use burn::module::ParamId;
use burn::tensor::Tensor;

use super::AppliedChange;
use crate::Result;
use crate::nn::{Parameters, SparseLinear, SparseModule};
use crate::op::{self, to_vec, vector};

/// State that is kept per connection: moments, another network's values, your own numbers. A layer is named by its
/// index in [`SparseModule::sparse_layers`].
pub trait FollowsConnections {
    /// Carries a layer's state to its new connections; [`AppliedChange::carry`] does so for numbers that start from
    /// zero.
    ///
    /// # Errors
    /// When the state does not belong to the layer's connections before the change.
    fn carry(&mut self, layer: usize, change: &AppliedChange) -> Result<()>;
}

/// A copy that has the connections of the changed module, such as a target network; one with others is refused. Its
/// values are carried, and grown ones start as in the module. Resets do not apply: a target follows later.
impl<N: SparseModule> FollowsConnections for N {
    fn carry(&mut self, layer: usize, change: &AppliedChange) -> Result<()> {
        let mut layers = self.sparse_layers_mut();
        let count = layers.len();
        match layers.get_mut(layer) {
            Some(follower) if follower.pattern() != change.from() => {
                let pattern = follower.pattern();
                Err(crate::Error::Pattern {
                    outputs: pattern.outputs(),
                    inputs: pattern.inputs(),
                    reason: format!(
                        "layer {layer} of the follower has other connections: must be a copy of the changed module"
                    ),
                })
            }
            Some(layer) => carry_layer(layer, change, false),
            None => Err(crate::Error::Shape {
                what: "sparse layers",
                got: count,
                expected: layer + 1,
            }),
        }
    }
}

/// The changes of an update in a module's sparse layers.
#[derive(Clone, Debug, PartialEq)]
pub struct TopologyChange {
    layers: Vec<Option<AppliedChange>>,
    /// The parameters of each layer: the values, then what it has for each unit.
    pub(super) parameters: Vec<Vec<ParamId>>,
}

impl TopologyChange {
    /// Changes the module, of which `layers` are planned.
    pub(super) fn apply(
        module: &mut impl SparseModule,
        layers: Vec<Option<AppliedChange>>,
    ) -> Result<Self> {
        let listed = module.sparse_layers().into_iter();
        let parameters = listed
            .map(|layer| layer.parameter_ids().collect())
            .collect();
        let change = Self { layers, parameters };
        let mut layers = module.sparse_layers_mut();
        let planned = change.layers.len();
        crate::Error::check_size("layers of `sparse_layers_mut`", layers.len(), planned)?;
        for (index, change) in change.layers() {
            carry_layer(layers[index], change, true)?;
        }
        drop(layers);
        Ok(change)
    }

    /// The layers that changed, each with its place.
    pub fn layers(&self) -> impl Iterator<Item = (usize, &AppliedChange)> {
        let layers = self.layers.iter().enumerate();
        layers.filter_map(|(index, change)| Some((index, change.as_ref()?)))
    }

    /// Carries all layers of a follower.
    ///
    /// # Errors
    /// As [`FollowsConnections::carry`]. Some layers may have been carried then.
    pub fn carry(&self, follower: &mut impl FollowsConnections) -> Result<()> {
        self.layers()
            .try_for_each(|(index, change)| follower.carry(index, change))
    }

    /// Connections that went.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.rewires(|rewire| rewire.dropped().len())
    }

    /// Connections that came.
    #[must_use]
    pub fn grown(&self) -> usize {
        self.rewires(|rewire| rewire.grown().len())
    }

    /// Units that start anew.
    #[must_use]
    pub fn recycled(&self) -> usize {
        self.layers()
            .map(|(_, change)| change.reset_units().len())
            .sum()
    }

    fn rewires(&self, count: impl Fn(&crate::pattern::Rewire) -> usize) -> usize {
        self.layers()
            .filter_map(|(_, change)| change.rewire())
            .map(count)
            .sum()
    }
}

/// Moves a layer's values to its new connections; resets values and units if `resets`.
fn carry_layer(layer: &mut SparseLinear, change: &AppliedChange, resets: bool) -> Result<()> {
    if resets && !change.reset_units().is_empty() {
        reset_units(layer, change.reset_units());
    }
    if change.rewire().is_none() && !(resets && change.resets()) {
        return Ok(());
    }
    let old = layer.values();
    let values = change.values(to_vec(old.clone()), resets)?;
    layer.set_connections(change.to().clone(), vector(values, &old.device()));
    Ok(())
}

/// Resets the vectors of some units: biases and shifts to zero, scales to one.
fn reset_units(layer: &mut SparseLinear, units: &[usize]) {
    let Parameters { values, per_unit } = layer.parameters();
    let names = layer.per_unit_names().iter();
    let per_unit = names.zip(per_unit).map(|(name, old)| {
        let first = if *name == "scale" { 1.0 } else { 0.0 };
        let set = |numbers: &mut [f32]| units.iter().for_each(|&unit| numbers[unit] = first);
        as_leaf(op::change(&old, set), &old)
    });
    let per_unit = per_unit.collect();
    layer.set_parameters(Parameters { values, per_unit });
}

/// A new value of a parameter, to be differentiated if the old one is.
fn as_leaf(new: Tensor<1>, old: &Tensor<1>) -> Tensor<1> {
    if old.is_require_grad() {
        new.require_grad()
    } else {
        new
    }
}
