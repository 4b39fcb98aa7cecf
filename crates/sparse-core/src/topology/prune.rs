//! Drops connections of a network until it has a sparsity, and grows none.

use super::plan::LayerState;
use super::update::without;
use super::{Drop, GradualMagnitude};
use crate::Result;
use crate::pattern::{Pattern, Rewire};

/// What goes from each layer for the network to have the sparsity of update `step`. A layer keeps one connection
/// at least, and a unit its floor of inputs.
pub(super) fn prune(
    layers: &[LayerState],
    rule: &GradualMagnitude,
    step: u64,
    floor: usize,
) -> Result<Vec<Rewire>> {
    let shapes: Vec<(usize, usize)> = layers
        .iter()
        .map(|l| (l.pattern.outputs(), l.pattern.inputs()))
        .collect();
    let scores: Vec<Vec<f32>> = layers
        .iter()
        .map(|l| l.values.iter().map(|v| v.abs()).collect())
        .collect();
    let counts = rule.counts(&shapes, step, &scores)?;
    let parts = layers.iter().zip(&scores).zip(counts);
    parts
        .map(|((layer, scores), count)| {
            let pattern = &layer.pattern;
            let surplus = pattern.nnz().saturating_sub(count);
            let gone = Drop::Magnitude.choose(pattern, &layer.values, scores, surplus, floor);
            let active: Vec<u32> = pattern.positions().collect();
            let kept = without(&active, &gone);
            let to = Pattern::from_positions(pattern.outputs(), pattern.inputs(), &kept)?;
            Rewire::new(pattern, &to)
        })
        .collect()
}
