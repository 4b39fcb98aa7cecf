//! Hopper: hop forward on one leg without falling.

use super::common::observed::{positions, put, put_clipped, velocities};
use super::common::planar::{self, within};
use super::common::{
    Before, Facts, Needs, Score, Start, Task, Transition, Version, check_noise, compile,
};
use crate::Result;
use crate::dynamics::{Model, State};
use crate::env::{Info, Quantity};

/// Settings of the task; the defaults are Gymnasium's. Ranges exclude their ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Hopper {
    /// Revision of the task. Before the fifth the healthy reward is paid on the step that ends the episode too.
    pub version: Version,
    /// Physics steps of 0.002 s per step. Default 4.
    pub frame_skip: usize,
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
    /// Whether the observation leaves the place along the track out. Default yes.
    pub exclude_current_positions_from_observation: bool,
}

impl Hopper {
    /// The published settings of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            frame_skip: 4,
            forward_reward_weight: 1.0,
            ctrl_cost_weight: 1e-3,
            healthy_reward: 1.0,
            terminate_when_unhealthy: true,
            healthy_state_range: [-100.0, 100.0],
            healthy_z_range: [0.7, f64::INFINITY],
            healthy_angle_range: [-0.2, 0.2],
            reset_noise_scale: 5e-3,
            exclude_current_positions_from_observation: true,
        }
    }

    fn is_healthy(&self, state: &State) -> bool {
        let (qpos, qvel) = (&state.qpos, &state.qvel);
        within(self.healthy_z_range, qpos[1])
            && within(self.healthy_angle_range, qpos[2])
            && qpos[2..]
                .iter()
                .chain(qvel)
                .all(|x| within(self.healthy_state_range, *x))
    }
}

impl Default for Hopper {
    fn default() -> Self {
        Self::new(Version::V5)
    }
}

impl Task for Hopper {
    fn facts(&self) -> Facts {
        Facts {
            id: self.version.pick("Hopper-v3", "Hopper-v4", "Hopper-v5"),
            about: "A one-legged robot in the plane hops forward without falling.",
            source: "Gymnasium 1.x, hopper_v5.py; Erez, Tassa and Todorov (2011), Infinite Horizon Model Predictive Control",
            info: planar::info(self.version),
            max_episode_steps: 1000,
        }
    }

    fn frame_skip(&self) -> usize {
        self.frame_skip
    }

    fn model(&self) -> Result<Model> {
        compile(include_str!("../../assets/hopper.xml"), self.facts().id)
    }

    fn check(&self, model: &Model) -> Result<()> {
        check_noise(self.facts().id, self.reset_noise_scale)?;
        let needs = Needs {
            positions: 3,
            ..Needs::default()
        };
        needs.check(self.facts().id, model)
    }

    fn observed(&self, model: &Model) -> Vec<Quantity> {
        let skipped = usize::from(self.exclude_current_positions_from_observation);
        [
            positions(model, skipped),
            velocities(model, planar::SEEN_VELOCITY),
        ]
        .concat()
    }

    fn start(&self, start: &mut Start<'_>) {
        start.shake_positions(self.reset_noise_scale);
        start.shake_velocities(self.reset_noise_scale);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut [f64]) {
        let skipped = usize::from(self.exclude_current_positions_from_observation);
        let at = put(observation, 0, &state.qpos[skipped..]);
        put_clipped(observation, at, &state.qvel, planar::SEEN_VELOCITY);
    }

    fn before(&self, _: &Model, state: &State) -> Before {
        [state.qpos[0], 0.0, 0.0]
    }

    fn score(&self, transition: &Transition<'_>) -> Score {
        let terms = planar::Terms {
            version: self.version,
            forward_reward_weight: self.forward_reward_weight,
            ctrl_cost_weight: self.ctrl_cost_weight,
            healthy_reward: self.healthy_reward,
            terminate_when_unhealthy: self.terminate_when_unhealthy,
        };
        terms.score(transition, self.is_healthy(transition.state))
    }

    fn reset_info(&self, model: &Model, state: &State) -> Info {
        planar::reset_info(self.version, model, state)
    }
}
