//! Walker2d: walk forward on two legs without falling.

use super::common::{
    ResetNoise, Score, Task, Transition, bounded, free, motor, planar_observation,
};
use crate::env::{Info, TaskInfo};

/// Velocities are observed up to this (m/s, rad/s).
const SEEN_VELOCITY: f64 = 10.0;

/// Settings of the task; the defaults are Gymnasium's. Ranges exclude their ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Walker2d {
    /// Reward per m/s forward. Default 1.
    pub forward_reward_weight: f64,
    /// Cost per squared unit of action. Default 0.001.
    pub ctrl_cost_weight: f64,
    /// Reward of every healthy step. Default 1.
    pub healthy_reward: f64,
    /// Whether falling ends the episode. Default yes.
    pub terminate_when_unhealthy: bool,
    /// Height of the torso while healthy (m). Default 0.8 to 2.
    pub healthy_z_range: [f64; 2],
    /// Lean of the torso while healthy (rad). Default ±1.
    pub healthy_angle_range: [f64; 2],
    /// Scale of the noise at reset. Default 0.005.
    pub reset_noise_scale: f64,
}

impl Default for Walker2d {
    fn default() -> Self {
        Self {
            forward_reward_weight: 1.0,
            ctrl_cost_weight: 1e-3,
            healthy_reward: 1.0,
            terminate_when_unhealthy: true,
            healthy_z_range: [0.8, 2.0],
            healthy_angle_range: [-1.0, 1.0],
            reset_noise_scale: 5e-3,
        }
    }
}

const INFO: TaskInfo = TaskInfo {
    id: "Walker2d-v5",
    about: "A two-legged robot in the plane walks forward without falling.",
    source: "Gymnasium 1.x, walker2d_v5.py; Erez, Tassa and Todorov (2011), Infinite Horizon Model Predictive Control",
    observation: &[
        free("rootz", "m"),
        free("rooty", "rad"),
        free("thigh_joint", "rad"),
        free("leg_joint", "rad"),
        free("foot_joint", "rad"),
        free("thigh_left_joint", "rad"),
        free("leg_left_joint", "rad"),
        free("foot_left_joint", "rad"),
        bounded("velocity of rootx", "m/s", SEEN_VELOCITY),
        bounded("velocity of rootz", "m/s", SEEN_VELOCITY),
        bounded("velocity of rooty", "rad/s", SEEN_VELOCITY),
        bounded("velocity of thigh_joint", "rad/s", SEEN_VELOCITY),
        bounded("velocity of leg_joint", "rad/s", SEEN_VELOCITY),
        bounded("velocity of foot_joint", "rad/s", SEEN_VELOCITY),
        bounded("velocity of thigh_left_joint", "rad/s", SEEN_VELOCITY),
        bounded("velocity of leg_left_joint", "rad/s", SEEN_VELOCITY),
        bounded("velocity of foot_left_joint", "rad/s", SEEN_VELOCITY),
    ],
    action: &[
        motor("thigh_joint"),
        motor("leg_joint"),
        motor("foot_joint"),
        motor("thigh_left_joint"),
        motor("leg_left_joint"),
        motor("foot_left_joint"),
    ],
    info: &[
        "x_position",
        "z_distance_from_origin",
        "x_velocity",
        "reward_forward",
        "reward_ctrl",
        "reward_survive",
    ],
    frame_skip: 4,
    max_episode_steps: 1000,
};

impl Walker2d {
    fn is_healthy(&self, qpos: &[f64]) -> bool {
        let within = |[low, high]: [f64; 2], x: f64| low < x && x < high;
        within(self.healthy_z_range, qpos[1]) && within(self.healthy_angle_range, qpos[2])
    }
}

impl Task for Walker2d {
    const INFO: &'static TaskInfo = &INFO;
    const XML: &'static str = include_str!("../../assets/walker2d.xml");

    fn reset_noise(&self) -> ResetNoise {
        ResetNoise {
            scale: self.reset_noise_scale,
            normal_velocity: false,
        }
    }

    fn observe(&self, qpos: &[f64], qvel: &[f64], observation: &mut [f64]) {
        planar_observation(qpos, qvel, SEEN_VELOCITY, observation);
    }

    fn score(&self, transition: &Transition<'_>) -> Score {
        let healthy = self.is_healthy(transition.qpos);
        let x_velocity = transition.x_velocity();
        let forward = self.forward_reward_weight * x_velocity;
        let survive = if healthy { self.healthy_reward } else { 0.0 };
        let ctrl = self.ctrl_cost_weight * transition.effort();
        Score {
            reward: forward + survive - ctrl,
            terminated: !healthy && self.terminate_when_unhealthy,
            info: Info::new([
                ("x_position", transition.qpos[0]),
                (
                    "z_distance_from_origin",
                    transition.qpos[1] - transition.qpos0[1],
                ),
                ("x_velocity", x_velocity),
                ("reward_forward", forward),
                ("reward_ctrl", -ctrl),
                ("reward_survive", survive),
            ]),
        }
    }
}
