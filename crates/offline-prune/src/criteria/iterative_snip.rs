//! Iterative SNIP (de Jorge et al. 2021, "Progressive Skeletonization: Trimming more fat from a network at
//! initialization", arXiv:2006.09081; also Verdenius et al. 2020, arXiv:2006.00896).
//!
//! SNIP's score `|θ dL/dθ|`, computed anew in each round on the network that the round before left. What was removed
//! stays so (its score is minus infinity; the released code gives it the lowest). The density falls by the same factor
//! each round, `exp(k/n ln ρ)` in the released code.

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::Criterion;
use super::common::{check_rounds, in_rounds, saliency};
use crate::Result;
use crate::weights::{Budget, Group, PerWeight};

/// SNIP in rounds; what was removed stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IterativeSnip {
    /// Rounds, 1 or more; 1 is SNIP. 60, as in the example of the released code.
    pub rounds: usize,
}

impl Default for IterativeSnip {
    fn default() -> Self {
        Self { rounds: 60 }
    }
}

impl Criterion for IterativeSnip {
    fn scores(&self, group: &Group, budget: &Budget, _: &mut dyn Rng) -> Result<PerWeight> {
        in_rounds(self.rounds, group, budget, |kept| {
            Ok(kept.or(&saliency(group, kept)?, f64::NEG_INFINITY))
        })
    }

    fn validate(&self) -> Result<()> {
        check_rounds("criterion.iterative-snip.rounds", self.rounds)
    }
}
