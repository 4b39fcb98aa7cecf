//! HalfCheetah: run forward; nothing ends the episode but time.

use super::Version;
use super::common::check_noise_scale;
use crate::dynamics::{Model, State};
use crate::env::{Info, SpaceDim};
use crate::tasks::observation::{Observation, positions, velocities};
use crate::tasks::{Outcome, PreStep, Requirements, ResetCtx, Task, TaskSpec, Transition};
use crate::{Result, mjcf};
use serde::{Deserialize, Serialize};

/// Settings of the task; the defaults are Gymnasium's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HalfCheetah {
    /// Revision of the task. All compute the same; the names in `info` differ.
    pub version: Version,
    /// Physics steps of 0.01 s per step. Default 5.
    pub frame_skip: usize,
    /// Reward per m/s forward. Default 1.
    pub forward_reward_weight: f64,
    /// Cost per squared unit of action. Default 0.1.
    pub ctrl_cost_weight: f64,
    /// Scale of the noise at reset. Default 0.1.
    pub reset_noise_scale: f64,
    /// Whether the observation leaves the place along the track out. Default yes.
    pub exclude_current_positions_from_observation: bool,
}

impl HalfCheetah {
    /// The published settings of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            frame_skip: 5,
            forward_reward_weight: 1.0,
            ctrl_cost_weight: 0.1,
            reset_noise_scale: 0.1,
            exclude_current_positions_from_observation: true,
        }
    }
}

impl Default for HalfCheetah {
    fn default() -> Self {
        Self::new(Version::V5)
    }
}

impl Task for HalfCheetah {
    fn spec(&self) -> TaskSpec {
        let old: &[&str] = &["x_position", "x_velocity", "reward_run", "reward_ctrl"];
        let new: &[&str] = &["x_position", "x_velocity", "reward_forward", "reward_ctrl"];
        TaskSpec {
            id: self
                .version
                .pick("HalfCheetah-v3", "HalfCheetah-v4", "HalfCheetah-v5"),
            about: "A two-legged cheetah in the plane runs forward as fast as it can.",
            source: "Gymnasium 1.x, half_cheetah_v5.py; Wawrzyński (2009), A Cat-Like Robot Real-Time Learning to Run",
            info: self.version.pick(old, old, new),
            frame_skip: self.frame_skip,
            max_episode_steps: 1000,
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(
            include_str!("../../../assets/half_cheetah.xml"),
            self.spec().id,
        )
    }

    fn requirements(&self) -> Requirements {
        Requirements {
            positions: 1,
            ..Requirements::default()
        }
    }

    fn check(&self, _: &Model) -> Result<()> {
        check_noise_scale(self.spec().id, self.reset_noise_scale)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let skipped = usize::from(self.exclude_current_positions_from_observation);
        [positions(model, skipped), velocities(model, f64::INFINITY)].concat()
    }

    fn reset(&self, ctx: &mut ResetCtx<'_>) {
        ctx.rng.add_uniform_noise(ctx.qpos, self.reset_noise_scale);
        ctx.rng.add_normal_noise(ctx.qvel, self.reset_noise_scale);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        let skipped = usize::from(self.exclude_current_positions_from_observation);
        observation.push(&state.qpos[skipped..]);
        observation.push(&state.qvel);
    }

    fn pre_step(&self, _: &Model, state: &State) -> PreStep {
        [state.qpos[0], 0.0, 0.0]
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let x = transition.state.qpos[0];
        let x_velocity = transition.velocity(0, x);
        let forward = self.forward_reward_weight * x_velocity;
        let ctrl = transition.ctrl_cost(self.ctrl_cost_weight);
        let names = self.spec().info;
        Outcome {
            reward: forward - ctrl,
            terminated: false,
            info: Info::new(names, [x, x_velocity, forward, -ctrl]),
        }
    }

    fn reset_info(&self, _: &Model, state: &State) -> Info {
        if self.version == Version::V5 {
            Info::new(&["x_position"], [state.qpos[0]])
        } else {
            Info::default()
        }
    }
}
