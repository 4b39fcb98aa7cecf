//! Reacher: bring the tip of a two-link arm to a target.

use super::Version;
use crate::dynamics::{Model, State, sin_cos};
use crate::env::{Info, SpaceDim};
use crate::tasks::observation::{Observation, body_position, positions, velocities};
use crate::tasks::{Outcome, PreStep, Requirements, ResetCtx, Task, TaskSpec, Transition};
use crate::{Result, mjcf};
use glam::DVec3;
use serde::{Deserialize, Serialize};

/// Bodies of the model.
const FINGERTIP: &str = "fingertip";
const TARGET: &str = "target";
/// Half the side of the square in which targets are drawn, and how far from the middle they may be (m).
const REACH: f64 = 0.2;

/// Settings of the task; the defaults are Gymnasium's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reacher {
    /// Revision of the task: the fourth (`V3` is the same) takes the distance before the step and observes the
    /// height difference too.
    pub version: Version,
    /// Physics steps of 0.01 s per step. Default 2.
    pub frame_skip: usize,
    /// Cost per metre between tip and target. Default 1.
    pub reward_dist_weight: f64,
    /// Cost per squared unit of action. Default 1.
    pub reward_control_weight: f64,
}

impl Reacher {
    /// The published settings of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            frame_skip: 2,
            reward_dist_weight: 1.0,
            reward_control_weight: 1.0,
        }
    }

    /// Number of coordinates of the difference that are observed.
    fn coordinates(&self) -> usize {
        self.version.pick(3, 3, 2)
    }
}

impl Default for Reacher {
    fn default() -> Self {
        Self::new(Version::V5)
    }
}

/// From the target to the tip (m).
fn miss(model: &Model, state: &State) -> DVec3 {
    let [tip, target] = [FINGERTIP, TARGET].map(|name| body_position(model, state, name));
    tip - target
}

impl Task for Reacher {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.version.pick("Reacher-v4", "Reacher-v4", "Reacher-v5"),
            about: "A two-link arm brings its tip to a target.",
            source: "Gymnasium 1.x, reacher_v5.py",
            info: &["reward_dist", "reward_ctrl"],
            frame_skip: self.frame_skip,
            max_episode_steps: 50,
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(include_str!("../../../assets/reacher.xml"), self.spec().id)
    }

    fn requirements(&self) -> Requirements {
        Requirements {
            positions: 4,
            velocities: 4,
            bodies: &[FINGERTIP, TARGET],
            ..Requirements::default()
        }
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let mut angles = positions(model, 0);
        let rest = angles.split_off(2);
        let mut all = Vec::new();
        for function in ["cosine", "sine"] {
            let names = angles.iter().map(|angle| &angle.name);
            all.extend(
                names.map(|name| SpaceDim::bounded(format!("{function} of {name}"), "1", 1.0)),
            );
        }
        all.extend(rest);
        all.extend(velocities(model, f64::INFINITY).into_iter().take(2));
        let axes = ["x", "y", "z"].into_iter().take(self.coordinates());
        all.extend(
            axes.map(|axis| SpaceDim::unbounded(format!("{axis} from target to fingertip"), "m")),
        );
        all
    }

    fn reset(&self, ctx: &mut ResetCtx<'_>) {
        ctx.rng.add_uniform_noise(ctx.qpos, 0.1);
        let target = loop {
            let target = [0; 2].map(|_| ctx.rng.uniform(-REACH, REACH));
            if (target[0] * target[0] + target[1] * target[1]).sqrt() < REACH {
                break target;
            }
        };
        let (place, speed) = (ctx.qpos.len() - 2, ctx.qvel.len() - 2);
        ctx.qpos[place..].copy_from_slice(&target);
        ctx.rng.add_uniform_noise(ctx.qvel, 0.005);
        ctx.qvel[speed..].fill(0.0);
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        let (first, second) = (state.qpos[0], state.qpos[1]);
        let [(s1, c1), (s2, c2)] = [sin_cos(first), sin_cos(second)];
        let angles = [c1, c2, s1, s2];
        observation.push(&angles);
        observation.push(&state.qpos[2..]);
        observation.push(&state.qvel[..2]);
        observation.push(&miss(model, state).to_array()[..self.coordinates()]);
    }

    fn pre_step(&self, model: &Model, state: &State) -> PreStep {
        miss(model, state).to_array()
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let before = DVec3::from(transition.pre_step);
        let miss = self
            .version
            .pick(before, before, miss(transition.model, transition.state));
        let distance = -miss.length() * self.reward_dist_weight;
        let ctrl = -transition.ctrl_cost(self.reward_control_weight);
        Outcome {
            reward: distance + ctrl,
            terminated: false,
            info: Info::new(self.spec().info, [distance, ctrl]),
        }
    }
}
