//! Draws dormant hidden units anew (Sokar et al. 2023, Algorithm 1).

use rand::Rng;

use super::grown::first_values;
use super::plan::{Change, NetworkState, Reset};
use crate::{Error, Result};

/// What is set in each layer so that units that are dormant at `threshold` start anew.
pub(super) fn recycle(
    network: &NetworkState,
    threshold: f64,
    rng: &mut impl Rng,
) -> Result<Vec<Change>> {
    if network.hidden.is_empty() {
        let allowed = "used with a network that has hidden layers and names them";
        return Err(Error::config("rule", "redo", allowed));
    }
    let mut resets = vec![Reset::default(); network.layers.len()];
    let dormant = |layer| network.activity.dormant(layer, threshold);
    for &[layer, _] in &network.hidden {
        let pattern = &network.layers[layer].pattern;
        for unit in dormant(layer) {
            let row = pattern.row_ptr()[unit]..pattern.row_ptr()[unit + 1];
            let drawn = first_values(row.len(), pattern.inputs(), rng);
            resets[layer].values.extend(row.zip(drawn));
            resets[layer].units.push(unit);
        }
    }
    // Last, so that what leads from one dormant unit to another is zero.
    for &[layer, next] in &network.hidden {
        let pattern = &network.layers[next].pattern;
        for unit in dormant(layer) {
            let range = pattern.t_ptr()[unit] as usize..pattern.t_ptr()[unit + 1] as usize;
            let outgoing = pattern.t_pos()[range].iter().map(|k| (*k, 0.0));
            resets[next].values.extend(outgoing);
        }
    }
    let change = |reset: Reset| {
        if reset == Reset::default() {
            Change::Stay
        } else {
            Change::Reset(reset)
        }
    };
    Ok(resets.into_iter().map(change).collect())
}
