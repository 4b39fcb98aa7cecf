//! The network that the recipes use: linear layers with an activation between them.

use burn::module::Module;
use burn::tensor::Tensor;

use super::activation::Activation;
use super::activations::Activations;
use super::activity::ActivityProbe;
use super::frozen_relu::FrozenRelu;
use super::grad_binding::GradBinding;
use super::held::PlainLayer;
use super::linear::SparseLinear;
use super::rows::along_rows;
use super::storage::Storage;
use crate::device::is_gpu;
use crate::kernels::{MOST_UNITS, pass_suits};
use crate::op::{self, Network, network, untile};
use crate::pattern::Pattern;
use crate::{Error, Result};

/// What layers read and give for a batch, at most, on a GPU that goes through them at once: 128 MiB, as much as WebGPU
/// guarantees that a kernel can be given.
const MOST_NUMBERS: usize = 1 << 25;

/// A module that lists its sparse layers, so that a learner can train and rewire them. All that is to be trained lies
/// in these layers: a [`NetworkTrainer`](crate::trainer::NetworkTrainer) moves, copies and stores no other parameter.
pub trait SparseModule: Module {
    /// The sparse layers, in a fixed order.
    fn sparse_layers(&self) -> Vec<&SparseLinear>;

    /// The same layers in the same order.
    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear>;

    /// Pairs of layers, by their place in the list: the outputs of the first, after the activation, are hidden units
    /// and the inputs of the second. Default: none; rules that act on units need them.
    fn hidden_layers(&self) -> Vec<[usize; 2]> {
        Vec::new()
    }

    /// Makes the next forward passes report to the probe how active the units of each hidden layer are, or stops it.
    /// Default: does nothing.
    fn watch_activity(&mut self, probe: Option<ActivityProbe>) {
        let _ = probe;
    }

    /// The activation of its hidden layers, by which [`Record::network`](crate::record::Record::network) reads the module as a
    /// [`SparseMlp`]. Default: `None`, of a module that is no such network, whose record is not read as one.
    fn activation(&self) -> Option<Activation> {
        None
    }
}

/// A layer by itself is a module of one.
impl SparseModule for SparseLinear {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        vec![self]
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        vec![self]
    }
}

/// Linear layers with an activation between them (default: ReLU) and none after the last; inputs of an activation may
/// be normalised.
///
/// Burn's records hold its layers' [parameters](SparseLinear#parameters); the activation is part of the module, as sizes
/// are.
#[derive(Module, Debug)]
pub struct SparseMlp {
    layers: Vec<SparseLinear>,
    #[module(skip)]
    hidden: Activation,
    #[module(skip)]
    activity: Option<ActivityProbe>,
    #[module(skip)]
    gates: Option<FrozenRelu>,
}

impl SparseMlp {
    /// A network of these layers; each one's outputs are the next one's inputs.
    ///
    /// # Errors
    /// [`Error::Shape`] when two neighbours do not fit, [`Error::Config`] when there are none.
    pub fn from_layers(layers: Vec<SparseLinear>) -> Result<Self> {
        if layers.is_empty() {
            return Err(Error::config("layers", 0, "at least one"));
        }
        for pair in layers.windows(2) {
            let (got, expected) = (pair[1].pattern().inputs(), pair[0].pattern().outputs());
            Error::check_size("inputs of a layer", got, expected)?;
        }
        Ok(Self {
            layers,
            hidden: Activation::default(),
            activity: None,
            gates: None,
        })
    }

    /// The same network on other kernels.
    #[must_use]
    pub fn with_storage(self, storage: Storage) -> Self {
        let layers = self.layers.into_iter();
        Self {
            layers: layers.map(|layer| layer.with_storage(storage)).collect(),
            ..self
        }
    }

    /// The same layers with another activation between them, which [gates](Self::freeze_relu) do not stand for.
    #[must_use]
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.hidden = activation;
        self.gates = self.gates.filter(|_| activation == Activation::Relu);
        self
    }

    /// What follows each hidden layer.
    #[must_use]
    pub fn activation(&self) -> Activation {
        self.hidden
    }

    /// Replaces the ReLUs by these gates in the next forward passes, or restores the ReLUs.
    ///
    /// # Errors
    /// [`Error::Config`] where the activation is another: only ReLU is linear on either side of its gate.
    pub fn freeze_relu(&mut self, gates: Option<FrozenRelu>) -> Result<()> {
        if gates.is_some() && self.hidden != Activation::Relu {
            let allowed = "relu, where gates are to be held";
            return Err(Error::config("activation", self.hidden.name(), allowed));
        }
        self.gates = gates;
        Ok(())
    }

    /// `[.., inputs]` to `[.., outputs]`.
    ///
    /// # Panics
    /// When the last dimension of `x` is another, as Burn's own layers do.
    #[must_use]
    #[track_caller]
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let inputs = self.layers[0].pattern().inputs();
        along_rows("SparseMlp", x, inputs, |x| self.forward_rows(x))
    }

    /// `[batch, inputs]` to `[batch, outputs]`.
    fn forward_rows(&self, x: Tensor<2>) -> Tensor<2> {
        let x = match self.layers[0].binding() {
            Some(_) if !x.device().is_autodiff() => Tensor::from_inner(x),
            _ => x,
        };
        if let Some(whole) = self.as_one(x.dims()[0]) {
            return network(x, whole);
        }
        let last = self.layers.len() - 1;
        let dense = self.is_dense();
        let mut x = Activations::from_rows(x);
        for (i, layer) in self.layers.iter().enumerate() {
            x = match self.gates.as_ref() {
                _ if i == last => layer.apply(x, op::Activation::Identity, dense),
                Some(gates) => gates.pass(layer.apply(x, op::Activation::Identity, dense)),
                None => {
                    let x = layer.apply(x, self.hidden.fused(), dense);
                    self.hidden.finish(x)
                }
            };
            if let Some(probe) = self.activity.as_ref().filter(|_| i < last) {
                tell(probe, i, layer, &x);
            }
        }
        x.into_rows()
    }

    /// The network as one operation on a batch of `batch` rows, where that is possible: every layer has compressed
    /// rows, and nothing watches the activations.
    fn as_one(&self, batch: usize) -> Option<Network> {
        if self.activity.is_some() || self.gates.is_some() || self.is_dense() {
            return None;
        }
        if self.hidden.fused() == op::Activation::Identity {
            return None;
        }
        let sink = self.layers[0].binding().map(GradBinding::sink);
        // Layers of another network go their own way.
        let together = |layer: &SparseLinear| match (sink, layer.binding()) {
            (Some(sink), Some(binding)) => binding.sink().is_same(sink),
            (one, other) => one.is_none() && other.is_none(),
        };
        if !self.layers.iter().all(together) {
            return None;
        }
        let last = self.layers.len() - 1;
        let layers = self.layers.iter().enumerate();
        let layers = layers.map(|(i, layer)| match i < last {
            true => layer.in_network(batch, self.hidden.fused()),
            false => layer.in_network(batch, op::Activation::Identity),
        });
        Some(Network {
            layers: layers.collect::<Option<_>>()?,
            sink: sink.cloned(),
        })
    }

    /// The network for [passes](super::passes) over blocks of a batch of `batch` rows, where that is possible.
    pub(super) fn plain(&self, batch: usize, training: bool) -> Option<Vec<PlainLayer>> {
        let watched = self.activity.is_some() || self.gates.is_some();
        if watched || self.is_dense() || self.hidden.fused() != op::Activation::Relu {
            return None;
        }
        let layers = self.layers.iter();
        let layers: Vec<PlainLayer> = layers
            .map(|layer| layer.plain(batch, training))
            .collect::<Option<_>>()?;
        let mut patterns = self.layers.iter().map(SparseLinear::pattern);
        let suits = match is_gpu(&layers[0].values.device()) {
            true => {
                let units = |p: &Pattern| p.inputs() + p.outputs();
                let numbers = patterns.clone().map(units).sum::<usize>() * batch;
                numbers <= MOST_NUMBERS
                    && patterns.all(|p| p.inputs().max(p.outputs()) <= MOST_UNITS)
            }
            false => pass_suits(patterns, batch),
        };
        suits.then_some(layers)
    }

    /// Whether every layer is to be multiplied densely: where all connections exist, compressed rows gain less on the
    /// thin first and last layer than it costs to lay the activations out for them and back.
    fn is_dense(&self) -> bool {
        let dense = |l: &SparseLinear| l.pattern().is_full() && l.storage() == Storage::Auto;
        self.layers.iter().all(dense)
    }
}

/// Adds a hidden layer's activations to a probe, where the layer is differentiated; what a constant does is no activity.
fn tell(probe: &ActivityProbe, index: usize, layer: &SparseLinear, x: &Activations) {
    if !layer.is_differentiated() {
        return;
    }
    let rows = match x {
        Activations::Columns(columns) => columns.clone().inner().transpose(),
        Activations::Tiles { tiles, batch } => untile(tiles.clone().inner(), *batch),
    };
    let mut magnitudes = vec![0.0; rows.dims()[1]];
    // In one order on every machine, which Burn's sums have not.
    let numbers: Vec<f32> = rows.into_data().iter::<f32>().collect();
    for row in numbers.chunks_exact(magnitudes.len().max(1)) {
        for (sum, unit) in magnitudes.iter_mut().zip(row) {
            *sum += unit.abs();
        }
    }
    probe.add(index, &magnitudes);
}

impl SparseModule for SparseMlp {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        self.layers.iter().collect()
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        self.layers.iter_mut().collect()
    }

    fn hidden_layers(&self) -> Vec<[usize; 2]> {
        (1..self.layers.len())
            .map(|next| [next - 1, next])
            .collect()
    }

    fn watch_activity(&mut self, probe: Option<ActivityProbe>) {
        self.activity = probe;
    }

    fn activation(&self) -> Option<Activation> {
        Some(self.hidden)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use burn::tensor::Device;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::nn::SparseMlpConfig;

    /// What a call that must panic says.
    fn said(call: impl FnOnce()) -> String {
        let caught = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
        caught.downcast_ref::<String>().unwrap().clone()
    }

    #[test]
    fn another_number_of_columns_is_named_whatever_the_storage() {
        let device = Device::default();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (sparsity, storage) in [
            (0.0, Storage::Auto),
            (0.8, Storage::Auto),
            (0.8, Storage::Masked),
            (0.8, Storage::Csr),
        ] {
            let config = SparseMlpConfig::new(vec![17, 16, 6]);
            let config = config.with_sparsity(sparsity).with_storage(storage);
            let net = config.try_init(&device, &mut rng).unwrap();
            assert_eq!(
                net.forward(Tensor::<2>::zeros([4, 17], &device)).dims(),
                [4, 6]
            );
            for columns in [5, 16, 18, 34] {
                let x = Tensor::<2>::zeros([4, columns], &device);
                let message = said(|| drop(net.forward(x.clone())));
                let expected = format!("input is [4, {columns}], must be [.., 17]");
                assert!(
                    message.contains(&format!("SparseMlp: the {expected}")),
                    "{message}"
                );
                let layer = net.sparse_layers()[0];
                let message = said(|| drop(layer.forward(x)));
                assert!(
                    message.contains(&format!("SparseLinear: the {expected}")),
                    "{message}"
                );
            }
        }
    }
}
