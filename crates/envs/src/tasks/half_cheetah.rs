//! HalfCheetah: run forward; nothing ends the episode but time.

use super::common::{ResetNoise, Score, Task, Transition, free, motor, planar_observation};
use crate::env::{Info, TaskInfo};

/// Settings of the task; the defaults are Gymnasium's.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfCheetah {
    /// Reward per m/s forward. Default 1.
    pub forward_reward_weight: f64,
    /// Cost per squared unit of action. Default 0.1.
    pub ctrl_cost_weight: f64,
    /// Scale of the noise at reset. Default 0.1.
    pub reset_noise_scale: f64,
}

impl Default for HalfCheetah {
    fn default() -> Self {
        Self {
            forward_reward_weight: 1.0,
            ctrl_cost_weight: 0.1,
            reset_noise_scale: 0.1,
        }
    }
}

const INFO: TaskInfo = TaskInfo {
    id: "HalfCheetah-v5",
    about: "A two-legged cheetah in the plane runs forward as fast as it can.",
    source: "Gymnasium 1.x, half_cheetah_v5.py; Wawrzyński (2009), A Cat-Like Robot Real-Time Learning to Run",
    observation: &[
        free("rootz", "m"),
        free("rooty", "rad"),
        free("bthigh", "rad"),
        free("bshin", "rad"),
        free("bfoot", "rad"),
        free("fthigh", "rad"),
        free("fshin", "rad"),
        free("ffoot", "rad"),
        free("velocity of rootx", "m/s"),
        free("velocity of rootz", "m/s"),
        free("velocity of rooty", "rad/s"),
        free("velocity of bthigh", "rad/s"),
        free("velocity of bshin", "rad/s"),
        free("velocity of bfoot", "rad/s"),
        free("velocity of fthigh", "rad/s"),
        free("velocity of fshin", "rad/s"),
        free("velocity of ffoot", "rad/s"),
    ],
    action: &[
        motor("bthigh"),
        motor("bshin"),
        motor("bfoot"),
        motor("fthigh"),
        motor("fshin"),
        motor("ffoot"),
    ],
    info: &["x_position", "x_velocity", "reward_forward", "reward_ctrl"],
    frame_skip: 5,
    max_episode_steps: 1000,
};

impl Task for HalfCheetah {
    const INFO: &'static TaskInfo = &INFO;
    const XML: &'static str = include_str!("../../assets/half_cheetah.xml");

    fn reset_noise(&self) -> ResetNoise {
        ResetNoise {
            scale: self.reset_noise_scale,
            normal_velocity: true,
        }
    }

    fn observe(&self, qpos: &[f64], qvel: &[f64], observation: &mut [f64]) {
        planar_observation(qpos, qvel, f64::INFINITY, observation);
    }

    fn score(&self, transition: &Transition<'_>) -> Score {
        let x_velocity = transition.x_velocity();
        let forward = self.forward_reward_weight * x_velocity;
        let ctrl = self.ctrl_cost_weight * transition.effort();
        Score {
            reward: forward - ctrl,
            terminated: false,
            info: Info::new([
                ("x_position", transition.qpos[0]),
                ("x_velocity", x_velocity),
                ("reward_forward", forward),
                ("reward_ctrl", -ctrl),
            ]),
        }
    }
}
