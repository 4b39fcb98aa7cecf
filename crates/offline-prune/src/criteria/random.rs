//! Random pruning, the baseline of every paper: each weight's score is drawn from N(0, 1), as in the released code of
//! SynFlow (Tanaka et al. 2020, arXiv:2006.05467).

use rand::Rng;
use rand::distr::Distribution;
use sparse_core::math::StandardNormal;

use super::Criterion;
use crate::Result;
use crate::weights::{Budget, Group, PerWeight};

/// Chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Random;

impl Criterion for Random {
    fn scores(&self, group: &Group, _: &Budget, rng: &mut dyn Rng) -> Result<PerWeight> {
        Ok(group.weights().map(|_| StandardNormal.sample(rng)))
    }
}
