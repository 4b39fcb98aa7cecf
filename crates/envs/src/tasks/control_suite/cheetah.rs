//! Cheetah: run forward. dm_control, `suite/cheetah.py`.

use super::parts::sensor;
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::{positions, velocities};
use crate::tasks::{Observation, Sigmoid, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Physics steps in which the pose that was drawn comes to rest.
const SETTLING: usize = 200;

const FAST: Tolerance = Tolerance::at_least(10.0)
    .margin(10.0)
    .falls(Sigmoid::Linear, 0.0);

/// The domain's task.
#[derive(Clone, Debug)]
pub struct Cheetah;

impl SuiteTask for Cheetah {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: "dmc/cheetah-run",
            about: "A two-legged cheetah in the plane runs forward, at 10 m/s or more.",
            source: "dm_control 1.0, suite/cheetah.py; Wawrzyński (2009), A Cat-Like Robot Real-Time Learning to Run",
            frame_skip: 1,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(
            include_str!("../../../assets/dmc/cheetah.xml"),
            self.spec().id,
        )
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        [positions(model, 1), velocities(model, f64::INFINITY)].concat()
    }

    fn begin(&self, start: &mut Start<'_>) {
        for joint in 0..start.model().joints.kind.len() {
            let joints = &start.model().joints;
            if joints.limited[joint] {
                let [low, high] = joints.range[joint];
                start.state.qpos[joint] = start.rng.uniform(low, high);
            }
        }
        start.step(SETTLING);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos[1..]);
        observation.push(&state.qvel);
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        FAST.reward(sensor(model, state, "torso_subtreelinvel")[0])
    }
}
