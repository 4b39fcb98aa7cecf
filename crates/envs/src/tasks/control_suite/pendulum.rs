//! Pendulum: swing a pole up with less torque than its weight takes. dm_control, `suite/pendulum.py`.

use std::f64::consts::PI;

use super::parts::dims;
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::{Observation, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Most lean (rad) at which the pole stands.
const LEAN: f64 = 8.0 * PI / 180.0;
/// The only body that moves.
const POLE: usize = 1;

/// The domain's task.
#[derive(Clone, Debug)]
pub struct Pendulum;

impl SuiteTask for Pendulum {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: "dmc/pendulum-swingup",
            about: "A pole is swung up by a motor that is too weak to lift it, and held.",
            source: "dm_control 1.0, suite/pendulum.py",
            frame_skip: 1,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(
            include_str!("../../../assets/dmc/pendulum.xml"),
            self.spec().id,
        )
    }

    fn observation_space(&self, _: &Model) -> Vec<SpaceDim> {
        let mut all = dims(["cosine of hinge", "sine of hinge"], "1");
        all.extend(dims(["velocity of hinge"], "rad/s"));
        all
    }

    fn begin(&self, start: &mut Start<'_>) {
        start.state.qpos[0] = start.rng.uniform(-PI, PI);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        let up = state.xmat[POLE].z_axis;
        observation.push(&[up.z, up.x, state.qvel[0]]);
    }

    fn reward(&self, _: &Model, state: &State) -> f64 {
        Tolerance::within(libm::cos(LEAN), 1.0).reward(state.xmat[POLE].z_axis.z)
    }
}
