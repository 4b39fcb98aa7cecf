//! Boxes against planes and spheres.

use super::super::MINVAL;
use super::{Ball, Solid, Touch, Touches};
use glam::DVec3;

/// Most corners of a box that rest on a plane.
const MOST_CORNERS: usize = 4;

/// Plane against box: the corners below its middle, at most four.
pub(super) fn plane(plane: &Ball, solid: &Solid, margin: f64, touches: &mut Touches) {
    let normal = plane.axis;
    let height = (solid.centre - plane.centre).dot(normal);
    let half = DVec3::from(solid.size);
    for corner in 0..8 {
        let side = |bit: u32| if corner >> bit & 1 == 1 { 1.0 } else { -1.0 };
        let corner = solid.axes * (half * DVec3::new(side(0), side(1), side(2)));
        let rise = normal.dot(corner);
        let dist = height + rise;
        if dist > margin || rise > 0.0 {
            continue;
        }
        touches.push(Touch {
            dist,
            pos: solid.centre + corner - normal * (dist / 2.0),
            normal,
            tangent: DVec3::ZERO,
        });
        if touches.count == MOST_CORNERS {
            return;
        }
    }
}

/// Sphere against box: the nearest point of the box, or out of the nearest face from inside.
pub(super) fn sphere(ball: &Ball, solid: &Solid, margin: f64) -> Option<Touch> {
    let half = DVec3::from(solid.size);
    let centre = solid.axes.transpose() * (ball.centre - solid.centre);
    let nearest = centre.clamp(-half, half);
    let between = nearest - centre;
    let distance = between.length();
    if distance - ball.radius > margin {
        return None;
    }
    let (normal, pos, dist) = if distance <= MINVAL {
        let depth = |face: usize| (sign(face) * half[face / 2] - centre[face / 2]).abs();
        let mut face = 0;
        for other in 1..6 {
            if depth(other) < depth(face) {
                face = other;
            }
        }
        let mut inwards = DVec3::ZERO;
        inwards[face / 2] = -sign(face);
        let depth = depth(face);
        (
            inwards,
            centre + inwards * ((ball.radius - depth) / 2.0),
            -depth,
        )
    } else {
        let normal = between / distance;
        let deepest = centre + normal * ball.radius;
        (normal, (nearest + deepest) * 0.5, distance)
    };
    Some(Touch {
        dist: dist - ball.radius,
        pos: solid.centre + solid.axes * pos,
        normal: solid.axes * normal,
        tangent: DVec3::ZERO,
    })
}

/// Which side of its axis a face lies on: odd ones at the positive end.
fn sign(face: usize) -> f64 {
    if face % 2 == 1 { 1.0 } else { -1.0 }
}
