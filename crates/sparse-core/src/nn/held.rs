//! Networks for passes over blocks of rows without tensors between their layers: on the host, where their numbers lie, or on a
//! GPU.

use std::sync::OnceLock;

use burn::tensor::Tensor;

use crate::device::is_gpu;
use crate::kernels::{PassLayer, TilePass, values_by_input};
use crate::op::{DeviceNetwork, HostVector};
use crate::pattern::Pattern;

/// A layer of compressed rows, not normalised, at which nothing looks on.
#[derive(Debug)]
pub(crate) struct PlainLayer {
    pub(super) pattern: Pattern,
    pub(super) values: Tensor<1>,
    /// Zeros where there is none.
    pub(super) bias: Tensor<1>,
    pub(super) has_bias: bool,
}

/// A network of such layers, with ReLU between them.
#[derive(Debug)]
pub(crate) enum Held {
    Host(HeldNetwork),
    Device(DeviceNetwork),
}

impl Held {
    /// Of its layers; `None` where their numbers lie neither in host memory nor in one buffer of a GPU.
    pub(super) fn of(layers: Vec<PlainLayer>) -> Option<Self> {
        if !is_gpu(&layers.first()?.values.device()) {
            let layers = layers.into_iter().map(HeldLayer::of);
            return Some(Self::Host(HeldNetwork::new(layers.collect::<Option<_>>()?)));
        }
        if !layers.iter().all(|layer| layer.has_bias) {
            return None;
        }
        let patterns: Vec<&Pattern> = layers.iter().map(|layer| &layer.pattern).collect();
        let parameters = layers.iter();
        let parameters = parameters.flat_map(|l| [l.values.clone(), l.bias.clone()]);
        let parameters: Vec<Tensor<1>> = parameters.collect();
        DeviceNetwork::of(&patterns, &parameters).map(Self::Device)
    }
}

/// A layer whose numbers are read where they lie.
#[derive(Debug)]
pub(crate) struct HeldLayer {
    pub(super) pattern: Pattern,
    pub(super) values: HostVector,
    /// Zeros where there is none.
    pub(super) bias: HostVector,
    pub(super) has_bias: bool,
}

impl HeldLayer {
    /// `None` where the numbers lie elsewhere.
    fn of(layer: PlainLayer) -> Option<Self> {
        Some(Self {
            pattern: layer.pattern,
            values: HostVector::of(layer.values)?,
            bias: HostVector::of(layer.bias)?,
            has_bias: layer.has_bias,
        })
    }
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
