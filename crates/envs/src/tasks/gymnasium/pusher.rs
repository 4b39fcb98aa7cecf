//! Pusher: push a cylinder across a table to a goal.

use crate::dynamics::{Model, State};
use crate::env::{Info, SpaceDim};
use crate::tasks::observation::{
    Observation, body_position, body_position_dims, positions, velocities,
};
use crate::tasks::{Outcome, Requirements, ResetCtx, Task, TaskSpec, Transition};
use crate::{Result, mjcf};
use serde::{Deserialize, Serialize};

/// Bodies of the model.
const TIPS: &str = "tips_arm";
const OBJECT: &str = "object";
const GOAL: &str = "goal";
/// Joints of the arm, which come first, and of object and goal, which come last.
const ARM: usize = 7;
const PUSHED: usize = 4;
/// The object begins at least this far from the goal (m).
const APART: f64 = 0.17;

/// Settings of the task; the defaults are Gymnasium's. There is one version: the fourth refuses MuJoCo 3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pusher {
    /// Physics steps of 0.01 s per step. Default 5.
    pub frame_skip: usize,
    /// Cost per metre between hand and object. Default 0.5.
    pub reward_near_weight: f64,
    /// Cost per metre between object and goal. Default 1.
    pub reward_dist_weight: f64,
    /// Cost per squared unit of action. Default 0.1.
    pub reward_control_weight: f64,
}

impl Default for Pusher {
    fn default() -> Self {
        Self {
            frame_skip: 5,
            reward_near_weight: 0.5,
            reward_dist_weight: 1.0,
            reward_control_weight: 0.1,
        }
    }
}

impl Task for Pusher {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: "Pusher-v5",
            about: "An arm of seven joints pushes a cylinder to a goal.",
            source: "Gymnasium 1.x, pusher_v5.py",
            info: &["reward_dist", "reward_ctrl", "reward_near"],
            frame_skip: self.frame_skip,
            max_episode_steps: 100,
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(include_str!("../../../assets/pusher.xml"), self.spec().id)
    }

    fn requirements(&self) -> Requirements {
        Requirements {
            positions: ARM + PUSHED,
            velocities: ARM + PUSHED,
            bodies: &[TIPS, OBJECT, GOAL],
            ..Requirements::default()
        }
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let mut all: Vec<_> = positions(model, 0).into_iter().take(ARM).collect();
        all.extend(velocities(model, f64::INFINITY).into_iter().take(ARM));
        for body in [TIPS, OBJECT, GOAL] {
            all.extend(body_position_dims(body));
        }
        all
    }

    fn reset(&self, ctx: &mut ResetCtx<'_>) {
        let object = loop {
            let object = [ctx.rng.uniform(-0.3, 0.0), ctx.rng.uniform(-0.2, 0.2)];
            if (object[0] * object[0] + object[1] * object[1]).sqrt() > APART {
                break object;
            }
        };
        let (place, speed) = (ctx.qpos.len() - PUSHED, ctx.qvel.len() - PUSHED);
        ctx.qpos[place..place + 2].copy_from_slice(&object);
        ctx.qpos[place + 2..].fill(0.0);
        ctx.rng.add_uniform_noise(ctx.qvel, 0.005);
        ctx.qvel[speed..].fill(0.0);
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos[..ARM]);
        observation.push(&state.qvel[..ARM]);
        for body in [TIPS, OBJECT, GOAL] {
            observation.push(&body_position(model, state, body).to_array());
        }
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let place = |name| body_position(transition.model, transition.state, name);
        let object = place(OBJECT);
        let near = -(object - place(TIPS)).length() * self.reward_near_weight;
        let distance = -(object - place(GOAL)).length() * self.reward_dist_weight;
        let ctrl = -transition.ctrl_cost(self.reward_control_weight);
        Outcome {
            reward: distance + ctrl + near,
            terminated: false,
            info: Info::new(self.spec().info, [distance, ctrl, near]),
        }
    }
}
