//! A whole network of sparse layers as one operation.
//!
//! Layer by layer, autodiff would keep a node for every product and every change of layout, and a leaf for every vector
//! of parameters, under a lock that all threads share. For networks of some hundred units that took as long as half of
//! the products. Here the parameters are constants of one node, and its backward pass leaves their gradients in a
//! [`GradSink`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};
use burn::tensor::Tensor;

use super::graph::{from_inner, rows_of};
use super::{Activation, SparseBackend, SparseLayer, tile_width};

/// One layer, with its parameters outside autodiff.
#[derive(Clone, Debug)]
pub struct NetworkLayer {
    /// `[nnz]`.
    pub values: Tensor<1>,
    /// `[outputs]`.
    pub bias: Tensor<1>,
    /// Its connections, what follows them, and its probe.
    pub layer: SparseLayer,
    /// Its number in the sink.
    pub index: usize,
}

/// Layers of which each one's outputs are the next one's inputs.
#[derive(Clone, Debug)]
pub struct Network {
    /// In order, one or more.
    pub layers: Vec<NetworkLayer>,
    /// Where the backward pass leaves the gradients of the parameters; without one, gradients are not computed and
    /// probes receive nothing.
    pub sink: Option<GradSink>,
}

/// The gradients of a network's parameters; clones share what is in it.
#[derive(Clone, Debug, Default)]
pub struct GradSink(Arc<Mutex<Vec<Option<[Tensor<1>; 2]>>>>);

impl GradSink {
    /// Adds the gradients of layer `index`, of its values and of its bias.
    fn add(&self, index: usize, gradients: [Tensor<1>; 2]) {
        let mut all = self.lock();
        if all.len() <= index {
            all.resize(index + 1, None);
        }
        let sum = match (all[index].take(), gradients) {
            (None, gradients) => gradients,
            (Some([values, bias]), [more, more_bias]) => [values + more, bias + more_bias],
        };
        all[index] = Some(sum);
    }

    /// Whether both handles share what is in them.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Takes the gradients of layer `index`; `None` where no backward pass has reached it.
    #[must_use]
    pub fn take(&self, index: usize) -> Option<[Tensor<1>; 2]> {
        self.lock().get_mut(index).and_then(Option::take)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<[Tensor<1>; 2]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A layer of a backend.
#[derive(Clone, Debug)]
struct Layer<B: SparseBackend> {
    values: FloatTensor<B>,
    bias: FloatTensor<B>,
    layer: SparseLayer,
    index: usize,
}

impl<B: SparseBackend> Layer<B> {
    fn of(layer: NetworkLayer) -> Self {
        Self {
            values: B::primitive(layer.values),
            bias: B::primitive(layer.bias),
            layer: layer.layer,
            index: layer.index,
        }
    }
}

/// From `[batch, inputs]` to `[batch, outputs]`.
pub(super) fn forward<B: SparseBackend>(x: FloatTensor<B>, network: Network) -> FloatTensor<B> {
    let batch = x.shape()[0];
    let mut tiles = B::into_tiles(x, tile_width(batch));
    for layer in network.layers.into_iter().map(Layer::<B>::of) {
        tiles = B::forward(&tiles, &layer.values, &layer.bias, &layer.layer);
    }
    B::from_tiles(tiles, batch)
}

/// What the backward pass needs; handles, not copies.
#[derive(Clone, Debug)]
struct Saved<B: SparseBackend> {
    /// In tiles, where the values' gradients are wanted.
    x: Option<FloatTensor<B>>,
    /// What each layer gave.
    ys: Vec<FloatTensor<B>>,
    layers: Vec<Layer<B>>,
    sink: Option<GradSink>,
    /// Whether the gradient at the input is wanted.
    to_input: bool,
    batch: usize,
}

#[derive(Debug)]
struct NetworkOp;

impl<B: SparseBackend> Backward<B, 1> for NetworkOp {
    type State = Saved<B>;

    fn backward(self, ops: Ops<Saved<B>, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let saved = ops.state;
        let dy = grads.consume::<B>(&ops.node);
        let mut dy = B::into_tiles(dy, tile_width(saved.batch));
        for (place, layer) in saved.layers.iter().enumerate().rev() {
            let Layer {
                values,
                layer,
                index,
                ..
            } = layer;
            let y = &saved.ys[place];
            let input = match place {
                0 => saved.x.as_ref(),
                _ => Some(&saved.ys[place - 1]),
            };
            match saved.sink.as_ref().zip(input) {
                None if layer.activation == Activation::Identity => {}
                None => {
                    dy = B::output_gradient(y, dy, layer.activation).pre_activation;
                }
                Some((sink, x)) => {
                    let gradient = B::output_gradient(y, dy, layer.activation);
                    dy = gradient.pre_activation;
                    if let Some(probe) = &layer.probe {
                        probe.add(rows_of::<B>(dy.clone(), x.clone()));
                    }
                    let values = B::value_gradient(&dy, x, &layer.pattern);
                    sink.add(*index, [values, gradient.bias].map(B::vector));
                }
            }
            if place == 0 && !saved.to_input {
                return;
            }
            dy = B::input_gradient(&dy, values, &layer.pattern);
        }
        if let Some(node) = node {
            grads.register::<B>(node.id, B::from_tiles(dy, saved.batch));
        }
    }
}

/// As [`forward`], under autodiff.
pub(super) fn tracked<B: SparseBackend, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    network: Network,
) -> FloatTensor<Autodiff<B, C>> {
    let to_input = x.is_tracked();
    let x = match &network.sink {
        // The node must have a parent that is tracked, or it would not be kept.
        Some(_) if !to_input => from_inner::<B, C>(x.into_primitive()).require_grad(),
        _ => x,
    };
    let (x, node) = x.into_parts();
    let op = NetworkOp.prepare::<C>([node]).compute_bound().stateful();
    let prepared = match op {
        OpsKind::UnTracked(prepared) => return prepared.finish(forward::<B>(x, network)),
        OpsKind::Tracked(prepared) => prepared,
    };
    let batch = x.shape()[0];
    let x = B::into_tiles(x, tile_width(batch));
    let layers: Vec<Layer<B>> = network.layers.into_iter().map(Layer::of).collect();
    let mut ys: Vec<FloatTensor<B>> = Vec::with_capacity(layers.len());
    for layer in &layers {
        let x = ys.last().unwrap_or(&x);
        ys.push(B::forward(x, &layer.values, &layer.bias, &layer.layer));
    }
    let y = B::from_tiles(ys[ys.len() - 1].clone(), batch);
    let saved = Saved {
        x: network.sink.is_some().then_some(x),
        ys,
        layers,
        sink: network.sink,
        to_input,
        batch,
    };
    prepared.finish(saved, y)
}
