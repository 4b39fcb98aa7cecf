//! Reacher: bring the finger of a two-link arm to a target. dm_control, `suite/reacher.py`.

use std::f64::consts::TAU;

use super::parts::{geom, geom_place, places, randomise_joints};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State, sin_cos};
use crate::env::SpaceDim;
use crate::tasks::observation::{positions, velocities};
use crate::tasks::{Observation, TaskSpec, Tolerance};
use crate::{Result, mjcf};

const TARGET: &str = "target";
const FINGER: &str = "finger";

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Reacher {
    id: &'static str,
    about: &'static str,
    /// Radius of the target (m).
    target: f64,
}

impl Reacher {
    /// A large target.
    #[must_use]
    pub fn easy() -> Self {
        Self {
            id: "dmc/reacher-easy",
            about: "A two-link arm brings its finger to a large target.",
            target: 0.05,
        }
    }

    /// A small target.
    #[must_use]
    pub fn hard() -> Self {
        Self {
            id: "dmc/reacher-hard",
            about: "A two-link arm brings its finger to a small target.",
            target: 0.015,
        }
    }
}

impl SuiteTask for Reacher {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/reacher.py",
            frame_skip: 1,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        let mut model = mjcf::compile(include_str!("../../../assets/dmc/reacher.xml"), self.id)?;
        let target = geom(&model, TARGET);
        model.geoms.size[target][0] = self.target;
        Ok(model)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let to_target = places(&["x", "y"], "from finger to target");
        [
            positions(model, 0),
            to_target,
            velocities(model, f64::INFINITY),
        ]
        .concat()
    }

    fn begin(&self, start: &mut Start<'_>) {
        randomise_joints(start);
        let angle = start.rng.uniform(0.0, TAU);
        let radius = start.rng.uniform(0.05, 0.20);
        let (sin, cos) = sin_cos(angle);
        start.arrange(self, &[radius * sin, radius * cos]);
    }

    fn drawn(&self) -> usize {
        2
    }

    fn arrange(&self, model: &mut Model, drawn: &[f64]) {
        let target = geom(model, TARGET);
        model.geoms.pos[target].x = drawn[0];
        model.geoms.pos[target].y = drawn[1];
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos);
        let [target, finger] = [TARGET, FINGER].map(|name| geom_place(model, state, name));
        observation.push(&(target - finger).to_array()[..2]);
        observation.push(&state.qvel);
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let [target, finger] = [TARGET, FINGER].map(|name| geom_place(model, state, name));
        let radii = self.target + model.geoms.size[geom(model, FINGER)][0];
        Tolerance::within(0.0, radii).reward((target - finger).truncate().length())
    }
}
