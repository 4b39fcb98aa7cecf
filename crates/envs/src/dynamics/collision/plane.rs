//! Planes against spheres, capsules and ellipsoids. The plane's ball holds a point of the plane and its normal.

use super::convex::on_ellipsoid;
use super::{Ball, Shape, Touch, Touches};
use glam::DVec3;

/// Plane against sphere.
pub(super) fn sphere(plane: &Ball, ball: &Ball, margin: f64) -> Option<Touch> {
    let normal = plane.axis;
    let height = (ball.centre - plane.centre).dot(normal);
    (height <= margin + ball.radius).then(|| {
        let dist = height - ball.radius;
        Touch {
            dist,
            pos: ball.centre - normal * (dist / 2.0 + ball.radius),
            normal,
            tangent: DVec3::ZERO,
        }
    })
}

/// Plane against capsule: its two ends, the upper one first, with the first tangent along the capsule.
pub(super) fn capsule(
    plane: &Ball,
    capsule: &Ball,
    half_length: f64,
    margin: f64,
    touches: &mut Touches,
) {
    for along in [half_length, -half_length] {
        let end = Ball {
            centre: capsule.centre + capsule.axis * along,
            ..*capsule
        };
        touches.extend(sphere(plane, &end, margin).map(|touch| Touch {
            tangent: capsule.axis,
            ..touch
        }));
    }
}

/// Plane against ellipsoid: its lowest point.
pub(super) fn ellipsoid(plane: &Ball, ellipsoid: &Shape, margin: f64) -> Option<Touch> {
    let normal = plane.axis;
    let local = on_ellipsoid(ellipsoid.local(-normal), DVec3::from_array(*ellipsoid.size));
    let lowest = *ellipsoid.mat * local + ellipsoid.pos;
    let dist = normal.dot(lowest - plane.centre);
    (dist <= margin).then(|| Touch {
        dist,
        pos: lowest - normal * (0.5 * dist),
        normal,
        tangent: DVec3::ZERO,
    })
}
