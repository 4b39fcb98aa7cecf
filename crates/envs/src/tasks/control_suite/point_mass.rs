//! Point mass: bring a ball in the plane to the middle. dm_control, `suite/point_mass.py`.

use super::parts::{geom, geom_place, norm, randomise_joints};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::{positions, velocities};
use crate::tasks::{Observation, Sigmoid, TaskSpec, Tolerance};
use crate::{Result, mjcf};

const LITTLE_CONTROL: Tolerance = Tolerance::at(0.0)
    .margin(1.0)
    .falls(Sigmoid::Quadratic, 0.0);

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct PointMass {
    /// Whether each episode draws the directions in which the motors push.
    random_directions: bool,
}

impl PointMass {
    /// Motors push along x and y.
    #[must_use]
    pub fn easy() -> Self {
        Self {
            random_directions: false,
        }
    }

    /// Motors push along directions that each episode draws.
    #[must_use]
    pub fn hard() -> Self {
        Self {
            random_directions: true,
        }
    }
}

/// A direction in the plane.
fn direction(start: &mut Start<'_>) -> [f64; 2] {
    let drawn = [(); 2].map(|()| start.rng.standard_normal());
    let length = norm(&drawn);
    drawn.map(|x| x / length)
}

impl SuiteTask for PointMass {
    fn spec(&self) -> TaskSpec {
        let [id, about] = if self.random_directions {
            [
                "dmc/point_mass-hard",
                "A ball in the plane is brought to the middle by two motors that push in directions drawn anew.",
            ]
        } else {
            [
                "dmc/point_mass-easy",
                "A ball in the plane is brought to the middle by a motor along each axis.",
            ]
        };
        TaskSpec {
            id,
            about,
            source: "dm_control 1.0, suite/point_mass.py",
            frame_skip: 1,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(
            include_str!("../../../assets/dmc/point_mass.xml"),
            self.spec().id,
        )
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        [positions(model, 0), velocities(model, f64::INFINITY)].concat()
    }

    fn begin(&self, start: &mut Start<'_>) {
        randomise_joints(start);
        if !self.random_directions {
            return;
        }
        let first = direction(start);
        let second = loop {
            let second = direction(start);
            let along = first[0] * second[0] + first[1] * second[1];
            if along.abs() <= 0.9 {
                break second;
            }
        };
        start.arrange(self, &[first, second].concat());
    }

    fn drawn(&self) -> usize {
        if self.random_directions { 4 } else { 0 }
    }

    fn arrange(&self, model: &mut Model, drawn: &[f64]) {
        for (tendon, direction) in drawn.chunks_exact(2).enumerate() {
            let tendons = &mut model.tendons;
            for joints in [&mut tendons.path[tendon], &mut tendons.joints[tendon]] {
                for ((_, coefficient), x) in joints.iter_mut().zip(direction) {
                    *coefficient = *x;
                }
            }
        }
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos);
        observation.push(&state.qvel);
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let radius = model.geoms.size[geom(model, "target")][0];
        let [target, mass] = ["target", "pointmass"].map(|name| geom_place(model, state, name));
        let near = Tolerance::within(0.0, radius)
            .margin(radius)
            .reward((target - mass).length());
        near * ((LITTLE_CONTROL.mean(&state.ctrl) + 4.0) / 5.0)
    }
}
