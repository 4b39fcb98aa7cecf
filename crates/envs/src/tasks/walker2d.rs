//! Walker2d: walk forward on two legs without falling.

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
pub struct Walker2d {
    /// Revision of the task. Before the fifth the right foot is smoother (friction 0.9 in the place of 1.9),
    /// and the healthy reward is paid on the step that ends the episode too.
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
    /// Height of the torso while healthy (m). Default 0.8 to 2.
    pub healthy_z_range: [f64; 2],
    /// Lean of the torso while healthy (rad). Default ±1.
    pub healthy_angle_range: [f64; 2],
    /// Scale of the noise at reset. Default 0.005.
    pub reset_noise_scale: f64,
    /// Whether the observation leaves the place along the track out. Default yes.
    pub exclude_current_positions_from_observation: bool,
}

impl Walker2d {
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
            healthy_z_range: [0.8, 2.0],
            healthy_angle_range: [-1.0, 1.0],
            reset_noise_scale: 5e-3,
            exclude_current_positions_from_observation: true,
        }
    }

    fn is_healthy(&self, state: &State) -> bool {
        within(self.healthy_z_range, state.qpos[1])
            && within(self.healthy_angle_range, state.qpos[2])
    }
}

impl Default for Walker2d {
    fn default() -> Self {
        Self::new(Version::V5)
    }
}

impl Task for Walker2d {
    fn facts(&self) -> Facts {
        Facts {
            id: self
                .version
                .pick("Walker2d-v3", "Walker2d-v4", "Walker2d-v5"),
            about: "A two-legged robot in the plane walks forward without falling.",
            source: "Gymnasium 1.x, walker2d_v5.py; Erez, Tassa and Todorov (2011), Infinite Horizon Model Predictive Control",
            info: planar::info(self.version),
            max_episode_steps: 1000,
        }
    }

    fn frame_skip(&self) -> usize {
        self.frame_skip
    }

    fn model(&self) -> Result<Model> {
        let mut model = compile(include_str!("../../assets/walker2d.xml"), self.facts().id)?;
        if self.version != Version::V5 {
            slip(&mut model);
        }
        Ok(model)
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

/// Gives the right foot the friction that it had before the fifth version.
fn slip(model: &mut Model) {
    let foot = model.geoms.name.iter().position(|name| name == "foot_geom");
    if let Some(geom) = foot {
        model.geoms.friction[geom][0] = 0.9;
        for pair in model
            .pairs
            .iter_mut()
            .filter(|pair| pair.geoms.contains(&geom))
        {
            let sliding = pair.geoms.map(|geom| model.geoms.friction[geom][0]);
            pair.friction[..2].fill(sliding[0].max(sliding[1]));
        }
    }
}
