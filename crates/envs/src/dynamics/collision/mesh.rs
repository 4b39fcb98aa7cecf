//! Planes against the convex hulls of meshes, and the corner of a hull that is farthest in a direction.

use super::{Ball, Shape, Touch, Touches};
use crate::dynamics::model::{ConvexHull, GeomType};
use glam::DVec3;

/// Most places of a plane and a mesh.
const MOST: usize = 3;
/// How far other places must be from the first, as a share of the bounding radius.
const APART: f64 = 0.3;

/// The corner farthest in a direction, found by walking to better neighbours from the corner `from`.
///
/// The start itself does not count on the first step, as in MuJoCo: it is found again from its neighbours.
pub(super) fn climb(hull: &ConvexHull, direction: DVec3, from: usize) -> usize {
    let (mut best, mut corner) = (f64::NEG_INFINITY, from);
    loop {
        let before = corner;
        for &other in hull.around(before) {
            let along = direction.dot(hull.points[other as usize]);
            if along > best {
                (best, corner) = (along, other as usize);
            }
        }
        if corner == before {
            return corner;
        }
    }
}

/// Middle and half sides of the box around a shape, in its own axes.
fn bounds(shape: &Shape) -> (DVec3, DVec3) {
    let [a, b, c] = *shape.size;
    let half = match shape.kind {
        GeomType::Sphere => DVec3::splat(a),
        GeomType::Capsule => DVec3::new(a, a, a + b),
        GeomType::Cylinder => DVec3::new(a, a, b),
        _ => DVec3::new(a, b, c),
    };
    match shape.mesh {
        None => (DVec3::ZERO, half),
        Some(mesh) => {
            let [low, high] = mesh.hull.bounds;
            ((low + high) * 0.5, (high - low) * 0.5)
        }
    }
}

/// Whether a side of the box around one of two shapes parts the boxes by more than the margin. Saves work, changes no
/// result.
pub(super) fn apart(first: &Shape, second: &Shape, margin: f64) -> bool {
    let [(a, half_a), (b, half_b)] = [first, second].map(bounds);
    let between = (*second.mat * b + second.pos) - (*first.mat * a + first.pos);
    let [x, y, z] = [second.mat.x_axis, second.mat.y_axis, second.mat.z_axis]
        .map(|axis| first.local(axis).abs());
    let along_first = half_a + x * half_b.x + y * half_b.y + z * half_b.z;
    let along_second = half_b + DVec3::new(x.dot(half_a), y.dot(half_a), z.dot(half_a));
    let beyond = |along: DVec3, reach: DVec3| (along.abs() - reach).max_element() > margin;
    beyond(first.local(between), along_first) || beyond(second.local(between), along_second)
}

/// Plane against mesh: the lowest corner, and those of its neighbours that are below the margin and far from it.
pub(super) fn plane(plane: &Ball, shape: &Shape, margin: f64, touches: &mut Touches) {
    let Some(mesh) = shape.mesh.filter(|mesh| !mesh.hull.points.is_empty()) else {
        return;
    };
    let (hull, normal) = (&mesh.hull, plane.axis);
    let down = shape.local(-normal);
    let along = |corner: usize| down.dot(hull.points[corner]);
    // From the first corner, which counts here.
    let (mut lowest, mut best) = (0, along(0));
    loop {
        let before = lowest;
        for &other in hull.around(before) {
            if along(other as usize) > best {
                (lowest, best) = (other as usize, along(other as usize));
            }
        }
        if lowest == before {
            break;
        }
    }
    let at = |corner: usize| *shape.mat * hull.points[corner] + shape.pos;
    let touch = |point: DVec3| {
        let dist = normal.dot(point - plane.centre);
        Touch {
            dist,
            pos: point - normal * (0.5 * dist),
            normal,
            tangent: DVec3::ZERO,
        }
    };
    let first = touch(at(lowest));
    if first.dist > margin {
        return;
    }
    touches.push(first);
    let threshold = normal.dot(shape.pos - plane.centre) - margin;
    let radius = DVec3::from_array(*shape.size).length();
    for &other in hull.around(lowest) {
        let point = at(other as usize);
        if touches.count < MOST
            && along(other as usize) > threshold
            && (point - first.pos).length() >= APART * radius
        {
            touches.push(touch(point));
        }
    }
}
