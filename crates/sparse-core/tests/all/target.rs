//! A target network that keeps its own largest values, beside a dense one that does the same.

use crate::common::{devices, floats, rows, uniform};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::budget::Allocation;
use sparse_core::nn::{SparseLinear, SparseMlp, SparseMlpConfig, SparseModule, Storage};
use sparse_core::topology::{
    DropFraction, GradualMagnitude, RigL, RuleConfig, Schedule, Set, Static, Topology,
};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig, TargetConfig, TargetConnections};

const TAU: f32 = 0.05;

fn learner(rule: RuleConfig, storage: Storage, device: &Device) -> NetworkTrainer<SparseMlp> {
    let schedule = Schedule {
        every: 5,
        until: 1000,
        fraction: DropFraction::Constant(0.3),
    };
    let target = TargetConfig {
        connections: TargetConnections::Magnitude,
        ..TargetConfig::new(f64::from(TAU), 2)
    };
    let config = NetworkTrainerConfig {
        topology: Some(Topology::new(rule, schedule)),
        target: Some(target),
        ..NetworkTrainerConfig::default()
    };
    config.validate().unwrap();
    let net = SparseMlpConfig::new(vec![4, 24, 24, 2]).with_sparsity(0.7);
    let net = net.with_storage(storage).with_layer_norm(true);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    NetworkTrainer::new(net.try_init(device, &mut rng).unwrap(), config).unwrap()
}

fn rules() -> [RuleConfig; 4] {
    let pruning = GradualMagnitude {
        begin: 1,
        end: 60,
        initial_sparsity: 0.7,
        final_sparsity: 0.9,
        allocation: Allocation::Uniform,
    };
    [
        RuleConfig::new(RigL::default()),
        RuleConfig::new(Set::default()),
        RuleConfig::new(pruning),
        RuleConfig::new(Static),
    ]
}

fn update(learner: &mut NetworkTrainer<SparseMlp>, rng: &mut ChaCha8Rng, device: &Device) -> usize {
    let x = uniform(&mut ChaCha8Rng::seed_from_u64(learner.updates()), 32 * 4);
    let y: Vec<f32> = x.chunks(4).flat_map(|x| [x[0] * x[1], x[3]]).collect();
    let (x, y) = (rows(&x, 4, device), rows(&y, 2, device));
    let loss =
        |net: &SparseMlp, (x, y): (Tensor<2>, Tensor<2>)| (net.forward(x) - y).square().mean();
    let report = learner.minimise([(x, y)], loss, rng);
    report.unwrap().moved.unwrap_or(0)
}

/// One layer, all of its weights, and what its units have for themselves.
#[derive(Clone, Debug, PartialEq)]
struct Dense {
    weights: Vec<f32>,
    per_unit: Vec<f32>,
}

impl Dense {
    fn of(layer: &SparseLinear) -> Self {
        let pattern = layer.pattern();
        let mut weights = vec![0.0; pattern.outputs() * pattern.inputs()];
        for (position, value) in pattern.positions().zip(floats(layer.values())) {
            weights[position as usize] = value;
        }
        let norm = layer.layer_norm().into_iter().flatten();
        let per_unit = std::iter::once(layer.bias().unwrap()).chain(norm);
        Self {
            weights,
            per_unit: per_unit.flat_map(floats).collect(),
        }
    }

    /// DS-TD3's step: Polyak on everything, then all but the `count` largest weights become zero.
    fn step(&mut self, online: &Self, count: usize) {
        let polyak = |(target, online): (&mut f32, &f32)| *target += TAU * (online - *target);
        self.weights
            .iter_mut()
            .zip(&online.weights)
            .for_each(polyak);
        self.per_unit
            .iter_mut()
            .zip(&online.per_unit)
            .for_each(polyak);
        let mut order: Vec<usize> = (0..self.weights.len()).collect();
        let size = |k: &usize| self.weights[*k].abs();
        order.sort_by(|a, b| size(b).total_cmp(&size(a)));
        // Zeros are never among those that are kept, or it would not be clear which.
        assert!(size(&order[count - 1]) > 0.0);
        for k in &order[count..] {
            self.weights[*k] = 0.0;
        }
    }
}

fn all(net: &SparseMlp) -> Vec<Dense> {
    net.sparse_layers().into_iter().map(Dense::of).collect()
}

fn counts(net: &SparseMlp) -> Vec<usize> {
    let layers = net.sparse_layers().into_iter();
    layers.map(|layer| layer.pattern().nnz()).collect()
}

#[test]
fn the_target_follows_a_dense_one_that_is_pruned() {
    for device in devices() {
        for rule in rules() {
            for storage in [Storage::Csr, Storage::Masked] {
                follows(rule.clone(), storage, &device);
            }
        }
    }
}

fn follows(rule: RuleConfig, storage: Storage, device: &Device) {
    let mut learner = learner(rule.clone(), storage, device);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut expected = all(learner.target());
    let (mut moved, mut apart) = (0, false);
    for step in 1..=80 {
        moved += update(&mut learner, &mut rng, device);
        if step % 2 == 0 {
            let online = all(learner.net());
            let layers = expected.iter_mut().zip(&online);
            for ((target, online), count) in layers.zip(counts(learner.net())) {
                target.step(online, count);
            }
            assert_eq!(counts(learner.target()), counts(learner.net()));
        }
        // Bit for bit; between its steps, and when connections move, the target stays as it is.
        assert_eq!(
            all(learner.target()),
            expected,
            "{rule:?} {storage:?} {step}"
        );
        let layers = learner.net().sparse_layers().into_iter();
        let mut pairs = layers.zip(learner.target().sparse_layers());
        apart |= pairs.any(|(a, b)| a.pattern() != b.pattern());
    }
    // Where connections move, the target has others than the network for a while; and they count as bytes.
    assert_eq!(
        (moved > 0, apart),
        (
            rule != RuleConfig::new(Static),
            rule != RuleConfig::new(Static)
        )
    );
}

#[test]
fn index_arrays_of_the_target_count_where_they_are_its_own() {
    let device = &devices()[0];
    let mut learner = learner(RuleConfig::new(Set::default()), Storage::Csr, device);
    let bytes = |net: &SparseMlp| -> usize {
        let layers = net.sparse_layers().into_iter();
        layers.map(|layer| layer.pattern().bytes()).sum()
    };
    assert_eq!(learner.memory().pattern, bytes(learner.net()));
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..6 {
        update(&mut learner, &mut rng, device);
    }
    let (net, target) = (learner.net(), learner.target());
    // Every connection of the last layer exists, so it cannot have others.
    let last = net.sparse_layers()[2].pattern().bytes();
    assert_eq!(learner.memory().pattern, bytes(net) + bytes(target) - last);
}

#[test]
fn settings_without_connections_are_those_of_before() {
    let read = |text: &str| serde_json::from_str::<TargetConfig>(text);
    let plain = read(r#"{"tau": 0.1, "every": 2}"#).unwrap();
    assert_eq!(plain, TargetConfig::new(0.1, 2));
    assert_eq!(plain.connections, TargetConnections::Online);
    let own = read(r#"{"tau": 0.1, "every": 2, "connections": "magnitude"}"#).unwrap();
    assert_eq!(own.connections, TargetConnections::Magnitude);
    assert!(read(r#"{"tau": 0.1, "every": 2, "connections": "other"}"#).is_err());
}
