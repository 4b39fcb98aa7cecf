//! Finger: spin or turn a body on a hinge by flicking it. dm_control, `suite/finger.py`; Tassa and Todorov (2010),
//! Stochastic Complementarity for Local Control of Discontinuous Dynamics.

use std::f64::consts::PI;

use super::parts::{
    body, dims, geom, joint, places, position, randomise_joints, sensor, site, site_place,
};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State, sin_cos};
use crate::env::SpaceDim;
use crate::tasks::{Observation, TaskSpec};
use crate::{Result, mjcf};

const HINGE: &str = "hinge";
/// Damping of the hinge when it is spun (N m s/rad).
const SPIN_DAMPING: f64 = 0.03;
/// Speed from which it spins (rad/s).
const SPINNING: f64 = 15.0;
/// Most poses that are drawn until none touches.
const ATTEMPTS: usize = 1000;

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Finger {
    id: &'static str,
    about: &'static str,
    /// Radius of the target that the tip is turned into (m); none when the body is to spin.
    target: Option<f64>,
}

impl Finger {
    /// Spins the body.
    #[must_use]
    pub fn spin() -> Self {
        Self {
            id: "dmc/finger-spin",
            about: "A two-link finger flicks a body on a hinge so that it spins.",
            target: None,
        }
    }

    /// Turns the body's tip into a large target.
    #[must_use]
    pub fn turn_easy() -> Self {
        Self {
            id: "dmc/finger-turn_easy",
            about: "A two-link finger turns a body on a hinge until its tip is in a large target.",
            target: Some(0.07),
        }
    }

    /// Turns the body's tip into a small target.
    #[must_use]
    pub fn turn_hard() -> Self {
        Self {
            id: "dmc/finger-turn_hard",
            about: "A two-link finger turns a body on a hinge until its tip is in a small target.",
            target: Some(0.03),
        }
    }
}

/// Where a site is from the spinner's hinge, along x and z (m).
fn from_hinge(model: &Model, state: &State, name: &str) -> [f64; 2] {
    let apart = site_place(model, state, name) - state.xpos[body(model, "spinner")];
    [apart.x, apart.z]
}

/// From the tip to the surface of a target (m); negative inside.
fn distance(model: &Model, state: &State, radius: f64) -> f64 {
    let [tip, target] = ["tip", "target"].map(|name| from_hinge(model, state, name));
    let apart = [target[0] - tip[0], target[1] - tip[1]];
    super::parts::norm(&apart) - radius
}

impl SuiteTask for Finger {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/finger.py; Tassa and Todorov (2010), Stochastic Complementarity for Local Control of Discontinuous Dynamics",
            frame_skip: 2,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        let mut model = mjcf::compile(include_str!("../../../assets/dmc/finger.xml"), self.id)?;
        if self.target.is_none() {
            let hinge = model.joints.dofadr[joint(&model, HINGE)];
            model.dofs.damping[hinge] = SPIN_DAMPING;
        }
        Ok(model)
    }

    fn observation_space(&self, _: &Model) -> Vec<SpaceDim> {
        let mut all = dims(["proximal", "distal"], "rad");
        all.extend(places(&["x", "z"], "of the tip from the hinge"));
        all.extend(dims(
            [
                "velocity of proximal",
                "velocity of distal",
                "velocity of hinge",
            ],
            "rad/s",
        ));
        all.extend(dims(
            ["touch on top, log(1 + N)", "touch below, log(1 + N)"],
            "1",
        ));
        if self.target.is_some() {
            all.extend(places(&["x", "z"], "of the target from the hinge"));
            all.extend(dims(["distance from the tip to the target"], "m"));
        }
        all
    }

    fn begin(&self, start: &mut Start<'_>) {
        if self.target.is_some() {
            let angle = start.rng.uniform(-PI, PI);
            let model = start.model();
            let hinge = start.state.xanchor[joint(model, HINGE)];
            let radius: f64 = model.geoms.size[geom(model, "cap1")].iter().sum();
            let (sin, cos) = sin_cos(angle);
            start.arrange(self, &[hinge.x + radius * sin, hinge.z + radius * cos]);
        }
        for _ in 0..ATTEMPTS {
            randomise_joints(start);
            if !start.touches() {
                break;
            }
        }
    }

    fn drawn(&self) -> usize {
        if self.target.is_some() { 2 } else { 0 }
    }

    fn arrange(&self, model: &mut Model, drawn: &[f64]) {
        let target = site(model, "target");
        model.sites.pos[target].x = drawn[0];
        model.sites.pos[target].z = drawn[1];
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        let joints = ["proximal", "distal", HINGE].map(|name| position(model, name));
        let [proximal, distal, hinge] = joints;
        observation.push(&[state.qpos[proximal], state.qpos[distal]]);
        observation.push(&from_hinge(model, state, "tip"));
        observation.push(&[state.qvel[proximal], state.qvel[distal], state.qvel[hinge]]);
        let touch = ["touchtop", "touchbottom"].map(|name| sensor(model, state, name)[0]);
        observation.extend(touch.map(libm::log1p));
        if let Some(radius) = self.target {
            observation.push(&from_hinge(model, state, "target"));
            observation.push(&[distance(model, state, radius)]);
        }
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let done = match self.target {
            None => state.qvel[position(model, HINGE)] <= -SPINNING,
            Some(radius) => distance(model, state, radius) <= 0.0,
        };
        f64::from(u8::from(done))
    }
}
