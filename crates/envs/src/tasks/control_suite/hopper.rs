//! Hopper: stand or hop on one leg. dm_control, `suite/hopper.py`.

use super::parts::{body, dims, randomise_joints, sensor};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::{positions, velocities};
use crate::tasks::{Observation, Sigmoid, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Height of the torso above the foot (m).
const STANDING: Tolerance = Tolerance::within(0.6, 2.0);
/// Speed forward (m/s).
const HOPPING: Tolerance = Tolerance::at_least(2.0)
    .margin(1.0)
    .falls(Sigmoid::Linear, 0.5);
const LITTLE_CONTROL: Tolerance = Tolerance::at(0.0)
    .margin(1.0)
    .falls(Sigmoid::Quadratic, 0.0);

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Hopper {
    hopping: bool,
}

impl Hopper {
    /// Stands, with little control.
    #[must_use]
    pub fn stand() -> Self {
        Self { hopping: false }
    }

    /// Hops forward.
    #[must_use]
    pub fn hop() -> Self {
        Self { hopping: true }
    }
}

impl SuiteTask for Hopper {
    fn spec(&self) -> TaskSpec {
        let [id, about] = if self.hopping {
            [
                "dmc/hopper-hop",
                "A one-legged robot in the plane hops forward, at 2 m/s or more.",
            ]
        } else {
            [
                "dmc/hopper-stand",
                "A one-legged robot in the plane stands.",
            ]
        };
        TaskSpec {
            id,
            about,
            source: "dm_control 1.0, suite/hopper.py; Lillicrap et al. (2015), Continuous Control with Deep Reinforcement Learning",
            frame_skip: 4,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(
            include_str!("../../../assets/dmc/hopper.xml"),
            self.spec().id,
        )
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let touch = dims(
            [
                "touch of the toe, log(1 + N)",
                "touch of the heel, log(1 + N)",
            ],
            "1",
        );
        [positions(model, 1), velocities(model, f64::INFINITY), touch].concat()
    }

    fn begin(&self, start: &mut Start<'_>) {
        randomise_joints(start);
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos[1..]);
        observation.push(&state.qvel);
        let touch = ["touch_toe", "touch_heel"].map(|name| sensor(model, state, name)[0]);
        observation.extend(touch.map(libm::log1p));
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let [torso, foot] = ["torso", "foot"].map(|name| state.xipos[body(model, name)].z);
        let standing = STANDING.reward(torso - foot);
        if self.hopping {
            let speed = sensor(model, state, "torso_subtreelinvel")[0];
            standing * HOPPING.reward(speed)
        } else {
            standing * ((LITTLE_CONTROL.mean(&state.ctrl) + 4.0) / 5.0)
        }
    }
}
