//! The operations on a GPU against dense f64 sums, and a training against the CPU's.
//!
//! Each test runs once for each GPU backend of the build. Where the machine has no adapter for one, its tests are
//! listed as ignored, with the reason on top: never as passed. So this file brings its own `main`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]
#![allow(clippy::print_stderr, reason = "says why tests are skipped")]

#[path = "../common/mod.rs"]
mod common;
mod networks;

use std::process::ExitCode;

use burn::tensor::{Device, Tensor, TensorData};
use common::{assert_close, floats, rows, uniform};
use libtest_mimic::{Arguments, Trial};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::device::{available, by_name};
use sparse_core::kernels::{self, AdamStep};
use sparse_core::nn::{SparseMlp, SparseMlpConfig, SparseModule, Storage};
use sparse_core::op::{self, Activation, GrowthProbe, SparseLayer, TILE, tile_width};
use sparse_core::pattern::Pattern;
use sparse_core::topology::{DropFraction, RigL, RuleConfig, Schedule, Topology};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig};

/// f32 against f64 over sums of some hundred products.
const TOLERANCE: f64 = 2e-5;
const SIZES: [[usize; 2]; 7] = [
    [1, 1],
    [7, 5],
    [23, 257],
    [257, 23],
    [64, 64],
    [1, 300],
    [300, 1],
];
const BATCHES: [usize; 7] = [1, 3, 16, 17, 64, 65, 256];
type Test = fn(&Device);

const TESTS: [(&str, Test); 15] = [
    ("layers_follow_dense_sums", layers),
    ("a_layer_without_connections_is_its_bias", no_connections),
    ("the_dense_gradient_follows_dense_sums", dense_gradient),
    ("tiles_hold_the_rows_of_any_view", tiles),
    ("tanh_follows_f64", tanh),
    ("adam_follows_the_scalar_kernel", adam),
    ("polyak_follows_the_scalar_kernel", polyak),
    ("the_same_input_gives_the_same_bits", same_bits),
    ("a_nan_goes_through", nan),
    ("training_follows_the_cpu", training),
    ("rigl_moves_what_it_moves_on_the_cpu", rigl),
    ("a_network_goes_through_at_once", networks::at_once),
    ("steps_by_rows_follow_the_cpu", networks::descend),
    ("a_nan_goes_through_a_network", networks::nan),
    (
        "parts_blocks_and_large_gradients_follow_the_cpu",
        networks::other_ways,
    ),
];

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for name in ["wgpu", "cuda"] {
        if !available().contains(&name) {
            continue;
        }
        let missing = by_name(name).err();
        if let Some(error) = &missing {
            eprintln!("skipped: {error}");
        }
        trials.extend(TESTS.map(|(test, run)| {
            let trial = Trial::test(format!("{name}::{test}"), move || {
                run(&by_name(name)?);
                Ok(())
            });
            trial.with_ignored_flag(missing.is_some())
        }));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

/// A layer's operation and random data for it.
struct Case {
    pattern: Pattern,
    activation: Activation,
    batch: usize,
    values: Vec<f32>,
    bias: Vec<f32>,
    /// `[batch, inputs]`.
    x: Vec<f32>,
    /// The gradient at the output, `[batch, outputs]`.
    dy: Vec<f32>,
}

impl Case {
    fn random(
        [inputs, outputs]: [usize; 2],
        density: f64,
        activation: Activation,
        batch: usize,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let all = inputs * outputs;
        let mask: Vec<bool> = (0..all).map(|_| rng.random_bool(density)).collect();
        let pattern = Pattern::from_mask(outputs, inputs, &mask).unwrap();
        Self {
            activation,
            batch,
            values: uniform(rng, pattern.nnz()),
            bias: uniform(rng, outputs),
            x: uniform(rng, batch * inputs),
            dy: uniform(rng, batch * outputs),
            pattern,
        }
    }

    /// Output, and gradients at values, bias and input, from the device; the dense gradient if asked for.
    fn found(&self, device: &Device, probe: Option<GrowthProbe>) -> [Vec<f32>; 4] {
        let (inputs, outputs) = (self.pattern.inputs(), self.pattern.outputs());
        let tracked = |data: &[f32]| {
            let data = TensorData::new(data.to_vec(), [data.len()]);
            Tensor::<1>::from_inner(Tensor::from_data(data, device)).require_grad()
        };
        let (values, bias) = (tracked(&self.values), tracked(&self.bias));
        let x = Tensor::from_inner(rows(&self.x, inputs, device)).require_grad();
        let dy = Tensor::from_inner(rows(&self.dy, outputs, device));
        let layer = SparseLayer {
            pattern: self.pattern.clone(),
            activation: self.activation,
            probe,
        };
        let x_tiles = op::tile(x.clone(), tile_width(self.batch));
        let y = op::sparse_linear(x_tiles, values.clone(), bias.clone(), layer);
        let y = op::untile(y, self.batch);
        let gradients = (y.clone() * dy).sum().backward();
        [
            floats(y),
            floats(values.grad(&gradients).unwrap()),
            floats(bias.grad(&gradients).unwrap()),
            floats(x.grad(&gradients).unwrap()),
        ]
    }

    /// The same in f64, by loops over all weights; the last is the dense gradient.
    fn expected(&self) -> [Vec<f64>; 5] {
        let (inputs, outputs) = (self.pattern.inputs(), self.pattern.outputs());
        let mut weights = vec![0.0; inputs * outputs];
        for (at, value) in self.pattern.positions().zip(&self.values) {
            weights[at as usize] = f64::from(*value);
        }
        let (mut y, mut d_bias) = (Vec::new(), vec![0.0; outputs]);
        let (mut d_weights, mut dx) = (vec![0.0; inputs * outputs], vec![0.0; self.x.len()]);
        for row in 0..self.batch {
            let x = wide(&self.x[row * inputs..][..inputs]);
            for output in 0..outputs {
                let weights = &weights[output * inputs..][..inputs];
                let sum: f64 = weights.iter().zip(&x).map(|(w, x)| w * x).sum();
                let sum = sum + f64::from(self.bias[output]);
                let relu = self.activation == Activation::Relu;
                let passes = !relu || sum > 0.0;
                y.push(if passes { sum } else { 0.0 });
                let d = if passes {
                    f64::from(self.dy[row * outputs + output])
                } else {
                    0.0
                };
                d_bias[output] += d;
                for (input, x) in x.iter().enumerate() {
                    d_weights[output * inputs + input] += d * x;
                    dx[row * inputs + input] += d * weights[input];
                }
            }
        }
        let positions = self.pattern.positions();
        let d_values = positions.map(|at| d_weights[at as usize]).collect();
        [y, d_values, d_bias, dx, d_weights]
    }

    fn check(&self, device: &Device) {
        let [y, d_values, d_bias, dx] = self.found(device, None);
        let expected = self.expected();
        let what = |part: &str| format!("{part}, batch {}, {:?}", self.batch, self.pattern);
        assert_close(&what("output"), &y, &expected[0], TOLERANCE);
        assert_close(&what("values"), &d_values, &expected[1], TOLERANCE);
        assert_close(&what("bias"), &d_bias, &expected[2], TOLERANCE);
        assert_close(&what("input"), &dx, &expected[3], TOLERANCE);
    }
}

fn layers(device: &Device) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for sizes in SIZES {
        // The first leaves rows and columns empty, the last none.
        for density in [0.03, 0.4, 1.0] {
            for batch in BATCHES {
                for activation in [Activation::Identity, Activation::Relu] {
                    Case::random(sizes, density, activation, batch, &mut rng).check(device);
                }
            }
        }
    }
}

fn no_connections(device: &Device) {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for activation in [Activation::Identity, Activation::Relu] {
        let case = Case::random([9, 33], 0.0, activation, 17, &mut rng);
        assert_eq!(case.pattern.nnz(), 0);
        case.check(device);
    }
}

fn dense_gradient(device: &Device) {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for sizes in [[1, 1], [17, 6], [65, 130], [130, 65]] {
        for batch in [1, 17, 65, 256] {
            let case = Case::random(sizes, 0.2, Activation::Relu, batch, &mut rng);
            let probe = GrowthProbe::default();
            case.found(device, Some(probe.clone()));
            let [inputs, outputs] = sizes;
            let found = probe.take(outputs, inputs).rows(0..outputs);
            // CUDA's matrix units round the factors to 10 bits (TF32).
            let tolerance = 2e-3;
            assert_close("dense gradient", &found, &case.expected()[4], tolerance);
        }
    }
}

fn tiles(device: &Device) {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for [features, batch] in [[1, 1], [5, 16], [3, 17], [70, 64], [17, 65], [300, 256]] {
        let x = uniform(&mut rng, batch * features);
        let width = tile_width(batch);
        let count = batch.div_ceil(width);
        let mut expected = vec![0.0; count * features * width];
        for (at, x) in x.iter().enumerate() {
            let (row, feature) = (at / features, at % features);
            let (tile, column) = (row / width, row % width);
            expected[(tile * features + feature) * width + column] = *x;
        }
        let plain = rows(&x, features, device);
        let view = plain.clone().transpose() * 1.0;
        for x in [plain, view.transpose()] {
            let tiles = op::tile(x.clone(), width);
            assert_eq!(tiles.dims(), [count, features, width]);
            assert_eq!(floats(tiles.clone()), expected);
            let back = op::untile(tiles, batch);
            assert_eq!(back.dims(), [batch, features]);
            assert_eq!(floats(back), floats(x));
        }
    }
}

fn tanh(device: &Device) {
    let mut all: Vec<f32> = (-2_000..2_000).map(|i| i as f32 * 0.006_1).collect();
    all.extend([0.0, 1e-30, -1e-20, 1e-8, 1e-4, 30.0, -1e9, f32::MAX]);
    let x = Tensor::<1>::from_inner(Tensor::from_data(&all[..], device)).require_grad();
    let y = op::tanh(x.clone());
    let gradients = y.clone().sum().backward();
    let slope = floats(x.grad(&gradients).unwrap());
    for ((x, y), slope) in all.iter().zip(floats(y)).zip(slope) {
        let expected = f64::from(*x).tanh();
        let error = (f64::from(y) - expected).abs();
        assert!(error <= 1e-6 * expected.abs(), "tanh {x} = {y}, {expected}");
        let expected = 1.0 - expected * expected;
        let error = (f64::from(slope) - expected).abs();
        assert!(error <= 1e-6, "tanh' {x} = {slope}, {expected}");
    }
}

fn step(count: i32) -> AdamStep {
    let (beta1, beta2) = (0.9f32, 0.999f32);
    AdamStep {
        learning_rate: 1e-2,
        beta1,
        beta2,
        epsilon: 1e-8,
        weight_decay: 1e-3,
        correction1: 1.0 - beta1.powi(count),
        correction2: 1.0 - beta2.powi(count),
    }
}

fn vector(data: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(data, device)
}

fn adam(device: &Device) {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for length in [1, 3, 64, 257, 70_001] {
        let mut p = uniform(&mut rng, length);
        let (mut m, mut v) = (vec![0.0; length], vec![0.0; length]);
        let [mut gpu_p, mut gpu_m, mut gpu_v] = [&p, &m, &v].map(|data| vector(data, device));
        let first = gpu_p.clone();
        let before = p.clone();
        for count in 1..=5 {
            let g = uniform(&mut rng, length);
            kernels::adam(&mut p, &g, &mut m, &mut v, &step(count));
            let state = [gpu_p, vector(&g, device), gpu_m, gpu_v];
            [gpu_p, gpu_m, gpu_v] = op::adam(state, step(count));
        }
        // Roots and quotients may differ by units in the last place.
        assert_close("parameter", &floats(gpu_p), &wide(&p), 1e-6);
        assert_close("first moment", &floats(gpu_m), &wide(&m), 1e-6);
        assert_close("second moment", &floats(gpu_v), &wide(&v), 1e-6);
        assert_eq!(floats(first), before, "a shared parameter was written to");
    }
}

fn polyak(device: &Device) {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for length in [1, 63, 256, 70_001] {
        let (mut target, online) = (uniform(&mut rng, length), uniform(&mut rng, length));
        let old = vector(&target, device);
        let found = op::polyak(old.clone(), vector(&online, device), 0.005);
        assert_eq!(floats(old), target, "a shared target was written to");
        kernels::polyak(&mut target, &online, 0.005);
        assert_close("target", &floats(found), &wide(&target), 1e-6);
    }
}

fn same_bits(device: &Device) {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let case = Case::random([257, 65], 0.3, Activation::Relu, 256, &mut rng);
    let bits = |parts: [Vec<f32>; 4]| parts.map(|p| p.into_iter().map(f32::to_bits).collect());
    let first: [Vec<u32>; 4] = bits(case.found(device, None));
    for _ in 0..5 {
        assert!(bits(case.found(device, None)) == first);
    }
}

fn nan(device: &Device) {
    let pattern = Pattern::from_mask(2, 1, &[true, true]).unwrap();
    let layer = SparseLayer {
        pattern,
        activation: Activation::Relu,
        probe: None,
    };
    let x = op::tile(rows(&[1.0, f32::NAN], 1, device), TILE);
    let [values, bias] = [[1.0, -1.0], [0.5, 0.5]].map(|data| vector(&data, device));
    let y = floats(op::untile(op::sparse_linear(x, values, bias, layer), 2));
    assert_eq!(y[..2], [1.5, 0.0]);
    assert!(y[2].is_nan() && y[3].is_nan(), "{y:?}");
    let y = floats(op::tanh(vector(&[f32::NAN, 1.0], device)));
    assert!(y[0].is_nan() && y[1] < 1.0, "{y:?}");
}

/// Losses of 50 updates of a small regression, on one device.
fn losses(device: &Device) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let config = SparseMlpConfig::new(vec![11, 96, 96, 3]).with_sparsity(0.8);
    let net = config.try_init(device, &mut rng).unwrap();
    let mut config = NetworkTrainerConfig::default();
    config.adam.learning_rate = 3e-3;
    let mut learner = NetworkTrainer::new(net, config).unwrap();
    let x = rows(&uniform(&mut rng, 100 * 11), 11, device);
    let y = rows(&uniform(&mut rng, 100 * 3), 3, device);
    let mut step = || {
        let loss = |net: &SparseMlp, ()| {
            let [x, y] = [x.clone(), y.clone()].map(Tensor::from_inner);
            (net.forward(x) - y).square().mean()
        };
        learner.minimise([()], loss, &mut rng).unwrap().loss
    };
    (0..50).map(|_| step()).collect()
}

/// A relative error of 1e-7 in a gradient moves a weight by 1e-7 of its step, except where Adam divides a nearly
/// zero moment by its own size: there the step may change its sign. 1e-4 leaves room for some of these, and a wrong
/// kernel is off by far more from the second update on.
fn training(device: &Device) {
    let cpu = by_name("flex").or_else(|_| by_name("ndarray"));
    let expected = wide(&losses(&cpu.unwrap()));
    let found = losses(device);
    assert!(expected[49] < 0.8 * expected[0], "{expected:?}");
    for (update, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (f64::from(*found) - expected).abs() / expected;
        assert!(error < 1e-4, "update {update}: {found}, CPU {expected}");
    }
}

/// The connections after each of some moves by gradient.
fn moves(device: &Device, storage: Storage) -> Vec<Vec<Vec<u32>>> {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let net = SparseMlpConfig::new(vec![9, 60, 60, 2])
        .with_sparsity(0.8)
        .with_storage(storage)
        .try_init(device, &mut rng)
        .unwrap();
    let schedule = Schedule {
        every: 3,
        until: 1000,
        fraction: DropFraction::Constant(0.3),
    };
    let config = NetworkTrainerConfig {
        topology: Some(Topology::new(RuleConfig::new(RigL::default()), schedule)),
        ..NetworkTrainerConfig::default()
    };
    let mut learner = NetworkTrainer::new(net, config).unwrap();
    let x = rows(&uniform(&mut rng, 100 * 9), 9, device);
    let y = rows(&uniform(&mut rng, 100 * 2), 2, device);
    let mut step = |_| {
        let loss = |net: &SparseMlp, ()| {
            let (x, y) = (Tensor::from_inner(x.clone()), Tensor::from_inner(y.clone()));
            (net.forward(x) - y).square().mean()
        };
        for _ in 0..3 {
            learner.minimise([()], loss, &mut rng).unwrap();
        }
        let layers = learner.net().sparse_layers().into_iter();
        layers.map(|l| l.pattern().positions().collect()).collect()
    };
    (0..5).map(&mut step).collect()
}

/// Of equally good candidates, rounding may choose another one than on the CPU.
fn rigl(device: &Device) {
    let expected = moves(&by_name("flex").unwrap(), Storage::Csr);
    assert!(expected[0] != expected[4], "something moves");
    for storage in [Storage::Csr, Storage::Masked] {
        for (found, expected) in moves(device, storage).iter().zip(&expected) {
            let pairs = found.iter().flatten().zip(expected.iter().flatten());
            let all = expected.iter().flatten().count();
            assert_eq!(found.iter().flatten().count(), all);
            let same = pairs.filter(|(a, b)| a == b).count();
            assert!(
                same as f64 >= 0.99 * all as f64,
                "{storage:?}: {same} of {all}"
            );
        }
    }
}
