//! HalfCheetah: run forward; nothing ends the episode but time.

use super::common::observed::{positions, put, velocities};
use super::common::{
    Before, Facts, Needs, Score, Start, Task, Transition, Version, check_noise, compile,
};
use crate::Result;
use crate::dynamics::{Model, State};
use crate::env::{Info, Quantity};

/// Settings of the task; the defaults are Gymnasium's.
#[derive(Clone, Debug, PartialEq)]
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
    fn facts(&self) -> Facts {
        let old: &[&str] = &["x_position", "x_velocity", "reward_run", "reward_ctrl"];
        let new: &[&str] = &["x_position", "x_velocity", "reward_forward", "reward_ctrl"];
        Facts {
            id: self
                .version
                .pick("HalfCheetah-v3", "HalfCheetah-v4", "HalfCheetah-v5"),
            about: "A two-legged cheetah in the plane runs forward as fast as it can.",
            source: "Gymnasium 1.x, half_cheetah_v5.py; Wawrzyński (2009), A Cat-Like Robot Real-Time Learning to Run",
            info: self.version.pick(old, old, new),
            max_episode_steps: 1000,
        }
    }

    fn frame_skip(&self) -> usize {
        self.frame_skip
    }

    fn model(&self) -> Result<Model> {
        compile(
            include_str!("../../assets/half_cheetah.xml"),
            self.facts().id,
        )
    }

    fn check(&self, model: &Model) -> Result<()> {
        check_noise(self.facts().id, self.reset_noise_scale)?;
        let needs = Needs {
            positions: 1,
            ..Needs::default()
        };
        needs.check(self.facts().id, model)
    }

    fn observed(&self, model: &Model) -> Vec<Quantity> {
        let skipped = usize::from(self.exclude_current_positions_from_observation);
        [positions(model, skipped), velocities(model, f64::INFINITY)].concat()
    }

    fn start(&self, start: &mut Start<'_>) {
        start.shake_positions(self.reset_noise_scale);
        start.kick_velocities(self.reset_noise_scale);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut [f64]) {
        let skipped = usize::from(self.exclude_current_positions_from_observation);
        let at = put(observation, 0, &state.qpos[skipped..]);
        put(observation, at, &state.qvel);
    }

    fn before(&self, _: &Model, state: &State) -> Before {
        [state.qpos[0], 0.0, 0.0]
    }

    fn score(&self, transition: &Transition<'_>) -> Score {
        let x = transition.state.qpos[0];
        let x_velocity = transition.velocity(0, x);
        let forward = self.forward_reward_weight * x_velocity;
        let ctrl = self.ctrl_cost_weight * transition.effort();
        let names = self.facts().info;
        Score {
            reward: forward - ctrl,
            terminated: false,
            info: Info::named(names, [x, x_velocity, forward, -ctrl]),
        }
    }

    fn reset_info(&self, _: &Model, state: &State) -> Info {
        if self.version == Version::V5 {
            Info::named(&["x_position"], [state.qpos[0]])
        } else {
            Info::default()
        }
    }
}
