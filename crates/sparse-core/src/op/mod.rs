//! The Burn operations of a sparse network, dispatched at run time to the backend of their tensors.
//!
//! Activations inside a network are *tiled*: the batch is cut into tiles of `width` columns stored one after
//! the other, `[tiles, features, width]`, so that a kernel streams whole cache lines and needs no gathers.
//! [`tile`] and [`untile`] convert from and to Burn's `[batch, features]` at the edges of a network.
//!
//! - [`SparseOps`] is the trait that Burn dispatches; the functions of this module wrap it.
//! - [`SparseBackend`] is what a backend family implements: plain kernels, no autodiff. `cpu` does so for
//!   every backend whose tensors lie in host memory, `cube` for GPUs.
//! - `autodiff` implements [`SparseOps`] for Burn's autodiff decorator, with backward passes by hand, layer by layer.
//! - [`network()`] is all layers in one operation, which networks of compressed rows are; what is normalised, masked or
//!   watched in between goes layer by layer.

#![cfg_attr(
    feature = "ndarray",
    allow(
        deprecated,
        reason = "`burn-ndarray` stays selectable for as long as Burn has it"
    )
)]

mod autodiff;
mod cpu;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod cube;
mod device;
#[cfg(feature = "flex")]
mod flex;
mod graph;
mod host;
#[cfg(feature = "ndarray")]
mod ndarray;
mod network;
mod probe;
mod vectors;

pub(crate) use device::{DeviceNetwork, DevicePass, adam_of_all, pack, polyak_of_all};
pub(crate) use host::HostVector;
pub use network::{GradSink, LayerTensors, Network, NetworkGradients, NetworkLayer, NetworkPass};
pub use probe::{DenseGradient, GrowthProbe};
pub(crate) use vectors::{change, to_vec, vector};

use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor};

use crate::kernels::AdamStep;
use crate::pattern::Pattern;

/// Columns of a tile in training.
pub const TILE: usize = 64;

/// Columns of a tile when only a few rows go through a network, as in acting.
pub const NARROW_TILE: usize = 16;

/// The tile width for a batch of `batch` rows.
#[must_use]
pub fn tile_width(batch: usize) -> usize {
    match batch {
        0..=NARROW_TILE => NARROW_TILE,
        17..=32 => 32,
        _ => TILE,
    }
}

/// What follows the product and the bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `max(0, ·)`.
    Relu,
}

/// The constant part of one sparse layer's operation.
#[derive(Clone, Debug)]
pub struct SparseLayer {
    /// Which connections there are, `[outputs, inputs]`.
    pub pattern: Pattern,
    /// What follows the product and the bias.
    pub activation: Activation,
    /// Where the backward pass leaves what the dense gradient is computed from, if that is wanted.
    pub probe: Option<GrowthProbe>,
}

/// Gradients at a layer's output: before the activation, and summed over the batch for the bias.
#[derive(Debug)]
pub struct OutputGradient<B: Backend> {
    /// `[tiles, outputs, width]`.
    pub pre_activation: FloatTensor<B>,
    /// `[outputs]`.
    pub bias: FloatTensor<B>,
}

/// What leads from vectors to a backend's tensors and back; said of each backend, as Burn's own conversion is.
pub trait Primitives: Backend {
    /// The backend's tensor of a vector that lies on it.
    ///
    /// # Panics
    /// When it lies on another one.
    fn primitive(vector: Tensor<1>) -> FloatTensor<Self>;

    /// A backend's tensor as a vector.
    fn vector(primitive: FloatTensor<Self>) -> Tensor<1>;
}

/// The kernels that a backend family provides. Plain tensors in, plain tensors out; shapes as in
/// [`SparseOps`].
pub trait SparseBackend: Primitives {
    /// `activation(W x + b)`.
    fn forward(
        x: &FloatTensor<Self>,
        values: &FloatTensor<Self>,
        bias: &FloatTensor<Self>,
        layer: &SparseLayer,
    ) -> FloatTensor<Self>;

    /// From the gradient at the output (after the activation) to that before it, and to the bias's.
    fn output_gradient(
        y: &FloatTensor<Self>,
        dy: FloatTensor<Self>,
        activation: Activation,
    ) -> OutputGradient<Self>;

    /// `activation(z + b)` for z `[outputs, batch]` and b `[outputs]`.
    fn add_bias(
        z: FloatTensor<Self>,
        bias: &FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let outputs = z.shape()[0];
        let column = Self::float_reshape(bias.clone(), Shape::from([outputs, 1]));
        let sum = Self::float_add(z, column);
        match activation {
            Activation::Identity => sum,
            Activation::Relu => Self::relu(sum),
        }
    }

    /// As [`output_gradient`](Self::output_gradient), for y and dy `[outputs, batch]`.
    fn dense_output_gradient(
        y: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        activation: Activation,
    ) -> OutputGradient<Self> {
        let outputs = y.shape()[0];
        let pre_activation = match activation {
            Activation::Identity => dy,
            Activation::Relu => Self::relu_backward(y, dy),
        };
        let bias = Self::float_sum_dim(pre_activation.clone(), 1);
        OutputGradient {
            bias: Self::float_reshape(bias, Shape::from([outputs])),
            pre_activation,
        }
    }

    /// `Wᵀ dy`, `[tiles, inputs, width]`.
    fn input_gradient(
        dy: &FloatTensor<Self>,
        values: &FloatTensor<Self>,
        pattern: &Pattern,
    ) -> FloatTensor<Self>;

    /// `Σ_batch dy[o] · x[i]` at the active connections, `[nnz]`.
    fn value_gradient(
        dy: &FloatTensor<Self>,
        x: &FloatTensor<Self>,
        pattern: &Pattern,
    ) -> FloatTensor<Self>;

    /// The outputs of each layer of a network, of which each one's are the next one's inputs; `x` `[tiles, inputs, width]`.
    fn network_activations(
        x: &FloatTensor<Self>,
        layers: &[LayerTensors<Self>],
    ) -> Vec<FloatTensor<Self>> {
        network::outputs_by_layer::<Self>(x, layers)
    }

    /// The outputs of the last of them.
    fn network_outputs(x: &FloatTensor<Self>, layers: &[LayerTensors<Self>]) -> FloatTensor<Self> {
        let outputs = network::outputs_by_layer::<Self>(x, layers);
        outputs.into_iter().next_back().unwrap_or_else(|| x.clone())
    }

    /// The gradients of a network by `dy`, the gradient at its outputs.
    fn network_gradients(
        pass: &NetworkPass<Self>,
        dy: FloatTensor<Self>,
    ) -> NetworkGradients<Self> {
        network::gradients_by_layer::<Self>(pass, dy)
    }

    /// `Σ_batch dy[o] · x[i]` everywhere, `[outputs × inputs]` in host memory.
    fn dense_gradient(dy: &FloatTensor<Self>, x: &FloatTensor<Self>) -> Vec<f32>;

    /// The matrix `[outputs, inputs]` with the values at the connections and zeros elsewhere.
    fn scatter(values: &FloatTensor<Self>, pattern: &Pattern) -> FloatTensor<Self>;

    /// A matrix's elements at the connections, `[nnz]`.
    fn gather(matrix: &FloatTensor<Self>, pattern: &Pattern) -> FloatTensor<Self>;

    /// A matrix in host memory, row-major.
    fn to_host(matrix: &FloatTensor<Self>) -> Vec<f32>;

    /// `[batch, features]` to `[tiles, features, width]`, the last tile padded with zeros.
    fn into_tiles(x: FloatTensor<Self>, width: usize) -> FloatTensor<Self>;

    /// `[tiles, features, width]` to `[batch, features]`.
    fn from_tiles(x: FloatTensor<Self>, batch: usize) -> FloatTensor<Self>;

    /// `tanh x`, of any shape.
    fn tanh_forward(x: &FloatTensor<Self>) -> FloatTensor<Self>;

    /// The mean of all elements, `[1]`.
    fn mean(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_mean(x)
    }

    /// `dy (1 − y²)`.
    fn tanh_gradient(y: &FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self>;

    /// One step of Adam, fused: the new parameter and moments.
    fn adam_step(state: [FloatTensor<Self>; 4], step: AdamStep) -> [FloatTensor<Self>; 3];

    /// `target + tau · (online − target)`.
    fn polyak_step(
        target: FloatTensor<Self>,
        online: &FloatTensor<Self>,
        tau: f32,
    ) -> FloatTensor<Self>;
}

/// The operations as Burn dispatches them.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(any(feature = "wgpu", feature = "cuda")),
    Autodiff
)]
pub trait SparseOps: Backend {
    /// `activation(W x + b)`: x `[tiles, inputs, width]`, values `[nnz]`, bias `[outputs]`.
    fn sparse_linear(
        x: FloatTensor<Self>,
        values: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: SparseLayer,
    ) -> FloatTensor<Self>;

    /// As [`sparse_linear`](Self::sparse_linear) from x `[batch, inputs]` to `[batch, outputs]`.
    fn sparse_rows(
        x: FloatTensor<Self>,
        values: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: SparseLayer,
    ) -> FloatTensor<Self>;

    /// `activation(W x + b)`: x `[inputs, batch]`, weight `[outputs, inputs]`, bias `[outputs]`.
    fn dense_linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;

    /// All layers of a network, `[batch, inputs]` to `[batch, outputs]`.
    fn network(x: FloatTensor<Self>, network: Network) -> FloatTensor<Self>;

    /// A layer's weight as a matrix `[outputs, inputs]`, from its values `[nnz]`; its activation is not
    /// applied.
    fn to_dense(values: FloatTensor<Self>, layer: SparseLayer) -> FloatTensor<Self>;

    /// `[batch, features]` to `[tiles, features, width]`.
    fn tile(x: FloatTensor<Self>, width: usize) -> FloatTensor<Self>;

    /// `[tiles, features, width]` to `[batch, features]`.
    fn untile(x: FloatTensor<Self>, batch: usize) -> FloatTensor<Self>;

    /// `tanh x`, of any shape.
    fn tanh(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The mean of all elements, `[1]`.
    fn mean_of_all(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// One step of Adam. Never differentiated.
    fn adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first_moment: FloatTensor<Self>,
        second_moment: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// `target + tau · (online − target)`. Never differentiated.
    fn polyak(target: FloatTensor<Self>, online: FloatTensor<Self>, tau: f32) -> FloatTensor<Self>;
}

/// Routes a backend's dispatched operations to its kernels. A blanket implementation over [`SparseBackend`]
/// would overlap with that of the autodiff decorator.
macro_rules! dispatch_to_kernels {
    ($backend:ty) => {
        impl Primitives for $backend {
            fn primitive(vector: Tensor<1>) -> FloatTensor<Self> {
                let primitive = vector.try_into_primitive::<Self>();
                primitive.unwrap_or_else(|error| panic!("a network's parameters: {error:?}"))
            }

            fn vector(primitive: FloatTensor<Self>) -> Tensor<1> {
                Tensor::from_primitive::<Self>(primitive)
            }
        }

        impl SparseOps for $backend {
            fn sparse_linear(
                x: FloatTensor<Self>,
                values: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                layer: SparseLayer,
            ) -> FloatTensor<Self> {
                Self::forward(&x, &values, &bias, &layer)
            }

            fn sparse_rows(
                x: FloatTensor<Self>,
                values: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                layer: SparseLayer,
            ) -> FloatTensor<Self> {
                let batch = x.shape()[0];
                let x = Self::into_tiles(x, tile_width(batch));
                Self::from_tiles(Self::forward(&x, &values, &bias, &layer), batch)
            }

            fn dense_linear(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                activation: Activation,
            ) -> FloatTensor<Self> {
                Self::add_bias(Self::float_matmul(weight, x), &bias, activation)
            }

            fn network(x: FloatTensor<Self>, network: Network) -> FloatTensor<Self> {
                network::forward::<Self>(x, network)
            }

            fn to_dense(values: FloatTensor<Self>, layer: SparseLayer) -> FloatTensor<Self> {
                Self::scatter(&values, &layer.pattern)
            }

            fn tile(x: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
                Self::into_tiles(x, width)
            }

            fn untile(x: FloatTensor<Self>, batch: usize) -> FloatTensor<Self> {
                Self::from_tiles(x, batch)
            }

            fn tanh(x: FloatTensor<Self>) -> FloatTensor<Self> {
                Self::tanh_forward(&x)
            }

            fn mean_of_all(x: FloatTensor<Self>) -> FloatTensor<Self> {
                Self::mean(x)
            }

            fn adam(
                parameter: FloatTensor<Self>,
                gradient: FloatTensor<Self>,
                first_moment: FloatTensor<Self>,
                second_moment: FloatTensor<Self>,
                step: AdamStep,
            ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
                let [p, m, v] =
                    Self::adam_step([parameter, gradient, first_moment, second_moment], step);
                (p, m, v)
            }

            fn polyak(
                target: FloatTensor<Self>,
                online: FloatTensor<Self>,
                tau: f32,
            ) -> FloatTensor<Self> {
                Self::polyak_step(target, &online, tau)
            }
        }
    };
}

#[cfg(feature = "flex")]
dispatch_to_kernels!(burn::backend::Flex);
#[cfg(feature = "ndarray")]
dispatch_to_kernels!(burn::backend::NdArray);
#[cfg(any(feature = "wgpu", feature = "cuda"))]
dispatch_to_kernels!(burn_cubecl::Cube);

/// Applies one sparse layer to tiled activations `[tiles, inputs, width]`.
///
/// # Panics
/// When the sizes do not fit the pattern, or the width is not 16, 32 or 64.
#[must_use]
pub fn sparse_linear(
    x: Tensor<3>,
    values: Tensor<1>,
    bias: Tensor<1>,
    layer: SparseLayer,
) -> Tensor<3> {
    let ([tiles, rows, width], inputs) = (x.dims(), layer.pattern.inputs());
    assert!(
        rows == inputs,
        "sparse_linear: the input is [{tiles}, {rows}, {width}], must be [tiles, {inputs}, width]"
    );
    Tensor::from_dispatch(Dispatch::sparse_linear(
        x.into_dispatch(),
        values.into_dispatch(),
        bias.into_dispatch(),
        layer,
    ))
}

/// Applies one sparse layer to `[batch, inputs]`, giving `[batch, outputs]`: one node of autodiff, where tiling before
/// and after it would be two more.
///
/// # Panics
/// When the sizes do not fit the pattern.
#[must_use]
pub fn sparse_rows(
    x: Tensor<2>,
    values: Tensor<1>,
    bias: Tensor<1>,
    layer: SparseLayer,
) -> Tensor<2> {
    let ([batch, columns], inputs) = (x.dims(), layer.pattern.inputs());
    assert!(
        columns == inputs,
        "sparse_rows: the input is [{batch}, {columns}], must be [batch, {inputs}]"
    );
    Tensor::from_dispatch(Dispatch::sparse_rows(
        x.into_dispatch(),
        values.into_dispatch(),
        bias.into_dispatch(),
        layer,
    ))
}

/// `activation(W x + b)` for x `[inputs, batch]`, a weight `[outputs, inputs]` and a bias `[outputs]`: one operation
/// forward, and backward the two products alone, where Burn's own would go over the activations again for the bias
/// and for the activation.
///
/// # Panics
/// When the sizes do not fit.
#[must_use]
pub fn dense_linear(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    activation: Activation,
) -> Tensor<2> {
    let ([outputs, inputs], [rows, batch]) = (weight.dims(), x.dims());
    assert_eq!(bias.dims()[0], outputs, "bias");
    assert!(
        rows == inputs,
        "dense_linear: the input is [{rows}, {batch}], must be [{inputs}, batch]"
    );
    Tensor::from_dispatch(Dispatch::dense_linear(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        activation,
    ))
}

/// Applies all layers of a network to a batch, `[batch, inputs]` to `[batch, outputs]`: one node of autodiff, whose
/// backward pass leaves the gradients of the parameters in the network's sink. Their handles are held until then, so
/// a layer cannot be changed in place between both passes.
///
/// # Panics
/// When there are no layers, the first takes another number of columns, or their parameters lie on another backend or
/// under autodiff.
#[must_use]
pub fn network(x: Tensor<2>, network: Network) -> Tensor<2> {
    assert!(!network.layers.is_empty(), "a network without layers");
    let ([batch, columns], inputs) = (x.dims(), network.layers[0].layer.pattern.inputs());
    assert!(
        columns == inputs,
        "network: the input is [{batch}, {columns}], must be [batch, {inputs}]"
    );
    Tensor::from_dispatch(Dispatch::network(x.into_dispatch(), network))
}

/// A layer's weight as a matrix `[outputs, inputs]`: its values `[nnz]` at the connections, zeros elsewhere.
/// The layer's activation is not applied. The gradient that arrives at the matrix is the dense gradient, which
/// the layer's probe receives; its elements at the connections are the gradient of the values.
///
/// # Panics
/// When there is not one value for each connection.
#[must_use]
pub fn to_dense(values: Tensor<1>, layer: SparseLayer) -> Tensor<2> {
    assert_eq!(values.dims()[0], layer.pattern.nnz(), "values");
    Tensor::from_dispatch(Dispatch::to_dense(values.into_dispatch(), layer))
}

/// Cuts a batch `[batch, features]` into tiles of `width` columns, `[tiles, features, width]`; what the last
/// tile lacks is zero.
///
/// # Panics
/// When the width is not 16, 32 or 64.
#[must_use]
pub fn tile(x: Tensor<2>, width: usize) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::tile(x.into_dispatch(), width))
}

/// The inverse of [`tile`]: the first `batch` rows as `[batch, features]`.
#[must_use]
pub fn untile(x: Tensor<3>, batch: usize) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::untile(x.into_dispatch(), batch))
}

/// `tanh x`; many times as fast as the C library's, with the same bits on every CPU.
#[must_use]
pub fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::tanh(x.into_dispatch()))
}

/// The mean of all elements; with the same bits on every CPU, which Burn's own has not.
#[must_use]
pub fn mean<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::mean_of_all(x.into_dispatch()))
}

/// What `f` makes of the numbers of an f32 vector; on `flex` where they lie, elsewhere of a copy.
///
/// # Panics
/// When its numbers are of another kind.
pub(crate) fn read<R>(vector: &Tensor<1>, f: impl FnOnce(&[f32]) -> R) -> R {
    #[cfg(feature = "flex")]
    if let Ok(primitive) = vector.clone().try_into_primitive::<burn::backend::Flex>() {
        return f(&cpu::CpuTensor::elements(&primitive));
    }
    let data = vector.clone().into_data();
    f(data
        .as_slice()
        .unwrap_or_else(|error| panic!("a vector: {error:?}")))
}

/// One fused step of Adam on plain tensors of one shape: the new parameter, first and second moment.
#[must_use]
pub fn adam<const D: usize>(
    [parameter, gradient, first_moment, second_moment]: [Tensor<D>; 4],
    step: AdamStep,
) -> [Tensor<D>; 3] {
    let (p, m, v) = Dispatch::adam(
        parameter.into_dispatch(),
        gradient.into_dispatch(),
        first_moment.into_dispatch(),
        second_moment.into_dispatch(),
        step,
    );
    [p, m, v].map(Tensor::from_dispatch)
}

/// `target + tau · (online − target)` on plain tensors of one shape.
#[must_use]
pub fn polyak<const D: usize>(target: Tensor<D>, online: Tensor<D>, tau: f32) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::polyak(
        target.into_dispatch(),
        online.into_dispatch(),
        tau,
    ))
}
