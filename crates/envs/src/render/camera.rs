//! Where a picture is taken from.

use crate::dynamics::{Model, State};
use glam::DVec3;

/// Height of the picture at a distance of 1.
const FIELD: f64 = 0.83;
/// Share of the way to the robot that a following camera goes per second.
const FOLLOW: f64 = 4.0;

/// A camera that looks at a point from a distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Point in the middle of the picture (m).
    pub target: DVec3,
    /// Distance from it (m).
    pub distance: f64,
    /// Direction of view about the vertical (rad): 0 looks along x, π/2 along y.
    pub azimuth: f64,
    /// Direction of view above the horizontal (rad); negative looks down.
    pub elevation: f64,
}

/// Directions of a camera.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) eye: DVec3,
    forward: DVec3,
    right: DVec3,
    up: DVec3,
}

impl Camera {
    /// A camera that sees all that moves, from the side and a little above.
    #[must_use]
    pub fn of(model: &Model, state: &State) -> Self {
        let target = middle(model, state);
        let reach = (0..model.geoms.kind.len())
            .filter(|geom| moves(model, *geom))
            .map(|geom| (state.geom_xpos[geom] - target).length() + model.geoms.rbound[geom])
            .fold(0.1, f64::max);
        Self {
            target,
            distance: 2.9 * reach,
            azimuth: std::f64::consts::FRAC_PI_2,
            elevation: -0.3,
        }
    }

    /// Follows the robot for a time (s), smoothly.
    pub fn follow(&mut self, model: &Model, state: &State, time: f64) {
        let away = middle(model, state) - self.target;
        self.target += away * (FOLLOW * time).min(1.0);
    }

    pub(super) fn view(&self) -> View {
        let (rise, level) = self.elevation.sin_cos();
        let (y, x) = self.azimuth.sin_cos();
        let forward = DVec3::new(x * level, y * level, rise);
        let right = DVec3::new(y, -x, 0.0);
        View {
            eye: self.target - forward * self.distance,
            forward,
            right,
            up: right.cross(forward),
        }
    }
}

impl View {
    /// Direction through a point of the picture, both coordinates in ±0.5 of its height.
    pub(super) fn through(&self, right: f64, up: f64) -> DVec3 {
        let aside = self.right * right + self.up * up;
        (self.forward + aside * FIELD).normalize()
    }
}

/// Whether a geom belongs to something that moves.
fn moves(model: &Model, geom: usize) -> bool {
    model.bodies.weld[model.geoms.body[geom]] != 0
}

/// Mean of the centres of mass of all trees that move.
fn middle(model: &Model, state: &State) -> DVec3 {
    let bodies = (1..model.bodies.mass.len()).filter(|body| model.bodies.weld[*body] != 0);
    let (mut moment, mut mass) = (DVec3::ZERO, 0.0);
    for body in bodies {
        moment += state.xipos[body] * model.bodies.mass[body];
        mass += model.bodies.mass[body];
    }
    if mass > 0.0 {
        moment / mass
    } else {
        DVec3::ZERO
    }
}
