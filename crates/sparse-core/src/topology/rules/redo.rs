//! ReDo, recycling dormant neurons (Sokar et al. 2023, "The Dormant Neuron Phenomenon in Deep Reinforcement Learning",
//! arXiv 2302.12902, Algorithm 1): a hidden unit whose mean activation is small beside its layer's gets new incoming
//! weights, and outgoing weights of zero, so that the output does not jump.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::topology::{
    GrownValue, LayerChange, NamedRule, NetworkState, Rule, Schedule, Signal, Update,
};

/// Redraws dormant hidden units; the connections stay where they are.
///
/// A unit is dormant when its mean absolute activation over the loss's batches, divided by the mean of that over its
/// layer, is at most the threshold. Its incoming weights are drawn anew, uniform in ±1/√inputs, its bias,
/// its outgoing weights and the moments of all of them become zero. A target network is left to follow. The schedule sets the interval (1,000
/// updates in the paper); its drop fraction is not used.
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

impl Rule for ReDo {
    fn signal(&self, _: u64) -> Option<Signal> {
        Some(Signal::Activation)
    }

    fn plan(
        &self,
        network: &NetworkState,
        _: Update,
        rng: &mut dyn Rng,
    ) -> Result<Vec<LayerChange>> {
        if network.hidden.is_empty() {
            let allowed = "used with a network that has hidden layers and names them";
            return Err(Error::config("rule", "redo", allowed));
        }
        let mut changes = vec![LayerChange::default(); network.layers.len()];
        let dormant = |layer| network.activity.dormant(layer, self.threshold);
        for &[layer, _] in &network.hidden {
            let pattern = &network.layers[layer].pattern;
            for unit in dormant(layer) {
                let row = pattern.row_ptr()[unit]..pattern.row_ptr()[unit + 1];
                let drawn = GrownValue::Random.draw(row.len(), pattern.inputs(), rng);
                changes[layer].reset.extend(row.zip(drawn));
                changes[layer].reset_units.push(unit);
            }
        }
        // Last, so that what leads from one dormant unit to another is zero.
        for &[layer, next] in &network.hidden {
            let pattern = &network.layers[next].pattern;
            for unit in dormant(layer) {
                let range = pattern.t_ptr()[unit] as usize..pattern.t_ptr()[unit + 1] as usize;
                let outgoing = pattern.t_pos()[range].iter().map(|k| (*k, 0.0));
                changes[next].reset.extend(outgoing);
            }
        }
        Ok(changes)
    }

    fn grows(&self) -> bool {
        false
    }

    fn validate(&self, _: &Schedule, _: &[(usize, usize)]) -> Result<()> {
        if self.threshold >= 0.0 && self.threshold.is_finite() {
            return Ok(());
        }
        Err(Error::config("threshold", self.threshold, "0 or more"))
    }
}

impl NamedRule for ReDo {
    const NAME: &'static str = "redo";
    const ABOUT: &'static str = "Draw dormant units anew";
}
