//! From dense networks to sparse ones.

use burn::tensor::{Device, Tensor, TensorData};
use offline_prune::criteria::{Criterion, CriterionConfig, Force, IterativeSnip, SynFlow};
use offline_prune::prune::{Group, Loss, MinConnectivity, PruneConfig, Pruned, prune};
use offline_prune::{Error, Result};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use sparse_core::budget::Allocation;
use sparse_core::nn::{SparseLinear, SparseMlp, SparseMlpConfig, SparseModule, Storage};
use sparse_core::pattern::Pattern;

const ROWS: usize = 24;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(3)
}

fn dense(sizes: &[usize], seed: u64) -> SparseMlp {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let config = SparseMlpConfig::new(sizes.to_vec());
    config.try_init(&Device::flex(), &mut rng).unwrap()
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// `[rows, width]` of some numbers.
fn rows(rows: std::ops::Range<usize>, width: usize, turn: f32) -> Tensor<2> {
    let numbers = rows.start * width..rows.end * width;
    let data: Vec<f32> = numbers.map(|k| (k as f32 * turn).sin()).collect();
    Tensor::from_data(TensorData::new(data, [rows.len(), width]), &Device::flex())
}

/// The squared errors of all networks on some rows.
fn loss_on(range: std::ops::Range<usize>, inputs: usize) -> Box<Loss<'static>> {
    let (x, y) = (rows(range.clone(), inputs, 1.3), rows(range, 1, 0.7));
    Box::new(move |nets| {
        let [x, y] = [&x, &y].map(|t| Tensor::from_inner(t.clone()));
        let error = |net: &SparseMlp| (net.forward(x.clone()) - y.clone()).square().mean();
        nets.iter().map(error).reduce(|a, b| a + b).unwrap()
    })
}

/// Every criterion, with few rounds.
fn criteria() -> [CriterionConfig; 7] {
    CriterionConfig::all().map(|criterion| match criterion {
        CriterionConfig::SynFlow(_) => CriterionConfig::SynFlow(SynFlow { rounds: 20 }),
        CriterionConfig::IterativeSnip(_) => {
            CriterionConfig::IterativeSnip(IterativeSnip { rounds: 5 })
        }
        CriterionConfig::Force(_) => CriterionConfig::Force(Force { rounds: 5 }),
        other => other,
    })
}

fn config(criterion: CriterionConfig, sparsity: f64) -> PruneConfig {
    PruneConfig {
        criterion,
        sparsity,
        ..PruneConfig::default()
    }
}

fn pruned(net: &SparseMlp, config: &PruneConfig) -> Result<Pruned> {
    let losses = [loss_on(0..ROWS, net.sparse_layers()[0].pattern().inputs())];
    prune(&Group::new(&[net], &losses)?, config, &mut rng())
}

#[test]
fn what_stays_is_unchanged_and_the_rest_is_gone() {
    let nets = [dense(&[5, 30, 20, 1], 1), dense(&[5, 30, 20, 1], 2)];
    let losses = [loss_on(0..ROWS, 5)];
    let group = Group::new(&[&nets[0], &nets[1]], &losses).unwrap();
    for criterion in criteria() {
        for storage in [Storage::Csr, Storage::Masked, Storage::Auto] {
            let config = PruneConfig {
                storage,
                ..config(criterion, 0.9)
            };
            let pruned = prune(&group, &config, &mut rng()).unwrap();
            let total = 2 * (150 + 600 + 20);
            let keep = total - (0.9 * total as f64) as usize;
            assert_eq!((pruned.report.kept(), pruned.report.total()), (keep, total));
            let mut nnz = 0;
            for (after, before) in pruned.networks.iter().zip(&nets) {
                for (after, before) in after.sparse_layers().iter().zip(before.sparse_layers()) {
                    assert_eq!(after.storage(), storage);
                    assert_eq!(
                        floats(after.bias().unwrap()),
                        floats(before.bias().unwrap())
                    );
                    assert_eq!(after.values().dims(), [after.pattern().nnz()]);
                    let weights = floats(before.values());
                    let stay = after.pattern().positions().map(|p| weights[p as usize]);
                    assert_eq!(floats(after.values()), stay.collect::<Vec<f32>>());
                    assert_eq!(after.pattern().empty_rows().count(), 0);
                    nnz += after.pattern().nnz();
                }
            }
            assert_eq!(nnz, keep, "{}", criterion.name());
        }
    }
}

/// The same network with its hidden units in another order.
fn permuted(net: &SparseMlp) -> SparseMlp {
    // As many are coprime to 7.
    let order = |units: usize| -> Vec<usize> { (0..units).map(|k| (k * 7 + 3) % units).collect() };
    let layers = net.sparse_layers();
    let last = layers.len() - 1;
    let permute = |at: usize, layer: &SparseLinear| {
        let (outputs, inputs) = (layer.pattern().outputs(), layer.pattern().inputs());
        let same = |count: usize| (0..count).collect();
        let units: Vec<usize> = if at < last {
            order(outputs)
        } else {
            same(outputs)
        };
        let from: Vec<usize> = if at > 0 { order(inputs) } else { same(inputs) };
        let (weights, bias) = (floats(layer.values()), floats(layer.bias().unwrap()));
        let weights = units.iter().flat_map(|o| {
            from.iter()
                .map(|i| weights[o * inputs + i])
                .collect::<Vec<f32>>()
        });
        let bias = units.iter().map(|o| bias[*o]);
        let pattern = Pattern::full(outputs, inputs);
        let storage = layer.storage();
        SparseLinear::from_parts(
            pattern,
            weights.collect(),
            bias.collect::<Vec<f32>>(),
            storage,
            &Device::flex(),
        )
        .unwrap()
    };
    let layers = layers.iter().enumerate();
    SparseMlp::from_layers(layers.map(|(at, layer)| permute(at, layer)).collect()).unwrap()
}

#[test]
fn the_order_of_hidden_units_decides_nothing() {
    // No unit is off for all rows: scores of 0 would tie, and then the order decides.
    let mut net = dense(&[4, 20, 15, 1], 8);
    for layer in net.sparse_layers_mut() {
        let (values, bias) = (floats(layer.values()), floats(layer.bias().unwrap() + 0.5));
        let pattern = layer.pattern().clone();
        let made = SparseLinear::from_parts(pattern, values, bias, Storage::Csr, &Device::flex());
        *layer = made.unwrap();
    }
    let other = permuted(&net);
    let x = rows(0..ROWS, 4, 0.9);
    for criterion in criteria() {
        if criterion == CriterionConfig::Random {
            continue;
        }
        for allocation in [Allocation::Global, Allocation::ErdosRenyi] {
            let config = PruneConfig {
                allocation,
                ..config(criterion, 0.8)
            };
            let [a, b] = [&net, &other].map(|net| {
                let pruned = pruned(net, &config).unwrap();
                floats(pruned.networks[0].forward(x.clone()))
            });
            let worst = a
                .iter()
                .zip(&b)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(worst < 1e-5, "{}: {worst}", criterion.name());
        }
    }
}

#[test]
fn a_layer_that_would_collapse_is_told_and_kept_alive() {
    // Magnitudes of the middle layer are the smallest.
    let net = dense(&[2, 40, 40, 1], 5);
    let mut weak = net.clone();
    let layer = &mut weak.sparse_layers_mut()[1];
    let (values, bias) = (floats(layer.values() * 1e-3), floats(layer.bias().unwrap()));
    let pattern = layer.pattern().clone();
    **layer =
        SparseLinear::from_parts(pattern, values, bias, Storage::Csr, &Device::flex()).unwrap();
    let with_floor = config(CriterionConfig::Magnitude, 0.94);
    let without = PruneConfig {
        floor: MinConnectivity::NONE,
        ..with_floor.clone()
    };
    let error = pruned(&weak, &without).unwrap_err();
    let middle = Error::Collapse {
        network: 0,
        layer: 1,
        total: 1600,
    };
    assert_eq!(error.to_string(), middle.to_string());
    let report = pruned(&weak, &with_floor).unwrap().report;
    assert!(report.would_collapse() && report.floor_acted());
    let middle = &report.layers[1];
    assert!(middle.would_collapse() && middle.kept >= 40);
    assert_eq!(
        (middle.units_without_inputs, middle.units_without_outputs),
        (40, 40)
    );
    assert_eq!(
        (middle.left_without_inputs, middle.left_without_outputs),
        (0, 0)
    );
}

#[test]
fn batches_count_as_one_large_batch() {
    let net = dense(&[4, 16, 12, 1], 6);
    let one = [loss_on(0..ROWS, 4)];
    let parts: Vec<Box<Loss>> = [0..8, 8..16, 16..24].map(|rows| loss_on(rows, 4)).into();
    for criterion in [CriterionConfig::Snip, CriterionConfig::Grasp] {
        let scores = |losses: &[Box<Loss<'static>>]| {
            let group = Group::new(&[&net], losses).unwrap();
            let budget = PruneConfig::default().budget();
            criterion.scores(&group, &budget, &mut rng()).unwrap()
        };
        let (whole, mean) = (scores(&one), scores(&parts));
        let worst = whole.zip(&mean, |a, b| a - b).norm() / whole.norm();
        assert!(worst < 1e-5, "{}: {worst}", criterion.name());
    }
}

#[test]
fn one_round_is_snip() {
    let net = dense(&[4, 16, 12, 1], 6);
    let layers = |criterion| {
        let pruned = pruned(&net, &config(criterion, 0.8)).unwrap();
        let layers = pruned.networks[0].sparse_layers();
        layers
            .iter()
            .map(|l| l.pattern().clone())
            .collect::<Vec<_>>()
    };
    let snip = layers(CriterionConfig::Snip);
    assert_eq!(layers(CriterionConfig::Force(Force { rounds: 1 })), snip);
    let iterative = IterativeSnip { rounds: 1 };
    assert_eq!(layers(CriterionConfig::IterativeSnip(iterative)), snip);
    assert_ne!(layers(CriterionConfig::Random), snip);
}

#[test]
fn synflow_neither_overflows_nor_collapses() {
    // Sixty layers; each multiplies by about 1e6, or by 1e-6.
    for factor in [1e6, 1e-6] {
        let mut net = dense(&[8; 61], 7);
        for layer in net.sparse_layers_mut() {
            let (values, bias) = (
                floats(layer.values() * factor),
                floats(layer.bias().unwrap()),
            );
            let pattern = layer.pattern().clone();
            let made =
                SparseLinear::from_parts(pattern, values, bias, Storage::Csr, &Device::flex());
            *layer = made.unwrap();
        }
        let group = Group::new(&[&net], &[]).unwrap();
        let config = PruneConfig {
            floor: MinConnectivity::NONE,
            ..config(CriterionConfig::SynFlow(SynFlow::default()), 0.8)
        };
        let scores = config
            .criterion
            .scores(&group, &config.budget(), &mut rng())
            .unwrap();
        let kept = || scores.iter().filter(|s| s.is_finite());
        assert!(!scores.iter().any(f64::is_nan));
        assert_eq!(kept().fold(0.0, f64::max), 1.0);
        if factor > 1.0 {
            // Biases are nothing beside the flow, so it is the same through every layer, and none collapses.
            let sums = scores
                .layers()
                .iter()
                .map(|l| l.iter().filter(|s| s.is_finite()).sum());
            let sums: Vec<f64> = sums.collect();
            assert!(
                sums.iter().all(|s| (s / sums[0] - 1.0).abs() < 1e-3),
                "{sums:?}"
            );
            assert!(
                !prune(&group, &config, &mut rng())
                    .unwrap()
                    .report
                    .would_collapse()
            );
        }
    }
}

#[test]
fn the_scores_of_chance_are_standard_normal() {
    let net = dense(&[50, 100, 100, 50], 1);
    let group = Group::new(&[&net], &[]).unwrap();
    let budget = PruneConfig::default().budget();
    let scores = CriterionConfig::Random
        .scores(&group, &budget, &mut rng())
        .unwrap();
    let count = scores.iter().count() as f64;
    let moment = |power: i32| scores.iter().map(|s| s.powi(power)).sum::<f64>() / count;
    assert!(moment(1).abs() < 0.03, "{}", moment(1));
    assert!((moment(2) - 1.0).abs() < 0.05, "{}", moment(2));
    assert!((moment(4) - 3.0).abs() < 0.3, "{}", moment(4));
    let again = CriterionConfig::Random
        .scores(&group, &budget, &mut rng())
        .unwrap();
    assert_eq!(scores, again);
}

#[test]
fn bad_input_is_an_error_that_names_it() {
    let net = dense(&[3, 6, 1], 4);
    let all = |losses: &[Box<Loss<'static>>], config: &PruneConfig| {
        let group = Group::new(&[&net], losses)?;
        prune(&group, config, &mut rng()).map(|_| ())
    };
    let snip = config(CriterionConfig::Snip, 0.5);
    let message = |losses: &[Box<Loss<'static>>]| all(losses, &snip).unwrap_err().to_string();

    assert!(message(&[]).starts_with("loss 0: missing"));
    let constant: Box<Loss> = Box::new(|nets: &[SparseMlp]| {
        let x = Tensor::from_inner(rows(0..4, 3, 1.0));
        nets[0].forward(x).mean() * 0.0
    });
    let constant = [constant];
    assert!(message(&constant).contains("criterion snip: every score is 0"));
    // Those that earlier rounds removed are no others.
    let rounds = config("iterative-snip".parse().unwrap(), 0.5);
    let error = all(&constant, &rounds).unwrap_err().to_string();
    assert!(
        error.contains("iterative-snip: every score is 0"),
        "{error}"
    );
    let infinite: Box<Loss> = Box::new(|nets: &[SparseMlp]| {
        let x = Tensor::from_inner(rows(0..4, 3, 1.0));
        nets[0].forward(x).mean() * f32::INFINITY
    });
    let text = message(&[loss_on(0..4, 3), infinite]);
    assert!(
        text.starts_with("loss 1: ") && text.contains("not finite"),
        "{text}"
    );
    let two: Box<Loss> = Box::new(|nets: &[SparseMlp]| {
        let x = Tensor::from_inner(rows(0..2, 3, 1.0));
        nets[0].forward(x).reshape([-1])
    });
    assert_eq!(message(&[two]), "loss 0: 2 numbers, must be one");

    let none = Group::new(&[], &[]).map(|_| ()).unwrap_err();
    assert_eq!(none.to_string(), "networks = 0: must be at least one");
    let sparse = SparseMlpConfig::new(vec![4, 10, 1]).with_sparsity(0.5);
    let sparse = sparse.try_init(&Device::flex(), &mut rng()).unwrap();
    let error = Group::new(&[&net, &sparse], &[]).map(|_| ()).unwrap_err();
    assert!(
        error.to_string().contains("in layer 0 of network 1"),
        "{error}"
    );

    let losses = [loss_on(0..4, 3)];
    let error = all(&losses, &config(CriterionConfig::Snip, 1.0)).unwrap_err();
    assert_eq!(error.to_string(), "sparsity = 1: must be in [0, 1)");
    let no_rounds = config(CriterionConfig::Force(Force { rounds: 0 }), 0.5);
    let error = all(&losses, &no_rounds).unwrap_err().to_string();
    assert_eq!(error, "criterion.force.rounds = 0: must be 1 to 16384");
}

#[test]
fn a_loss_that_is_another_each_time_is_found() {
    let net = dense(&[3, 6, 1], 4);
    let calls = std::cell::Cell::new(0);
    let loss: Box<Loss> = Box::new(move |nets: &[SparseMlp]| {
        calls.set(calls.get() + 1);
        let x = Tensor::from_inner(rows(0..4 + calls.get(), 3, 1.0));
        nets[0].forward(x).square().mean()
    });
    let losses = [loss];
    let group = Group::new(&[&net], &losses).unwrap();
    let grasp = config(CriterionConfig::Grasp, 0.5);
    let error = prune(&group, &grasp, &mut rng()).unwrap_err();
    assert!(matches!(error, Error::Loss { .. }), "{error}");
}

#[test]
fn configuration_reads_as_words() {
    let read = |text: &str| toml::from_str::<PruneConfig>(text);
    assert_eq!(read("").unwrap(), PruneConfig::default());
    for criterion in CriterionConfig::all() {
        let name = criterion.name();
        assert_eq!(name.parse::<CriterionConfig>().unwrap(), criterion);
        let named = read(&format!("criterion = \"{name}\"")).unwrap();
        assert_eq!(named.criterion, criterion);
        let written = toml::to_string(&named).unwrap();
        assert_eq!(read(&written).unwrap(), named, "{written}");
    }
    let text = "sparsity = 0.9\ncriterion = { force = { rounds = 5 } }\nallocation = \"uniform\"\n\
                storage = \"masked\"\n[floor]\nkeep_outputs = false";
    let config = read(text).unwrap();
    assert_eq!(
        config.criterion,
        CriterionConfig::Force(Force { rounds: 5 })
    );
    assert_eq!(config.floor.min_inputs_per_unit, 1);
    let error = read("criterion = \"snap\"").unwrap_err().to_string();
    assert!(error.contains("must be one of snip, grasp"), "{error}");
    assert!(read("criterion = { force = { round = 5 } }").is_err());
}
