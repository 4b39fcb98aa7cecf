//! The network that the recipes use: linear layers with ReLU between them.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;

use super::activations::Activations;
use super::activity::ActivityProbe;
use super::gates::Gates;
use super::linear::{Mask, SparseLinear, SparseLinearConfig, check_columns};
use super::storage::Storage;
use super::tape::Tape;
use crate::budget::Allocation;
use crate::op::to_vec;
use crate::op::{Activation, Network, network, untile};
use crate::pattern::Structure;
use crate::{Error, Result};

/// A module that lists its sparse layers, so that a learner can train and rewire them. All that is to be trained lies
/// in these layers: a [`NetworkTrainer`](crate::trainer::NetworkTrainer) moves, copies and stores no other parameter.
pub trait SparseModule: Module {
    /// The sparse layers, in a fixed order.
    fn sparse_layers(&self) -> Vec<&SparseLinear>;

    /// The same layers in the same order.
    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear>;

    /// Pairs of layers, by their place in the list: the outputs of the first, after the activation, are hidden
    /// units and the inputs of the second. None unless told; rules that act on units need them.
    fn hidden_layers(&self) -> Vec<[usize; 2]> {
        Vec::new()
    }

    /// Asks the next forward passes to tell the probe how active the units of each hidden layer are, or stops
    /// asking. Nothing happens unless told.
    fn watch_activity(&mut self, probe: Option<ActivityProbe>) {
        let _ = probe;
    }
}

/// Configuration of a [`SparseMlp`].
#[derive(Clone, Debug)]
pub struct SparseMlpConfig {
    sizes: Vec<usize>,
    sparsity: f64,
    allocation: Allocation,
    mask: Mask,
    storage: Storage,
    structure: Structure,
    layer_norm: bool,
}

impl SparseMlpConfig {
    /// A dense network with these numbers of features: input, hidden layers, output.
    #[must_use]
    pub fn new(sizes: impl Into<Vec<usize>>) -> Self {
        Self {
            sizes: sizes.into(),
            sparsity: 0.0,
            allocation: Allocation::ErdosRenyi,
            mask: Mask::default(),
            storage: Storage::default(),
            structure: Structure::default(),
            layer_norm: false,
        }
    }

    /// Fraction of the weights that do not exist, in [0, 1).
    #[must_use]
    pub fn with_sparsity(mut self, sparsity: f64) -> Self {
        self.sparsity = sparsity;
        self
    }

    /// How the connections are shared out among the layers; Erdős–Rényi unless told.
    #[must_use]
    pub fn with_allocation(mut self, allocation: Allocation) -> Self {
        self.allocation = allocation;
        self
    }

    /// How the first connections are chosen.
    #[must_use]
    pub fn with_mask(mut self, mask: Mask) -> Self {
        self.mask = mask;
        self
    }

    /// Which kernels the layers run on; each chooses for itself unless told.
    #[must_use]
    pub fn with_storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// What the first connections look like in each layer; nothing of the kind unless told. N of M sets every
    /// layer's density, whatever the sparsity.
    #[must_use]
    pub fn with_structure(mut self, structure: Structure) -> Self {
        self.structure = structure;
        self
    }

    /// Whether sums are normalised over the units of each hidden layer before its activation; false unless told.
    #[must_use]
    pub fn with_layer_norm(mut self, layer_norm: bool) -> Self {
        self.layer_norm = layer_norm;
        self
    }

    /// Draws the network.
    ///
    /// # Errors
    /// [`Error::Budget`] when the sparsity leaves a layer without connections; [`Error::Config`] when it is outside
    /// [0, 1), there are fewer than two sizes or one is 0, or the structure is none; [`Error::Shape`] when the allocation
    /// is for another number of layers;
    /// [`Error::Pattern`] when a layer has too few connections for its floor.
    pub fn init(&self, device: &Device, rng: &mut impl Rng) -> Result<SparseMlp> {
        if self.sizes.len() < 2 || self.sizes.contains(&0) {
            let allowed = "at least an input and an output size, each 1 or more";
            return Err(Error::config("sizes", format!("{:?}", self.sizes), allowed));
        }
        let shapes: Vec<(usize, usize)> = self.sizes.windows(2).map(|w| (w[1], w[0])).collect();
        if self.structure != Structure::default() || self.allocation == Allocation::Global {
            return self.finish(self.draw_by_weights(&shapes, device, rng)?);
        }
        let counts = self.allocation.counts(&shapes, self.sparsity)?;
        let layers = shapes.iter().zip(counts).map(|(&(outputs, inputs), nnz)| {
            SparseLinearConfig::new(inputs, outputs)
                .with_nnz(nnz)
                .with_mask(self.mask)
                .with_storage(self.storage)
                .init(device, rng)
        });
        self.finish(layers.collect::<Result<_>>()?)
    }
}

impl SparseMlpConfig {
    /// The network of the layers that were drawn.
    fn finish(&self, mut layers: Vec<SparseLinear>) -> Result<SparseMlp> {
        if self.layer_norm {
            let last = layers.pop();
            let normalised = layers.into_iter().map(SparseLinear::with_layer_norm);
            layers = normalised.chain(last).collect();
        }
        SparseMlp::from_layers(layers)
    }

    /// Draws every layer densely, then decides by all weights which of them exist.
    fn draw_by_weights(
        &self,
        shapes: &[(usize, usize)],
        device: &Device,
        rng: &mut impl Rng,
    ) -> Result<Vec<SparseLinear>> {
        let dense = shapes.iter().map(|&(outputs, inputs)| {
            let layer = SparseLinearConfig::new(inputs, outputs).init(device, rng)?;
            Ok([to_vec(layer.values()), to_vec(layer.bias())])
        });
        let dense: Vec<[Vec<f32>; 2]> = dense.collect::<Result<_>>()?;
        let magnitudes = dense
            .iter()
            .map(|[w, _]| w.iter().map(|w| w.abs()).collect());
        let magnitudes: Vec<Vec<f32>> = magnitudes.collect();
        let allocation = &self.allocation;
        let counts = allocation.counts_by_score(shapes, self.sparsity, &magnitudes)?;
        let mut layers = Vec::new();
        for (index, [weights, bias]) in dense.into_iter().enumerate() {
            let ((outputs, inputs), nnz) = (shapes[index], counts[index]);
            let pattern = match self.mask {
                Mask::Magnitude => self
                    .structure
                    .best(outputs, inputs, &magnitudes[index], nnz)?,
                Mask::Random => self.structure.random(outputs, inputs, nnz, rng)?,
            };
            let values = pattern.positions().map(|p| weights[p as usize]).collect();
            let layer = SparseLinear::from_parts(pattern, values, bias, self.storage, device);
            layers.push(layer?);
        }
        Ok(layers)
    }
}

/// Linear layers with ReLU between them and nothing after the last; what goes into a ReLU may be normalised.
#[derive(Module, Debug)]
pub struct SparseMlp {
    layers: Vec<SparseLinear>,
    #[module(skip)]
    activity: Option<ActivityProbe>,
    #[module(skip)]
    gates: Option<Gates>,
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
            activity: self.activity,
            gates: self.gates,
        }
    }

    /// Lets these gates take the place of the ReLUs in the next forward passes, or lets go of them.
    pub fn hold_gates(&mut self, gates: Option<Gates>) {
        self.gates = gates;
    }

    /// `[batch, inputs]` to `[batch, outputs]`.
    ///
    /// # Panics
    /// When `x` has another number of columns, as Burn's own layers do.
    #[must_use]
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        check_columns("SparseMlp", &x, self.layers[0].pattern().inputs());
        let x = match self.layers[0].tape() {
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
            let activation = self.activation(i);
            x = match self.gates.as_ref().filter(|_| i < last) {
                Some(gates) => gates.pass(layer.apply(x, Activation::Identity, dense)),
                None => layer.apply(x, activation, dense),
            };
            if let Some(probe) = self.activity.as_ref().filter(|_| i < last) {
                tell(probe, i, layer, &x);
            }
        }
        x.into_rows()
    }

    /// The network as one operation on a batch of so many rows, where it can be: every layer has compressed rows, and
    /// nobody looks in between.
    fn as_one(&self, batch: usize) -> Option<Network> {
        if self.activity.is_some() || self.gates.is_some() || self.is_dense() {
            return None;
        }
        let sink = self.layers[0].tape().map(Tape::sink);
        // Layers of another network go their own way.
        let together = |layer: &SparseLinear| match (sink, layer.tape()) {
            (Some(sink), Some(tape)) => tape.sink().is_same(sink),
            (one, other) => one.is_none() && other.is_none(),
        };
        if !self.layers.iter().all(together) {
            return None;
        }
        let layers = self.layers.iter().enumerate();
        let layers = layers.map(|(i, layer)| layer.in_network(batch, self.activation(i)));
        Some(Network {
            layers: layers.collect::<Option<_>>()?,
            sink: sink.cloned(),
        })
    }

    /// What follows a layer.
    fn activation(&self, layer: usize) -> Activation {
        if layer + 1 < self.layers.len() {
            Activation::Relu
        } else {
            Activation::Identity
        }
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
    let columns = match x {
        Activations::Columns(columns) => columns.clone().inner(),
        Activations::Tiles { tiles, batch } => untile(tiles.clone().inner(), *batch).transpose(),
    };
    let magnitudes: Tensor<2> = columns.abs().sum_dim(1);
    let magnitudes: Vec<f32> = magnitudes.into_data().iter::<f32>().collect();
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
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

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
            let config = SparseMlpConfig::new([17, 16, 6]);
            let config = config.with_sparsity(sparsity).with_storage(storage);
            let net = config.init(&device, &mut rng).unwrap();
            assert_eq!(net.forward(Tensor::zeros([4, 17], &device)).dims(), [4, 6]);
            for columns in [5, 16, 18, 34] {
                let x = Tensor::<2>::zeros([4, columns], &device);
                let message = said(|| drop(net.forward(x.clone())));
                let expected = format!("input is [4, {columns}], must be [batch, 17]");
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
