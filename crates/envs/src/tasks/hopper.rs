//! Hopper: hop forward on one leg without falling.

use super::common::{
    ResetNoise, Score, Task, Transition, bounded, free, motor, planar_observation,
};
use crate::env::{Info, TaskInfo};

/// Velocities are observed up to this (m/s, rad/s).
const SEEN_VELOCITY: f64 = 10.0;

/// Settings of the task; the defaults are Gymnasium's. Ranges exclude their ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Hopper {
    /// Reward per m/s forward. Default 1.
    pub forward_reward_weight: f64,
    /// Cost per squared unit of action. Default 0.001.
    pub ctrl_cost_weight: f64,
    /// Reward of every healthy step. Default 1.
    pub healthy_reward: f64,
    /// Whether falling ends the episode. Default yes.
    pub terminate_when_unhealthy: bool,
    /// Every position and velocity but `rootx` and `rootz` while healthy. Default ±100.
    pub healthy_state_range: [f64; 2],
    /// Height of the torso while healthy (m). Default above 0.7.
    pub healthy_z_range: [f64; 2],
    /// Lean of the torso while healthy (rad). Default ±0.2.
    pub healthy_angle_range: [f64; 2],
    /// Scale of the noise at reset. Default 0.005.
    pub reset_noise_scale: f64,
}

impl Default for Hopper {
    fn default() -> Self {
        Self {
            forward_reward_weight: 1.0,
            ctrl_cost_weight: 1e-3,
            healthy_reward: 1.0,
            terminate_when_unhealthy: true,
            healthy_state_range: [-100.0, 100.0],
            healthy_z_range: [0.7, f64::INFINITY],
            healthy_angle_range: [-0.2, 0.2],
            reset_noise_scale: 5e-3,
        }
    }
}

const INFO: TaskInfo = TaskInfo {
    id: "Hopper-v5",
    about: "A one-legged robot in the plane hops forward without falling.",
    source: "Gymnasium 1.x, hopper_v5.py; Erez, Tassa and Todorov (2011), Infinite Horizon Model Predictive Control",
    observation: &[
        free("rootz", "m"),
        free("rooty", "rad"),
        free("thigh_joint", "rad"),
        free("leg_joint", "rad"),
        free("foot_joint", "rad"),
        bounded("velocity of rootx", "m/s", SEEN_VELOCITY),
        bounded("velocity of rootz", "m/s", SEEN_VELOCITY),
        bounded("velocity of rooty", "rad/s", SEEN_VELOCITY),
        bounded("velocity of thigh_joint", "rad/s", SEEN_VELOCITY),
        bounded("velocity of leg_joint", "rad/s", SEEN_VELOCITY),
        bounded("velocity of foot_joint", "rad/s", SEEN_VELOCITY),
    ],
    action: &[
        motor("thigh_joint"),
        motor("leg_joint"),
        motor("foot_joint"),
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

impl Hopper {
    fn is_healthy(&self, qpos: &[f64], qvel: &[f64]) -> bool {
        let within = |[low, high]: [f64; 2], x: f64| low < x && x < high;
        within(self.healthy_z_range, qpos[1])
            && within(self.healthy_angle_range, qpos[2])
            && qpos[2..]
                .iter()
                .chain(qvel)
                .all(|x| within(self.healthy_state_range, *x))
    }
}

impl Task for Hopper {
    const INFO: &'static TaskInfo = &INFO;
    const XML: &'static str = include_str!("../../assets/hopper.xml");

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
        let healthy = self.is_healthy(transition.qpos, transition.qvel);
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
