//! A step by a loss that is given row by row is the step by the same loss under autodiff, bit for bit where the network has
//! compressed rows, whichever way it is computed.

use crate::common::{devices, floats, layer, rows, uniform};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::nn::{
    Activation, Blocks, FrozenNetwork, SparseMlp, SparseMlpConfig, SparseModule, Storage,
    block_width,
};
use sparse_core::op::mean;
use sparse_core::topology::{DropFraction, RigL, RuleConfig, Schedule, Topology};
use sparse_core::trainer::{LossRows, NetworkTrainer, NetworkTrainerConfig, TargetConfig};

/// Two hidden layers.
fn net(storage: Storage, device: &Device) -> SparseMlp {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let sizes = [[7, 40], [40, 33], [33, 3]];
    let layers = sizes.map(|size| layer(size, 0.3, device, &mut rng).with_storage(storage));
    SparseMlp::from_layers(layers.into()).unwrap()
}

fn trainer(net: SparseMlp, rule: bool) -> NetworkTrainer<SparseMlp> {
    let schedule = Schedule {
        every: 3,
        until: 100,
        fraction: DropFraction::Constant(0.3),
    };
    let topology = Topology::new(RuleConfig::from(RigL::default()), schedule);
    let config = NetworkTrainerConfig {
        topology: rule.then_some(topology),
        target: Some(TargetConfig::new(0.1, 1)),
        ..NetworkTrainerConfig::default()
    };
    NetworkTrainer::new(net, config).unwrap()
}

/// `Σ (y - target)²` of a row and its slopes; the first output is the term beside it.
fn squares<'a>(targets: &'a [f32]) -> impl Fn(LossRows<'_, 2>) + Sync + 'a {
    move |block| {
        let [losses, first] = block.terms;
        for (column, row) in block.rows.clone().enumerate() {
            let mut loss = 0.0;
            for k in 0..3 {
                let at = k * block.width + column;
                let error = block.outputs[at] - targets[3 * row + k];
                loss += error * error;
                block.slopes[at] = 2.0 * error;
            }
            losses[column] = loss;
            first[column] = block.outputs[column];
        }
        // What is written past the rows counts for nothing.
        for slopes in block.slopes.chunks_exact_mut(block.width) {
            slopes[block.rows.len()..].fill(1e9);
        }
    }
}

/// All numbers of a network.
fn numbers(net: &SparseMlp) -> Vec<f32> {
    let layers = net.sparse_layers().into_iter();
    layers
        .flat_map(|layer| [floats(layer.values()), floats(layer.bias().unwrap())].concat())
        .collect()
}

/// Some steps by rows in blocks of `width`, or by tensors without one; what is trained then, its target, and what was said.
fn run(
    net: SparseMlp,
    batch: usize,
    parts: usize,
    width: Option<usize>,
    rule: bool,
) -> (Vec<f32>, Vec<f32>, Vec<[f32; 2]>) {
    let device = net.sparse_layers()[0].values().device();
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut trainer = trainer(net, rule);
    let mut said = Vec::new();
    for _ in 0..6 {
        let (x, y) = (uniform(&mut rng, 7 * batch), uniform(&mut rng, 3 * batch));
        let size = batch / parts;
        let ranges = (0..parts).map(|part| part * size..(part + 1) * size);
        let mut steps = ChaCha8Rng::seed_from_u64(1);
        let report = match width {
            Some(width) => {
                let blocks = ranges.map(|rows| Blocks::new(&[(&x, 7)], rows, width));
                let blocks: Vec<Blocks> = blocks.collect();
                let report = trainer.descend(&blocks, squares(&y), &mut steps).unwrap();
                let first = report.aux.iter().map(|[_, first]| first).sum::<f32>();
                (report.loss, report.gradient_norm, first, report.moved)
            }
            None => {
                let loss = |net: &SparseMlp, part: std::ops::Range<usize>| {
                    let some = |all: &[f32], k: usize| {
                        rows(&all[k * part.start..k * part.end], k, &device)
                    };
                    let outputs = net.forward(some(&x, 7));
                    let first = mean(outputs.clone().inner().narrow(1, 0, 1)).into_scalar::<f32>();
                    let error = outputs - Tensor::from_inner(some(&y, 3));
                    (error.square().sum() / size as f32, first)
                };
                let report = trainer.minimise(ranges, loss, &mut steps).unwrap();
                let first = report.aux.iter().sum::<f32>();
                (report.loss, report.gradient_norm, first, report.moved)
            }
        };
        said.push([report.0, report.1]);
        said.push([report.2, report.3.map_or(-1.0, |moved| moved as f32)]);
    }
    (numbers(trainer.net()), numbers(trainer.target()), said)
}

fn close(a: &[f32], b: &[f32]) -> bool {
    let error = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * (1.0 + b.abs());
    a.len() == b.len() && a.iter().zip(b).all(error)
}

#[test]
fn a_step_by_rows_is_the_step_by_autodiff() {
    for device in devices() {
        for (batch, parts) in [(128, 1), (256, 2), (64, 2), (16, 1)] {
            for rule in [false, true] {
                let by_tensors = run(net(Storage::Csr, &device), batch, parts, None, rule);
                let rows = batch / parts;
                let width = block_width(&[(&net(Storage::Csr, &device), true)], rows);
                for width in [width, rows] {
                    let by_rows = run(net(Storage::Csr, &device), batch, parts, Some(width), rule);
                    // The batches are powers of two, so weighing slopes late rounds nothing.
                    assert_eq!(by_rows.0, by_tensors.0, "{batch} {parts} {width} {rule}");
                    assert_eq!(by_rows.1, by_tensors.1, "{batch} {parts} {width} {rule}");
                    for (rows, tensors) in by_rows.2.iter().zip(&by_tensors.2) {
                        assert!(close(rows, tensors), "{rows:?} {tensors:?}");
                    }
                    let moved = |said: &Vec<[f32; 2]>| -> Vec<f32> {
                        let moved = said.iter().skip(1).step_by(2);
                        moved.map(|[_, moved]| *moved).collect()
                    };
                    assert_eq!(moved(&by_rows.2), moved(&by_tensors.2));
                    assert_eq!(moved(&by_rows.2).iter().any(|moved| *moved > 0.0), rule);
                }
            }
        }
    }
}

#[test]
fn rows_that_fill_no_block_and_dense_layers_agree_to_rounding() {
    for device in devices() {
        for (storage, batch, parts) in [
            (Storage::Csr, 100, 1),
            (Storage::Csr, 90, 3),
            (Storage::Masked, 100, 2),
            (Storage::Auto, 7, 1),
        ] {
            let rows = batch / parts;
            let width = block_width(&[(&net(storage, &device), true)], rows);
            let by_tensors = run(net(storage, &device), batch, parts, None, false);
            let by_rows = run(net(storage, &device), batch, parts, Some(width), false);
            assert!(close(&by_rows.0, &by_tensors.0), "{storage:?} {batch}");
            assert!(close(&by_rows.1, &by_tensors.1), "{storage:?} {batch}");
        }
    }
}

#[test]
fn a_frozen_network_gives_outputs_and_slopes_of_its_inputs() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for device in devices() {
        for storage in [Storage::Csr, Storage::Masked] {
            let net = net(storage, &device);
            let (x, dy) = (uniform(&mut rng, 7 * 50), uniform(&mut rng, 3 * 50));
            let input = Tensor::from_inner(rows(&x, 7, &device)).require_grad();
            let outputs = net.forward(input.clone());
            let weights = Tensor::from_inner(rows(&dy, 3, &device));
            let mut gradients = (outputs.clone() * weights).sum().backward();
            let expected = floats(input.grad_remove(&mut gradients).unwrap());
            let outputs = floats(outputs);
            let width = block_width(&[(&net, false)], 50);
            let frozen = FrozenNetwork::new(&net, 50, width);
            let slopes = Blocks::new(&[(&dy, 3)], 0..50, width);
            let blocks = Blocks::new(&[(&x, 7)], 0..50, width);
            for ((some, block), (_, slopes)) in blocks.iter().zip(slopes.iter()) {
                let pass = frozen.forward(block);
                assert_eq!(pass.outputs(), frozen.outputs(block));
                for (column, row) in some.clone().enumerate() {
                    for k in 0..3 {
                        let found = pass.outputs()[k * width + column];
                        assert!((found - outputs[3 * row + k]).abs() < 1e-5);
                    }
                }
                let dx = pass.backward(slopes.to_vec());
                for (column, row) in some.enumerate() {
                    for k in 0..7 {
                        let found = dx[k * width + column];
                        assert!((found - expected[7 * row + k]).abs() < 1e-5);
                    }
                }
            }
        }
    }
}

/// One step of a network by rows and by autodiff: the norms of the gradient, and all numbers then.
fn one_step(net: &SparseMlp) -> [(f32, Vec<f32>); 2] {
    let device = net.sparse_layers()[0].values().device();
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let (x, y) = (uniform(&mut rng, 7 * 64), uniform(&mut rng, 3 * 64));
    let width = block_width(&[(net, true)], 64);
    let parts = [Blocks::new(&[(&x, 7)], 0..64, width)];
    let mut by_rows = trainer(net.clone(), false);
    let rows_norm = by_rows.descend(&parts, squares(&y), &mut rng).unwrap();
    let loss = |net: &SparseMlp, (x, y)| {
        let error: Tensor<2> = net.forward(x) - Tensor::from_inner(y);
        error.square().sum() / 64.0
    };
    let mut by_tensors = trainer(net.clone(), false);
    let part = (rows(&x, 7, &device), rows(&y, 3, &device));
    let tensors_norm = by_tensors.minimise([part], loss, &mut rng).unwrap();
    let all = |trainer: &NetworkTrainer<SparseMlp>| -> Vec<f32> {
        let layers = trainer.net().sparse_layers().into_iter();
        let vectors = layers.flat_map(|layer| [Some(layer.values()), layer.bias()]);
        vectors.flatten().flat_map(floats).collect()
    };
    [
        (rows_norm.gradient_norm, all(&by_rows)),
        (tensors_norm.gradient_norm, all(&by_tensors)),
    ]
}

#[test]
fn networks_of_other_kinds_take_the_same_steps() {
    for device in devices() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let config = SparseMlpConfig::new(vec![7, 40, 33, 3])
            .with_sparsity(0.7)
            .with_storage(Storage::Csr);
        let of =
            |config: SparseMlpConfig, rng: &mut ChaCha8Rng| config.try_init(&device, rng).unwrap();
        let unbiased = of(config.clone().with_bias(false), &mut rng);
        let normalised = of(config.clone().with_layer_norm(true), &mut rng);
        let other = of(config.clone(), &mut rng).with_activation(Activation::Silu);
        // One layer's bias is frozen.
        let mut frozen = of(config, &mut rng);
        let bias = floats(frozen.sparse_layers()[1].bias().unwrap());
        for (index, layer) in frozen.sparse_layers_mut().into_iter().enumerate() {
            if index == 1 {
                *layer = layer.clone().no_grad();
            }
        }
        for net in [unbiased, normalised, other, frozen.clone()] {
            let [(rows_norm, by_rows), (tensors_norm, by_tensors)] = one_step(&net);
            assert!(
                close(&[rows_norm], &[tensors_norm]),
                "{rows_norm} {tensors_norm}"
            );
            assert!(close(&by_rows, &by_tensors));
        }
        let mut trainer = trainer(frozen, false);
        let x = uniform(&mut rng, 7 * 16);
        let parts = [Blocks::new(&[(&x, 7)], 0..16, 16)];
        let y = [0.0; 48];
        trainer.descend(&parts, squares(&y), &mut rng).unwrap();
        assert_eq!(
            floats(trainer.net().sparse_layers()[1].bias().unwrap()),
            bias
        );
    }
}

#[test]
fn parts_of_several_sizes_are_gone_through_one_by_one() {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let (x, y) = (uniform(&mut rng, 7 * 96), uniform(&mut rng, 3 * 96));
    let step = |width: usize| {
        let mut trainer = trainer(net(Storage::Csr, &device), false);
        let parts = [0..64, 64..96].map(|rows| Blocks::new(&[(&x, 7)], rows, width));
        let report = trainer.descend(&parts, squares(&y), &mut ChaCha8Rng::seed_from_u64(0));
        (report.unwrap().loss, numbers(trainer.net()))
    };
    let ((loss, by_blocks), (expected, whole)) = (step(64), step(96));
    assert!(close(&[loss], &[expected]) && close(&by_blocks, &whole));
}

#[test]
fn a_loss_that_is_no_number_changes_nothing() {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let config = SparseMlpConfig::new(vec![3, 32, 1]).with_sparsity(0.5);
    let net = config.try_init(&device, &mut rng).unwrap();
    let before = numbers(&net);
    let mut trainer = NetworkTrainer::new(net, NetworkTrainerConfig::default()).unwrap();
    let x = [0.5; 24];
    let width = block_width(&[(trainer.net(), true)], 8);
    let blocks = [Blocks::new(&[(&x, 3)], 0..8, width)];
    let loss = |block: LossRows<'_, 1>| block.terms[0].fill(f32::NAN);
    let error = trainer.descend(&blocks, loss, &mut rng).unwrap_err();
    assert!(error.to_string().contains("loss"), "{error}");
    let loss = |block: LossRows<'_, 1>| block.slopes.fill(f32::INFINITY);
    let error = trainer.descend(&blocks, loss, &mut rng).unwrap_err();
    assert!(error.to_string().contains("gradient"), "{error}");
    let none: [Blocks; 0] = [];
    let error = trainer.descend(&none, loss, &mut rng).unwrap_err();
    assert!(error.to_string().contains("parts"), "{error}");
    assert_eq!(numbers(trainer.net()), before);
    assert_eq!(trainer.updates(), 0);
}
