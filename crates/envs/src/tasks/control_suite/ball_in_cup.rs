//! Ball in cup: swing a ball on a string into the cup that it hangs from. dm_control, `suite/ball_in_cup.py`.

use super::parts::{body, position, site_place};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::{positions, velocities};
use crate::tasks::{Observation, TaskSpec};
use crate::{Result, mjcf};

/// Half the width and height of the cup's inside, and the ball's radius (m).
const INSIDE: f64 = 0.05;
const BALL: f64 = 0.025;

/// The domain's task.
#[derive(Clone, Debug)]
pub struct BallInCup;

impl SuiteTask for BallInCup {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: "dmc/ball_in_cup-catch",
            about: "A cup catches the ball that hangs from it on a string; rewarded while the ball is inside.",
            source: "dm_control 1.0, suite/ball_in_cup.py",
            frame_skip: 10,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(
            include_str!("../../../assets/dmc/ball_in_cup.xml"),
            self.spec().id,
        )
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        [positions(model, 0), velocities(model, f64::INFINITY)].concat()
    }

    fn begin(&self, start: &mut Start<'_>) {
        let [x, z] = ["ball_x", "ball_z"].map(|name| position(start.model(), name));
        loop {
            start.state.qpos[x] = start.rng.uniform(-0.2, 0.2);
            start.state.qpos[z] = start.rng.uniform(0.2, 0.5);
            if !start.touches() {
                break;
            }
        }
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos);
        observation.push(&state.qvel);
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let apart = (site_place(model, state, "target") - state.xpos[body(model, "ball")]).abs();
        let within = |x: f64| x < INSIDE - BALL;
        f64::from(u8::from(within(apart.x) && within(apart.z)))
    }
}
