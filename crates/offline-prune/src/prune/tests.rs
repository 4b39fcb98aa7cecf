use proptest::prelude::*;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::budget::Allocation;

use super::*;
use crate::weights::follows;

/// Layers of networks of these sizes.
fn layers(networks: &[Vec<usize>]) -> Vec<LayerShape> {
    let mut layers = Vec::new();
    for (network, sizes) in networks.iter().enumerate() {
        for (layer, pair) in sizes.windows(2).enumerate() {
            layers.push(LayerShape {
                network,
                layer,
                outputs: pair[1],
                inputs: pair[0],
            });
        }
    }
    layers
}

/// Scores of few different values, some of a layer far lower than those of others.
fn draw(layers: &[LayerShape], seed: u64) -> PerWeight {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let layer = |l: &LayerShape| {
        let scale = 10f64.powi(rng.random_range(-3..3));
        let mut score = || scale * f64::from(rng.random_range(-9..10i8));
        (0..l.outputs * l.inputs).map(|_| score()).collect()
    };
    PerWeight::new(layers.iter().map(layer).collect())
}

/// The best `keep` of all, by a stable sort.
fn naive(scores: &PerWeight, keep: usize) -> Vec<bool> {
    let all: Vec<f64> = scores.iter().collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|a, b| (all[*b] + 0.0).total_cmp(&(all[*a] + 0.0)));
    let mut kept = vec![false; all.len()];
    order[..keep].iter().for_each(|at| kept[*at] = true);
    kept
}

fn total(layers: &[LayerShape]) -> usize {
    layers.iter().map(|l| l.outputs * l.inputs).sum()
}

fn budget(sparsity: f64, allocation: Allocation, floor: MinConnectivity) -> Budget {
    Budget {
        sparsity,
        allocation,
        floor,
    }
}

fn count(kept: &KeepMask) -> usize {
    (0..kept.layers().len()).map(|l| kept.count(l)).sum()
}

/// Units without inputs and without outputs.
fn cut_off(kept: &KeepMask, layers: &[LayerShape]) -> [usize; 2] {
    (0..layers.len()).fold([0, 0], |sum, at| {
        let [inputs, outputs] = kept.cut_off(layers, at);
        [sum[0] + inputs, sum[1] + outputs]
    })
}

fn sizes() -> impl Strategy<Value = Vec<Vec<usize>>> {
    let network = prop::collection::vec(1..12usize, 2..5);
    prop::collection::vec(network, 1..3)
}

proptest! {
    #[test]
    fn without_a_floor_the_best_of_all_stay(
        sizes in sizes(),
        sparsity in 0.0..1.0f64,
        seed in any::<u64>(),
    ) {
        let layers = layers(&sizes);
        let scores = draw(&layers, seed);
        let budget = budget(sparsity, Allocation::Global, MinConnectivity::NONE);
        let selection = budget.select(&layers, &scores).unwrap();
        prop_assert_eq!(&selection.by_score, &selection.kept);
        let keep = total(&layers) - (sparsity * total(&layers) as f64) as usize;
        prop_assert_eq!(selection.kept.layers().concat(), naive(&scores, keep));
    }

    #[test]
    fn each_layer_keeps_its_best_and_the_sum_is_exact(
        sizes in sizes(),
        sparsity in 0.0..0.9f64,
        seed in any::<u64>(),
    ) {
        let layers = layers(&sizes);
        let scores = draw(&layers, seed);
        for allocation in [Allocation::Uniform, Allocation::ErdosRenyi] {
            let budget = budget(sparsity, allocation, MinConnectivity::NONE);
            let Ok(selection) = budget.select(&layers, &scores) else {
                // A layer of less than one weight.
                continue;
            };
            let keep = total(&layers) - (sparsity * total(&layers) as f64) as usize;
            let counts: Vec<usize> =
                (0..layers.len()).map(|l| selection.kept.count(l)).collect();
            prop_assert_eq!(counts.iter().sum::<usize>(), keep);
            for (at, kept) in selection.kept.layers().iter().enumerate() {
                let layer = PerWeight::new(vec![scores.layers()[at].clone()]);
                prop_assert_eq!(kept, &naive(&layer, counts[at]));
            }
        }
    }

    #[test]
    fn the_floor_connects_every_unit_at_the_same_count(
        sizes in sizes(),
        share in 0.0..1.0f64,
        least in 1..3usize,
        seed in any::<u64>(),
    ) {
        let layers = layers(&sizes);
        let scores = draw(&layers, seed);
        let inputs: usize = layers.iter().map(|l| l.outputs * least.min(l.inputs)).sum();
        let hidden: usize =
            (0..layers.len()).filter(|l| follows(&layers, *l)).map(|l| layers[l].inputs).sum();
        let total = total(&layers);
        let floor = MinConnectivity { min_inputs_per_unit: least, keep_outputs: true };
        let sparsity = share * (1.0 - inputs as f64 / total as f64);
        let keep = total - (sparsity * total as f64) as usize;
        let selection =
            budget(sparsity, Allocation::Global, floor).select(&layers, &scores).unwrap();
        prop_assert_eq!(count(&selection.kept), keep);
        prop_assert_eq!(count(&selection.by_score), keep);
        for (l, kept) in layers.iter().zip(selection.kept.layers()) {
            for row in kept.chunks(l.inputs) {
                let inputs = row.iter().filter(|kept| **kept).count();
                prop_assert!(inputs >= least.min(l.inputs));
            }
        }
        let [alone, unused] = cut_off(&selection.kept, &layers);
        prop_assert_eq!(alone, 0);
        prop_assert!(unused == 0 || keep < inputs + hidden, "{} unused", unused);
        // Where nothing is missing, nothing is changed.
        let by_score = &selection.by_score;
        let enough = layers.iter().zip(by_score.layers()).all(|(l, kept)| {
            kept.chunks(l.inputs).all(|row| {
                row.iter().filter(|kept| **kept).count() >= least.min(l.inputs)
            })
        });
        if enough && cut_off(by_score, &layers)[1] == 0 {
            prop_assert_eq!(by_score, &selection.kept);
        }
    }

    #[test]
    fn the_floor_within_layers_changes_no_layers_count(
        sizes in sizes(),
        sparsity in 0.0..0.9f64,
        seed in any::<u64>(),
    ) {
        let layers = layers(&sizes);
        let scores = draw(&layers, seed);
        let budget = budget(sparsity, Allocation::ErdosRenyi, MinConnectivity::default());
        if let Ok(selection) = budget.select(&layers, &scores) {
            for at in 0..layers.len() {
                prop_assert_eq!(selection.kept.count(at), selection.by_score.count(at));
            }
            prop_assert_eq!(cut_off(&selection.kept, &layers)[0], 0);
        }
    }
}

#[test]
fn a_swap_takes_the_lowest_score_that_nobody_needs() {
    // Two hidden units, of which the second has no connection to the output by the scores alone.
    let layers = layers(&[vec![3, 2, 1]]);
    let scores = PerWeight::new(vec![vec![9.0, 8.0, 3.0, 7.0, 6.0, 1.0], vec![5.0, 2.0]]);
    let selection = budget(0.25, Allocation::Global, MinConnectivity::default())
        .select(&layers, &scores)
        .unwrap();
    let by_score = [vec![true, true, true, true, true, false], vec![true, false]];
    assert_eq!(selection.by_score.layers(), by_score);
    let kept = [vec![true, true, false, true, true, false], vec![true, true]];
    assert_eq!(selection.kept.layers(), kept);

    let report = PruneReport::new("snip", &layers, &scores, &selection);
    assert!(report.floor_acted() && !report.would_collapse());
    assert_eq!((report.kept(), report.total()), (6, 8));
    let last = &report.layers[1];
    assert_eq!(
        (last.kept_by_score, last.kept, last.kept_by_floor),
        (1, 2, 1)
    );
    assert_eq!(
        (last.units_without_outputs, last.left_without_outputs),
        (1, 0)
    );
    assert_eq!(last.scores, Some([2.0, 5.0]));
    let text = report.to_string();
    let line = text.lines().nth(2).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(
        words[..9],
        ["0:", "2→1", "2", "2", "1.0000", "1", "1", "0→0", "1→0"]
    );
}

#[test]
fn a_floor_that_does_not_fit_is_an_error_that_says_what_would() {
    let layers = layers(&[vec![10, 10, 10]]);
    let scores = draw(&layers, 1);
    let select = |sparsity, allocation| {
        budget(sparsity, allocation, MinConnectivity::default()).select(&layers, &scores)
    };
    assert!(select(0.9, Allocation::Global).is_ok());
    let error = select(0.91, Allocation::Global).unwrap_err().to_string();
    assert!(
        error.contains("sparsity = 0.91: must be at most 0.9000"),
        "{error}"
    );
    assert!(select(0.9, Allocation::Uniform).is_ok());
    let error = select(0.95, Allocation::Uniform).unwrap_err().to_string();
    assert!(
        error.contains("layer 0 of network 0 has 5 weights of 10"),
        "{error}"
    );
    for sparsity in [-0.1, 1.0, f64::NAN] {
        let error = select(sparsity, Allocation::Global).unwrap_err();
        assert!(
            matches!(
                &error,
                &Error::Learning(rl_algos::Error::Config { ref field, .. }) if field == "sparsity"
            ),
            "{error}"
        );
    }
}
