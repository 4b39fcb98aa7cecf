//! What a learner does at a step that changes connections: which gradient decides, what is carried, what fails
//! as a whole.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use burn::tensor::{Device, Tensor};
use common::{devices, rows, uniform};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::learner::{Learner, LearnerConfig};
use sparse_core::nn::{SparseMlp, SparseMlpConfig, SparseModule};
use sparse_core::topology::{DropFraction, RigL, RuleConfig, Schedule, Topology};

const WIDTH: usize = 5;

/// Rewires at the first update.
fn learner(rule: RuleConfig, device: &Device) -> Learner<SparseMlp> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let net = SparseMlpConfig::new([WIDTH, 40, 24, 2]).with_sparsity(0.8);
    let config = LearnerConfig {
        topology: Some(Topology {
            rule,
            schedule: Schedule {
                every: 1,
                until: 100,
                fraction: DropFraction::Constant(0.4),
            },
        }),
        ..LearnerConfig::default()
    };
    Learner::new(net.init(device, &mut rng).unwrap(), config)
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
fn rewired(device: &Device, loss: impl FnOnce(&SparseMlp) -> Tensor<1>) -> Vec<Vec<u32>> {
    let mut learner = learner(RuleConfig::RigL(RigL::default()), device);
    let before = patterns(learner.net());
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    learner.minimise(loss, &mut rng).unwrap();
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
        let once = rewired(&device, |net| squares(net, both));
        let (a, b) = (first.clone(), second.clone());
        let twice = rewired(&device, |net| squares(net, a) + squares(net, b));
        assert_eq!(twice, once);
        for part in [first, second] {
            assert_ne!(rewired(&device, |net| squares(net, part)), once);
        }
    }
}

#[test]
fn the_halves_of_a_loss_add_their_gradients() {
    for device in devices() {
        let (first, second) = (batch(70, 1, &device), batch(33, 2, &device));
        let both = Tensor::cat(vec![first.clone(), second.clone()], 0);
        let once = rewired(&device, |net| squares(net, both));
        let mut halves = learner(RuleConfig::RigL(RigL::default()), &device);
        let losses = [first, second].map(|x| move |net: &SparseMlp| squares(net, x));
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        halves.minimise_both(losses, &mut rng).unwrap();
        assert_eq!(patterns(halves.net()), once);
    }
}

#[test]
fn a_layer_that_the_loss_does_not_reach_counts_as_zeros() {
    let device = &devices()[0];
    let mut learner = learner(RuleConfig::RigL(RigL::default()), device);
    let before = patterns(learner.net());
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    // Of equal scores the lower positions win.
    let bias = |net: &SparseMlp| net.sparse_layers()[0].bias().square().sum();
    let report = learner.minimise(bias, &mut rng).unwrap();
    assert!(report.moved.unwrap() > 0);
    for (before, after) in before.iter().zip(patterns(learner.net())) {
        assert_eq!(after.len(), before.len());
        let moved = (before.len() as f64 * 0.4) as u32;
        assert!((0..moved).all(|position| after.contains(&position)));
    }
}
