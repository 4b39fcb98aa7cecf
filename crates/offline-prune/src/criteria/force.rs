//! FORCE (de Jorge et al. 2021, "Progressive Skeletonization: Trimming more fat from a network at initialization",
//! arXiv:2006.09081).
//!
//! The score is `|θ dL/dθ|` with the gradient of the pruned network, in which removed weights are 0, and with `θ` as it
//! was at first. The gradient reaches removed weights too, so they may return in a later round: what counts is how
//! sensitive the loss is after pruning. The density falls by the same factor each round, `exp(k/n ln ρ)`.
//!
//! Networks under pruning are dense and a removed weight is 0 in them, so the gradient at all weights is the ordinary
//! one.

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::Criterion;
use super::common::{check_rounds, in_rounds, saliency};
use crate::Result;
use crate::weights::{Budget, Group, PerWeight};

/// SNIP in rounds; what was removed may return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Force {
    /// Rounds, 1 or more; 1 is SNIP. 60, as in the example of the released code.
    pub rounds: usize,
}

impl Default for Force {
    fn default() -> Self {
        Self { rounds: 60 }
    }
}

impl Criterion for Force {
    fn scores(&self, group: &Group, budget: &Budget, _: &mut dyn Rng) -> Result<PerWeight> {
        in_rounds(self.rounds, group, budget, |kept| saliency(group, kept))
    }

    fn validate(&self) -> Result<()> {
        check_rounds("criterion.force.rounds", self.rounds)
    }
}
