//! SNIP (Lee et al. 2019, "SNIP: Single-shot Network Pruning based on Connection Sensitivity", arXiv:1810.02340).
//!
//! Each weight gets a factor `c = 1`. Its score is `|dL/dc| = |θ dL/dθ|`, divided by the sum over all weights: how
//! much the loss changes, to first order and for better or worse, as the weight is taken away.
//!
//! Several mini-batches count by the mean of their gradients, as one large batch. The released code ranks biases
//! too; here they stay.

use rand::Rng;

use super::Criterion;
use super::common::saliency;
use crate::Result;
use crate::weights::{Budget, Group, KeepMask, PerWeight};

/// Change of the loss when a weight is removed, to first order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snip;

impl Criterion for Snip {
    fn scores(&self, group: &Group, _: &Budget, _: &mut dyn Rng) -> Result<PerWeight> {
        let saliency = saliency(group, &KeepMask::all(group.layers()))?;
        let sum: f64 = saliency.iter().sum();
        // Zeros where the loss depends on no weight.
        Ok(saliency.map(|s| s / sum.max(f64::MIN_POSITIVE)))
    }
}
