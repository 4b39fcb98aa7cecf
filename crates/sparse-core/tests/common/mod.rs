//! A dense network in f64, by plain loops: what the sparse one must compute.
#![allow(dead_code, reason = "each test file uses its part")]

mod bounded;

pub(crate) use bounded::Bounded;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use sparse_core::kernels::{Isa, Kernels};
use sparse_core::nn::{SparseLinear, SparseMlp, SparseModule, Storage};
use sparse_core::pattern::Pattern;

/// The CPU devices of this build; `gpu` tests the others where the machine has them. `KERNELS` keeps the process to the
/// version of the kernels that it names, as [`Isa::name`] does.
pub(crate) fn devices() -> Vec<Device> {
    if let Ok(name) = std::env::var("KERNELS") {
        let asked = Isa::named(&name).unwrap();
        assert_eq!(Kernels::limit(asked), Ok(asked), "KERNELS={name}");
    }
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

/// One layer's weights, all of them, and its bias; or as many other numbers.
#[derive(Clone)]
pub(crate) struct Dense<T = f64> {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weights: Vec<T>,
    pub(crate) bias: Vec<T>,
    /// Scale and shift of a layer normalisation.
    pub(crate) norm: Option<[Vec<T>; 2]>,
}

impl<T: Copy> Dense<T> {
    /// All numbers: weights, bias, and scale and shift where there are such.
    pub(crate) fn numbers(&self) -> Vec<T> {
        let norm = self.norm.iter().flatten();
        let vectors = [&self.weights, &self.bias].into_iter().chain(norm);
        vectors.flatten().copied().collect()
    }

    /// The same numbers, to be changed.
    pub(crate) fn numbers_mut(&mut self) -> Vec<&mut T> {
        let norm = self.norm.iter_mut().flatten();
        let vectors = [&mut self.weights, &mut self.bias].into_iter().chain(norm);
        vectors.flatten().collect()
    }

    fn map<U>(&self, to: impl Fn(T) -> U) -> Dense<U> {
        let each = |numbers: &Vec<T>| numbers.iter().map(|x| to(*x)).collect();
        Dense {
            inputs: self.inputs,
            outputs: self.outputs,
            weights: each(&self.weights),
            bias: each(&self.bias),
            norm: self.norm.as_ref().map(|norm| norm.each_ref().map(each)),
        }
    }
}

impl Dense<Bounded> {
    /// `W x + b` for one sample.
    fn sums(&self, x: &[Bounded]) -> Vec<Bounded> {
        let rows = self.weights.chunks(self.inputs).zip(&self.bias);
        let sum =
            |(row, bias): (&[Bounded], &Bounded)| Bounded::sum(products(row, x).chain([*bias]));
        rows.map(sum).collect()
    }

    /// The same, normalised where the layer is.
    fn before_activation(&self, x: &[Bounded]) -> Vec<Bounded> {
        let sums = self.sums(x);
        let Some([scale, shift]) = &self.norm else {
            return sums;
        };
        let affine = scale.iter().zip(shift).zip(standard(&sums).0);
        affine.map(|((a, b), z)| *a * z + *b).collect()
    }
}

/// What the connections of a unit add to its sum.
fn products<'a>(weights: &'a [Bounded], x: &'a [Bounded]) -> impl Iterator<Item = Bounded> + 'a {
    let pairs = weights.iter().zip(x).filter(|(w, _)| w.value != 0.0);
    pairs.map(|(w, x)| *w * *x)
}

/// The numbers with mean 0 and deviation 1, and the deviation that they had.
fn standard(z: &[Bounded]) -> (Vec<Bounded>, Bounded) {
    let mean = mean(z.iter().copied());
    let squares = z.iter().map(|z| (*z - mean) * (*z - mean));
    let deviation = (self::mean(squares) + 1e-5.into()).sqrt();
    (
        z.iter().map(|z| (*z - mean) / deviation).collect(),
        deviation,
    )
}

fn mean(numbers: impl ExactSizeIterator<Item = Bounded>) -> Bounded {
    let count = numbers.len() as f64;
    Bounded::sum(numbers) / count.into()
}

fn exact(numbers: &[f64]) -> Vec<Bounded> {
    numbers.iter().map(|x| Bounded::from(*x)).collect()
}

pub(crate) fn values(numbers: &[Bounded]) -> Vec<f64> {
    numbers.iter().map(|x| x.value).collect()
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
        let activations = self.bounded_forward(x);
        activations.iter().map(|layer| values(layer)).collect()
    }

    /// The same with bounds. Where f32 may see the other side of a ReLU's kink, it ends nearer than without one.
    pub(crate) fn bounded_forward(&self, x: &[f64]) -> Vec<Vec<Bounded>> {
        let mut activations = vec![exact(x)];
        for (index, layer) in self.0.iter().enumerate() {
            let layer = layer.map(Bounded::from);
            let last = index + 1 == self.0.len();
            let samples = activations[index].chunks(layer.inputs);
            let sums = samples.flat_map(|x| layer.before_activation(x));
            let y = sums
                .map(|sum| if last { sum } else { sum.relu() })
                .collect();
            activations.push(y);
        }
        activations
    }

    /// `Σ weight · y²` over all outputs.
    pub(crate) fn loss(&self, x: &[f64], weights: &[f64]) -> f64 {
        let y = self.forward(x).pop().unwrap();
        y.iter().zip(weights).map(|(y, w)| w * y * y).sum()
    }

    /// Gradients of the loss: per layer at the weights that exist and bias, and at the input.
    pub(crate) fn gradients(&self, x: &[f64], weights: &[f64]) -> (Vec<Dense>, Vec<f64>) {
        let (gradients, dx) = self.bounded_gradients(x, weights);
        let plain = gradients.iter().map(|g| g.map(|x| x.value));
        (plain.collect(), values(&dx))
    }

    /// The same with bounds.
    pub(crate) fn bounded_gradients(
        &self,
        x: &[f64],
        weights: &[f64],
    ) -> (Vec<Dense<Bounded>>, Vec<Bounded>) {
        let activations = self.bounded_forward(x);
        let y = activations.last().unwrap().iter();
        let slope = |(y, w): (&Bounded, &f64)| *y * Bounded::from(2.0 * w);
        let mut dy: Vec<Bounded> = y.zip(weights).map(slope).collect();
        let mut gradients = Vec::new();
        for (index, layer) in self.0.iter().enumerate().rev() {
            let layer = layer.map(Bounded::from);
            if index + 1 < self.0.len() {
                for (d, y) in dy.iter_mut().zip(&activations[index + 1]) {
                    *d = y.gate(*d);
                }
            }
            let (gradient, dx) = layer.backward(&activations[index], &dy);
            gradients.insert(0, gradient);
            dy = dx;
        }
        (gradients, dy)
    }
}

impl Dense<Bounded> {
    /// The gradients at this layer's numbers and at its input, from those behind it.
    fn backward(&self, x: &[Bounded], dy: &[Bounded]) -> (Self, Vec<Bounded>) {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let samples = || x.chunks(inputs).zip(dy.chunks(outputs));
        let mut norm_terms = Vec::new();
        let d = samples().flat_map(|(x, d)| self.before_norm(x, d, &mut norm_terms));
        let d: Vec<Bounded> = d.collect();
        let column = |numbers: &[Bounded], width, at| -> Vec<Bounded> {
            numbers.iter().skip(at).step_by(width).copied().collect()
        };
        let x: Vec<_> = (0..inputs).map(|input| column(x, inputs, input)).collect();
        let mut gradient = self.clone();
        for output in 0..outputs {
            let d = column(&d, outputs, output);
            let row = &mut gradient.weights[output * inputs..][..inputs];
            for (gradient, x) in row.iter_mut().zip(&x).filter(|(w, _)| w.value != 0.0) {
                *gradient = Bounded::sum(d.iter().zip(x).map(|(d, x)| *d * *x));
            }
            gradient.bias[output] = Bounded::sum(d);
        }
        if let Some([scale, shift]) = &mut gradient.norm {
            for unit in 0..outputs {
                let terms = || norm_terms.iter().skip(unit).step_by(outputs);
                scale[unit] = Bounded::sum(terms().map(|[scale, _]| *scale));
                shift[unit] = Bounded::sum(terms().map(|[_, shift]| *shift));
            }
        }
        let weights: Vec<_> = (0..inputs)
            .map(|input| column(&self.weights, inputs, input))
            .collect();
        let dx = d.chunks(outputs).flat_map(|d| {
            let sum = |weights: &Vec<Bounded>| Bounded::sum(products(weights, d));
            weights.iter().map(sum).collect::<Vec<_>>()
        });
        let dx = dx.collect();
        (gradient, dx)
    }

    /// The gradient at this layer's sums for one sample, from that behind its normalisation; appends this sample's terms of
    /// the gradients at scale and shift.
    fn before_norm(
        &self,
        x: &[Bounded],
        d: &[Bounded],
        terms: &mut Vec<[Bounded; 2]>,
    ) -> Vec<Bounded> {
        let Some([scale, _]) = &self.norm else {
            return d.to_vec();
        };
        let (z, deviation) = standard(&self.sums(x));
        terms.extend(d.iter().zip(&z).map(|(d, z)| [*d * *z, *d]));
        let d: Vec<Bounded> = d.iter().zip(scale).map(|(d, scale)| *d * *scale).collect();
        let level = mean(d.iter().copied());
        let slope = mean(d.iter().zip(&z).map(|(d, z)| *d * *z));
        let pairs = d.iter().zip(&z);
        pairs
            .map(|(d, z)| (*d - level - slope * *z) / deviation)
            .collect()
    }
}

fn dense(layer: &SparseLinear) -> Dense {
    let pattern = layer.pattern();
    let (inputs, outputs) = (pattern.inputs(), pattern.outputs());
    let mut weights = vec![0.0; inputs * outputs];
    for (position, value) in pattern.positions().zip(floats(layer.values())) {
        weights[position as usize] = f64::from(value);
    }
    let bias = floats(layer.bias().unwrap())
        .into_iter()
        .map(f64::from)
        .collect();
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

/// Asserts that f32 results end no farther from f64 ones than rounding takes them.
pub(crate) fn assert_bounded(what: &str, found: &[f32], expected: &[Bounded]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, Bounded { value, bound })) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - value).abs();
        assert!(
            error <= *bound,
            "{what}[{i}]: {found}, expected {value} within {bound:e}"
        );
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
