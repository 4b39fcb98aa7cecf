//! Cylinders against planes and spheres.

use super::sphere::sphere as sphere_sphere;
use super::{Ball, Shape, Touch, Touches, plane, unit};
use crate::dynamics::MINVAL;
use glam::DVec3;

/// Plane against cylinder: the lowest point of the lower disk, the point above it on the other disk, then two
/// more of the lower disk, which make a regular triangle with the first.
pub(super) fn plane(plane: &Ball, cylinder: &Shape, margin: f64, touches: &mut Touches) {
    let [radius, half_length, _] = *cylinder.size;
    let normal = plane.axis;
    // The axis towards the plane, and how much it goes down.
    let mut axis = cylinder.mat.z_axis;
    let mut down = normal.dot(axis);
    if down > 0.0 {
        axis = -axis;
        down = -down;
    }
    let height = (cylinder.pos - plane.centre).dot(normal);
    // From the axis to the lowest point of a disk.
    let across = axis * down - normal;
    let square = across.dot(across);
    let across = if square >= MINVAL * MINVAL {
        across * (radius / square.sqrt())
    } else {
        cylinder.mat.x_axis * radius
    };
    let lower = across.dot(normal);
    let axis = axis * half_length;
    let down = down * half_length;

    let mut add = |from_centre: DVec3, dist: f64| {
        touches.push(Touch {
            dist,
            pos: cylinder.pos + from_centre - normal * (dist * 0.5),
            normal,
            tangent: DVec3::ZERO,
        });
    };
    if height + down + lower > margin {
        return;
    }
    add(across + axis, height + down + lower);
    if height - down + lower <= margin {
        add(across - axis, height - down + lower);
    }
    let dist = height + down - lower * 0.5;
    if dist <= margin {
        let side = unit(across.cross(axis)) * (radius * 3.0f64.sqrt() / 2.0);
        add(side + axis - across * 0.5, dist);
        add(axis - side - across * 0.5, dist);
    }
}

/// Sphere against cylinder: against the round side, a disk, or the edge between.
pub(super) fn sphere(ball: &Ball, cylinder: &Shape, margin: f64) -> Option<Touch> {
    let [radius, half_length, _] = *cylinder.size;
    let axis = cylinder.mat.z_axis;
    let from_centre = ball.centre - cylinder.pos;
    let along = axis.dot(from_centre);
    let across = from_centre - axis * along;
    let across_square = across.dot(across);

    let mut beside = along.abs() < half_length;
    let mut above = across_square < radius * radius;
    if beside && above {
        // The centre is inside: out by the shorter way.
        beside = half_length - along.abs() >= radius - across_square.sqrt();
        above = !beside;
    }
    let point = |centre: DVec3, radius: f64| Ball {
        centre,
        radius,
        axis,
    };
    if beside {
        let nearest = point(axis * along + cylinder.pos, radius);
        return sphere_sphere(ball, &nearest, margin);
    }
    let out = if along > 0.0 { axis } else { -axis };
    if above {
        let disk = Ball {
            centre: cylinder.pos + out * half_length,
            radius: 0.0,
            axis: out,
        };
        return plane::sphere(&disk, ball, margin).map(|touch| Touch {
            normal: -touch.normal,
            ..touch
        });
    }
    let edge = out * half_length + across * (radius / across_square.sqrt());
    sphere_sphere(ball, &point(edge + cylinder.pos, 0.0), margin)
}
