//! Pusher: push a cylinder across a table to a goal.

use super::common::observed::{body_place, place, positions, put, velocities};
use super::common::{Before, Facts, Needs, Score, Start, Task, Transition, compile};
use crate::Result;
use crate::dynamics::{Model, State};
use crate::env::{Info, Quantity};

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
#[derive(Clone, Debug, PartialEq)]
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
    fn facts(&self) -> Facts {
        Facts {
            id: "Pusher-v5",
            about: "An arm of seven joints pushes a cylinder to a goal.",
            source: "Gymnasium 1.x, pusher_v5.py",
            info: &["reward_dist", "reward_ctrl", "reward_near"],
            max_episode_steps: 100,
        }
    }

    fn frame_skip(&self) -> usize {
        self.frame_skip
    }

    fn model(&self) -> Result<Model> {
        compile(include_str!("../../assets/pusher.xml"), self.facts().id)
    }

    fn check(&self, model: &Model) -> Result<()> {
        let needs = Needs {
            positions: ARM + PUSHED,
            velocities: ARM + PUSHED,
            bodies: &[TIPS, OBJECT, GOAL],
            ..Needs::default()
        };
        needs.check(self.facts().id, model)
    }

    fn observed(&self, model: &Model) -> Vec<Quantity> {
        let mut all: Vec<_> = positions(model, 0).into_iter().take(ARM).collect();
        all.extend(velocities(model, f64::INFINITY).into_iter().take(ARM));
        for body in [TIPS, OBJECT, GOAL] {
            all.extend(place(body));
        }
        all
    }

    fn start(&self, start: &mut Start<'_>) {
        let object = loop {
            let object = [start.rng.uniform(-0.3, 0.0), start.rng.uniform(-0.2, 0.2)];
            if (object[0] * object[0] + object[1] * object[1]).sqrt() > APART {
                break object;
            }
        };
        let (place, speed) = (start.qpos.len() - PUSHED, start.qvel.len() - PUSHED);
        start.qpos[place..place + 2].copy_from_slice(&object);
        start.qpos[place + 2..].fill(0.0);
        start.shake_velocities(0.005);
        start.qvel[speed..].fill(0.0);
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut [f64]) {
        let at = put(observation, 0, &state.qpos[..ARM]);
        let mut at = put(observation, at, &state.qvel[..ARM]);
        for body in [TIPS, OBJECT, GOAL] {
            at = put(observation, at, &body_place(model, state, body).to_array());
        }
    }

    fn before(&self, _: &Model, _: &State) -> Before {
        Before::default()
    }

    fn score(&self, transition: &Transition<'_>) -> Score {
        let place = |name| body_place(transition.model, transition.state, name);
        let object = place(OBJECT);
        let near = -(object - place(TIPS)).length() * self.reward_near_weight;
        let distance = -(object - place(GOAL)).length() * self.reward_dist_weight;
        let ctrl = -transition.effort() * self.reward_control_weight;
        Score {
            reward: distance + ctrl + near,
            terminated: false,
            info: Info::named(self.facts().info, [distance, ctrl, near]),
        }
    }
}
