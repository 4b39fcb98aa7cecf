//! GraSP (Wang et al. 2020, "Picking Winning Tickets Before Training by Preserving Gradient Flow",
//! arXiv:2002.07376).
//!
//! The paper's score is `S = -θ ∘ Hg`, `g` being the gradient of the loss and `H` its Hessian with respect to the
//! weights: how much the squared norm of the gradient changes as the weight is taken away. The weights of the largest
//! `S` go. The score here is `θ ∘ Hg`, of which the largest stay. The released code also divides by the magnitude of
//! the sum of all `S`, which is one positive number for all weights and changes no rank; here it is left out. Several
//! mini-batches count by the mean of their losses, as one large batch. The code's temperature for logits and its
//! sampling by class have no counterpart in RL.
//!
//! Burn differentiates once, so `Hg` is a difference of gradients along `g`:
//! `φ(h) = [∇L(θ + h g) - ∇L(θ - h g)] / 2h`, which is `Hg` up to terms in h², h⁴, … Richardson's extrapolation (here
//! as Romberg's scheme) from `h`, `h/2`, `h/4`, … removes these one by one, until two results in a row agree to
//! 1e-5. Two things make that work in f32:
//!
//! - *Kinks.* `H` is that of the linear piece on which each ReLU is, as backpropagation taken twice gives it too. A
//!   step that turns units on or off would add the jumps of the gradient, however small the step. So the ReLUs of the
//!   networks under pruning, and of the group's fixed networks, are held as they are at `θ` ([`Group::smooth`]).
//! - *Rounding.* With ReLUs held, a squared error of a network of L layers is a polynomial along any line, and so is its
//!   gradient, of degree 2L - 1: for three layers three steps are exact, whatever their size. So the first is large,
//!   `‖h g‖ = ‖θ‖ / 20`, against which the rounding of weights and gradients is small. Losses that bend more, as
//!   through tanh, get smaller steps by the scheme.
//!
//! Against backpropagation taken twice in f64 the scores of small networks differ by less than 1e-5 of the largest
//! score (`tests/all/criteria.rs`), and so do those of a critic with two hidden layers of 256 units
//! (`tests/all/grasp.rs`). With the ReLUs let loose the latter differ by 8 % in norm, and 8 % of the weights that the best
//! 5 % are made of are others.

use rand::Rng;

use super::Criterion;
use crate::Result;
use crate::weights::{Budget, Group, PerWeight, Smooth};

/// Change of the gradient's norm when a weight is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grasp;

/// The first and largest step, relative to the norm of the weights.
const STEP: f64 = 0.05;

/// Steps that are tried at most: six in a row divide the first by 32, and rounding is felt.
const STEPS: usize = 6;

/// The relative difference between two results in a row that is good enough.
const TOLERANCE: f64 = 1e-5;

impl Criterion for Grasp {
    fn scores(&self, group: &Group, _: &Budget, _: &mut dyn Rng) -> Result<PerWeight> {
        let (smooth, gradient) = group.smooth()?;
        let product = along_gradient(&smooth, group.weights(), &gradient)?;
        Ok(group.weights().zip(&product, |w, hg| w * hg))
    }
}

/// `Hg`, by extrapolated differences.
fn along_gradient(smooth: &Smooth, weights: &PerWeight, gradient: &PerWeight) -> Result<PerWeight> {
    let norms = weights.norm() / gradient.norm();
    if !norms.is_normal() {
        // Nothing to go along, or from.
        return Ok(gradient.map(|_| 0.0));
    }
    let difference = |step: f64| -> Result<PerWeight> {
        let at = |step: f64| smooth.gradient(&weights.zip(gradient, |w, g| w + step * g));
        let (ahead, behind) = (at(step)?, at(-step)?);
        Ok(ahead.zip(&behind, |a, b| (a - b) / (2.0 * step)))
    };
    let mut step = STEP * norms;
    let mut best = difference(step)?;
    let mut change = f64::INFINITY;
    // One row of Romberg's scheme: the difference, and what the extrapolations make of it and of the row before.
    let mut row = vec![best.clone()];
    for _ in 1..STEPS {
        step /= 2.0;
        row = extrapolate(difference(step)?, &row);
        let last = &row[row.len() - 1];
        let changed = relative(last, &best);
        if changed > change {
            // Rounding has taken over.
            break;
        }
        (best, change) = (last.clone(), changed);
        if change < TOLERANCE {
            break;
        }
    }
    Ok(best)
}

/// The next row: from each result and its neighbour of twice the step the leading term of the error is removed.
fn extrapolate(difference: PerWeight, before: &[PerWeight]) -> Vec<PerWeight> {
    let mut row = vec![difference];
    let mut power = 1.0;
    for coarse in before {
        power *= 4.0;
        let fine = &row[row.len() - 1];
        row.push(fine.zip(coarse, |f, c| f + (f - c) / (power - 1.0)));
    }
    row
}

/// The norm of the difference, relative to that of `a`.
fn relative(a: &PerWeight, b: &PerWeight) -> f64 {
    let norm = a.norm();
    let difference = a.zip(b, |a, b| a - b).norm();
    if norm > 0.0 {
        difference / norm
    } else {
        difference
    }
}
