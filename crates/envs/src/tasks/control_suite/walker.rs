//! Walker: stand, walk or run on two legs in the plane. dm_control, `suite/walker.py`.

use super::parts::{body, dims, randomise_joints, sensor};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::velocities;
use crate::tasks::{Observation, Sigmoid, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Height of the torso (m).
const STANDING: Tolerance = Tolerance::at_least(1.2).margin(0.6);

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Walker {
    id: &'static str,
    about: &'static str,
    /// Speed (m/s) from which the reward is full; 0 for any.
    speed: f64,
}

impl Walker {
    /// Stands.
    #[must_use]
    pub fn stand() -> Self {
        Self {
            id: "dmc/walker-stand",
            about: "A two-legged robot in the plane stands.",
            speed: 0.0,
        }
    }

    /// Walks.
    #[must_use]
    pub fn walk() -> Self {
        Self {
            id: "dmc/walker-walk",
            about: "A two-legged robot in the plane walks forward, at 1 m/s or more.",
            speed: 1.0,
        }
    }

    /// Runs.
    #[must_use]
    pub fn run() -> Self {
        Self {
            id: "dmc/walker-run",
            about: "A two-legged robot in the plane runs forward, at 8 m/s or more.",
            speed: 8.0,
        }
    }
}

impl SuiteTask for Walker {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/walker.py; Lillicrap et al. (2015), Continuous Control with Deep Reinforcement Learning",
            frame_skip: 10,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(include_str!("../../../assets/dmc/walker.xml"), self.id)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let mut all = Vec::new();
        for name in &model.bodies.name[1..] {
            let functions = ["cosine", "minus the sine"]
                .map(|function| format!("{function} of the lean of {name}"));
            all.extend(dims(functions.iter().map(String::as_str), "1"));
        }
        all.extend(dims(["height of torso"], "m"));
        all.extend(velocities(model, f64::INFINITY));
        all
    }

    fn begin(&self, start: &mut Start<'_>) {
        randomise_joints(start);
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        for frame in &state.xmat[1..] {
            observation.push(&[frame.x_axis.x, frame.z_axis.x]);
        }
        observation.push(&[state.xpos[body(model, "torso")].z]);
        observation.push(&state.qvel);
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let torso = body(model, "torso");
        let standing = STANDING.reward(state.xpos[torso].z);
        let upright = f64::midpoint(1.0, state.xmat[torso].z_axis.z);
        let stand = (3.0 * standing + upright) / 4.0;
        if self.speed == 0.0 {
            return stand;
        }
        let moving = Tolerance::at_least(self.speed)
            .margin(self.speed / 2.0)
            .falls(Sigmoid::Linear, 0.5);
        let moves = moving.reward(sensor(model, state, "torso_subtreelinvel")[0]);
        stand * (5.0 * moves + 1.0) / 6.0
    }
}
