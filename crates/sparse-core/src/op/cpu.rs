//! The operations on tensors that lie in host memory: [`crate::kernels`] behind Burn's primitives.

use std::borrow::Cow;

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;

use super::network::{gradients_by_layer, outputs_by_layer};
use super::{
    Activation, LayerTensors, NetworkGradients, NetworkPass, OutputGradient, Primitives,
    SparseBackend, SparseLayer,
};
use crate::kernels::{self, AdamStep, AlignedBuf, Out, PassLayer, Written};
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
    let buffer = AlignedBuf::uninit_filled_by(kernels::product(&shape), kernel);
    T::from_buffer(buffer, Shape::from(shape))
}

/// Whether a network is gone through tile by tile.
fn tile_by_tile<B: CpuBackend>(activations: &FloatTensor<B>, layers: &[LayerTensors<B>]) -> bool
where
    FloatTensor<B>: CpuTensor,
{
    let [tiles, _, width] = activations.sizes();
    let patterns = layers.iter().map(|layer| &layer.layer.pattern);
    kernels::pass_suits(patterns, tiles * width)
}

/// The values and the bias of each layer.
fn parameters<B: CpuBackend>(layers: &[LayerTensors<B>]) -> Vec<[Cow<'_, [f32]>; 2]>
where
    FloatTensor<B>: CpuTensor,
{
    let layers = layers.iter();
    layers
        .map(|layer| [&layer.values, &layer.bias].map(CpuTensor::elements))
        .collect()
}

/// The layers with their `parameters`.
fn pass_layers<'a, B: CpuBackend>(
    layers: &'a [LayerTensors<B>],
    parameters: &'a [[Cow<'_, [f32]>; 2]],
) -> Vec<PassLayer<'a>> {
    let layers = layers.iter().zip(parameters);
    layers
        .map(|(LayerTensors { layer, .. }, [values, bias])| PassLayer {
            pattern: &layer.pattern,
            values,
            bias,
            relu: layer.activation == Activation::Relu,
        })
        .collect()
}

/// The outputs of all layers, or of the last alone, tile by tile.
fn outputs<B: CpuBackend>(
    x: &FloatTensor<B>,
    layers: &[LayerTensors<B>],
    keep: bool,
) -> Vec<FloatTensor<B>>
where
    FloatTensor<B>: CpuTensor,
{
    let [tiles, _, width] = x.sizes();
    let parameters = parameters(layers);
    let pass = pass_layers(layers, &parameters);
    let outputs = kernels::forward_pass(&pass, &x.elements(), width, keep);
    let kept = layers.len() - outputs.len();
    let rows = layers[kept..]
        .iter()
        .map(|layer| layer.layer.pattern.outputs());
    let outputs = outputs.into_iter().zip(rows);
    outputs
        .map(|(buffer, rows)| CpuTensor::from_buffer(buffer, Shape::from([tiles, rows, width])))
        .collect()
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

    fn network_activations(x: &FloatTensor<B>, layers: &[LayerTensors<B>]) -> Vec<FloatTensor<B>> {
        if !tile_by_tile(x, layers) {
            return outputs_by_layer::<B>(x, layers);
        }
        outputs(x, layers, true)
    }

    fn network_outputs(x: &FloatTensor<B>, layers: &[LayerTensors<B>]) -> FloatTensor<B> {
        let outputs = match tile_by_tile(x, layers) {
            true => outputs(x, layers, false),
            false => outputs_by_layer::<B>(x, layers),
        };
        let last = outputs.into_iter().next_back();
        last.unwrap_or_else(|| x.clone())
    }

    fn network_gradients(pass: &NetworkPass<B>, mut dy: FloatTensor<B>) -> NetworkGradients<B> {
        let watched = pass.layers.iter().any(|layer| layer.layer.probe.is_some());
        if watched || !tile_by_tile(&dy, &pass.layers) {
            return gradients_by_layer::<B>(pass, dy);
        }
        let [tiles, _, width] = dy.sizes();
        let parameters = parameters(&pass.layers);
        let x = pass.x.as_ref().map(FloatTensor::<B>::elements);
        let ys: Vec<Cow<'_, [f32]>> = pass.ys.iter().map(FloatTensor::<B>::elements).collect();
        let ys: Vec<&[f32]> = ys.iter().map(|y| &**y).collect();
        let gradients = kernels::backward_pass(
            &pass_layers(&pass.layers, &parameters),
            (x.as_deref(), &ys),
            dy.elements_mut(),
            width,
            pass.to_input,
        );
        let vector = |buffer: AlignedBuf| {
            let shape = Shape::from([buffer.len()]);
            CpuTensor::from_buffer(buffer, shape)
        };
        let inputs = pass.layers[0].layer.pattern.inputs();
        NetworkGradients {
            parameters: gradients
                .parameters
                .into_iter()
                .map(|buffers| buffers.map(vector))
                .collect(),
            input: gradients
                .input
                .map(|input| CpuTensor::from_buffer(input, Shape::from([tiles, inputs, width]))),
        }
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
