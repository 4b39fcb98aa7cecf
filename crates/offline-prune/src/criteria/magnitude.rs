//! Magnitude (Han et al. 2015, "Learning both Weights and Connections for Efficient Neural Networks",
//! arXiv:1506.02626): the score of a weight is its size, `|θ|`. Applied to untrained networks it is the baseline that
//! papers on pruning at initialisation compare with. Ranked globally it favours layers with few inputs, whose first
//! weights are larger.

use rand::Rng;

use super::Criterion;
use crate::Result;
use crate::weights::{Budget, Group, PerWeight};

/// Size of the weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Magnitude;

impl Criterion for Magnitude {
    fn scores(&self, group: &Group, _: &Budget, _: &mut dyn Rng) -> Result<PerWeight> {
        Ok(group.weights().map(f64::abs))
    }
}
