//! Outputs and gradients of sparse networks against a dense f64 reference and against finite differences.

use crate::common::{
    Bounded, Dense, Reference, assert_bounded, devices, floats, layer, rows, uniform,
};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::nn::{SparseLinear, SparseMlp, SparseModule, Storage};
use sparse_core::op::{self, Activation, GradSink, Network, NetworkLayer, SparseLayer};

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

/// A network in both storages beside its reference.
fn check(network: &SparseMlp, batch: usize, device: &Device, rng: &mut ChaCha8Rng) {
    let reference = Reference::of(network);
    let case = case(network, batch, rng);
    let expected = Expected {
        outputs: reference.bounded_forward(&wide(&case.x)).pop().unwrap(),
        gradients: reference.bounded_gradients(&wide(&case.x), &wide(&case.weights)),
    };
    for storage in [Storage::Csr, Storage::Masked] {
        let network = network.clone().with_storage(storage);
        check_one(&network, &case, &expected, device);
    }
}

/// What the reference computes for a case.
struct Expected {
    outputs: Vec<Bounded>,
    gradients: (Vec<Dense<Bounded>>, Vec<Bounded>),
}

/// The same network as one operation.
fn check_in_one(
    network: &SparseMlp,
    x: Tensor<2>,
    weights: &[f32],
    (expected, expected_x): (&[Dense<Bounded>], &[Bounded]),
) {
    let layers = network.sparse_layers();
    let sink = GradSink::default();
    let layer = |(index, layer): (usize, &SparseLinear)| NetworkLayer {
        values: layer.values(),
        bias: layer.bias().unwrap(),
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
    assert_bounded("input of one", &found, expected_x);
    for (index, (layer, expected)) in layers.iter().zip(expected).enumerate() {
        let [values, bias] = sink.take(index).unwrap();
        let positions = layer.pattern().positions();
        let wanted: Vec<Bounded> = positions.map(|p| expected.weights[p as usize]).collect();
        assert_bounded("values of one", &floats(values), &wanted);
        assert_bounded("bias of one", &floats(bias), &expected.bias);
    }
}

fn check_one(network: &SparseMlp, case: &Case, expected: &Expected, device: &Device) {
    let Case { x, weights } = case;
    let (gradients, input_gradient) = &expected.gradients;
    let inputs = network.sparse_layers()[0].pattern().inputs();
    let plain = rows(x, inputs, device);
    let found = floats(network.forward(plain.clone()));
    assert_bounded("output", &found, &expected.outputs);

    let layers = network.sparse_layers();
    if layers.iter().all(|l| l.layer_norm().is_none()) {
        check_in_one(network, plain.clone(), weights, (gradients, input_gradient));
    }
    let tracked = network.clone().train();
    let input = Tensor::from_inner(plain).require_grad();
    let found = loss(&tracked, input.clone(), weights).backward();
    let dx = input.grad(&found).unwrap();
    assert_bounded("input", &floats(dx), input_gradient);
    for (layer, expected) in tracked.sparse_layers().into_iter().zip(gradients) {
        let positions = layer.pattern().positions();
        let values: Vec<Bounded> = positions.map(|p| expected.weights[p as usize]).collect();
        let dv = layer.values().grad(&found).unwrap();
        assert_bounded("values", &floats(dv), &values);
        let db = layer.bias().unwrap().grad(&found).unwrap();
        assert_bounded("bias", &floats(db), &expected.bias);
        let norm = layer.layer_norm().into_iter().flatten();
        for (vector, expected) in norm.zip(expected.norm.iter().flatten()) {
            let gradient = vector.grad(&found).unwrap();
            assert_bounded("norm", &floats(gradient), expected);
        }
    }
}

/// The bounds are of use where a kernel that forgot one connection would leave them.
#[test]
fn the_bounds_show_one_connection_less() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let device = &devices()[0];
    for sizes in [
        &[300, 1][..],
        &[64, 64],
        &[17, 33, 9, 2],
        &[23, 256, 256, 1],
    ] {
        let pairs = sizes.windows(2).map(|w| [w[0], w[1]]);
        let layers = pairs.map(|s| layer(s, 0.4, device, &mut rng)).collect();
        let network = SparseMlp::from_layers(layers).unwrap();
        let Case { x, weights } = case(&network, 64, &mut rng);
        let (x, weights) = (wide(&x), wide(&weights));
        let whole = Reference::of(&network);
        for index in 0..whole.0.len() {
            let there = (0..).find(|at| whole.0[index].weights[*at] != 0.0).unwrap();
            let mut less = whole.clone();
            less.0[index].weights[there] = 0.0;
            let outside = |found: &[Bounded], expected: &[Bounded]| {
                let mut pairs = found.iter().zip(expected);
                pairs.any(|(a, b)| (a.value - b.value).abs() > b.bound)
            };
            let outputs = |network: &Reference| network.bounded_forward(&x).pop().unwrap();
            assert!(
                outside(&outputs(&less), &outputs(&whole)),
                "{sizes:?} {index}"
            );
            let gradients = |network: &Reference| {
                let (layers, dx) = network.bounded_gradients(&x, &weights);
                let numbers = layers.iter().flat_map(Dense::numbers);
                numbers.chain(dx).collect::<Vec<_>>()
            };
            assert!(
                outside(&gradients(&less), &gradients(&whole)),
                "{sizes:?} {index}"
            );
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
        let exists = |at: usize| reference.0[index].weights.get(at) != Some(&0.0);
        let numbers = gradient.numbers().into_iter().enumerate();
        for (at, expected) in numbers.filter(|(at, _)| exists(*at)) {
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
        let reference = Reference::of(&network);
        let (_, expected) = reference.bounded_gradients(&wide(&x), &wide(&weights));
        assert_bounded("input", &floats(input.grad(&gradients).unwrap()), &expected);
        let layers = network.sparse_layers();
        assert!(layers.iter().all(|l| l.values().grad(&gradients).is_none()));
    }
}
