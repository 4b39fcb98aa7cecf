//! A puck slides over a table to its middle.

use envs::dynamics::Model;
use envs::tasks::{Outcome, Requirements, ResetCtx, Task, TaskSpec, Transition};
use envs::{Info, Result, mjcf};

/// Slides to the middle, and must not leave the table.
#[derive(Clone)]
pub struct Puck;

impl Task for Puck {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: "Puck-v0",
            about: "A puck slides over a table to its middle.",
            source: "this crate",
            info: &["reward_distance", "reward_ctrl"],
            frame_skip: 5,
            max_episode_steps: 100,
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(include_str!("puck.xml"), "puck.xml")
    }

    fn requirements(&self) -> Requirements {
        Requirements {
            positions: 2,
            bodies: &["puck"],
            ..Requirements::default()
        }
    }

    fn reset(&self, ctx: &mut ResetCtx<'_>) {
        ctx.rng.add_uniform_noise(ctx.qpos, 1.0);
        ctx.rng.add_normal_noise(ctx.qvel, 0.1);
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let [x, y] = [0, 1].map(|i| transition.state.qpos[i]);
        let (distance, ctrl) = (x.hypot(y), transition.ctrl_cost(0.05));
        Outcome {
            reward: -distance - ctrl,
            terminated: distance > 2.0,
            info: Info::new(self.spec().info, [-distance, -ctrl]),
        }
    }
}
