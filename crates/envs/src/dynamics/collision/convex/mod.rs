//! Any two convex shapes: the nearest points of their cores, or the shallowest way out of each other.
//!
//! MuJoCo: Computation, "Convex collisions". Spheres and capsules are points and segments with a skin, so that
//! shallow contacts of round shapes need no search for a depth. The search for nearest points takes the steps
//! that MuJoCo's takes and stops where it stops, at `ccd_tolerance`; depths are found more finely.

mod epa;
mod gjk;

use super::{Solid, Touch};
use crate::dynamics::model::GeomType;
use glam::DVec3;

/// A convex shape without its skin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Core<'a> {
    kind: GeomType,
    solid: &'a Solid,
}

impl<'a> Core<'a> {
    pub(super) fn new(kind: GeomType, solid: &'a Solid) -> Self {
        Self { kind, solid }
    }

    /// Thickness of the skin (m).
    fn skin(&self) -> f64 {
        match self.kind {
            GeomType::Sphere | GeomType::Capsule => self.solid.size[0],
            _ => 0.0,
        }
    }

    /// The point of the core that lies furthest in a direction.
    pub(super) fn support(&self, direction: DVec3) -> DVec3 {
        let local = self.solid.axes.transpose() * direction;
        let [a, b, c] = self.solid.size;
        let side = |x: f64, half: f64| if x < 0.0 { -half } else { half };
        let point = match self.kind {
            GeomType::Plane | GeomType::Sphere => DVec3::ZERO,
            GeomType::Capsule => DVec3::new(0.0, 0.0, side(local.z, b)),
            GeomType::Cylinder => {
                let across = DVec3::new(local.x, local.y, 0.0).normalize_or(DVec3::X);
                across * a + DVec3::new(0.0, 0.0, side(local.z, b))
            }
            GeomType::Box => DVec3::new(side(local.x, a), side(local.y, b), side(local.z, c)),
            GeomType::Ellipsoid => {
                let radii = DVec3::new(a, b, c);
                (local * radii).normalize_or(DVec3::X) * radii
            }
        };
        self.solid.centre + self.solid.axes * point
    }
}

/// A point of one shape less a point of another, and both.
#[derive(Clone, Copy, Debug, Default)]
struct Vertex {
    difference: DVec3,
    first: DVec3,
    second: DVec3,
}

/// How far a search for nearest points goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    /// Distance (m) under which contacts count; hard shapes get a skin of half of it.
    pub(super) margin: f64,
    /// Error (m) at which it stops.
    pub(super) tolerance: f64,
    /// Most steps.
    pub(super) iterations: usize,
}

/// The furthest difference of points of two shapes in a direction.
fn furthest(shapes: &[Core<'_>; 2], direction: DVec3) -> Vertex {
    let (first, second) = (shapes[0].support(direction), shapes[1].support(-direction));
    Vertex {
        difference: first - second,
        first,
        second,
    }
}

/// Where two convex shapes come closest, if within the margin.
pub(super) fn touch(shapes: &[Core<'_>; 2], search: &Search) -> Option<Touch> {
    let skins = shapes.map(|shape| shape.skin());
    let (first, second, normal, dist) = match gjk::nearest(shapes, search) {
        gjk::Nearest::Far => return None,
        gjk::Nearest::Apart([first, second]) => {
            let between = second - first;
            let dist = between.length();
            (first, second, between / dist, dist)
        }
        gjk::Nearest::Overlap => {
            let ([first, second], normal, depth) = epa::shallowest(shapes)?;
            (first, second, normal, -depth)
        }
    };
    let dist = dist - skins[0] - skins[1];
    let surfaces = [first + normal * skins[0], second - normal * skins[1]];
    (dist <= search.margin).then(|| Touch {
        dist,
        pos: (surfaces[0] + surfaces[1]) * 0.5,
        normal,
        tangent: DVec3::ZERO,
    })
}

#[cfg(test)]
mod tests;
