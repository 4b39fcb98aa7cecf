//! The operations on tensors that lie in host memory: [`crate::kernels`] behind Burn's primitives.

use std::borrow::Cow;

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;

use super::{Activation, OutputGradient, Primitives, SparseBackend, SparseLayer};
use crate::kernels::{self, AdamStep, AlignedBuf, Out, Written};
use crate::math;
use crate::pattern::Pattern;

/// A float tensor in host memory.
pub(super) trait CpuTensor: Sized {
    /// Sizes of its dimensions.
    fn sizes<const D: usize>(&self) -> [usize; D];

    /// The elements in row-major order; a copy only where the tensor is a strided view.
    fn elements(&self) -> Cow<'_, [f32]>;

    /// The elements in row-major order, to be changed; a copy only where somebody else holds them.
    fn elements_mut(&mut self) -> &mut [f32];

    /// A tensor over a finished buffer.
    fn from_buffer(buffer: AlignedBuf, shape: Shape) -> Self;
}

/// A backend whose float tensors are such; said of each, so that the compiler knows it of no other.
pub(super) trait CpuBackend: Primitives {}

/// A tensor of `shape` that a kernel writes.
fn build<T: CpuTensor, const D: usize>(
    shape: [usize; D],
    kernel: impl for<'a> FnOnce(Out<'a>) -> Written<'a>,
) -> T {
    let buffer = AlignedBuf::uninit_filled_by(shape.iter().product(), kernel);
    T::from_buffer(buffer, Shape::from(shape))
}

impl<B> SparseBackend for B
where
    B: CpuBackend,
    FloatTensor<B>: CpuTensor,
{
    fn forward(
        x: &FloatTensor<B>,
        values: &FloatTensor<B>,
        bias: &FloatTensor<B>,
        layer: &SparseLayer,
    ) -> FloatTensor<B> {
        let [tiles, _, width] = x.sizes();
        let relu = layer.activation == Activation::Relu;
        let (x, values, bias) = (x.elements(), values.elements(), bias.elements());
        build([tiles, layer.pattern.outputs(), width], |y| {
            kernels::spmm(&layer.pattern, &values, &bias, relu, &x, width, y)
        })
    }

    fn output_gradient(
        y: &FloatTensor<B>,
        mut dy: FloatTensor<B>,
        activation: Activation,
    ) -> OutputGradient<B> {
        let [_, outputs, width] = y.sizes();
        let mut bias = AlignedBuf::zeroed(outputs);
        match activation {
            Activation::Identity => {
                kernels::bias_gradient(&dy.elements(), width, bias.as_mut_slice());
            }
            Activation::Relu => {
                let dy = dy.elements_mut();
                kernels::relu_bias_gradient(&y.elements(), dy, width, bias.as_mut_slice());
            }
        }
        OutputGradient {
            pre_activation: dy,
            bias: CpuTensor::from_buffer(bias, Shape::from([outputs])),
        }
    }

    fn add_bias(
        mut z: FloatTensor<B>,
        bias: &FloatTensor<B>,
        activation: Activation,
    ) -> FloatTensor<B> {
        let [_, batch] = z.sizes();
        let rows = z.elements_mut().chunks_exact_mut(batch.max(1));
        for (row, bias) in rows.zip(bias.elements().iter()) {
            match activation {
                Activation::Identity => row.iter_mut().for_each(|z| *z += bias),
                // Not `max`, which would hide a NaN.
                Activation::Relu => row.iter_mut().for_each(|z| {
                    let sum = *z + bias;
                    *z = if sum < 0.0 { 0.0 } else { sum };
                }),
            }
        }
        z
    }

    fn dense_output_gradient(
        y: FloatTensor<B>,
        mut dy: FloatTensor<B>,
        activation: Activation,
    ) -> OutputGradient<B> {
        let [outputs, batch] = y.sizes();
        let mut bias = AlignedBuf::zeroed(outputs);
        let y = y.elements();
        let rows = y
            .chunks_exact(batch.max(1))
            .zip(dy.elements_mut().chunks_exact_mut(batch.max(1)));
        for ((y, dy), bias) in rows.zip(bias.as_mut_slice()) {
            if activation == Activation::Relu {
                for (y, dy) in y.iter().zip(dy.iter_mut()) {
                    // A mask of bits, where a choice would be compiled to branches.
                    let mask = u32::from(*y > 0.0).wrapping_neg();
                    *dy = f32::from_bits(dy.to_bits() & mask);
                }
            }
            *bias = math::sum(dy);
        }
        OutputGradient {
            pre_activation: dy,
            bias: CpuTensor::from_buffer(bias, Shape::from([outputs])),
        }
    }

    fn input_gradient(
        dy: &FloatTensor<B>,
        values: &FloatTensor<B>,
        pattern: &Pattern,
    ) -> FloatTensor<B> {
        let [tiles, _, width] = dy.sizes();
        let (dy, values) = (dy.elements(), values.elements());
        build([tiles, pattern.inputs(), width], |dx| {
            kernels::spmm_t(pattern, &values, &dy, width, dx)
        })
    }

    fn value_gradient(
        dy: &FloatTensor<B>,
        x: &FloatTensor<B>,
        pattern: &Pattern,
    ) -> FloatTensor<B> {
        let [_, _, width] = x.sizes();
        let (dy, x) = (dy.elements(), x.elements());
        build([pattern.nnz()], |dv| {
            kernels::sddmm(pattern, &dy, &x, width, dv)
        })
    }

    fn dense_gradient(dy: &FloatTensor<B>, x: &FloatTensor<B>) -> Vec<f32> {
        let [_, outputs, _] = dy.sizes();
        let [_, inputs, width] = x.sizes();
        let mut gradient = vec![0.0; outputs * inputs];
        kernels::dense_gradient(
            &dy.elements(),
            &x.elements(),
            outputs,
            inputs,
            width,
            &mut gradient,
        );
        gradient
    }

    fn scatter(values: &FloatTensor<B>, pattern: &Pattern) -> FloatTensor<B> {
        let shape = [pattern.outputs(), pattern.inputs()];
        let mut matrix = AlignedBuf::zeroed(shape[0] * shape[1]);
        let rows = matrix.as_mut_slice().chunks_exact_mut(shape[1].max(1));
        let values = values.elements();
        for (row, bounds) in rows.zip(pattern.row_ptr().windows(2)) {
            let row_of = bounds[0] as usize..bounds[1] as usize;
            for (input, value) in pattern.col_idx()[row_of.clone()]
                .iter()
                .zip(&values[row_of])
            {
                row[*input as usize] = *value;
            }
        }
        CpuTensor::from_buffer(matrix, Shape::from(shape))
    }

    fn gather(matrix: &FloatTensor<B>, pattern: &Pattern) -> FloatTensor<B> {
        let matrix = matrix.elements();
        let mut values = AlignedBuf::zeroed(pattern.nnz());
        let rows = matrix.chunks_exact(pattern.inputs().max(1));
        for (row, bounds) in rows.zip(pattern.row_ptr().windows(2)) {
            let row_of = bounds[0] as usize..bounds[1] as usize;
            let inputs = &pattern.col_idx()[row_of.clone()];
            for (value, input) in values.as_mut_slice()[row_of].iter_mut().zip(inputs) {
                *value = row[*input as usize];
            }
        }
        CpuTensor::from_buffer(values, Shape::from([pattern.nnz()]))
    }

    fn to_host(matrix: &FloatTensor<B>) -> Vec<f32> {
        matrix.elements().into_owned()
    }

    fn into_tiles(x: FloatTensor<B>, width: usize) -> FloatTensor<B> {
        let [batch, features] = x.sizes();
        let x = x.elements();
        build([batch.div_ceil(width), features, width], |tiles| {
            kernels::to_tiles(&x, batch, features, width, tiles)
        })
    }

    fn from_tiles(x: FloatTensor<B>, batch: usize) -> FloatTensor<B> {
        let [_, features, width] = x.sizes();
        let x = x.elements();
        build([batch, features], |rows| {
            kernels::from_tiles(&x, batch, features, width, rows)
        })
    }

    fn tanh_forward(x: &FloatTensor<B>) -> FloatTensor<B> {
        let elements = x.elements();
        let buffer = AlignedBuf::uninit_filled_by(elements.len(), |y| math::tanh(&elements, y));
        CpuTensor::from_buffer(buffer, TensorMetadata::shape(x))
    }

    fn mean(x: FloatTensor<B>) -> FloatTensor<B> {
        let mut mean = AlignedBuf::zeroed(1);
        mean.as_mut_slice()[0] = math::mean(&x.elements());
        CpuTensor::from_buffer(mean, Shape::from([1]))
    }

    fn tanh_gradient(y: &FloatTensor<B>, mut dy: FloatTensor<B>) -> FloatTensor<B> {
        math::tanh_gradient(&y.elements(), dy.elements_mut());
        dy
    }

    fn adam_step(state: [FloatTensor<B>; 4], step: AdamStep) -> [FloatTensor<B>; 3] {
        let [mut parameter, gradient, mut first_moment, mut second_moment] = state;
        kernels::adam(
            parameter.elements_mut(),
            &gradient.elements(),
            first_moment.elements_mut(),
            second_moment.elements_mut(),
            &step,
        );
        [parameter, first_moment, second_moment]
    }

    fn polyak_step(
        mut target: FloatTensor<B>,
        online: &FloatTensor<B>,
        tau: f32,
    ) -> FloatTensor<B> {
        kernels::polyak(target.elements_mut(), &online.elements(), tau);
        target
    }
}
