//! A dense network in f64, by plain loops: what the sparse one must compute.
#![allow(dead_code, reason = "each test file uses its part")]

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use sparse_core::nn::{SparseLinear, SparseMlp, SparseModule, Storage};
use sparse_core::pattern::Pattern;

/// The CPU devices of this build; `gpu.rs` tests the others where the machine has them.
pub(crate) fn devices() -> Vec<Device> {
    let names = sparse_core::device::available().into_iter();
    let names = names.filter(|name| !["wgpu", "cuda"].contains(name));
    let device = |name: &str| sparse_core::device::by_name(name).unwrap();
    names.map(device).collect()
}

pub(crate) fn uniform(rng: &mut impl Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

pub(crate) fn rows(data: &[f32], width: usize, device: &Device) -> Tensor<2> {
    let shape = [data.len() / width, width];
    Tensor::from_data(TensorData::new(data.to_vec(), shape), device)
}

pub(crate) fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// A layer with random values and each connection there with probability `density`; rows may be empty.
pub(crate) fn layer(
    [inputs, outputs]: [usize; 2],
    density: f64,
    device: &Device,
    rng: &mut impl Rng,
) -> SparseLinear {
    let mut mask: Vec<bool> = (0..inputs * outputs)
        .map(|_| rng.random_bool(density))
        .collect();
    mask[0] = true;
    let pattern = Pattern::from_mask(outputs, inputs, &mask).unwrap();
    let values = uniform(rng, pattern.nnz());
    let bias = uniform(rng, outputs);
    SparseLinear::from_parts(pattern, values, bias, Storage::Csr, device).unwrap()
}

/// One layer's weights, all of them, and its bias.
#[derive(Clone)]
pub(crate) struct Dense {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weights: Vec<f64>,
    pub(crate) bias: Vec<f64>,
    /// Scale and shift of a layer normalisation.
    pub(crate) norm: Option<[Vec<f64>; 2]>,
}

impl Dense {
    /// All numbers: weights, bias, and scale and shift where there are such.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        let norm = self.norm.iter().flatten();
        let vectors = [&self.weights, &self.bias].into_iter().chain(norm);
        vectors.flatten().copied().collect()
    }

    /// The same numbers, to be changed.
    pub(crate) fn numbers_mut(&mut self) -> Vec<&mut f64> {
        let norm = self.norm.iter_mut().flatten();
        let vectors = [&mut self.weights, &mut self.bias].into_iter().chain(norm);
        vectors.flatten().collect()
    }

    /// `W x + b` for one sample.
    fn sums(&self, x: &[f64]) -> Vec<f64> {
        let rows = self.weights.chunks(self.inputs).zip(&self.bias);
        let sum = |(row, bias): (&[f64], &f64)| {
            let dot: f64 = row.iter().zip(x).map(|(w, x)| w * x).sum();
            dot + bias
        };
        rows.map(sum).collect()
    }

    /// The same, normalised where the layer is.
    fn before_activation(&self, x: &[f64]) -> Vec<f64> {
        let sums = self.sums(x);
        let Some([scale, shift]) = &self.norm else {
            return sums;
        };
        let affine = scale.iter().zip(shift).zip(standard(&sums).0);
        affine.map(|((a, b), z)| a * z + b).collect()
    }
}

/// The numbers with mean 0 and deviation 1, and the deviation that they had.
fn standard(z: &[f64]) -> (Vec<f64>, f64) {
    let mean = mean(z.iter().copied());
    let deviation = (self::mean(z.iter().map(|z| (z - mean).powi(2))) + 1e-5).sqrt();
    (
        z.iter().map(|z| (z - mean) / deviation).collect(),
        deviation,
    )
}

fn mean(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = numbers.len() as f64;
    numbers.sum::<f64>() / count
}

/// A network of these layers with ReLU between them.
#[derive(Clone)]
pub(crate) struct Reference(pub(crate) Vec<Dense>);

impl Reference {
    pub(crate) fn of(network: &SparseMlp) -> Self {
        Self(network.sparse_layers().into_iter().map(dense).collect())
    }

    /// Activations after each layer, the input first: `[batch, features]`.
    pub(crate) fn forward(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let mut activations = vec![x.to_vec()];
        for (index, layer) in self.0.iter().enumerate() {
            let x = &activations[index];
            let mut y = Vec::new();
            let last = index + 1 == self.0.len();
            for x in x.chunks(layer.inputs) {
                let sums = layer.before_activation(x);
                y.extend(sums.iter().map(|s| if last { *s } else { s.max(0.0) }));
            }
            activations.push(y);
        }
        activations
    }

    /// How near a hidden unit comes to the kink of its ReLU, where f32 may see it on the other side.
    pub(crate) fn nearest_kink(&self, x: &[f64]) -> f64 {
        let activations = self.forward(x);
        let hidden = self.0.iter().zip(&activations).take(self.0.len() - 1);
        let sums = hidden.flat_map(|(layer, x)| {
            let samples = x.chunks(layer.inputs);
            samples.flat_map(|x| layer.before_activation(x))
        });
        sums.fold(f64::INFINITY, |least, sum| least.min(sum.abs()))
    }

    /// `Σ weight · y²` over all outputs.
    pub(crate) fn loss(&self, x: &[f64], weights: &[f64]) -> f64 {
        let y = self.forward(x).pop().unwrap();
        y.iter().zip(weights).map(|(y, w)| w * y * y).sum()
    }

    /// Gradients of the loss: per layer at weights and bias, and at the input.
    pub(crate) fn gradients(&self, x: &[f64], weights: &[f64]) -> (Vec<Dense>, Vec<f64>) {
        let activations = self.forward(x);
        let y = activations.last().unwrap();
        let mut dy: Vec<f64> = y.iter().zip(weights).map(|(y, w)| 2.0 * w * y).collect();
        let mut gradients = Vec::new();
        for (index, layer) in self.0.iter().enumerate().rev() {
            if index + 1 < self.0.len() {
                for (d, y) in dy.iter_mut().zip(&activations[index + 1]) {
                    *d = if *y > 0.0 { *d } else { 0.0 };
                }
            }
            let mut gradient = layer.clone();
            gradient.numbers_mut().into_iter().for_each(|x| *x = 0.0);
            let mut dx = Vec::new();
            let pairs = activations[index]
                .chunks(layer.inputs)
                .zip(dy.chunks(layer.outputs));
            for (x, d) in pairs {
                let d = before_norm(layer, x, d, &mut gradient);
                for (input, x) in x.iter().enumerate() {
                    let mut sum = 0.0;
                    for (output, d) in d.iter().enumerate() {
                        let at = output * layer.inputs + input;
                        gradient.weights[at] += d * x;
                        sum += d * layer.weights[at];
                    }
                    dx.push(sum);
                }
                for (b, d) in gradient.bias.iter_mut().zip(d) {
                    *b += d;
                }
            }
            gradients.insert(0, gradient);
            dy = dx;
        }
        (gradients, dy)
    }
}

/// The gradient at a layer's sums for one sample, from that behind its normalisation; adds those of scale and shift.
fn before_norm(layer: &Dense, x: &[f64], d: &[f64], gradient: &mut Dense) -> Vec<f64> {
    let (Some([scale, _]), Some([scale_gradient, shift_gradient])) =
        (&layer.norm, &mut gradient.norm)
    else {
        return d.to_vec();
    };
    let (z, deviation) = standard(&layer.sums(x));
    for (unit, d) in d.iter().enumerate() {
        scale_gradient[unit] += d * z[unit];
        shift_gradient[unit] += d;
    }
    let d: Vec<f64> = d.iter().zip(scale).map(|(d, scale)| d * scale).collect();
    let level = mean(d.iter().copied());
    let slope = mean(d.iter().zip(&z).map(|(d, z)| d * z));
    let before = d
        .iter()
        .zip(&z)
        .map(|(d, z)| (d - level - slope * z) / deviation);
    before.collect()
}

fn dense(layer: &SparseLinear) -> Dense {
    let pattern = layer.pattern();
    let (inputs, outputs) = (pattern.inputs(), pattern.outputs());
    let mut weights = vec![0.0; inputs * outputs];
    for (position, value) in pattern.positions().zip(floats(layer.values())) {
        weights[position as usize] = f64::from(value);
    }
    let bias = floats(layer.bias()).into_iter().map(f64::from).collect();
    Dense {
        inputs,
        outputs,
        weights,
        bias,
        norm: layer
            .layer_norm()
            .map(|norm| norm.map(|vector| floats(vector).into_iter().map(f64::from).collect())),
    }
}

/// Asserts that f32 results follow f64 ones, relative to the largest of them, but at least to 0.1: a sum of 300
/// products of numbers up to 1 passes through some 5, so that its steps round by up to 2.4e-7 each and come to 2e-6 or more
/// of rounding, even where it cancels.
pub(crate) fn assert_close(what: &str, found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().fold(0.1, |most: f64, x| most.max(x.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs() / size;
        assert!(
            error <= tolerance,
            "{what}[{i}]: {found}, expected {expected}"
        );
    }
}
