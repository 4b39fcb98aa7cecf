//! Networks in one launch, and steps by losses that are given row by row.

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::device::by_name;
use sparse_core::nn::{Blocks, FrozenNetwork, SparseMlp, SparseModule, block_width};
use sparse_core::topology::{DropFraction, RigL, RuleConfig, Schedule, Topology};
use sparse_core::trainer::{
    LossRows, NetworkTrainer, NetworkTrainerConfig, StepReport, TargetConfig,
};

use crate::common::{floats, layer, uniform};

/// Sizes of networks: one layer, few units, more units than a cube has, and a narrow middle.
const NETWORKS: [&[usize]; 6] = [
    &[5, 1],
    &[7, 40, 3],
    &[23, 256, 256, 1],
    &[3, 300, 17, 64, 2],
    &[1, 1, 1],
    &[10, 400, 500, 3],
];
const ROWS: [usize; 6] = [1, 7, 16, 17, 100, 256];

fn net(sizes: &[usize], device: &Device) -> SparseMlp {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let layers = sizes.windows(2);
    let layers = layers.map(|pair| layer([pair[0], pair[1]], 0.2, device, &mut rng));
    SparseMlp::from_layers(layers.collect()).unwrap()
}

fn trainer(net: SparseMlp, moves: bool) -> NetworkTrainer<SparseMlp> {
    let schedule = Schedule {
        every: 4,
        until: 1_000,
        fraction: DropFraction::Constant(0.3),
    };
    let topology = Topology::new(RuleConfig::from(RigL::default()), schedule);
    let config = NetworkTrainerConfig {
        topology: moves.then_some(topology),
        target: Some(TargetConfig::new(0.1, 1)),
        ..NetworkTrainerConfig::default()
    };
    NetworkTrainer::new(net, config).unwrap()
}

/// One step down the mean of `Σ (y - 1)²` on some rows.
fn step(trainer: &mut NetworkTrainer<SparseMlp>, x: &[f32], count: usize) -> StepReport<[f32; 2]> {
    let features = x.len() / count;
    let width = block_width(&[(trainer.net(), true)], count);
    let block = Blocks::new(&[(x, features)], 0..count, width);
    let loss = |block: LossRows<'_, 2>| {
        let [losses, first] = block.terms;
        for (at, (slope, y)) in block.slopes.iter_mut().zip(block.outputs).enumerate() {
            let (k, column) = (at / block.width, at % block.width);
            if column < losses.len() {
                *slope = 2.0 * (y - 1.0);
                losses[column] += (y - 1.0).powi(2);
                if k == 0 {
                    first[column] = *y;
                }
            }
        }
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    trainer.descend(&[block], loss, &mut rng).unwrap()
}

fn numbers(net: &SparseMlp) -> Vec<f32> {
    let layers = net.sparse_layers().into_iter();
    layers
        .flat_map(|layer| [floats(layer.values()), floats(layer.bias().unwrap())].concat())
        .collect()
}

#[track_caller]
fn assert_near(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().fold(1.0f32, |size, x| size.max(x.abs()));
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * size,
            "{what}, {at}: {a}, CPU {b}"
        );
    }
}

/// A trainer's networks are in one buffer after its first step, those that did not take one are as well right.
pub(crate) fn at_once(device: &Device) {
    let cpu = by_name("flex").unwrap();
    for sizes in NETWORKS {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut trainer = trainer(net(sizes, device), false);
        let (inputs, outputs) = (sizes[0], sizes[sizes.len() - 1]);
        for packed in [false, true] {
            if packed {
                step(&mut trainer, &uniform(&mut rng, 8 * inputs), 8);
            }
            for (net, count) in [trainer.net(), trainer.target()]
                .into_iter()
                .flat_map(|net| ROWS.map(|count| (net, count)))
            {
                let what = format!("{sizes:?}, {count} rows");
                let frozen = FrozenNetwork::new(net, count, count);
                assert_eq!(is_at_once(&frozen), packed, "{what}");
                // The same numbers on the CPU.
                let host = move_to(net, &cpu);
                let on_host = FrozenNetwork::new(&host, count, count);
                let block = uniform(&mut rng, inputs * count);
                let slopes = uniform(&mut rng, outputs * count);
                let [found, expected] = [&frozen, &on_host].map(|net| {
                    let pass = net.forward(&block);
                    assert_eq!(pass.outputs(), net.outputs(&block));
                    (pass.outputs().to_vec(), pass.backward(slopes.clone()))
                });
                assert_near(&found.0, &expected.0, 1e-5, &format!("{what}: outputs"));
                assert_near(&found.1, &expected.1, 1e-5, &format!("{what}: slopes"));
            }
        }
    }
}

fn move_to(net: &SparseMlp, device: &Device) -> SparseMlp {
    use burn::module::Module;
    net.clone().to_device(device)
}

/// Steps, and moves of connections between them, that are the CPU's: report, network and target.
pub(crate) fn descend(device: &Device) {
    let cpu = by_name("flex").unwrap();
    for (sizes, moves) in NETWORKS
        .map(|sizes| (sizes, false))
        .into_iter()
        .chain([(NETWORKS[1], true), (NETWORKS[3], true)])
    {
        let mut trainers = [device, &cpu].map(|device| trainer(net(sizes, device), moves));
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let starts = numbers(trainers[0].target());
        for (update, count) in [256, 64, 17, 100, 1, 256, 256].into_iter().enumerate() {
            let what = format!("{sizes:?}, moves: {moves}, update {update}");
            let x = uniform(&mut rng, count * sizes[0]);
            let [found, expected] = trainers.each_mut().map(|trainer| step(trainer, &x, count));
            assert_eq!(found.moved, expected.moved, "{what}");
            let said = |report: &StepReport<[f32; 2]>| {
                let [loss, first] = report.aux[0];
                assert_eq!(loss, report.loss);
                [loss, first, report.gradient_norm]
            };
            assert_near(&said(&found), &said(&expected), 1e-4, &what);
            let [found, expected] = trainers.each_ref();
            assert_near(&numbers(found.net()), &numbers(expected.net()), 1e-4, &what);
            let targets = [found, expected].map(|trainer| numbers(trainer.target()));
            assert_near(&targets[0], &targets[1], 1e-4, &what);
            // Targets move little: what they have moved is compared, but where connections have moved too.
            if !moves {
                let moved = targets.map(|target| {
                    let pairs = target.iter().zip(&starts);
                    pairs
                        .map(|(x, start)| 1e3 * (x - start))
                        .collect::<Vec<f32>>()
                });
                assert_near(&moved[0], &moved[1], 1e-2, &what);
            }
        }
        // After moves of connections too.
        for net in [trainers[0].net(), trainers[0].target()] {
            assert!(
                is_at_once(&FrozenNetwork::new(net, 8, 8)),
                "{sizes:?}, moves: {moves}"
            );
        }
    }
}

fn is_at_once(net: &FrozenNetwork) -> bool {
    format!("{net:?}").contains("DeviceNetwork")
}

/// Two parts, blocks that are wider or narrower than the rows, and gradients whose squares are beyond single precision, before
/// and after a step that took one launch.
pub(crate) fn other_ways(device: &Device) {
    let cpu = by_name("flex").unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let x = uniform(&mut rng, 7 * 50);
    for (cuts, width, slope) in [
        (vec![0, 25, 50], 25, 1.0),
        (vec![0, 50], 64, 1.0),
        (vec![0, 50], 16, 1.0),
        (vec![0, 50], 50, 1e22),
    ] {
        let what = format!("cut at {cuts:?}, blocks of {width}, slopes of {slope}");
        let [found, expected] = [device, &cpu].map(|device| {
            let mut trainer = trainer(net(NETWORKS[1], device), false);
            let mut norms = Vec::new();
            for _ in 0..3 {
                step(&mut trainer, &x, 50);
                let blocks = cuts.windows(2);
                let blocks = blocks.map(|cut| Blocks::new(&[(&x, 7)], cut[0]..cut[1], width));
                let blocks: Vec<Blocks> = blocks.collect();
                let loss = |block: LossRows<'_, 1>| {
                    for (at, y) in block.outputs.iter().enumerate() {
                        block.slopes[at] = slope * (y - 1.0);
                    }
                };
                let mut rng = ChaCha8Rng::seed_from_u64(1);
                let report = trainer.descend(&blocks, loss, &mut rng).unwrap();
                norms.push(report.gradient_norm / slope);
            }
            (norms, numbers(trainer.net()), numbers(trainer.target()))
        });
        assert!(found.0.iter().all(|norm| norm.is_finite()), "{what}");
        assert_near(&found.0, &expected.0, 1e-4, &what);
        assert_near(&found.1, &expected.1, 1e-4, &what);
        assert_near(&found.2, &expected.2, 1e-4, &what);
    }
}

/// NaN in one row is in that row's outputs, and a step that would follow it is refused.
pub(crate) fn nan(device: &Device) {
    let mut trainer = trainer(net(&[2, 20, 20, 1], device), false);
    step(&mut trainer, &[0.5; 8], 4);
    let before = numbers(trainer.net());
    let frozen = FrozenNetwork::new(trainer.net(), 4, 4);
    assert!(is_at_once(&frozen));
    let outputs = frozen.outputs(&[1.0, 1.0, f32::NAN, 1.0, 1.0, 1.0, 1.0, 1.0]);
    let is_nan: Vec<bool> = outputs.iter().map(|y| y.is_nan()).collect();
    assert_eq!(is_nan, [false, false, true, false]);
    let count = 4;
    let width = block_width(&[(trainer.net(), true)], count);
    let block = Blocks::new(&[(&[f32::NAN; 8], 2)], 0..count, width);
    let loss = |block: LossRows<'_, 1>| block.slopes.fill(f32::NAN);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let error = trainer.descend(&[block], loss, &mut rng).unwrap_err();
    assert!(
        error.to_string().contains("norm of the gradient"),
        "{error}"
    );
    assert_eq!(numbers(trainer.net()), before);
}
