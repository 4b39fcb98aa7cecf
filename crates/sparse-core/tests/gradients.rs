//! Outputs and gradients of sparse networks against a dense f64 reference and against finite differences.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use common::{Dense, Reference, assert_close, devices, floats, layer, rows, uniform};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::nn::{SparseLinear, SparseMlp, SparseModule, Storage};
use sparse_core::op::{self, Activation, Network, NetworkLayer, Sink, SparseLayer};

/// f32 against f64 over sums of some hundred products.
const TOLERANCE: f64 = 2e-5;

/// The same behind a normalisation, whose gradient is what is left of larger numbers that cancel.
const NORM_TOLERANCE: f64 = 1e-4;

/// Rounding before a ReLU.
const KINK: f64 = 2e-6;

/// A batch and the weights of the loss.
struct Case {
    x: Vec<f32>,
    weights: Vec<f32>,
}

fn case(network: &SparseMlp, batch: usize, rng: &mut ChaCha8Rng) -> Case {
    let layers = network.sparse_layers();
    let inputs = layers[0].pattern().inputs();
    let outputs = layers[layers.len() - 1].pattern().outputs();
    Case {
        x: uniform(rng, batch * inputs),
        weights: uniform(rng, batch * outputs),
    }
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

/// `Σ weight · y²`, as the reference computes it.
fn loss(network: &SparseMlp, x: Tensor<2>, weights: &[f32]) -> Tensor<1> {
    let y = network.forward(x);
    let weights = rows(weights, y.dims()[1], &y.device().inner());
    (y.square() * Tensor::from_inner(weights)).sum()
}

/// Every storage of one network.
fn storages(network: &SparseMlp) -> [SparseMlp; 3] {
    [Storage::Csr, Storage::Masked, Storage::Auto].map(|s| network.clone().with_storage(s))
}

fn check(network: &SparseMlp, batch: usize, device: &Device, rng: &mut ChaCha8Rng) {
    for network in storages(network) {
        check_one(&network, batch, device, rng);
    }
}

/// The same network as one operation.
fn check_in_one(
    network: &SparseMlp,
    x: Tensor<2>,
    weights: &[f32],
    (expected, expected_x): (&[Dense], &[f64]),
) {
    let layers = network.sparse_layers();
    let sink = Sink::default();
    let layer = |(index, layer): (usize, &SparseLinear)| NetworkLayer {
        values: layer.values(),
        bias: layer.bias(),
        layer: SparseLayer {
            pattern: layer.pattern().clone(),
            activation: match index + 1 == layers.len() {
                true => Activation::Identity,
                false => Activation::Relu,
            },
            probe: None,
        },
        index,
    };
    let whole = Network {
        layers: layers.iter().copied().enumerate().map(layer).collect(),
        sink: Some(sink.clone()),
    };
    let device = x.device();
    let input = Tensor::from_inner(x).require_grad();
    let y = op::network(input.clone(), whole);
    let weights = rows(weights, y.dims()[1], &device);
    let gradients = (y.square() * Tensor::from_inner(weights)).sum().backward();
    let found = floats(input.grad(&gradients).unwrap());
    assert_close("input of one", &found, expected_x, TOLERANCE);
    for (index, (layer, expected)) in layers.iter().zip(expected).enumerate() {
        let [values, bias] = sink.take(index).unwrap();
        let positions = layer.pattern().positions();
        let wanted: Vec<f64> = positions.map(|p| expected.weights[p as usize]).collect();
        assert_close("values of one", &floats(values), &wanted, TOLERANCE);
        assert_close("bias of one", &floats(bias), &expected.bias, TOLERANCE);
    }
}

fn check_one(network: &SparseMlp, batch: usize, device: &Device, rng: &mut ChaCha8Rng) {
    let normed = |l: &&SparseLinear| l.layer_norm().is_some();
    let tolerance = match network.sparse_layers().iter().any(normed) {
        true => NORM_TOLERANCE,
        false => TOLERANCE,
    };
    let reference = Reference::of(network);
    let clear = |case: &Case| reference.nearest_kink(&wide(&case.x)) > KINK;
    let Case { x, weights } = std::iter::repeat_with(|| case(network, batch, rng))
        .find(clear)
        .unwrap();
    let (expected, expected_x) = reference.gradients(&wide(&x), &wide(&weights));
    let outputs = reference.forward(&wide(&x)).pop().unwrap();
    let inputs = network.sparse_layers()[0].pattern().inputs();
    let plain = rows(&x, inputs, device);
    assert_close(
        "output",
        &floats(network.forward(plain.clone())),
        &outputs,
        tolerance,
    );

    if tolerance == TOLERANCE {
        check_in_one(network, plain.clone(), &weights, (&expected, &expected_x));
    }
    let tracked = network.clone().train();
    let input = Tensor::from_inner(plain).require_grad();
    let gradients = loss(&tracked, input.clone(), &weights).backward();
    let found = input.grad(&gradients).unwrap();
    assert_close("input", &floats(found), &expected_x, tolerance);
    for (layer, expected) in tracked.sparse_layers().into_iter().zip(&expected) {
        let positions = layer.pattern().positions();
        let values: Vec<f64> = positions.map(|p| expected.weights[p as usize]).collect();
        let found = layer.values().grad(&gradients).unwrap();
        assert_close("values", &floats(found), &values, tolerance);
        let found = layer.bias().grad(&gradients).unwrap();
        assert_close("bias", &floats(found), &expected.bias, tolerance);
        let norm = layer.layer_norm().into_iter().flatten();
        for (found, expected) in norm.zip(expected.norm.iter().flatten()) {
            let found = found.grad(&gradients).unwrap();
            assert_close("norm", &floats(found), expected, tolerance);
        }
    }
}

#[test]
fn single_layers_of_odd_sizes_follow_the_reference() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for device in devices() {
        for sizes in [[1, 1], [7, 5], [23, 257], [257, 23], [64, 64], [300, 1]] {
            for density in [0.02, 0.1, 0.5, 1.0] {
                let network =
                    SparseMlp::from_layers(vec![layer(sizes, density, &device, &mut rng)]);
                for batch in [1, 3, 16, 17, 64, 65, 100] {
                    check(network.as_ref().unwrap(), batch, &device, &mut rng);
                }
            }
        }
    }
}

#[test]
fn networks_follow_the_reference() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for device in devices() {
        for sizes in [[17, 33, 9, 2], [23, 256, 256, 1], [5, 1, 130, 6]] {
            for density in [0.1, 0.4] {
                let pairs = sizes.windows(2).map(|w| [w[0], w[1]]);
                let layers = pairs
                    .map(|s| layer(s, density, &device, &mut rng))
                    .collect();
                let network = SparseMlp::from_layers(layers).unwrap();
                for batch in [1, 16, 65, 256] {
                    check(&network, batch, &device, &mut rng);
                }
            }
        }
    }
}

/// Normalises all layers but the last, with scales and shifts that are not those of the beginning.
fn normalised(layers: Vec<SparseLinear>, device: &Device, rng: &mut ChaCha8Rng) -> SparseMlp {
    let last = layers.len() - 1;
    let norm = |(index, layer): (usize, SparseLinear)| match index == last {
        true => layer,
        false => layer.with_layer_norm(),
    };
    let layers = layers.into_iter().enumerate().map(norm).collect();
    let mut network = SparseMlp::from_layers(layers).unwrap();
    let mut draw = Draw { device, rng };
    // Other vectors change too, and stay within ±1.
    network = network.map(&mut draw);
    network
}

/// Draws every parameter anew.
struct Draw<'a> {
    device: &'a Device,
    rng: &'a mut ChaCha8Rng,
}

impl ModuleMapper for Draw<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.val().dims();
        let numbers = uniform(self.rng, shape.iter().product());
        Param::from_tensor(Tensor::from_data(
            TensorData::new(numbers, shape),
            self.device,
        ))
    }
}

#[test]
fn normalised_networks_follow_the_reference() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for device in devices() {
        for sizes in [[17, 33, 9, 2], [23, 256, 256, 1], [5, 2, 130, 6]] {
            let pairs = sizes.windows(2).map(|w| [w[0], w[1]]);
            let layers = pairs.map(|s| layer(s, 0.3, &device, &mut rng)).collect();
            let network = normalised(layers, &device, &mut rng);
            for batch in [1, 16, 65, 256] {
                check(&network, batch, &device, &mut rng);
            }
        }
    }
}

#[test]
fn the_reference_follows_finite_differences() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let device = &devices()[0];
    let mut layers = || {
        [[7, 11], [11, 5], [5, 2]]
            .map(|s| layer(s, 0.5, device, &mut rng))
            .to_vec()
    };
    let (plain, normed) = (layers(), layers());
    follows_finite_differences(&SparseMlp::from_layers(plain).unwrap(), &mut rng);
    follows_finite_differences(&normalised(normed, device, &mut rng), &mut rng);
}

fn follows_finite_differences(network: &SparseMlp, rng: &mut ChaCha8Rng) {
    let Case { x, weights } = case(network, 9, rng);
    let (x, weights) = (wide(&x), wide(&weights));
    let reference = Reference::of(network);
    let (gradients, gradient_x) = reference.gradients(&x, &weights);
    let h = 1e-6;
    let near = |up: f64, down: f64, expected: f64| {
        let found = (up - down) / (2.0 * h);
        assert!(
            (found - expected).abs() < 1e-5 * expected.abs().max(1.0),
            "{found} {expected}"
        );
    };
    for (at, expected) in gradient_x.iter().enumerate() {
        let moved = |by: f64| {
            let mut x = x.clone();
            x[at] += by;
            reference.loss(&x, &weights)
        };
        near(moved(h), moved(-h), *expected);
    }
    for (index, gradient) in gradients.iter().enumerate() {
        let moved = |change: &dyn Fn(&mut Reference)| {
            let mut moved = reference.clone();
            change(&mut moved);
            moved.loss(&x, &weights)
        };
        for (at, expected) in gradient.numbers().into_iter().enumerate() {
            let by = |by: f64| moved(&|r: &mut Reference| *r.0[index].numbers_mut()[at] += by);
            near(by(h), by(-h), expected);
        }
    }
}

#[test]
fn a_network_outside_autodiff_is_a_constant() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for device in devices() {
        let layers = [[6, 40], [40, 3]].map(|s| layer(s, 0.3, &device, &mut rng));
        let network = SparseMlp::from_layers(layers.into()).unwrap();
        let Case { x, weights } = case(&network, 70, &mut rng);
        let input = Tensor::from_inner(rows(&x, 6, &device)).require_grad();
        let gradients = loss(&network, input.clone(), &weights).backward();
        let (_, expected) = Reference::of(&network).gradients(&wide(&x), &wide(&weights));
        assert_close(
            "input",
            &floats(input.grad(&gradients).unwrap()),
            &expected,
            TOLERANCE,
        );
        let layers = network.sparse_layers();
        assert!(layers.iter().all(|l| l.values().grad(&gradients).is_none()));
    }
}
