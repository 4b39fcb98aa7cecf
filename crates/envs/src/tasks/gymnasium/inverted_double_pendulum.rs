//! InvertedDoublePendulum: keep two poles, one on the other, upright on a cart.

use super::Version;
use super::common::check_noise_scale;
use crate::dynamics::{Model, State, sin_cos};
use crate::env::{Info, SpaceDim};
use crate::tasks::observation::{Observation, positions, velocities};
use crate::tasks::{Outcome, Requirements, ResetCtx, Task, TaskSpec, Transition};
use crate::{Result, mjcf};
use serde::{Deserialize, Serialize};

/// Velocities and constraint forces are observed up to this.
const SEEN: f64 = 10.0;
/// Height of the tip at which the episode ends (m).
const LOWEST_TIP: f64 = 1.0;

/// Settings of the task; the defaults are Gymnasium's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvertedDoublePendulum {
    /// Revision of the task: the fourth (`V3` is the same) observes all three constraint forces and pays for the
    /// step that ends the episode too.
    pub version: Version,
    /// Physics steps of 0.01 s per step. Default 5.
    pub frame_skip: usize,
    /// Reward of every healthy step. Default 10.
    pub healthy_reward: f64,
    /// Scale of the noise at reset. Default 0.1.
    pub reset_noise_scale: f64,
}

impl InvertedDoublePendulum {
    /// The published settings of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            frame_skip: 5,
            healthy_reward: 10.0,
            reset_noise_scale: 0.1,
        }
    }

    /// Number of constraint forces that are observed.
    fn forces(&self) -> usize {
        self.version.pick(3, 3, 1)
    }
}

impl Default for InvertedDoublePendulum {
    fn default() -> Self {
        Self::new(Version::V5)
    }
}

impl Task for InvertedDoublePendulum {
    fn spec(&self) -> TaskSpec {
        let new: &[&str] = &["reward_survive", "distance_penalty", "velocity_penalty"];
        TaskSpec {
            id: self.version.pick(
                "InvertedDoublePendulum-v4",
                "InvertedDoublePendulum-v4",
                "InvertedDoublePendulum-v5",
            ),
            about: "A cart keeps two poles, one on the other, upright.",
            source: "Gymnasium 1.x, inverted_double_pendulum_v5.py; Barto, Sutton and Anderson (1983)",
            info: self.version.pick(&[], &[], new),
            frame_skip: self.frame_skip,
            max_episode_steps: 1000,
        }
    }

    fn model(&self) -> Result<Model> {
        let xml = include_str!("../../../assets/inverted_double_pendulum.xml");
        mjcf::compile(xml, self.spec().id)
    }

    fn requirements(&self) -> Requirements {
        Requirements {
            positions: 3,
            velocities: 3,
            sites: 1,
            ..Requirements::default()
        }
    }

    fn check(&self, _: &Model) -> Result<()> {
        check_noise_scale(self.spec().id, self.reset_noise_scale)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let mut all = positions(model, 0);
        let angles = all.split_off(1);
        for function in ["sine", "cosine"] {
            let names = angles.iter().map(|angle| &angle.name);
            all.extend(
                names.map(|name| SpaceDim::bounded(format!("{function} of {name}"), "1", 1.0)),
            );
        }
        let moving = velocities(model, SEEN);
        all.extend(moving.iter().cloned());
        let forces = moving[..self.forces()].iter().map(|velocity| {
            let of = velocity.name.trim_start_matches("velocity of ");
            SpaceDim::bounded(format!("constraint force on {of}"), "N", SEEN)
        });
        all.extend(forces);
        all
    }

    fn reset(&self, ctx: &mut ResetCtx<'_>) {
        ctx.rng.add_uniform_noise(ctx.qpos, self.reset_noise_scale);
        ctx.rng.add_normal_noise(ctx.qvel, self.reset_noise_scale);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        let [cart, angles @ ..] = state.qpos.as_slice() else {
            return;
        };
        observation.push(&[*cart]);
        observation.extend(angles.iter().map(|angle| sin_cos(*angle).0));
        observation.extend(angles.iter().map(|angle| sin_cos(*angle).1));
        observation.push_clipped(&state.qvel, SEEN);
        observation.push_clipped(&state.qfrc_constraint[..self.forces()], SEEN);
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let state = transition.state;
        let tip = state.site_xpos[0];
        let (v1, v2) = (state.qvel[1], state.qvel[2]);
        let distance = 0.01 * tip.x * tip.x + (tip.z - 2.0) * (tip.z - 2.0);
        let velocity = 1e-3 * v1 * v1 + 5e-3 * v2 * v2;
        let terminated = tip.z <= LOWEST_TIP;
        let paid = !terminated || self.version != Version::V5;
        let survive = if paid { self.healthy_reward } else { 0.0 };
        Outcome {
            reward: survive - distance - velocity,
            terminated,
            info: Info::new(self.spec().info, [survive, -distance, -velocity]),
        }
    }
}
