//! What a learner keeps: the number of connections, the target's pattern, memory, determinism, and Adam.

use crate::common::{Reference, devices, floats, rows, uniform};
use approx::assert_relative_eq;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::nn::{SparseMlp, SparseMlpConfig, SparseModule, Storage};
use sparse_core::optim::AdamConfig;
use sparse_core::topology::{
    DropFraction, ReDo, RigL, RuleConfig, Schedule, Set, Static, Topology,
};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig, TargetConfig};

const BATCH: usize = 64;

fn topology(rule: RuleConfig) -> Topology {
    let schedule = Schedule {
        every: 10,
        until: 250,
        fraction: DropFraction::Cosine {
            initial: 0.5,
            end: 250,
        },
    };
    Topology::new(rule, schedule)
}

fn config(rule: Option<RuleConfig>) -> NetworkTrainerConfig {
    NetworkTrainerConfig {
        adam: AdamConfig {
            learning_rate: 3e-3,
            ..AdamConfig::default()
        },
        topology: rule.map(topology),
        target: Some(TargetConfig::new(0.1, 1)),
    }
}

fn learner(rule: Option<RuleConfig>, sparsity: f64, device: &Device) -> NetworkTrainer<SparseMlp> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let net = SparseMlpConfig::new(vec![4, 48, 48, 2]).with_sparsity(sparsity);
    NetworkTrainer::new(net.try_init(device, &mut rng).unwrap(), config(rule)).unwrap()
}

/// A regression problem: inputs and what is to come out.
fn problem(device: &Device) -> (Tensor<2>, Tensor<2>) {
    let x = uniform(&mut ChaCha8Rng::seed_from_u64(11), BATCH * 4);
    let target = |x: &[f32]| [(3.0 * x[0]).sin() * x[1], x[2] * x[3]];
    let y: Vec<f32> = x.chunks(4).flat_map(target).collect();
    (rows(&x, 4, device), rows(&y, 2, device))
}

fn squares(net: &SparseMlp, x: &Tensor<2>, y: &Tensor<2>) -> Tensor<1> {
    (net.forward(x.clone()) - y.clone()).square().mean()
}

fn patterns(net: &SparseMlp) -> Vec<Vec<u32>> {
    let layers = net.sparse_layers().into_iter();
    layers.map(|l| l.pattern().positions().collect()).collect()
}

fn weights(net: &SparseMlp) -> Vec<Vec<f32>> {
    let layers = net.sparse_layers().into_iter();
    layers
        .flat_map(|l| [floats(l.values()), floats(l.bias().unwrap())])
        .collect()
}

#[test]
fn every_rule_learns_and_keeps_the_number_of_connections() {
    for device in devices() {
        for rule in [
            RuleConfig::new(RigL::default()),
            RuleConfig::new(Set::default()),
            RuleConfig::new(Static),
        ] {
            let mut learner = learner(Some(rule.clone()), 0.8, &device);
            let (x, y) = problem(&device);
            let mut rng = ChaCha8Rng::seed_from_u64(3);
            let before: Vec<usize> = patterns(learner.net()).iter().map(Vec::len).collect();
            let mut losses = Vec::new();
            for step in 1..=300u64 {
                let old = patterns(learner.net());
                let report = learner
                    .minimise([()], |net, ()| squares(net, &x, &y), &mut rng)
                    .unwrap();
                losses.push(report.loss);
                let due = rule != RuleConfig::new(Static) && step.is_multiple_of(10) && step < 250;
                assert_eq!(report.moved.is_some(), due, "step {step}");
                let now = patterns(learner.net());
                assert!(due || now == old);
                let counts: Vec<usize> = now.iter().map(Vec::len).collect();
                assert_eq!(counts, before);
                assert_eq!(patterns(learner.target()), now);
            }
            assert!(
                losses[299] < 0.4 * losses[0],
                "{rule:?}: {} {}",
                losses[0],
                losses[299]
            );
        }
    }
}

#[test]
fn a_rewire_carries_values_and_targets_and_starts_grown_ones_at_zero() {
    let device = &devices()[0];
    let mut learner = learner(Some(RuleConfig::new(RigL::default())), 0.8, device);
    let (x, y) = problem(device);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let value = |net: &SparseMlp, layer: usize| {
        let layer = net.sparse_layers()[layer].clone();
        let values = floats(layer.values());
        layer
            .pattern()
            .positions()
            .zip(values)
            .collect::<Vec<(u32, f32)>>()
    };
    for _ in 1..10 {
        learner
            .minimise([()], |net, ()| squares(net, &x, &y), &mut rng)
            .unwrap();
    }
    let (online, target) = (value(learner.net(), 1), value(learner.target(), 1));
    let report = learner
        .minimise([()], |net, ()| squares(net, &x, &y), &mut rng)
        .unwrap();
    assert!(report.moved.unwrap() > 0);
    let old = |values: &[(u32, f32)], position: u32| {
        let found = values.iter().find(|(p, _)| *p == position);
        found.map_or(0.0, |(_, v)| *v)
    };
    let mut grown = 0;
    for (position, now) in value(learner.net(), 1) {
        assert_eq!(now, old(&online, position));
        grown += usize::from(online.iter().all(|(p, _)| *p != position));
    }
    assert!(grown > 0);
    for (position, now) in value(learner.target(), 1) {
        // The target then takes its usual step of 0.1 towards the online network.
        let (before, goal) = (old(&target, position), old(&online, position));
        assert!((now - (before + 0.1 * (goal - before))).abs() < 1e-6);
    }
}

#[test]
fn what_follows_the_connections_is_as_long_as_they_are() {
    let device = &devices()[0];
    for sparsity in [0.5, 0.9, 0.95] {
        let learner = learner(None, sparsity, device);
        let connections: usize = patterns(learner.net()).iter().map(Vec::len).sum();
        let biases = 48 + 48 + 2;
        let memory = learner.memory();
        assert_eq!(memory.parameters, 4 * (connections + biases));
        assert_eq!(memory.target, memory.parameters);
        assert_eq!(memory.moments, 2 * memory.parameters);
    }
}

#[test]
fn units_that_are_drawn_anew_are_normalised_as_at_first() {
    let device = &devices()[0];
    let mut config = config(Some(RuleConfig::new(ReDo { threshold: 1e9 })));
    config.target = Some(TargetConfig::new(1.0, 1));
    let net = SparseMlpConfig::new(vec![4, 24, 2]).with_layer_norm(true);
    let net = net
        .try_init(device, &mut ChaCha8Rng::seed_from_u64(7))
        .unwrap();
    let mut learner = NetworkTrainer::new(net, config).unwrap();
    let (x, y) = problem(device);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let norm = |net: &SparseMlp| net.sparse_layers()[0].layer_norm().unwrap().map(floats);
    let first = [vec![1.0; 24], vec![0.0; 24]];
    for step in 1..=10 {
        let loss = |net: &SparseMlp, ()| squares(net, &x, &y);
        let report = learner.minimise([()], loss, &mut rng).unwrap();
        // The tenth update finds every unit dormant.
        assert_eq!(norm(learner.net()) == first, step == 10);
        assert_eq!(report.recycled > 0, step == 10);
        assert_eq!(norm(learner.target()), norm(learner.net()));
    }
}

#[test]
fn what_is_settled_between_the_passes_is_a_constant_of_every_part() {
    for device in devices() {
        let (x, y) = problem(&device);
        let part = |k: usize| {
            let rows = k * BATCH / 2..(k + 1) * BATCH / 2;
            [&x, &y].map(|tensor| tensor.clone().slice([rows.clone(), 0..tensor.dims()[1]]))
        };
        // The weight of the outputs' mean is 1 over the mean size of all outputs.
        let size = |outputs: &[Tensor<2>]| {
            let outputs: Vec<f32> = outputs.iter().flat_map(|o| floats(o.clone())).collect();
            outputs.iter().map(|o| o.abs()).sum::<f32>() / outputs.len() as f32
        };
        let loss = |outputs: Tensor<2>, y: Tensor<2>, weight: f32| {
            (outputs.clone() - Tensor::from_inner(y)).square().mean() - outputs.mean() * weight
        };
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut whole = learner(None, 0.8, &device);
        let mut parts = learner(None, 0.8, &device);
        for _ in 0..5 {
            let weight = 1.0 / size(&[whole.net().forward(x.clone())]);
            let one = |net: &SparseMlp, ()| {
                loss(
                    net.forward(Tensor::from_inner(x.clone())),
                    y.clone(),
                    weight,
                )
            };
            let expected = whole.minimise([()], one, &mut rng).unwrap();
            let forward =
                |net: &SparseMlp, [x, y]: [Tensor<2>; 2]| (net.forward(Tensor::from_inner(x)), y);
            let weight = |made: &[&(Tensor<2>, Tensor<2>)]| {
                let outputs: Vec<_> = made.iter().map(|(o, _)| o.clone().inner()).collect();
                1.0 / size(&outputs)
            };
            let found = parts
                .minimise_coupled(
                    [0, 1].map(part),
                    forward,
                    weight,
                    |(outputs, y), weight| loss(outputs, y, *weight),
                    &mut rng,
                )
                .unwrap();
            assert_relative_eq!(found.loss, expected.loss, max_relative = 1e-5);
            let norms = [found, expected].map(|report| report.gradient_norm);
            assert_relative_eq!(norms[0], norms[1], max_relative = 1e-4);
        }
        let (found, expected) = (weights(parts.net()), weights(whole.net()));
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert_relative_eq!(found, expected, epsilon = 1e-5);
        }
    }
}

/// A network used twice, its values by themselves, a copy that is a constant, and a backward pass within the loss: the
/// gradient is that of a network whose parameters are leaves.
#[test]
fn a_loss_may_use_its_network_in_any_way() {
    for device in devices() {
        let (x, _) = problem(&device);
        let lifted = |factor: f32| Tensor::from_inner(x.clone() * factor);
        let loss = |net: &SparseMlp| {
            let within = net.forward(lifted(1.0).require_grad()).mean().backward();
            drop(within);
            let wanted = Tensor::from_inner(net.valid().forward(x.clone() * 0.3));
            let twice = net.forward(lifted(1.0)) + net.forward(lifted(0.5));
            let values = net.sparse_layers()[1].values();
            (twice - wanted).square().mean() + values.square().sum() * 0.1
        };
        let mut learner = learner(None, 0.8, &device);
        let tracked = learner.net().clone().train();
        let expected = loss(&tracked);
        let gradients = expected.backward();
        let squares = tracked.sparse_layers().into_iter().map(|layer| {
            let gradients =
                [layer.values(), layer.bias().unwrap()].map(|p| p.grad(&gradients).unwrap());
            let numbers = gradients.into_iter().flat_map(floats);
            numbers.map(|g| g * g).sum::<f32>()
        });
        let norm = squares.sum::<f32>().sqrt();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let found = learner
            .minimise([()], |net, ()| loss(net), &mut rng)
            .unwrap();
        assert_relative_eq!(found.gradient_norm, norm, max_relative = 1e-5);
        assert_relative_eq!(
            found.loss,
            expected.into_scalar::<f32>(),
            max_relative = 1e-6
        );
    }
}

#[test]
fn a_loss_that_is_no_number_changes_nothing() {
    for device in devices() {
        let mut learner = learner(None, 0.8, &device);
        let (x, y) = problem(&device);
        let before = weights(learner.net());
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let error = learner
            .minimise([()], |net, ()| squares(net, &x, &y) / 0.0 * 0.0, &mut rng)
            .unwrap_err();
        assert!(error.is_diverged(), "{error}");
        assert_eq!((weights(learner.net()), learner.updates()), (before, 0));
    }
}

/// A loss of zero with a gradient of 0 · ∞, and losses that the network has no part in.
#[test]
fn a_loss_that_cannot_be_followed_changes_nothing() {
    for device in devices() {
        let mut learner = learner(None, 0.8, &device);
        let (x, _) = problem(&device);
        let before = weights(learner.net());
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let steep = |net: &SparseMlp, ()| (net.forward(x.clone()) * 0.0).sqrt().sum();
        let error = learner.minimise([()], steep, &mut rng).unwrap_err();
        assert!(
            error.to_string().contains("norm of the gradient is NaN"),
            "{error}"
        );
        let one = |_: &SparseMlp, ()| Tensor::from_data([1.0], &device);
        let valid = |net: &SparseMlp, ()| Tensor::from_inner(net.valid().forward(x.clone())).mean();
        for error in [
            learner.minimise([()], one, &mut rng),
            learner.minimise([()], valid, &mut rng),
            learner.minimise([(), ()], one, &mut rng),
        ] {
            let error = error.unwrap_err().to_string();
            assert!(error.starts_with("loss = a constant"), "{error}");
        }
        assert_eq!((weights(learner.net()), learner.updates()), (before, 0));
    }
}

#[test]
fn a_batch_of_no_rows_has_no_gradient() {
    for device in devices() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for (sparsity, storage) in [
            (0.0, Storage::Auto),
            (0.8, Storage::Auto),
            (0.8, Storage::Masked),
        ] {
            let net = SparseMlpConfig::new(vec![4, 48, 48, 2]).with_sparsity(sparsity);
            let net = net
                .with_storage(storage)
                .try_init(&device, &mut rng)
                .unwrap();
            let mut learner = NetworkTrainer::new(net, config(None)).unwrap();
            let none = Tensor::<2>::zeros([0, 4], &device);
            let report = learner
                .minimise([none], |net, none| net.forward(none).sum(), &mut rng)
                .unwrap();
            assert_eq!((report.loss, report.gradient_norm), (0.0, 0.0));
        }
    }
}

/// Steps are made in f32, in which these are 0, 1 or infinite.
#[test]
fn settings_that_round_away_are_refused() {
    let adam = |change: fn(&mut AdamConfig)| {
        let mut config = config(None);
        change(&mut config.adam);
        config.validate().unwrap_err().to_string()
    };
    let target = NetworkTrainerConfig {
        target: Some(TargetConfig::new(1e-46, 1)),
        ..config(None)
    };
    for (error, field) in [
        (adam(|adam| adam.epsilon = 1e-46), "adam.epsilon"),
        (adam(|adam| adam.beta2 = 1.0 - 1e-9), "adam.beta2"),
        (adam(|adam| adam.learning_rate = 1e39), "adam.learning_rate"),
        (target.validate().unwrap_err().to_string(), "target.tau"),
    ] {
        assert!(error.starts_with(field), "{error}");
    }
}

#[test]
fn a_target_that_follows_at_once_is_the_network() {
    for device in devices() {
        let mut learner = learner(None, 0.8, &device);
        let mut config = config(None);
        config.target = Some(TargetConfig::new(1.0, 2));
        learner = NetworkTrainer::new(learner.net().clone(), config).unwrap();
        let (x, y) = problem(&device);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for update in 1..=4 {
            learner
                .minimise([()], |net, ()| squares(net, &x, &y), &mut rng)
                .unwrap();
            let same = weights(learner.net()) == weights(learner.target());
            assert_eq!(same, update % 2 == 0);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    for device in devices() {
        let run = |seed| {
            let mut learner = learner(Some(RuleConfig::new(Set::default())), 0.8, &device);
            let (x, y) = problem(&device);
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for _ in 0..60 {
                learner
                    .minimise([()], |net, ()| squares(net, &x, &y), &mut rng)
                    .unwrap();
            }
            (
                patterns(learner.net()),
                weights(learner.net()),
                weights(learner.target()),
            )
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1).0, run(2).0);
    }
}

#[test]
fn adam_follows_its_paper_in_f64() {
    let device = &devices()[0];
    let plain = SparseMlpConfig::new(vec![4, 48, 48, 2]).with_sparsity(0.7);
    adam_follows_its_paper(&plain, device);
    adam_follows_its_paper(&plain.with_layer_norm(true), device);
}

fn adam_follows_its_paper(net: &SparseMlpConfig, device: &Device) {
    // So large that Adam does not turn f32's rounding of a gradient near zero into a share of a step.
    let epsilon = 1e-3;
    let mut config = config(None);
    config.adam.epsilon = epsilon;
    let net = net
        .try_init(device, &mut ChaCha8Rng::seed_from_u64(7))
        .unwrap();
    let mut learner = NetworkTrainer::new(net, config).unwrap();
    let (x, y) = problem(device);
    let (wide_x, wide_y): (Vec<f64>, Vec<f64>) = (
        floats(x.clone()).into_iter().map(f64::from).collect(),
        floats(y.clone()).into_iter().map(f64::from).collect(),
    );
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut reference = Reference::of(learner.net());
    let mask = reference.clone();
    let count: usize = reference.0.iter().map(|l| l.numbers().len()).sum();
    let (mut m, mut v) = (vec![0.0; count], vec![0.0; count]);
    for step in 1..=50 {
        learner
            .minimise([()], |net, ()| squares(net, &x, &y), &mut rng)
            .unwrap();
        // The mean of squared errors is a weighted sum of squares of the outputs shifted by the targets; its
        // gradient at the outputs is that of the reference's loss with weights (1 - y/out)/n.
        let outputs = reference.forward(&wide_x).pop().unwrap();
        let pairs = outputs.iter().zip(&wide_y);
        let share: Vec<f64> = pairs
            .map(|(o, y)| (1.0 - y / o) / outputs.len() as f64)
            .collect();
        let (gradients, _) = reference.gradients(&wide_x, &share);
        let mut at = 0;
        for ((layer, gradient), mask) in reference.0.iter_mut().zip(&gradients).zip(&mask.0) {
            let weights = mask.weights.iter().map(|w| *w != 0.0);
            let exists = weights.chain(std::iter::repeat(true));
            let parameters = layer.numbers_mut().into_iter();
            let gradients = gradient.numbers();
            for ((parameter, g), exists) in parameters.zip(gradients).zip(exists) {
                if exists {
                    m[at] = 0.9 * m[at] + 0.1 * g;
                    v[at] = 0.999 * v[at] + 0.001 * g * g;
                    let corrected = m[at] / (1.0 - 0.9f64.powi(step));
                    let spread = (v[at] / (1.0 - 0.999f64.powi(step))).sqrt();
                    *parameter -= 3e-3 * corrected / (spread + epsilon);
                }
                at += 1;
            }
        }
    }
    for (found, expected) in Reference::of(learner.net()).0.iter().zip(&reference.0) {
        for (found, expected) in found.numbers().iter().zip(expected.numbers()) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}
