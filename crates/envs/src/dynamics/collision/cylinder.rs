//! Cylinders against planes and spheres.

use super::super::MINVAL;
use super::plane::sphere as plane_sphere;
use super::sphere::sphere as sphere_sphere;
use super::{Ball, Solid, Touch, Touches};
use glam::DVec3;

/// Plane against cylinder: the lowest point of the rim, the point above it on the other rim, and two more that
/// make a triangle with the first.
pub(super) fn plane(plane: &Ball, cylinder: &Solid, margin: f64, touches: &mut Touches) {
    let normal = plane.axis;
    let [radius, half_length, _] = cylinder.size;
    let z = cylinder.axes.z_axis;
    let down = if normal.dot(z) > 0.0 { -z } else { z };
    let slope = normal.dot(down);
    let height = (cylinder.centre - plane.centre).dot(normal);
    // Across the axis towards the plane; along x where the cylinder stands upright.
    let across = down * slope - normal;
    let across = if across.length_squared() >= MINVAL * MINVAL {
        across * (radius / across.length())
    } else {
        cylinder.axes.x_axis * radius
    };
    let (fall, drop) = (normal.dot(across), slope * half_length);
    let end = down * half_length;
    let mut add = |dist: f64, offset: DVec3| {
        touches.push(Touch {
            dist,
            pos: cylinder.centre + offset - normal * (dist / 2.0),
            normal,
            tangent: DVec3::ZERO,
        });
    };
    if height + drop + fall > margin {
        return;
    }
    add(height + drop + fall, across + end);
    if height - drop + fall <= margin {
        add(height - drop + fall, across - end);
    }
    let level = height + drop - 0.5 * fall;
    if level <= margin {
        let aside = across.cross(end).normalize_or(DVec3::X) * (radius * 3.0_f64.sqrt() / 2.0);
        add(level, aside + end - across * 0.5);
        add(level, -aside + end - across * 0.5);
    }
}

/// Sphere against cylinder: its side, an end, or the rim between them.
pub(super) fn sphere(ball: &Ball, cylinder: &Solid, margin: f64) -> Option<Touch> {
    let [radius, half_length, _] = cylinder.size;
    let axis = cylinder.axes.z_axis;
    let away = ball.centre - cylinder.centre;
    let along = axis.dot(away);
    let across = away - axis * along;
    let distance = across.length();
    let mut beside = along.abs() < half_length;
    let mut above = distance < radius;
    if beside && above {
        // Inside: out by the nearer of the two ways.
        beside = half_length - along.abs() >= radius - distance;
        above = !beside;
    }
    let outwards = if along > 0.0 { axis } else { -axis };
    let rim = |centre: DVec3, radius: f64| Ball {
        centre,
        radius,
        axis,
    };
    if beside {
        return sphere_sphere(ball, &rim(cylinder.centre + axis * along, radius), margin);
    }
    if above {
        let end = Ball {
            centre: cylinder.centre + outwards * half_length,
            radius: 0.0,
            axis: outwards,
        };
        return plane_sphere(&end, ball, margin).map(|touch| Touch {
            normal: -touch.normal,
            ..touch
        });
    }
    let corner = across * (radius / distance) + outwards * half_length;
    sphere_sphere(ball, &rim(cylinder.centre + corner, 0.0), margin)
}
