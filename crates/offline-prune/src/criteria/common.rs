//! Scoring in rounds.

use crate::weights::{Budget, Group, KeepMask, PerWeight};
use crate::{Error, Result};

/// Scores in `rounds` rounds: the first scores all weights, each later one those that the round before kept. For a density
/// `ρ`, round `k` of `n` (from 1) keeps `ρ^(k/n)`, of each layer where densities are given by hand, so that each
/// removes the same share of the remaining weights. Returns the scores of the last round, which decide the final selection.
pub(super) fn in_rounds(
    rounds: usize,
    group: &Group,
    budget: &Budget,
    mut score: impl FnMut(&KeepMask) -> Result<PerWeight>,
) -> Result<PerWeight> {
    let mut scores = score(&KeepMask::all(group.layers()))?;
    for round in 1..rounds {
        let step = budget.after(group.layers(), round as f64 / rounds as f64)?;
        scores = score(&step.select(group.layers(), &scores)?.kept)?;
    }
    Ok(scores)
}

/// Most rounds: the papers take a hundred at most, and each scores all weights.
const MOST_ROUNDS: usize = 1 << 14;

/// The number of rounds must be 1 or more, and small enough to finish.
pub(super) fn check_rounds(field: &'static str, rounds: usize) -> Result<()> {
    if !(1..=MOST_ROUNDS).contains(&rounds) {
        return Err(Error::config(field, rounds, format!("1 to {MOST_ROUNDS}")));
    }
    Ok(())
}

/// |θ dL/dθ| with the weights that were removed at 0: their gradient is what they would get if they came back.
pub(super) fn saliency(group: &Group, kept: &KeepMask) -> Result<PerWeight> {
    let gradient = group.gradient(&kept.or(group.weights(), 0.0))?;
    Ok(group.weights().zip(&gradient, |w, g| (w * g).abs()))
}
