//! Sphere against sphere.

use super::{Ball, Touch};
use crate::dynamics::MINVAL;
use glam::DVec3;

/// Where two spheres come closest, if within the margin. Where the centres are the same the normal is
/// orthogonal to both z axes, and along x where these are parallel.
pub(super) fn sphere(first: &Ball, second: &Ball, margin: f64) -> Option<Touch> {
    let between = second.centre - first.centre;
    let reach = margin + first.radius + second.radius;
    if between.length_squared() > reach * reach {
        return None;
    }
    let length = between.length();
    let dist = length - first.radius - second.radius;
    let normal = if length < MINVAL {
        first.axis.cross(second.axis).normalize_or(DVec3::X)
    } else {
        between / length
    };
    Some(Touch {
        dist,
        pos: first.centre + normal * (first.radius + dist / 2.0),
        normal,
        tangent: DVec3::ZERO,
    })
}
