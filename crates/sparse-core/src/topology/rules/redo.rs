//! ReDo, recycling dormant neurons (Sokar et al. 2023, "The Dormant Neuron Phenomenon in Deep Reinforcement
//! Learning", arXiv 2302.12902, Algorithm 1): a hidden unit whose mean activation is small beside its layer's
//! gets new incoming weights, and outgoing weights of zero, so that nothing jumps.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::topology::{Action, Rule};

/// Draws dormant hidden units anew; the connections stay where they are.
///
/// A unit is dormant when its mean absolute activation over the loss's batches, divided by the mean of that over
/// its layer, is at most the threshold. Its incoming weights are drawn as at first, its bias, its outgoing weights
/// and the moments of all of them become zero. A target network is left to follow. The schedule says how often
/// (1,000 updates in the paper); its drop fraction is of no use here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReDo {
    /// The paper's τ, 0 or more. Its setting for DQN is 0.025; it also studies 0.1, and 0, which recycles only
    /// units that never fire.
    pub threshold: f64,
}

impl Default for ReDo {
    fn default() -> Self {
        Self { threshold: 0.025 }
    }
}

impl ReDo {
    pub(crate) fn validate(&self) -> Result<()> {
        if self.threshold >= 0.0 && self.threshold.is_finite() {
            return Ok(());
        }
        Err(Error::config("rule.threshold", self.threshold, "0 or more"))
    }
}

impl Rule for ReDo {
    fn action(&self) -> Action<'_> {
        Action::Recycle(self)
    }
}
