//! Backward passes, written by hand, once for every backend.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};
use burn::tensor::{Shape, Slice};

use super::graph::{from_inner, rows_of};
use super::{Activation, Network, SparseBackend, SparseLayer, SparseOps, network, tile_width};
use crate::kernels::AdamStep;

/// What the backward pass of one layer needs; handles, not copies.
#[derive(Clone, Debug)]
struct Saved<B: SparseBackend> {
    /// In tiles, as `y`.
    x: FloatTensor<B>,
    values: FloatTensor<B>,
    /// Where the activation's gradient needs it.
    y: Option<FloatTensor<B>>,
    layer: SparseLayer,
    /// Rows of the batch where the layer goes from rows to rows; else from tiles to tiles.
    batch: Option<usize>,
}

#[derive(Debug)]
struct SparseLinear;

impl<B: SparseBackend> Backward<B, 3> for SparseLinear {
    type State = Saved<B>;

    fn backward(self, ops: Ops<Saved<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [x_node, values_node, bias_node] = ops.parents;
        let Saved {
            x,
            values,
            y,
            layer,
            batch,
        } = ops.state;
        let mut dy = grads.consume::<B>(&ops.node);
        if let Some(batch) = batch {
            dy = B::into_tiles(dy, tile_width(batch));
        }
        let y = y.unwrap_or_else(|| dy.clone());
        let gradient = B::output_gradient(&y, dy, layer.activation);
        let dy = gradient.pre_activation;
        // Of a constant nothing is wanted.
        if let (Some(probe), Some(_)) = (&layer.probe, &values_node) {
            probe.add(rows_of::<B>(dy.clone(), x.clone()));
        }
        if let Some(node) = values_node {
            grads.register::<B>(node.id, B::value_gradient(&dy, &x, &layer.pattern));
        }
        if let Some(node) = x_node {
            let dx = B::input_gradient(&dy, &values, &layer.pattern);
            let dx = match batch {
                Some(batch) => B::from_tiles(dx, batch),
                None => dx,
            };
            grads.register::<B>(node.id, dx);
        }
        if let Some(node) = bias_node {
            grads.register::<B>(node.id, gradient.bias);
        }
    }
}

/// A layer from tiles to tiles, or from `batch` rows to as many.
fn tracked_linear<B: SparseBackend, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    values: FloatTensor<Autodiff<B, C>>,
    bias: FloatTensor<Autodiff<B, C>>,
    layer: SparseLayer,
    batch: Option<usize>,
) -> FloatTensor<Autodiff<B, C>> {
    let (x, x_node) = x.into_parts();
    let (values, values_node) = values.into_parts();
    let (bias, bias_node) = bias.into_parts();
    let x = match batch {
        Some(batch) => B::into_tiles(x, tile_width(batch)),
        None => x,
    };
    let y = B::forward(&x, &values, &bias, &layer);
    let needed = (layer.activation != Activation::Identity).then(|| y.clone());
    let result = match batch {
        Some(batch) => B::from_tiles(y, batch),
        None => y,
    };
    let op = SparseLinear
        .prepare::<C>([x_node, values_node, bias_node])
        .compute_bound()
        .stateful();
    match op {
        OpsKind::Tracked(prepared) => {
            let saved = Saved {
                x,
                values,
                y: needed,
                layer,
                batch,
            };
            prepared.finish(saved, result)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(result),
    }
}

/// What the backward pass of a dense layer needs.
#[derive(Clone, Debug)]
struct DenseSaved<B: SparseBackend> {
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    y: FloatTensor<B>,
    activation: Activation,
}

#[derive(Debug)]
struct DenseLinear;

impl<B: SparseBackend> Backward<B, 3> for DenseLinear {
    type State = DenseSaved<B>;

    fn backward(self, ops: Ops<DenseSaved<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let DenseSaved {
            x,
            weight,
            y,
            activation,
        } = ops.state;
        let dy = grads.consume::<B>(&ops.node);
        let gradient = B::dense_output_gradient(y, dy, activation);
        let dy = gradient.pre_activation;
        if let Some(node) = weight_node {
            let columns = B::float_swap_dims(x, 0, 1);
            grads.register::<B>(node.id, B::float_matmul(dy.clone(), columns));
        }
        if let Some(node) = x_node {
            let back = B::float_swap_dims(weight, 0, 1);
            grads.register::<B>(node.id, B::float_matmul(back, dy));
        }
        if let Some(node) = bias_node {
            grads.register::<B>(node.id, gradient.bias);
        }
    }
}

#[derive(Debug)]
struct ToDense;

impl<B: SparseBackend> Backward<B, 1> for ToDense {
    type State = SparseLayer;

    fn backward(self, ops: Ops<SparseLayer, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(probe) = &ops.state.probe {
            let (matrix, inputs) = (gradient.clone(), ops.state.pattern.inputs());
            probe.add(move |rows| {
                let part = [rows, 0..inputs].map(Slice::from);
                B::to_host(&B::float_slice(matrix.clone(), &part))
            });
        }
        if let Some(node) = node {
            grads.register::<B>(node.id, B::gather(&gradient, &ops.state.pattern));
        }
    }
}

#[derive(Debug)]
struct Tile;

impl<B: SparseBackend> Backward<B, 1> for Tile {
    /// Rows of the batch.
    type State = usize;

    fn backward(self, ops: Ops<usize, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let dy = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::from_tiles(dy, ops.state));
        }
    }
}

#[derive(Debug)]
struct Untile;

impl<B: SparseBackend> Backward<B, 1> for Untile {
    /// Width of a tile.
    type State = usize;

    fn backward(self, ops: Ops<usize, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let dy = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::into_tiles(dy, ops.state));
        }
    }
}

#[derive(Debug)]
struct Tanh;

impl<B: SparseBackend> Backward<B, 1> for Tanh {
    /// The output.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<FloatTensor<B>, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let dy = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::tanh_gradient(&ops.state, dy));
        }
    }
}

#[derive(Debug)]
struct Mean;

impl<B: SparseBackend> Backward<B, 1> for Mean {
    /// The input's.
    type State = Shape;

    fn backward(self, ops: Ops<Shape, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let dy = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            let share = 1.0 / ops.state.num_elements() as f64;
            let each = B::float_mul_scalar(dy, share.into());
            let one = Shape::from(vec![1; ops.state.num_dims()]);
            let dx = B::float_expand(B::float_reshape(each, one), ops.state);
            grads.register::<B>(node.id, dx);
        }
    }
}

impl<B: SparseBackend, C: CheckpointStrategy> SparseOps for Autodiff<B, C> {
    fn sparse_linear(
        x: FloatTensor<Self>,
        values: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: SparseLayer,
    ) -> FloatTensor<Self> {
        tracked_linear::<B, C>(x, values, bias, layer, None)
    }

    fn sparse_rows(
        x: FloatTensor<Self>,
        values: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: SparseLayer,
    ) -> FloatTensor<Self> {
        let batch = TensorMetadata::shape(&x)[0];
        tracked_linear::<B, C>(x, values, bias, layer, Some(batch))
    }

    fn dense_linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let y = B::add_bias(
            B::float_matmul(weight.clone(), x.clone()),
            &bias,
            activation,
        );
        match DenseLinear
            .prepare::<C>([x_node, weight_node, bias_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prepared) => {
                let saved = DenseSaved {
                    x,
                    weight,
                    y: y.clone(),
                    activation,
                };
                prepared.finish(saved, y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }

    fn network(x: FloatTensor<Self>, network: Network) -> FloatTensor<Self> {
        network::tracked::<B, C>(x, network)
    }

    fn to_dense(values: FloatTensor<Self>, layer: SparseLayer) -> FloatTensor<Self> {
        let (values, node) = values.into_parts();
        let matrix = B::scatter(&values, &layer.pattern);
        match ToDense.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(layer, matrix),
            OpsKind::UnTracked(prepared) => prepared.finish(matrix),
        }
    }

    fn tile(x: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let batch = TensorMetadata::shape(&x)[0];
        match Tile.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(batch, B::into_tiles(x, width)),
            OpsKind::UnTracked(prepared) => prepared.finish(B::into_tiles(x, width)),
        }
    }

    fn untile(x: FloatTensor<Self>, batch: usize) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let width = TensorMetadata::shape(&x)[2];
        match Untile.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(width, B::from_tiles(x, batch)),
            OpsKind::UnTracked(prepared) => prepared.finish(B::from_tiles(x, batch)),
        }
    }

    fn tanh(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let y = B::tanh_forward(&x);
        match Tanh.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(y.clone(), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }

    fn mean_of_all(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let shape = x.shape();
        match Mean.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(shape, B::mean(x)),
            OpsKind::UnTracked(prepared) => prepared.finish(B::mean(x)),
        }
    }

    fn adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first_moment: FloatTensor<Self>,
        second_moment: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let state = [parameter, gradient, first_moment, second_moment].map(|t| t.into_primitive());
        let [p, m, v] = B::adam_step(state, step).map(from_inner::<B, C>);
        (p, m, v)
    }

    fn polyak(target: FloatTensor<Self>, online: FloatTensor<Self>, tau: f32) -> FloatTensor<Self> {
        from_inner::<B, C>(B::polyak_step(
            target.into_primitive(),
            online.primitive(),
            tau,
        ))
    }
}
