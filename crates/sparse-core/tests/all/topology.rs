//! What holds for any rule: numbers of connections, and what becomes of all that is kept per connection.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{Reference, assert_bounded, devices, floats, rows, uniform};
use burn::tensor::Tensor;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::budget::Allocation;
use sparse_core::nn::{InitialMask, SparseMlp, SparseMlpConfig, SparseModule};
use sparse_core::pattern::Structure;
use sparse_core::topology::{
    DropCriterion, DropFraction, GrownMoments, GrownValue, RigL, RuleConfig, Schedule, Set,
    Topology,
};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig, TargetConfig};

const SIZES: [usize; 4] = [5, 23, 18, 3];

/// Updates between two rewires.
const EVERY: u64 = 4;

/// What a layer keeps for a connection, as bits: value, moments, target value.
type Kept = BTreeMap<u32, [u32; 4]>;

fn kept(learner: &NetworkTrainer<SparseMlp>, layer: usize) -> Kept {
    let net = learner.net().sparse_layers()[layer];
    let target = learner.target().sparse_layers()[layer];
    assert_eq!(net.pattern(), target.pattern());
    let [first, second] = learner.adam().value_moments(layer).map(floats);
    let (values, target) = (floats(net.values()), floats(target.values()));
    for numbers in [&values, &target, &first, &second] {
        assert_eq!(numbers.len(), net.pattern().nnz());
    }
    let numbers = (0..values.len()).map(|k| {
        let numbers = [values[k], first[k], second[k], target[k]];
        numbers.map(f32::to_bits)
    });
    net.pattern().positions().zip(numbers).collect()
}

fn rules() -> impl Strategy<Value = RuleConfig> {
    let value = prop_oneof![Just(GrownValue::Zero), Just(GrownValue::Random)];
    let moments = prop_oneof![Just(GrownMoments::Zero), Just(GrownMoments::Keep)];
    let drop = prop_oneof![
        Just(DropCriterion::Magnitude),
        Just(DropCriterion::SignBalanced)
    ];
    let options = (any::<bool>(), any::<bool>(), value, moments, drop);
    options.prop_map(|(rigl, allow_regrow, grown_value, grown_moments, drop)| {
        if rigl {
            RuleConfig::new(RigL {
                allow_regrow,
                grown_value,
                grown_moments,
            })
        } else {
            RuleConfig::new(Set {
                drop,
                allow_regrow,
                grown_value,
                grown_moments,
            })
        }
    })
}

fn grown_value(rule: &RuleConfig) -> GrownValue {
    let rigl = rule.get::<RigL>().map(|rule| rule.grown_value);
    let set = rule.get::<Set>().map(|rule| rule.grown_value);
    rigl.or(set).expect("only rules that grow are drawn")
}

fn loss(net: &SparseMlp, x: &Tensor<2>) -> Tensor<1> {
    (net.forward(x.clone()) - 0.5).square().mean()
}

/// Inputs of each unit.
fn row_sizes(net: &SparseMlp, layer: usize) -> Vec<usize> {
    let pattern = net.sparse_layers()[layer].pattern().clone();
    let sizes = pattern.row_ptr().windows(2);
    sizes.map(|pair| (pair[1] - pair[0]) as usize).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_rewire_keeps_counts_and_what_stays_bit_for_bit(
        rule in rules(),
        sparsity in 0.2..0.9f64,
        fraction in 0.0..=1.0f64,
        floor in 0..4usize,
        seed in any::<u64>(),
    ) {
        let device = &devices()[0];
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let net = SparseMlpConfig::new(SIZES.to_vec()).with_sparsity(sparsity);
        let schedule = Schedule {
            every: EVERY,
            until: 100,
            fraction: DropFraction::Constant(fraction),
        };
        let config = NetworkTrainerConfig {
            topology: Some(Topology {
                min_inputs_per_unit: floor,
                ..Topology::new(rule.clone(), schedule)
            }),
            target: Some(TargetConfig::new(0.5, 3)),
            ..NetworkTrainerConfig::default()
        };
        let mut learner = NetworkTrainer::new(net.try_init(device, &mut rng).unwrap(), config).unwrap();
        let x = rows(&uniform(&mut rng, 20 * SIZES[0]), SIZES[0], device);
        for step in 1..=2 * EVERY {
            let before: Vec<Kept> = (0..3).map(|layer| kept(&learner, layer)).collect();
            let before_rows: Vec<Vec<usize>> =
                (0..3).map(|layer| row_sizes(learner.net(), layer)).collect();
            let report = learner.minimise([()], |net, ()| loss(net, &x), &mut rng).unwrap();
            if !step.is_multiple_of(EVERY) {
                prop_assert_eq!(report.moved, None);
                continue;
            }
            let (mut grown, mut dropped) = (0, 0);
            for (layer, before) in before.iter().enumerate() {
                let after = kept(&learner, layer);
                prop_assert_eq!(after.len(), before.len());
                let limit = (before.len() as f64 * fraction) as usize;
                let bound = 1.0 / (SIZES[layer] as f32).sqrt();
                let mut came = 0;
                for (position, &[value, first, second, target]) in &after {
                    // The target steps at multiples of three, which rewires here are not.
                    if let Some(old) = before.get(position) {
                        prop_assert_eq!(&[value, first, second, target], old);
                        continue;
                    }
                    came += 1;
                    match grown_value(&rule) {
                        GrownValue::Zero => prop_assert_eq!(value, 0),
                        GrownValue::Random => prop_assert!(f32::from_bits(value).abs() <= bound),
                    }
                    prop_assert_eq!(target, value);
                    // Only what the rewire before had dropped can have kept moments.
                    if step == EVERY {
                        prop_assert_eq!([first, second], [0, 0]);
                    }
                }
                prop_assert!(came <= limit);
                grown += came;
                dropped += before.keys().filter(|p| !after.contains_key(p)).count();
                let sizes = row_sizes(learner.net(), layer);
                for (now, before) in sizes.iter().zip(&before_rows[layer]) {
                    prop_assert!(*now >= floor.min(*before));
                }
            }
            prop_assert_eq!((report.grown, report.dropped), (grown, dropped));
            prop_assert_eq!(report.moved, Some(grown));
            prop_assert_eq!(report.recycled, 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn networks_are_drawn_with_their_structure(
        sparsity in 0.0..0.7f64,
        magnitude in any::<bool>(),
        structure in prop_oneof![
            (0..3usize).prop_map(|min_inputs_per_unit| Structure::Unstructured { min_inputs_per_unit }),
            Just(Structure::NOfM { n: 2, m: 4 }),
            Just(Structure::Blocks { size: 3 }),
        ],
        global in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let device = &devices()[0];
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mask = if magnitude { InitialMask::Magnitude } else { InitialMask::Random };
        let allocation = if global { Allocation::Global } else { Allocation::Uniform };
        let config = SparseMlpConfig::new(SIZES.to_vec())
            .with_sparsity(sparsity)
            .with_mask(mask)
            .with_allocation(allocation)
            .with_structure(structure);
        let net = match config.try_init(device, &mut rng) {
            Ok(net) => net,
            // A floor that the layer's share does not pay for is refused.
            Err(error) => {
                prop_assert!(error.is_pattern() || error.is_budget(), "{}", error);
                return Ok(());
            }
        };
        let total: usize = SIZES.windows(2).map(|w| w[0] * w[1]).sum();
        let nnz: usize = net.sparse_layers().iter().map(|l| l.pattern().nnz()).sum();
        match structure {
            Structure::Unstructured { min_inputs_per_unit } => {
                let expected = total as f64 * (1.0 - sparsity);
                prop_assert!((nnz as f64 - expected).abs() <= 3.0);
                let short = |layer| row_sizes(&net, layer).iter().any(|n| *n < min_inputs_per_unit);
                prop_assert!(!(0..3).any(short));
            }
            Structure::NOfM { .. } => {
                let rows = SIZES.windows(2).map(|w| w[1] * (w[0] / 4 * 2 + (w[0] % 4).div_ceil(2)));
                prop_assert_eq!(nnz, rows.sum::<usize>());
            }
            _ => prop_assert!(nnz as f64 <= total as f64 * (1.0 - sparsity) + 9.0),
        }
        // It computes what the dense matrix with zeros computes.
        let x = uniform(&mut rng, 7 * SIZES[0]);
        let wide: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
        let expected = Reference::of(&net).bounded_forward(&wide).pop().unwrap();
        let found = floats(net.forward(rows(&x, SIZES[0], device)));
        assert_bounded("output", &found, &expected);
    }
}

#[test]
fn what_was_explored_is_the_union_of_all_patterns() {
    let device = &devices()[0];
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let net = SparseMlpConfig::new(SIZES.to_vec()).with_sparsity(0.8);
    let net = net.try_init(device, &mut rng).unwrap();
    let schedule = Schedule {
        every: EVERY,
        until: 100,
        fraction: DropFraction::Constant(0.3),
    };
    let config = NetworkTrainerConfig {
        topology: Some(Topology::new(RuleConfig::new(Set::default()), schedule)),
        ..NetworkTrainerConfig::default()
    };
    let mut learner = NetworkTrainer::new(net, config).unwrap();
    let x = rows(&uniform(&mut rng, 20 * SIZES[0]), SIZES[0], device);
    let mut seen = vec![BTreeSet::new(); 3];
    let mut last = 0.0;
    for _ in 0..60 {
        for (seen, layer) in seen.iter_mut().zip(learner.net().sparse_layers()) {
            seen.extend(layer.pattern().positions());
        }
        let sizes = SIZES.windows(2).map(|w| w[0] * w[1]);
        let rates: Vec<f64> = seen
            .iter()
            .zip(sizes)
            .map(|(s, n)| s.len() as f64 / n as f64)
            .collect();
        let explored = learner.explored().unwrap();
        assert_eq!(explored.layer_rates(), rates);
        assert!(explored.rate() >= last);
        last = explored.rate();
        learner
            .minimise([()], |net, ()| loss(net, &x), &mut rng)
            .unwrap();
    }
    let density: f64 = learner.densities().iter().sum::<f64>() / 3.0;
    assert!(last > 1.5 * density, "{last} {density}");
    assert_eq!(
        learner.memory().explored,
        learner.explored().unwrap().bytes()
    );
}
