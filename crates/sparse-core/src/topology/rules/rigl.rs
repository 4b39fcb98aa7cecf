//! RigL (Evci et al. 2020, "Rigging the Lottery: Making All Tickets Winners", Algorithm 1), as RLx2 (Tan et al. 2023,
//! Algorithm 1) uses it in RL: drop the smallest values, grow where the gradient is largest. A grown connection starts
//! at zero, so the network computes the same as before except for the dropped connections.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::topology::{
    DropCriterion, DropGrow, Grow, GrownMoments, GrownValue, LayerChange, NamedRule, NetworkState,
    Rule, Signal, Update,
};

/// Drops the smallest values and grows where the dense gradient is largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RigL {
    /// Whether a connection may be grown in the step that drops it, keeping its value. True, as in RLx2's
    /// code (and RigL's): its gradient says that it is wanted.
    pub allow_regrow: bool,
    /// The value of a grown connection. Zero, as in RigL.
    pub grown_value: GrownValue,
    /// The moments of a grown connection. Zero, as in RigL.
    pub grown_moments: GrownMoments,
}

impl Default for RigL {
    fn default() -> Self {
        Self {
            allow_regrow: true,
            grown_value: GrownValue::Zero,
            grown_moments: GrownMoments::Zero,
        }
    }
}

impl Rule for RigL {
    fn signal(&self, _: u64) -> Option<Signal> {
        Some(Signal::DenseGradient)
    }

    fn plan(
        &self,
        network: &NetworkState,
        update: Update,
        rng: &mut dyn Rng,
    ) -> Result<Vec<LayerChange>> {
        let how = DropGrow {
            drop: DropCriterion::Magnitude,
            grow: Grow::Gradient,
            allow_regrow: self.allow_regrow,
            grown_value: self.grown_value,
            grown_moments: self.grown_moments,
        };
        how.plan(network, update.budget, rng)
    }
}

impl NamedRule for RigL {
    const NAME: &'static str = "rigl";
    const ABOUT: &'static str = "Drop the smallest weights, grow where the gradient is largest";
}
