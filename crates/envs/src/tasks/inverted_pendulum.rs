//! InvertedPendulum: keep a pole on a cart upright.

use super::common::observed::{positions, put, velocities};
use super::common::{
    Before, Facts, Needs, Score, Start, Task, Transition, Version, check_noise, compile,
};
use crate::Result;
use crate::dynamics::{Model, State};
use crate::env::{Info, Quantity};

/// Lean of the pole at which the episode ends (rad).
const MOST_LEAN: f64 = 0.2;

/// Settings of the task; the defaults are Gymnasium's.
#[derive(Clone, Debug, PartialEq)]
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
    fn facts(&self) -> Facts {
        Facts {
            id: self.version.pick(
                "InvertedPendulum-v4",
                "InvertedPendulum-v4",
                "InvertedPendulum-v5",
            ),
            about: "A cart keeps the pole on it upright.",
            source: "Gymnasium 1.x, inverted_pendulum_v5.py; Barto, Sutton and Anderson (1983), Neuronlike Adaptive Elements That Can Solve Difficult Learning Control Problems",
            info: self.version.pick(&[], &[], &["reward_survive"]),
            max_episode_steps: 1000,
        }
    }

    fn frame_skip(&self) -> usize {
        self.frame_skip
    }

    fn model(&self) -> Result<Model> {
        compile(
            include_str!("../../assets/inverted_pendulum.xml"),
            self.facts().id,
        )
    }

    fn check(&self, model: &Model) -> Result<()> {
        check_noise(self.facts().id, self.reset_noise_scale)?;
        let needs = Needs {
            positions: 2,
            ..Needs::default()
        };
        needs.check(self.facts().id, model)
    }

    fn observed(&self, model: &Model) -> Vec<Quantity> {
        [positions(model, 0), velocities(model, f64::INFINITY)].concat()
    }

    fn start(&self, start: &mut Start<'_>) {
        start.shake_positions(self.reset_noise_scale);
        start.shake_velocities(self.reset_noise_scale);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut [f64]) {
        let at = put(observation, 0, &state.qpos);
        put(observation, at, &state.qvel);
    }

    fn before(&self, _: &Model, _: &State) -> Before {
        Before::default()
    }

    fn score(&self, transition: &Transition<'_>) -> Score {
        let state = transition.state;
        let finite = state.qpos.iter().chain(&state.qvel).all(|x| x.is_finite());
        let terminated = !finite || state.qpos[1].abs() > MOST_LEAN;
        let paid = !terminated || self.version != Version::V5;
        let reward = if paid { 1.0 } else { 0.0 };
        Score {
            reward,
            terminated,
            info: Info::named(self.facts().info, [reward]),
        }
    }
}
