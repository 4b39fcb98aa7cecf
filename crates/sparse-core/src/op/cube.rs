//! Burn's CubeCL backend: GPUs through wgpu or CUDA. [`crate::kernels`]' GPU versions behind Burn's primitives.

use burn::backend::TensorMetadata;
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;
use burn_cubecl::{Cube, ops::into_data_sync};

use super::{Activation, OutputGradient, SparseBackend, SparseLayer};
use crate::kernels::{AdamStep, cube as kernels};
use crate::pattern::Pattern;

impl SparseBackend for Cube {
    fn forward(
        x: &FloatTensor<Self>,
        values: &FloatTensor<Self>,
        bias: &FloatTensor<Self>,
        layer: &SparseLayer,
    ) -> FloatTensor<Self> {
        let relu = layer.activation == Activation::Relu;
        kernels::spmm(&layer.pattern, values, bias, relu, x)
    }

    fn output_gradient(
        y: &FloatTensor<Self>,
        dy: FloatTensor<Self>,
        activation: Activation,
    ) -> OutputGradient<Self> {
        let [pre_activation, bias] = match activation {
            Activation::Identity => {
                let bias = kernels::bias_gradient(&dy);
                [dy, bias]
            }
            Activation::Relu => kernels::relu_bias_gradient(y, dy),
        };
        OutputGradient {
            pre_activation,
            bias,
        }
    }

    fn input_gradient(
        dy: &FloatTensor<Self>,
        values: &FloatTensor<Self>,
        pattern: &Pattern,
    ) -> FloatTensor<Self> {
        kernels::spmm_t(pattern, values, dy)
    }

    fn value_gradient(
        dy: &FloatTensor<Self>,
        x: &FloatTensor<Self>,
        pattern: &Pattern,
    ) -> FloatTensor<Self> {
        kernels::sddmm(pattern, dy, x)
    }

    /// One product of the backend's, of `[outputs, batch]` with `[batch, inputs]`: only here a GPU's matrix units
    /// apply. They may round the factors (TF32), so the scores of nearly equal candidates may change places.
    fn dense_gradient(dy: &FloatTensor<Self>, x: &FloatTensor<Self>) -> Vec<f32> {
        let flat = |tensor: &FloatTensor<Self>, axes: [usize; 3]| {
            let [tiles, features, width] = tensor.shape().dims();
            let columns = tiles * width;
            let shape = match axes {
                [1, 0, 2] => Shape::from([features, columns]),
                _ => Shape::from([columns, features]),
            };
            let ordered = Self::float_permute(tensor.clone(), &axes);
            Self::float_reshape(ordered, shape)
        };
        Self::to_host(&Self::float_matmul(flat(dy, [1, 0, 2]), flat(x, [0, 2, 1])))
    }

    fn scatter(values: &FloatTensor<Self>, pattern: &Pattern) -> FloatTensor<Self> {
        kernels::scatter(values, pattern)
    }

    fn gather(matrix: &FloatTensor<Self>, pattern: &Pattern) -> FloatTensor<Self> {
        kernels::gather(matrix, pattern)
    }

    fn to_host(matrix: &FloatTensor<Self>) -> Vec<f32> {
        let elements = into_data_sync(matrix.clone()).try_into_vec();
        elements.unwrap_or_else(|_| unreachable!("the sparse operations are f32"))
    }

    fn into_tiles(x: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        kernels::to_tiles(x, width)
    }

    fn from_tiles(x: FloatTensor<Self>, batch: usize) -> FloatTensor<Self> {
        kernels::from_tiles(x, batch)
    }

    fn tanh_forward(x: &FloatTensor<Self>) -> FloatTensor<Self> {
        kernels::tanh(x)
    }

    fn tanh_gradient(y: &FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self> {
        kernels::tanh_gradient(y, dy)
    }

    fn adam_step(state: [FloatTensor<Self>; 4], step: AdamStep) -> [FloatTensor<Self>; 3] {
        kernels::adam(state, &step)
    }

    fn polyak_step(
        target: FloatTensor<Self>,
        online: &FloatTensor<Self>,
        tau: f32,
    ) -> FloatTensor<Self> {
        kernels::polyak(target, online, tau)
    }
}
