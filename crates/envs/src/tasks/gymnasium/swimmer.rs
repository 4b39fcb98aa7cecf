//! Swimmer: swim forward through a viscous fluid; nothing ends the episode but time.

use super::Version;
use super::common::{check_noise_scale, plane_position_info};
use crate::dynamics::{Model, State};
use crate::env::{Info, SpaceDim};
use crate::tasks::observation::{Observation, positions, velocities};
use crate::tasks::{Outcome, PreStep, Requirements, ResetCtx, Task, TaskSpec, Transition};
use crate::{Result, mjcf};
use serde::{Deserialize, Serialize};

/// Settings of the task; the defaults are Gymnasium's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.version.pick("Swimmer-v3", "Swimmer-v4", "Swimmer-v5"),
            about: "Three links in a viscous fluid swim along x by bending.",
            source: "Gymnasium 1.x, swimmer_v5.py; Coulom (2002), Reinforcement Learning Using Neural Networks, with Applications to Motor Control",
            info: self.version.pick(OLD_INFO, OLD_INFO, INFO),
            frame_skip: self.frame_skip,
            max_episode_steps: 1000,
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(include_str!("../../../assets/swimmer.xml"), self.spec().id)
    }

    fn requirements(&self) -> Requirements {
        Requirements {
            positions: 2,
            ..Requirements::default()
        }
    }

    fn check(&self, _: &Model) -> Result<()> {
        check_noise_scale(self.spec().id, self.reset_noise_scale)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        [
            positions(model, self.skipped()),
            velocities(model, f64::INFINITY),
        ]
        .concat()
    }

    fn reset(&self, ctx: &mut ResetCtx<'_>) {
        ctx.rng.add_uniform_noise(ctx.qpos, self.reset_noise_scale);
        ctx.rng.add_uniform_noise(ctx.qvel, self.reset_noise_scale);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos[self.skipped()..]);
        observation.push(&state.qvel);
    }

    fn pre_step(&self, _: &Model, state: &State) -> PreStep {
        [state.qpos[0], state.qpos[1], 0.0]
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let (x, y) = (transition.state.qpos[0], transition.state.qpos[1]);
        let (vx, vy) = (transition.velocity(0, x), transition.velocity(1, y));
        let forward = self.forward_reward_weight * vx;
        let ctrl = transition.ctrl_cost(self.ctrl_cost_weight);
        let distance = (x * x + y * y).sqrt();
        Outcome {
            reward: forward - ctrl,
            terminated: false,
            info: Info::new(
                self.spec().info,
                [x, y, distance, vx, vy, forward, -ctrl, forward],
            ),
        }
    }

    fn reset_info(&self, _: &Model, state: &State) -> Info {
        if self.version == Version::V5 {
            plane_position_info(state)
        } else {
            Info::default()
        }
    }
}
