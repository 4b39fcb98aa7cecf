//! What several of Gymnasium's tasks share.

use super::Version;
use crate::dynamics::State;
use crate::env::Info;
use crate::{Error, Result};

/// Checks the scale of the noise at reset.
pub(super) fn check_noise_scale(task: &'static str, scale: f64) -> Result<()> {
    if scale >= 0.0 && scale.is_finite() {
        Ok(())
    } else {
        Err(Error::Setting {
            task,
            name: "reset_noise_scale",
            value: scale,
            allowed: "0 or more, and finite".into(),
        })
    }
}

/// Whether a number lies between two others, neither of them included.
pub(super) fn within([low, high]: [f64; 2], x: f64) -> bool {
    low < x && x < high
}

/// The reward of being healthy. Before the fifth version it is paid on every step if the first unhealthy one ends
/// the episode.
pub(super) fn survive_reward(
    version: Version,
    reward: f64,
    terminates: bool,
    healthy: bool,
) -> f64 {
    if healthy || (version != Version::V5 && terminates) {
        reward
    } else {
        0.0
    }
}

/// Where a robot is that moves in the horizontal plane, as the `info` of its reset has it.
pub(super) fn plane_position_info(state: &State) -> Info {
    let (x, y) = (state.qpos[0], state.qpos[1]);
    Info::new(
        &["x_position", "y_position", "distance_from_origin"],
        [x, y, (x * x + y * y).sqrt()],
    )
}
