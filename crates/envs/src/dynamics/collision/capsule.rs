//! Capsules against round shapes: the closest points of their segments, as spheres.

use super::sphere::sphere as sphere_sphere;
use super::{Ball, Touch, Touches};
use crate::dynamics::MINVAL;

/// The ball of a capsule at `along` half-lengths from its middle.
fn at(capsule: &Ball, half_length: f64, along: f64) -> Ball {
    Ball {
        centre: capsule.centre + capsule.axis * (half_length * along),
        ..*capsule
    }
}

/// Sphere against capsule.
pub(super) fn sphere(ball: &Ball, capsule: &Ball, half_length: f64, margin: f64) -> Option<Touch> {
    let along = capsule.axis.dot(ball.centre - capsule.centre);
    let nearest = Ball {
        centre: capsule.centre + capsule.axis * along.clamp(-half_length, half_length),
        ..*capsule
    };
    sphere_sphere(ball, &nearest, margin)
}

/// Capsule against capsule: one contact, or up to two where the axes are parallel.
pub(super) fn capsule(
    (first, first_half): (&Ball, f64),
    (second, second_half): (&Ball, f64),
    margin: f64,
    touches: &mut Touches,
) {
    let (a, b) = (first.axis * first_half, second.axis * second_half);
    let between = first.centre - second.centre;
    // The squared distance between the points at x on a and y on b is a quadratic with this Hessian.
    let (aa, ab, bb) = (a.dot(a), -a.dot(b), b.dot(b));
    let (u, v) = (-a.dot(between), b.dot(between));
    let determinant = aa * bb - ab * ab;
    let on_first = |x: f64| at(first, first_half, x);
    let on_second = |y: f64| at(second, second_half, y);
    if determinant.abs() >= MINVAL {
        let (x, y) = nearest([aa, ab, bb], [u, v], determinant);
        touches.extend(sphere_sphere(&on_first(x), &on_second(y), margin));
        return;
    }
    // Parallel: each end against the nearest point of the other segment, until two touch.
    let along_second = |x: f64| ((v - ab * x) / bb).clamp(-1.0, 1.0);
    let along_first = |y: f64| ((u - ab * y) / aa).clamp(-1.0, 1.0);
    let ends = [
        (1.0, along_second(1.0)),
        (-1.0, along_second(-1.0)),
        (along_first(1.0), 1.0),
        (along_first(-1.0), -1.0),
    ];
    for (x, y) in ends {
        if touches.count < 2 {
            touches.extend(sphere_sphere(&on_first(x), &on_second(y), margin));
        }
    }
}

/// The nearest points of two segments, in half-lengths from their middles: first where the lines come
/// closest, then clipped to one segment after the other.
fn nearest([aa, ab, bb]: [f64; 3], [u, v]: [f64; 2], determinant: f64) -> (f64, f64) {
    let mut x = (bb * u - ab * v) / determinant;
    let mut y = (aa * v - ab * u) / determinant;
    if x.abs() > 1.0 {
        x = x.signum();
        y = (v - ab * x) / bb;
    }
    if y.abs() > 1.0 {
        y = y.signum();
        x = ((u - ab * y) / aa).clamp(-1.0, 1.0);
    }
    (x, y)
}
