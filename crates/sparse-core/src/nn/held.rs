//! Layers whose numbers are read where they lie, for passes over blocks of rows.

use std::sync::OnceLock;

use crate::kernels::{PassLayer, TilePass, values_by_input};
use crate::op::HostVector;
use crate::pattern::Pattern;

/// A layer whose numbers are read where they lie.
#[derive(Debug)]
pub(crate) struct HeldLayer {
    pub(super) pattern: Pattern,
    pub(super) values: HostVector,
    /// Zeros where there is none.
    pub(super) bias: HostVector,
    pub(super) has_bias: bool,
}

/// A network of such layers, with ReLU between them. While it is there, the network's parameters cannot change in place.
#[derive(Debug)]
pub(crate) struct HeldNetwork {
    layers: Vec<HeldLayer>,
    by_input: Vec<OnceLock<Vec<f32>>>,
}

impl HeldNetwork {
    /// Of its layers.
    pub(super) fn new(layers: Vec<HeldLayer>) -> Self {
        Self {
            by_input: values_by_input(layers.len()),
            layers,
        }
    }

    /// Its layers.
    pub(crate) fn layers(&self) -> Vec<PassLayer<'_>> {
        let last = self.layers.len() - 1;
        let layers = self.layers.iter().enumerate();
        layers
            .map(|(index, layer)| PassLayer {
                pattern: &layer.pattern,
                values: layer.values.numbers(),
                bias: layer.bias.numbers(),
                relu: index < last,
            })
            .collect()
    }

    /// Whether each layer has a bias to be trained.
    pub(crate) fn has_bias(&self) -> impl Iterator<Item = bool> {
        self.layers.iter().map(|layer| layer.has_bias)
    }

    /// A pass over blocks of `width` rows.
    pub(crate) fn pass(&self, width: usize) -> TilePass<'_> {
        TilePass::new(self.layers(), &self.by_input, width)
    }
}
