//! Holds the slopes of actors' losses to differences.

use burn::tensor::Device;
use sparse_core::nn::{Blocks, FrozenNetwork, SparseMlp, block_width};
use sparse_core::trainer::LossRows;

use crate::config::CriticActions;
use crate::nets::{BatchShape, Critics, normal};
use crate::recipes::named;
use crate::rng::Streams;

/// Of Humanoid, whose actions are not in [-1, 1], so that critics' units count.
pub(super) const ACTIONS: usize = 17;
pub(super) const OBSERVATIONS: usize = 5;
/// Two blocks of 64, the second not full.
pub(super) const ROWS: usize = 90;

/// Critics that read actions in the task's units.
pub(super) fn critics(count: usize, sparsity: f64) -> (BatchShape, Critics) {
    let mut config = named("rlx2-sac", "Humanoid-v5").unwrap();
    config.learning.critic_actions = CriticActions::Task;
    config.networks.critic = vec![48, 48];
    config.sparsity.critic = sparsity;
    let shape = BatchShape {
        obs_dim: OBSERVATIONS,
        act_dim: ACTIONS,
        device: Device::flex(),
    };
    let critics = Critics::new(count, &config, &shape, &mut Streams::new(1)).unwrap();
    (shape, critics)
}

/// Holds what `loss` says of `outputs` numbers a row to its differences along many directions.
pub(super) fn hold<const K: usize>(
    outputs: usize,
    nets: Vec<&SparseMlp>,
    loss: impl Fn(&[FrozenNetwork<'_>], LossRows<'_, K>),
) {
    let rng = &mut Streams::new(2).replay;
    let observations = normal(ROWS * OBSERVATIONS, rng);
    let given = normal(ROWS * outputs, rng);
    let constants: Vec<(&SparseMlp, bool)> = nets.iter().map(|net| (*net, false)).collect();
    let width = block_width(&constants, ROWS);
    let nets = nets.into_iter();
    let nets: Vec<_> = nets
        .map(|net| FrozenNetwork::new(net, ROWS, width))
        .collect();
    let inputs = Blocks::new(&[(&observations, OBSERVATIONS)], 0..ROWS, width);
    // The losses of all rows, and their slopes where they are asked for.
    let of = |given: &[f32]| -> (Vec<f32>, Vec<f32>) {
        let given = Blocks::new(&[(given, outputs)], 0..ROWS, width);
        let (mut losses, mut all) = (Vec::new(), vec![0.0; ROWS * outputs]);
        for ((rows, inputs), (_, given)) in inputs.iter().zip(given.iter()) {
            let mut terms = [(); K].map(|()| vec![f32::NAN; rows.len()]);
            let mut slopes = vec![0.0; given.len()];
            loss(
                &nets,
                LossRows {
                    rows: rows.clone(),
                    width,
                    inputs,
                    outputs: given,
                    slopes: &mut slopes,
                    terms: terms.each_mut().map(Vec::as_mut_slice),
                },
            );
            for (column, row) in rows.enumerate() {
                for k in 0..outputs {
                    all[row * outputs + k] = slopes[k * width + column];
                }
            }
            losses.extend(&terms[0]);
        }
        (losses, all)
    };
    let (losses, slopes) = of(&given);
    assert!(losses.iter().all(|loss| loss.is_finite()));
    let (step, mut far) = (2e-3, 0);
    for _ in 0..20 {
        let along = normal(ROWS * outputs, rng);
        let moved = |step: f32| -> Vec<f32> {
            let numbers = given.iter().zip(&along);
            numbers.map(|(x, d)| x + step * d).collect()
        };
        let (up, down) = (of(&moved(step)).0, of(&moved(-step)).0);
        for row in 0..ROWS {
            let own = row * outputs..(row + 1) * outputs;
            let slopes = slopes[own.clone()].iter().zip(&along[own]);
            let slope: f32 = slopes.map(|(slope, d)| slope * d).sum();
            let found = (up[row] - down[row]) / (2.0 * step);
            // A kink of a ReLU, or of the smaller critic, may lie between.
            far += usize::from((slope - found).abs() > 2e-2 * (1.0 + found.abs()));
        }
    }
    assert!(
        far < ROWS * 20 / 50,
        "{far} of {} slopes are off",
        ROWS * 20
    );
}
