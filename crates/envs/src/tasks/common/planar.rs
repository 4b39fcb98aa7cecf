//! What Hopper and Walker2d share: forward speed, effort and health.

use super::{Score, Transition, Version};
use crate::dynamics::{Model, State};
use crate::env::Info;

/// Velocities are observed up to this (m/s, rad/s).
pub(in crate::tasks) const SEEN_VELOCITY: f64 = 10.0;

/// Whether a number lies between two others, neither of them included.
pub(in crate::tasks) fn within([low, high]: [f64; 2], x: f64) -> bool {
    low < x && x < high
}

/// Names of the numbers that explain the reward.
pub(in crate::tasks) fn info(version: Version) -> &'static [&'static str] {
    let old: &[&str] = &["x_position", "x_velocity"];
    let new: &[&str] = &[
        "x_position",
        "x_velocity",
        "z_distance_from_origin",
        "reward_forward",
        "reward_ctrl",
        "reward_survive",
    ];
    version.pick(old, old, new)
}

/// What a reset tells.
pub(in crate::tasks) fn reset_info(version: Version, model: &Model, state: &State) -> Info {
    if version != Version::V5 {
        return Info::default();
    }
    let rise = state.qpos[1] - model.qpos0[1];
    Info::named(
        &["x_position", "z_distance_from_origin"],
        [state.qpos[0], rise],
    )
}

/// Weights of the reward.
pub(in crate::tasks) struct Terms {
    pub(in crate::tasks) version: Version,
    pub(in crate::tasks) forward_reward_weight: f64,
    pub(in crate::tasks) ctrl_cost_weight: f64,
    pub(in crate::tasks) healthy_reward: f64,
    pub(in crate::tasks) terminate_when_unhealthy: bool,
}

impl Terms {
    pub(in crate::tasks) fn score(&self, transition: &Transition<'_>, healthy: bool) -> Score {
        let qpos = &transition.state.qpos;
        let x_velocity = transition.velocity(0, qpos[0]);
        let forward = self.forward_reward_weight * x_velocity;
        let survive = survival(
            self.version,
            self.healthy_reward,
            self.terminate_when_unhealthy,
            healthy,
        );
        let ctrl = self.ctrl_cost_weight * transition.effort();
        let rise = qpos[1] - transition.model.qpos0[1];
        Score {
            reward: forward + survive - ctrl,
            terminated: !healthy && self.terminate_when_unhealthy,
            info: Info::named(
                info(self.version),
                [qpos[0], x_velocity, rise, forward, -ctrl, survive],
            ),
        }
    }
}

/// The reward of being healthy. Before the fifth version it is paid on every step if the first unhealthy one ends
/// the episode.
pub(in crate::tasks) fn survival(
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
