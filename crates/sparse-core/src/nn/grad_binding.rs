//! How a layer's parameters are differentiated without being leaves of the graph.

use std::sync::{Arc, OnceLock};

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
};
use burn::tensor::{Device, Gradients, Tensor};

use super::parameters::Parameters;
use crate::op::GradSink;

/// Vectors of a layer: its values, and at most three with one number per unit.
const VECTORS: usize = 4;

/// Says that the parameters of a layer, which lie outside autodiff, are to be differentiated: those of a network that
/// is [one operation](crate::op::network()) by its sink, otherwise as leaves, which are made when they are first used.
#[derive(Clone, Debug)]
pub(crate) struct GradBinding {
    sink: GradSink,
    /// Which layer of the sink.
    index: usize,
    leaves: Arc<[OnceLock<Tensor<1>>; VECTORS]>,
}

impl GradBinding {
    /// For layer `index` of the network that `sink` belongs to.
    pub(crate) fn new(sink: GradSink, index: usize) -> Self {
        Self {
            sink,
            index,
            leaves: Arc::default(),
        }
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    pub(crate) fn sink(&self) -> &GradSink {
        &self.sink
    }

    /// The leaf of the layer's vector number `k`, which is `plain`.
    pub(crate) fn leaf(&self, k: usize, plain: Tensor<1>) -> Tensor<1> {
        let leaf = || Tensor::from_inner(plain).require_grad();
        self.leaves[k].get_or_init(leaf).clone()
    }

    /// The gradients of the layer's parameters, `plain`, which have these numbers; zeros where no backward pass has come
    /// by.
    pub(crate) fn gradients(
        &self,
        plain: Parameters,
        mut numbers: impl Iterator<Item = usize>,
        gradients: &mut Gradients,
    ) -> Parameters {
        let mut sunk = self.sink.take(self.index).map(|sunk| sunk.map(Some));
        plain.map(|plain| {
            let Some(number) = numbers.next() else {
                unreachable!("each vector has its number")
            };
            let sunk = sunk.as_mut().and_then(|sunk| sunk.get_mut(number)?.take());
            let leaf = self.leaves[number].get();
            let leaf = leaf.and_then(|leaf| leaf.grad_remove(gradients));
            match (sunk, leaf) {
                (Some(sunk), Some(more)) => sunk + more,
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => plain.zeros_like(),
            }
        })
    }

    /// Forgets what backward passes have left so far.
    pub(crate) fn clear(&self) {
        drop(self.sink.take(self.index));
    }
}

/// A layer's binding, if it has one. As part of a module it has no parameters, and a module that is made
/// [valid](burn::module::Module::valid) has none: then its parameters are constants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bound(pub(crate) Option<GradBinding>);

impl Module for Bound {
    fn visit<V: ModuleVisitor>(&self, _: &mut V) {}

    fn map<M: ModuleMapper>(self, _: &mut M) -> Self {
        self
    }

    fn to_device(self, _: &Device) -> Self {
        self
    }

    fn fork(self, _: &Device) -> Self {
        self
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        devices
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        Self(None)
    }

    fn train(self) -> Self {
        self
    }
}

impl ModuleDisplayDefault for Bound {
    fn content(&self, content: Content) -> Option<Content> {
        content.optional()
    }
}

impl ModuleDisplay for Bound {}
