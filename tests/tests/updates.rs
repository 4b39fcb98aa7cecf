//! Two updates of TD3 and of SAC against PyTorch in double precision, dense and sparse: losses, weights, targets and
//! the temperature. `tests/golden/updates/record.py` wrote the values.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]
#![allow(clippy::print_stdout, reason = "prints numbers for the recording")]

use std::collections::BTreeMap;
use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rl_algos::algos::{Agent, UpdateReport, build};
use rl_algos::config::{NetworksConfig, TrainConfig};
use rl_algos::recipes;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use serde::Deserialize;
use sparse_core::learner::Learner;
use sparse_core::nn::{SparseLinear, SparseMlp, SparseModule, Storage};
use sparse_core::pattern::Pattern;

const OBSERVATION: usize = 5;
const ACTION: usize = 2;
const SEED: u64 = 7;
/// Single precision rounds at 6e-8 of a number; sums of some dozen and Adam's quotients add up to no more than this.
const TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct Layer {
    shape: [usize; 2],
    positions: Vec<u32>,
    values: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Deserialize)]
struct Rows {
    observation: Vec<f32>,
    action: Vec<f32>,
    return_n: Vec<f32>,
    discount: Vec<f32>,
    next_observation: Vec<f32>,
    between_observation: Vec<f32>,
    between_row: Vec<u32>,
    between_discount: Vec<f32>,
}

#[derive(Deserialize)]
struct Case {
    start: Vec<Vec<Layer>>,
    batches: Vec<Rows>,
    reports: Vec<BTreeMap<String, f64>>,
    end: Vec<Vec<Layer>>,
    targets: Vec<Vec<Layer>>,
    log_alpha: Option<f64>,
}

fn golden(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/updates");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn case(name: &str) -> Case {
    let mut cases: BTreeMap<String, Case> = serde_json::from_str(&golden("updates.json")).unwrap();
    cases.remove(name).unwrap()
}

/// The first numbers that agents draw for their noise.
fn noise() -> Vec<f32> {
    let mut rng: ChaCha8Rng = Streams::new(SEED).target_noise;
    (0..256).map(|_| StandardNormal.sample(&mut rng)).collect()
}

#[test]
#[ignore = "prints what golden/updates/noise.json must hold"]
fn print_noise() {
    println!("{}", serde_json::to_string(&noise()).unwrap());
}

#[test]
fn the_recording_was_made_with_the_noise_that_agents_draw() {
    let recorded: Vec<f32> = serde_json::from_str(&golden("noise.json")).unwrap();
    assert_eq!(recorded, noise());
}

fn network(layers: &[Layer], storage: Storage) -> SparseMlp {
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let layer = |layer: &Layer| {
        let [outputs, inputs] = layer.shape;
        let pattern = Pattern::from_positions(outputs, inputs, &layer.positions).unwrap();
        let (values, bias) = (layer.values.clone(), layer.bias.clone());
        SparseLinear::from_parts(pattern, values, bias, storage, &device).unwrap()
    };
    SparseMlp::from_layers(layers.iter().map(layer).collect()).unwrap()
}

/// The recipe's agent, with the recorded networks.
fn agent(config: &TrainConfig, start: &[Vec<Layer>], streams: &mut Streams) -> Box<dyn Agent> {
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let mut agent = build(config, OBSERVATION, ACTION, &device, streams).unwrap();
    let settings = [
        config.actor_learner(),
        config.critic_learner(),
        config.critic_learner(),
    ];
    let learners = agent.extra().learners.into_iter().zip(start).zip(settings);
    for ((learner, layers), settings) in learners {
        *learner = Learner::new(network(layers, config.sparsity.storage), settings);
    }
    agent
}

fn batch(rows: &Rows) -> Batch {
    Batch {
        size: rows.return_n.len(),
        observation: rows.observation.clone(),
        action: rows.action.clone(),
        return_n: rows.return_n.clone(),
        discount: rows.discount.clone(),
        next_observation: rows.next_observation.clone(),
        between_observation: rows.between_observation.clone(),
        between_row: rows.between_row.clone(),
        between_discount: rows.between_discount.clone(),
    }
}

fn close(found: f64, expected: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(
        error <= TOLERANCE * (1.0 + expected.abs()),
        "{what}: {found}, must be {expected}"
    );
}

fn same_report(found: &UpdateReport, expected: &BTreeMap<String, f64>, what: &str) {
    let numbers = [
        ("critic_loss", Some(found.critic_loss)),
        ("value_mean", Some(found.value_mean)),
        ("target_mean", Some(found.target_mean)),
        ("actor_loss", found.actor_loss),
        ("temperature", found.temperature),
        ("entropy", found.entropy),
    ];
    for (name, found) in numbers {
        assert_eq!(
            found.is_some(),
            expected.contains_key(name),
            "{what} {name}"
        );
        if let Some(found) = found {
            close(found.into(), expected[name], &format!("{what} {name}"));
        }
    }
}

fn same_network(found: &SparseMlp, expected: &[Layer], what: &str) {
    for (index, (found, expected)) in found.sparse_layers().into_iter().zip(expected).enumerate() {
        let positions: Vec<u32> = found.pattern().positions().collect();
        assert_eq!(positions, expected.positions, "{what}.{index}");
        for (part, found, expected) in [
            ("values", found.values(), &expected.values),
            ("bias", found.bias(), &expected.bias),
        ] {
            let found: Vec<f32> = found.into_data().iter::<f32>().collect();
            for (k, (found, expected)) in found.iter().zip(expected).enumerate() {
                let what = format!("{what}.{index}.{part}[{k}]");
                close((*found).into(), (*expected).into(), &what);
            }
        }
    }
}

fn follow(name: &str, recipe: &str, storage: Storage) {
    let case = case(name);
    let mut config = recipes::named(recipe, "Hopper-v5").unwrap();
    config.networks = NetworksConfig {
        actor: vec![12, 8],
        critic: vec![12, 8],
        critic_layer_norm: false,
    };
    // What is drawn first is replaced.
    (config.sparsity.actor, config.sparsity.critic) = (0.0, 0.0);
    config.sparsity.storage = storage;
    let mut streams = Streams::new(SEED);
    let mut agent = agent(&config, &case.start, &mut streams);
    for (step, (rows, expected)) in case.batches.iter().zip(&case.reports).enumerate() {
        let report = agent.update(&batch(rows), &mut streams).unwrap();
        same_report(&report, expected, &format!("{name}, update {step}"));
    }
    let learners = agent.learners();
    for ((network, learner), expected) in learners.iter().zip(&case.end) {
        same_network(learner.net(), expected, &format!("{name}, {network}"));
    }
    // SAC's actor has no target.
    let with_targets = &learners[learners.len() - case.targets.len()..];
    for ((network, learner), expected) in with_targets.iter().zip(&case.targets) {
        same_network(
            learner.target(),
            expected,
            &format!("{name}, target of {network}"),
        );
    }
    let log_alpha = agent.extra().numbers.first().map(|number| **number);
    assert_eq!(log_alpha.is_some(), case.log_alpha.is_some());
    if let (Some(found), Some(expected)) = (log_alpha, case.log_alpha) {
        // A step is 3e-4 long.
        assert!(
            (found - expected).abs() < 1e-8,
            "{found}, must be {expected}"
        );
    }
}

#[test]
fn td3_follows_pytorch() {
    follow("td3_dense", "dense-td3", Storage::Masked);
    for storage in [Storage::Csr, Storage::Masked] {
        follow("td3_sparse", "static-td3", storage);
    }
}

#[test]
fn sac_follows_pytorch() {
    follow("sac_dense", "dense-sac", Storage::Masked);
    for storage in [Storage::Csr, Storage::Masked] {
        follow("sac_sparse", "static-sac", storage);
    }
}
