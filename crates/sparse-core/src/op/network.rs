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
use burn::backend::{Autodiff, Backend, TensorMetadata};
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

/// A layer of a network, on its backend.
#[derive(Clone, Debug)]
pub struct LayerTensors<B: Backend> {
    /// `[nnz]`.
    pub values: FloatTensor<B>,
    /// `[outputs]`.
    pub bias: FloatTensor<B>,
    /// Its connections, what follows them, and its probe.
    pub layer: SparseLayer,
}

/// What the backward pass of a network needs; handles, not copies.
#[derive(Clone, Debug)]
pub struct NetworkPass<B: Backend> {
    /// `[tiles, inputs, width]`, where the gradients of the parameters are wanted.
    pub x: Option<FloatTensor<B>>,
    /// What each layer gave, `[tiles, outputs, width]`.
    pub ys: Vec<FloatTensor<B>>,
    /// In order.
    pub layers: Vec<LayerTensors<B>>,
    /// Whether the gradient at the input is wanted.
    pub to_input: bool,
}

/// What it gives.
#[derive(Clone, Debug)]
pub struct NetworkGradients<B: Backend> {
    /// The gradients of each layer's values and bias; none where they are not wanted.
    pub parameters: Vec<[FloatTensor<B>; 2]>,
    /// The gradient at the input, `[tiles, inputs, width]`, where it is wanted.
    pub input: Option<FloatTensor<B>>,
}

/// The layers, and the number of each in the sink.
fn layers_of<B: SparseBackend>(layers: Vec<NetworkLayer>) -> (Vec<LayerTensors<B>>, Vec<usize>) {
    let layers = layers.into_iter().map(|layer| {
        let tensors = LayerTensors {
            values: B::primitive(layer.values),
            bias: B::primitive(layer.bias),
            layer: layer.layer,
        };
        (tensors, layer.index)
    });
    layers.unzip()
}

/// From `[batch, inputs]` to `[batch, outputs]`.
pub(super) fn forward<B: SparseBackend>(x: FloatTensor<B>, network: Network) -> FloatTensor<B> {
    let batch = x.shape()[0];
    let x = B::into_tiles(x, tile_width(batch));
    let (layers, _) = layers_of::<B>(network.layers);
    B::from_tiles(B::network_outputs(&x, &layers), batch)
}

/// The outputs of each layer, computed layer after layer.
pub(super) fn outputs_by_layer<B: SparseBackend>(
    x: &FloatTensor<B>,
    layers: &[LayerTensors<B>],
) -> Vec<FloatTensor<B>> {
    let mut ys: Vec<FloatTensor<B>> = Vec::with_capacity(layers.len());
    for layer in layers {
        let x = ys.last().unwrap_or(x);
        ys.push(B::forward(x, &layer.values, &layer.bias, &layer.layer));
    }
    ys
}

/// The gradients, computed layer after layer.
pub(super) fn gradients_by_layer<B: SparseBackend>(
    pass: &NetworkPass<B>,
    mut dy: FloatTensor<B>,
) -> NetworkGradients<B> {
    let mut parameters = Vec::with_capacity(pass.layers.len());
    for (place, layer) in pass.layers.iter().enumerate().rev() {
        let LayerTensors { values, layer, .. } = layer;
        let y = &pass.ys[place];
        match &pass.x {
            // Nobody asks for the bias's.
            None if layer.activation == Activation::Identity => {}
            None => dy = B::output_gradient(y, dy, layer.activation).pre_activation,
            Some(x) => {
                let x = if place == 0 { x } else { &pass.ys[place - 1] };
                let gradient = B::output_gradient(y, dy, layer.activation);
                dy = gradient.pre_activation;
                if let Some(probe) = &layer.probe {
                    probe.add(rows_of::<B>(dy.clone(), x.clone()));
                }
                let values = B::value_gradient(&dy, x, &layer.pattern);
                parameters.insert(0, [values, gradient.bias]);
            }
        }
        if place == 0 && !pass.to_input {
            return NetworkGradients {
                parameters,
                input: None,
            };
        }
        dy = B::input_gradient(&dy, values, &layer.pattern);
    }
    NetworkGradients {
        parameters,
        input: Some(dy),
    }
}

/// What the node of a network keeps.
#[derive(Clone, Debug)]
struct Saved<B: SparseBackend> {
    pass: NetworkPass<B>,
    sink: Option<GradSink>,
    /// The number of each layer in the sink.
    indices: Vec<usize>,
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
        let dy = B::into_tiles(dy, tile_width(saved.batch));
        let gradients = B::network_gradients(&saved.pass, dy);
        if let Some(sink) = &saved.sink {
            for (index, parameters) in saved.indices.iter().zip(gradients.parameters) {
                sink.add(*index, parameters.map(B::vector));
            }
        }
        if let Some((node, dx)) = node.zip(gradients.input) {
            grads.register::<B>(node.id, B::from_tiles(dx, saved.batch));
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
    let (layers, indices) = layers_of::<B>(network.layers);
    let ys = B::network_activations(&x, &layers);
    let y = B::from_tiles(ys[ys.len() - 1].clone(), batch);
    let pass = NetworkPass {
        x: network.sink.is_some().then_some(x),
        ys,
        layers,
        to_input,
    };
    let saved = Saved {
        pass,
        sink: network.sink,
        indices,
        batch,
    };
    prepared.finish(saved, y)
}
