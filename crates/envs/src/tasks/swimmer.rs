//! Swimmer: swim forward through a viscous fluid; nothing ends the episode but time.

use super::common::observed::{positions, put, velocities};
use super::common::{
    Before, Facts, Needs, Score, Start, Task, Transition, Version, check_noise, compile,
    place_in_plane,
};
use crate::Result;
use crate::dynamics::{Model, State};
use crate::env::{Info, Quantity};

/// Settings of the task; the defaults are Gymnasium's.
#[derive(Clone, Debug, PartialEq)]
pub struct Swimmer {
    /// Revision of the task. All compute the same; the names in `info` differ.
    pub version: Version,
    /// Physics steps of 0.01 s per step. Default 4.
    pub frame_skip: usize,
    /// Reward per m/s along x. Default 1.
    pub forward_reward_weight: f64,
    /// Cost per squared unit of action. Default 0.0001.
    pub ctrl_cost_weight: f64,
    /// Scale of the noise at reset. Default 0.1.
    pub reset_noise_scale: f64,
    /// Whether the observation leaves the place in the plane out. Default yes.
    pub exclude_current_positions_from_observation: bool,
}

impl Swimmer {
    /// The published settings of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            frame_skip: 4,
            forward_reward_weight: 1.0,
            ctrl_cost_weight: 1e-4,
            reset_noise_scale: 0.1,
            exclude_current_positions_from_observation: true,
        }
    }

    fn skipped(&self) -> usize {
        2 * usize::from(self.exclude_current_positions_from_observation)
    }
}

impl Default for Swimmer {
    fn default() -> Self {
        Self::new(Version::V5)
    }
}

const OLD_INFO: &[&str] = &[
    "x_position",
    "y_position",
    "distance_from_origin",
    "x_velocity",
    "y_velocity",
    "reward_fwd",
    "reward_ctrl",
    "forward_reward",
];
const INFO: &[&str] = &[
    "x_position",
    "y_position",
    "distance_from_origin",
    "x_velocity",
    "y_velocity",
    "reward_forward",
    "reward_ctrl",
];

impl Task for Swimmer {
    fn facts(&self) -> Facts {
        Facts {
            id: self.version.pick("Swimmer-v3", "Swimmer-v4", "Swimmer-v5"),
            about: "Three links in a viscous fluid swim along x by bending.",
            source: "Gymnasium 1.x, swimmer_v5.py; Coulom (2002), Reinforcement Learning Using Neural Networks, with Applications to Motor Control",
            info: self.version.pick(OLD_INFO, OLD_INFO, INFO),
            max_episode_steps: 1000,
        }
    }

    fn frame_skip(&self) -> usize {
        self.frame_skip
    }

    fn model(&self) -> Result<Model> {
        compile(include_str!("../../assets/swimmer.xml"), self.facts().id)
    }

    fn check(&self, model: &Model) -> Result<()> {
        check_noise(self.facts().id, self.reset_noise_scale)?;
        let needs = Needs {
            positions: 2,
            ..Needs::default()
        };
        needs.check(self.facts().id, model)
    }

    fn observed(&self, model: &Model) -> Vec<Quantity> {
        [
            positions(model, self.skipped()),
            velocities(model, f64::INFINITY),
        ]
        .concat()
    }

    fn start(&self, start: &mut Start<'_>) {
        start.shake_positions(self.reset_noise_scale);
        start.shake_velocities(self.reset_noise_scale);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut [f64]) {
        let at = put(observation, 0, &state.qpos[self.skipped()..]);
        put(observation, at, &state.qvel);
    }

    fn before(&self, _: &Model, state: &State) -> Before {
        [state.qpos[0], state.qpos[1], 0.0]
    }

    fn score(&self, transition: &Transition<'_>) -> Score {
        let (x, y) = (transition.state.qpos[0], transition.state.qpos[1]);
        let (vx, vy) = (transition.velocity(0, x), transition.velocity(1, y));
        let forward = self.forward_reward_weight * vx;
        let ctrl = self.ctrl_cost_weight * transition.effort();
        let distance = (x * x + y * y).sqrt();
        Score {
            reward: forward - ctrl,
            terminated: false,
            info: Info::named(
                self.facts().info,
                [x, y, distance, vx, vy, forward, -ctrl, forward],
            ),
        }
    }

    fn reset_info(&self, _: &Model, state: &State) -> Info {
        if self.version == Version::V5 {
            place_in_plane(state)
        } else {
            Info::default()
        }
    }
}
