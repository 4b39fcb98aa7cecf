//! InvertedPendulum: keep a pole on a cart upright.

use super::Version;
use super::common::check_noise_scale;
use crate::dynamics::{Model, State};
use crate::env::{Info, SpaceDim};
use crate::tasks::observation::{Observation, positions, velocities};
use crate::tasks::{Outcome, Requirements, ResetCtx, Task, TaskSpec, Transition};
use crate::{Result, mjcf};
use serde::{Deserialize, Serialize};

/// Lean of the pole at which the episode ends (rad).
const MOST_LEAN: f64 = 0.2;

/// Settings of the task; the defaults are Gymnasium's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvertedPendulum {
    /// Revision of the task: the fourth (`V3` is the same) pays on the step that ends the episode too.
    pub version: Version,
    /// Physics steps of 0.02 s per step. Default 2.
    pub frame_skip: usize,
    /// Scale of the noise at reset. Default 0.01.
    pub reset_noise_scale: f64,
}

impl InvertedPendulum {
    /// The published settings of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            frame_skip: 2,
            reset_noise_scale: 0.01,
        }
    }
}

impl Default for InvertedPendulum {
    fn default() -> Self {
        Self::new(Version::V5)
    }
}

impl Task for InvertedPendulum {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.version.pick(
                "InvertedPendulum-v4",
                "InvertedPendulum-v4",
                "InvertedPendulum-v5",
            ),
            about: "A cart keeps the pole on it upright.",
            source: "Gymnasium 1.x, inverted_pendulum_v5.py; Barto, Sutton and Anderson (1983), Neuronlike Adaptive Elements That Can Solve Difficult Learning Control Problems",
            info: self.version.pick(&[], &[], &["reward_survive"]),
            frame_skip: self.frame_skip,
            max_episode_steps: 1000,
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(
            include_str!("../../../assets/inverted_pendulum.xml"),
            self.spec().id,
        )
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
        [positions(model, 0), velocities(model, f64::INFINITY)].concat()
    }

    fn reset(&self, ctx: &mut ResetCtx<'_>) {
        ctx.rng.add_uniform_noise(ctx.qpos, self.reset_noise_scale);
        ctx.rng.add_uniform_noise(ctx.qvel, self.reset_noise_scale);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos);
        observation.push(&state.qvel);
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let state = transition.state;
        let finite = state.qpos.iter().chain(&state.qvel).all(|x| x.is_finite());
        let terminated = !finite || state.qpos[1].abs() > MOST_LEAN;
        let paid = !terminated || self.version != Version::V5;
        let reward = if paid { 1.0 } else { 0.0 };
        Outcome {
            reward,
            terminated,
            info: Info::new(self.spec().info, [reward]),
        }
    }
}
