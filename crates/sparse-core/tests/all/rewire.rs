//! What a learner does at a step that changes connections: which gradient decides, what is carried, what fails
//! as a whole.

use std::collections::BTreeMap;

use crate::common::{Reference, devices, floats, rows, uniform};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::budget::Allocation;
use sparse_core::nn::{SparseLinear, SparseMlp, SparseMlpConfig, SparseModule, Storage};
use sparse_core::pattern::Pattern;
use sparse_core::topology::{
    DropFraction, GradualMagnitude, GrownMoments, ReDo, RigL, RuleConfig, Schedule, Set, Topology,
};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig, TargetConfig};

const WIDTH: usize = 5;

/// Rewires at every update.
fn learner(rule: RuleConfig, device: &Device) -> NetworkTrainer<SparseMlp> {
    learner_with(rule, 1, 0.4, device)
}

fn learner_with(
    rule: RuleConfig,
    every: u64,
    share: f64,
    device: &Device,
) -> NetworkTrainer<SparseMlp> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let net = SparseMlpConfig::new(vec![WIDTH, 40, 24, 2]).with_sparsity(0.8);
    let config = NetworkTrainerConfig {
        topology: Some(Topology::new(
            rule,
            Schedule {
                every,
                until: 100,
                fraction: DropFraction::Constant(share),
            },
        )),
        ..NetworkTrainerConfig::default()
    };
    NetworkTrainer::new(net.try_init(device, &mut rng).unwrap(), config).unwrap()
}

fn patterns(net: &SparseMlp) -> Vec<Vec<u32>> {
    let layers = net.sparse_layers().into_iter();
    layers.map(|l| l.pattern().positions().collect()).collect()
}

fn batch(count: usize, seed: u64, device: &Device) -> Tensor<2> {
    let x = uniform(&mut ChaCha8Rng::seed_from_u64(seed), count * WIDTH);
    rows(&x, WIDTH, device)
}

fn squares(net: &SparseMlp, x: Tensor<2>) -> Tensor<1> {
    (net.forward(x) - 0.3).square().sum()
}

/// The connections after one rewire by this loss.
fn rewired(device: &Device, loss: impl Fn(&SparseMlp) -> Tensor<1> + Sync) -> Vec<Vec<u32>> {
    let mut learner = learner(RuleConfig::new(RigL::default()), device);
    let before = patterns(learner.net());
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    learner
        .minimise([()], |net, ()| loss(net), &mut rng)
        .unwrap();
    let after = patterns(learner.net());
    assert_ne!(before, after);
    after
}

#[test]
fn a_loss_that_uses_the_network_twice_adds_both_gradients() {
    for device in devices() {
        // Of unequal sizes, so that neither alone would do, and both with tiles that are not full.
        let (first, second) = (batch(70, 1, &device), batch(33, 2, &device));
        let both = Tensor::cat(vec![first.clone(), second.clone()], 0);
        let once = rewired(&device, |net| squares(net, both.clone()));
        let (a, b) = (first.clone(), second.clone());
        let twice = rewired(&device, |net| {
            squares(net, a.clone()) + squares(net, b.clone())
        });
        assert_eq!(twice, once);
        for part in [first, second] {
            assert_ne!(rewired(&device, |net| squares(net, part.clone())), once);
        }
    }
}

#[test]
fn the_halves_of_a_loss_add_their_gradients() {
    for device in devices() {
        let (first, second) = (batch(70, 1, &device), batch(33, 2, &device));
        let both = Tensor::cat(vec![first.clone(), second.clone()], 0);
        let once = rewired(&device, |net| squares(net, both.clone()));
        let mut halves = learner(RuleConfig::new(RigL::default()), &device);
        let inputs = [first, second];
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        halves.minimise(inputs.clone(), squares, &mut rng).unwrap();
        assert_eq!(patterns(halves.net()), once);
        // Forward and backward apart.
        let mut parts = learner(RuleConfig::new(RigL::default()), &device);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let coupled = parts.minimise_coupled(inputs, squares, |_| (), |loss, ()| loss, &mut rng);
        assert!(coupled.unwrap().moved.is_some());
        assert_eq!(patterns(parts.net()), once);
        let values = |net: &SparseMlp| -> Vec<Vec<f32>> {
            let layers = net.sparse_layers().into_iter();
            layers.map(|layer| floats(layer.values())).collect()
        };
        assert_eq!(values(parts.net()), values(halves.net()));
        let error = parts.minimise([], squares, &mut rng).unwrap_err();
        assert!(error.to_string().contains("parts = 0"), "{error}");
    }
}

#[test]
fn a_loss_that_does_not_reach_a_layer_is_refused_when_a_rule_looks_at_its_gradient() {
    let device = &devices()[0];
    let mut learner = learner(RuleConfig::new(RigL::default()), device);
    let before = (patterns(learner.net()), state(&learner, 1));
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let bias = |net: &SparseMlp, ()| net.sparse_layers()[0].bias().unwrap().square().sum();
    let error = learner.minimise([()], bias, &mut rng).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("loss = does not reach layer 0"), "{error}");
    assert_eq!((patterns(learner.net()), state(&learner, 1)), before);
    assert_eq!(learner.updates(), 0);
    // Nor does another loss stand for it.
    let x = batch(8, 1, device);
    learner.add_to_signal([x.clone()], squares).unwrap();
    assert!(learner.minimise([()], bias, &mut rng).is_err());
    // One of two parts is enough.
    let parts = [Some(x), None];
    let loss = |net: &SparseMlp, part: Option<Tensor<2>>| match part {
        Some(x) => squares(net, x),
        None => bias(net, ()),
    };
    assert!(learner.minimise(parts, loss, &mut rng).unwrap().moved > Some(0));
}

#[test]
fn another_loss_is_added_to_the_signal_and_waits_for_the_rule() {
    let device = &devices()[0];
    let (first, second) = (batch(70, 1, device), batch(33, 2, device));
    let step = |signals: &[&Tensor<2>], fails: bool| {
        let mut learner = learner(RuleConfig::new(RigL::default()), device);
        for x in signals {
            learner.add_to_signal([(*x).clone()], squares).unwrap();
        }
        let held = learner.memory().signal;
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        if fails {
            let missing = |net: &SparseMlp, ()| net.sparse_layers()[0].bias().unwrap().sum();
            assert!(learner.minimise([()], missing, &mut rng).is_err());
            assert_eq!(learner.memory().signal, held);
        }
        learner
            .minimise([first.clone()], squares, &mut rng)
            .unwrap();
        assert_eq!(learner.memory().signal, 0);
        (patterns(learner.net()), held)
    };
    let (both, held) = step(&[&first, &second], false);
    let (alone, bytes) = step(&[&second], false);
    assert!(held > 0 && held == bytes);
    assert_ne!(both, alone);
    assert_eq!(both, step(&[&second, &first], false).0);
    assert_eq!(both, step(&[&first, &second], true).0);
}

/// Value, first and second moment of each connection of a layer.
fn state(learner: &NetworkTrainer<SparseMlp>, layer: usize) -> BTreeMap<u32, [f32; 3]> {
    let net = learner.net().sparse_layers()[layer];
    let [first, second] = learner.adam().value_moments(layer).map(floats);
    let numbers = floats(net.values()).into_iter().zip(first).zip(second);
    let numbers = numbers.map(|((v, m), s)| [v, m, s]);
    net.pattern().positions().zip(numbers).collect()
}

#[test]
fn kept_moments_come_back_decayed_as_by_zero_gradients() {
    let device = &devices()[0];
    let rule = RuleConfig::new(Set {
        allow_regrow: false,
        grown_moments: GrownMoments::Keep,
        ..Set::default()
    });
    let mut learner = learner_with(rule, 5, 0.9, device);
    let x = batch(64, 1, device);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut update = |learner: &mut NetworkTrainer<SparseMlp>| {
        learner.minimise([x.clone()], squares, &mut rng).unwrap()
    };
    for _ in 0..4 {
        update(&mut learner);
    }
    let before = state(&learner, 1);
    assert!(update(&mut learner).grown > 0);
    let between = state(&learner, 1);
    for _ in 0..4 {
        update(&mut learner);
    }
    let last = state(&learner, 1);
    assert!(update(&mut learner).grown > 0);
    let after = state(&learner, 1);

    let mut revived = 0;
    for (position, [value, first, second]) in &after {
        if last.contains_key(position) {
            continue;
        }
        assert_eq!(*value, 0.0);
        match before.get(position) {
            Some([_, m, v]) if !between.contains_key(position) => {
                // Adam's own steps with a gradient of zero.
                let decay = |x: f32, beta: f64| f64::from(x) * beta.powi(4);
                let near = |x: f32, y: f64| assert!((f64::from(x) - y).abs() <= 1e-6 * y.abs());
                near(*first, decay(*m, 0.9));
                near(*second, decay(*v, 0.999));
                // A unit that never fired has no moments.
                revived += usize::from(*second > 0.0);
            }
            _ => assert_eq!([*first, *second], [0.0, 0.0]),
        }
    }
    assert!(revived > 3, "{revived}");
}

/// The rule of DS-TD3: a grown weight steps as others do, and not by several learning rates.
#[test]
fn grown_moments_of_the_layers_mean_make_steps_of_the_usual_size() {
    let device = &devices()[0];
    let x = batch(64, 1, device);
    let largest_step = |grown_moments: GrownMoments| {
        let rule = RuleConfig::new(Set {
            allow_regrow: false,
            grown_moments,
            ..Set::default()
        });
        let mut learner = learner_with(rule, 60, 0.5, device);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut update = |learner: &mut NetworkTrainer<SparseMlp>| {
            learner.minimise([x.clone()], squares, &mut rng).unwrap()
        };
        for _ in 0..59 {
            update(&mut learner);
        }
        let before = state(&learner, 0);
        let mean = before
            .values()
            .map(|[.., second]| f64::from(*second))
            .sum::<f64>()
            / before.len() as f64;
        assert!(update(&mut learner).grown > 0);
        let after = state(&learner, 0);
        let grown: Vec<u32> = after
            .keys()
            .copied()
            .filter(|place| !before.contains_key(place))
            .collect();
        for place in &grown {
            let [value, first, second] = after[place];
            assert_eq!([value, first], [0.0, 0.0]);
            let expected = if grown_moments == GrownMoments::LayerMean {
                mean
            } else {
                0.0
            };
            assert!((f64::from(second) - expected).abs() <= 1e-6 * expected);
        }
        update(&mut learner);
        let next = state(&learner, 0);
        grown
            .iter()
            .map(|place| next[place][0].abs())
            .fold(0.0, f32::max)
    };
    let (zero, mean) = (
        largest_step(GrownMoments::Zero),
        largest_step(GrownMoments::LayerMean),
    );
    assert!(mean > 0.0 && mean < zero, "{mean} {zero}");
}

#[test]
fn gradual_pruning_follows_its_cubic_from_a_dense_network() {
    for device in devices() {
        for allocation in [
            Allocation::Uniform,
            Allocation::ErdosRenyi,
            Allocation::Global,
        ] {
            // A ranking of all layers would leave nothing of the widest one at 0.9.
            let last = if allocation == Allocation::Global {
                0.5
            } else {
                0.9
            };
            let rule = GradualMagnitude {
                initial_sparsity: 0.0,
                final_sparsity: last,
                begin: 10,
                end: 50,
                allocation: allocation.clone(),
            };
            let mut rng = ChaCha8Rng::seed_from_u64(7);
            let net = SparseMlpConfig::new(vec![WIDTH, 40, 24, 2]);
            let schedule = Schedule {
                every: 5,
                until: 61,
                fraction: DropFraction::Constant(0.0),
            };
            let topology = Topology::new(RuleConfig::new(rule), schedule);
            topology.validate().unwrap();
            let config = NetworkTrainerConfig {
                topology: Some(topology),
                target: Some(TargetConfig::new(0.1, 1)),
                ..NetworkTrainerConfig::default()
            };
            let mut learner =
                NetworkTrainer::new(net.try_init(&device, &mut rng).unwrap(), config).unwrap();
            let x = batch(64, 1, &device);
            let shapes = [(40, WIDTH), (24, 40), (2, 24)];
            for step in 1..=100u32 {
                let before: Vec<_> = (0..3).map(|layer| state(&learner, layer)).collect();
                let report = learner.minimise([x.clone()], squares, &mut rng).unwrap();
                let due = step.is_multiple_of(5) && (10..61).contains(&step);
                assert_eq!(report.moved, due.then_some(report.dropped), "{step}");
                assert_eq!(report.grown, 0);
                let left = 1.0 - ((f64::from(step / 5 * 5) - 10.0) / 40.0).clamp(0.0, 1.0);
                let sparsity = last - last * left.powi(3);
                let counts: Vec<usize> = patterns(learner.net()).iter().map(Vec::len).collect();
                let total: usize = shapes.iter().map(|(o, i)| o * i).sum();
                match allocation {
                    Allocation::Global => {
                        let expected = total - (sparsity * total as f64) as usize;
                        assert_eq!(counts.iter().sum::<usize>(), expected);
                    }
                    _ => assert_eq!(counts, allocation.counts(&shapes, sparsity).unwrap()),
                }
                assert_eq!(patterns(learner.target()), patterns(learner.net()));
                let memory = learner.memory();
                assert_eq!(memory.moments, 2 * memory.parameters);
                if !due {
                    continue;
                }
                // The smallest went, and what stays is as it was.
                for (layer, before) in before.iter().enumerate() {
                    let after = state(&learner, layer);
                    let magnitude = |k: &u32| before[k][0].abs();
                    let least = after.keys().map(magnitude).fold(f32::INFINITY, f32::min);
                    for (position, numbers) in before {
                        match after.get(position) {
                            Some(now) => assert_eq!(now, numbers),
                            None => assert!(magnitude(position) <= least),
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let device = &devices()[0];
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let rule = GradualMagnitude {
        initial_sparsity: 0.0,
        final_sparsity: 0.9,
        begin: 0,
        end: 1,
        allocation: Allocation::Global,
    };
    let layers = [[WIDTH, 40], [40, 2]].map(|[inputs, outputs]| {
        // The second layer is so small that none of it is among the best tenth.
        let scale = if outputs == 2 { 1e-3 } else { 1.0 };
        let values = uniform(&mut rng, inputs * outputs);
        let values = values.into_iter().map(|v| v * scale).collect();
        let pattern = Pattern::full(outputs, inputs);
        SparseLinear::from_parts(pattern, values, vec![0.0; outputs], Storage::Masked, device)
    });
    let net = SparseMlp::from_layers(layers.map(Result::unwrap).into()).unwrap();
    let schedule = Schedule {
        every: 1,
        until: 10,
        fraction: DropFraction::Constant(0.0),
    };
    let config = NetworkTrainerConfig {
        topology: Some(Topology::new(RuleConfig::new(rule), schedule)),
        ..NetworkTrainerConfig::default()
    };
    let mut learner = NetworkTrainer::new(net, config).unwrap();
    let before: Vec<_> = (0..2).map(|layer| state(&learner, layer)).collect();
    let x = batch(64, 1, device);
    let error = learner.minimise([x], squares, &mut rng).unwrap_err();
    assert!(
        error.is_budget() && error.to_string().contains("layer 1"),
        "{error}"
    );
    let after: Vec<_> = (0..2).map(|layer| state(&learner, layer)).collect();
    assert_eq!((after, learner.updates()), (before, 0));
}

#[test]
fn recycling_draws_dead_units_anew_and_leaves_the_output() {
    for device in devices() {
        for sparsity in [0.0, 0.5] {
            let mut rng = ChaCha8Rng::seed_from_u64(7);
            let net = SparseMlpConfig::new(vec![WIDTH, 20, 12, 2]).with_sparsity(sparsity);
            let net = net.try_init(&device, &mut rng).unwrap();
            // Units that can never fire.
            let dead = [vec![3, 11], vec![0]];
            let layers = net
                .sparse_layers()
                .into_iter()
                .enumerate()
                .map(|(index, layer)| {
                    let mut bias = floats(layer.bias().unwrap());
                    for &unit in dead.get(index).into_iter().flatten() {
                        bias[unit] = -100.0;
                    }
                    let (pattern, values) = (layer.pattern().clone(), floats(layer.values()));
                    SparseLinear::from_parts(pattern, values, bias, layer.storage(), &device)
                        .unwrap()
                });
            let net = SparseMlp::from_layers(layers.collect()).unwrap();
            let schedule = Schedule {
                every: 3,
                until: 10,
                fraction: DropFraction::Constant(0.0),
            };
            let rule = RuleConfig::new(ReDo { threshold: 0.0 });
            let config = NetworkTrainerConfig {
                topology: Some(Topology::new(rule, schedule)),
                ..NetworkTrainerConfig::default()
            };
            let mut learner = NetworkTrainer::new(net, config).unwrap();
            // Not a multiple of a tile: what fills the last one is no activity.
            let x = batch(70, 1, &device);
            let mut update = |learner: &mut NetworkTrainer<SparseMlp>| {
                learner.minimise([x.clone()], squares, &mut rng).unwrap()
            };
            update(&mut learner);
            update(&mut learner);
            let output = |learner: &NetworkTrainer<SparseMlp>| {
                floats(learner.net().forward(batch(70, 1, &device)))
            };
            let (before_output, before) = (output(&learner), patterns(learner.net()));
            let states: Vec<_> = (0..3).map(|layer| state(&learner, layer)).collect();
            // Some more may never fire by chance: which, says the reference.
            let inputs: Vec<f64> = floats(x.clone()).into_iter().map(f64::from).collect();
            let activations = Reference::of(learner.net()).forward(&inputs);
            let dead = [20, 12].iter().zip(&activations[1..]).map(|(width, all)| {
                let never = |unit: &usize| all.chunks(*width).all(|row| row[*unit] == 0.0);
                (0..*width).filter(never).collect::<Vec<usize>>()
            });
            let dead: Vec<Vec<usize>> = dead.collect();
            assert!(dead[0].contains(&3) && dead[0].contains(&11) && dead[1].contains(&0));
            let report = update(&mut learner);
            let count = dead.iter().map(Vec::len).sum();
            assert_eq!((report.recycled, report.moved), (count, Some(0)));
            assert_eq!(patterns(learner.net()), before);
            for (found, expected) in output(&learner).iter().zip(before_output) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
            let none = Vec::new();
            for (layer, before) in states.iter().enumerate() {
                let inputs = learner.net().sparse_layers()[layer].pattern().inputs() as u32;
                let bias = floats(learner.net().sparse_layers()[layer].bias().unwrap());
                let incoming = dead.get(layer).unwrap_or(&none);
                let outgoing = layer.checked_sub(1).map_or(&none, |below| &dead[below]);
                incoming
                    .iter()
                    .for_each(|&unit| assert_eq!(bias[unit], 0.0));
                let bound = 1.0 / (inputs as f32).sqrt();
                for (position, numbers) in state(&learner, layer) {
                    let [output, input] =
                        [position / inputs, position % inputs].map(|u| u as usize);
                    if outgoing.contains(&input) {
                        assert_eq!(numbers, [0.0; 3]);
                    } else if incoming.contains(&output) {
                        assert_ne!(numbers[0], before[&position][0]);
                        assert!(numbers[0].abs() <= bound);
                        assert_eq!(numbers[1..], [0.0; 2]);
                    } else {
                        assert_eq!(numbers, before[&position]);
                    }
                }
            }
        }
    }
}
