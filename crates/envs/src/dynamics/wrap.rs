//! The shortest way of a tendon around a sphere or a cylinder. MuJoCo: XML reference, "tendon/spatial/geom".
//!
//! In the plane through both ends and a sphere's centre, or across a cylinder's axis, the way is two tangents and an arc
//! of a circle. Of the two ways round it takes the shorter one, or the one on the side of a site. With that site inside
//! the circle the tendon bends at a single point of it instead, where both stretches make the same angle with the
//! circle: `asin(a z) + asin(b z) − 2 asin(z) + γ = 0` with a and b the radius over the distances of the ends, γ the angle
//! between them and z the sine of that angle.

use std::f64::consts::TAU;

use glam::{DVec2, DVec3};

use super::MINVAL;
use super::math::trig::sin_cos;

/// What a tendon runs around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    Sphere,
    /// About its z axis.
    Cylinder,
}

/// Points where a way leaves its tangents, and the length between.
type Arc = ([DVec2; 2], f64);

/// Largest residual of the equation for a bend inside.
const TOLERANCE: f64 = 1e-6;
/// Where the search for such a bend starts; 1 would make the slope infinite.
const START: f64 = 1.0 - 1e-7;
/// Most steps of that search.
const MOST_STEPS: usize = 20;
/// What makes a way that crosses itself worse than any other.
const CROSSED: f64 = -10_000.0;

/// Where the way between two points meets and leaves the shape, and the length between, all in the shape's axes; `None`
/// where it passes by.
pub(super) fn wrap(
    shape: Round,
    radius: f64,
    ends: [DVec3; 2],
    side: Option<DVec3>,
) -> Option<([DVec3; 2], f64)> {
    if ends.iter().any(|end| end.length() < MINVAL) {
        return None;
    }
    let axes = match shape {
        Round::Sphere => plane(ends),
        Round::Cylinder => [DVec3::X, DVec3::Y],
    };
    let flat = |point: DVec3| DVec2::from_array(axes.map(|axis| axis.dot(point)));
    let flat_ends = ends.map(flat);
    let (touch, mut length) = match side {
        Some(point) if point.length() < radius => inside(flat_ends, radius)?,
        _ => outside(
            flat_ends,
            side.map(|point| unit(flat(point)) * radius),
            radius,
        )?,
    };
    let mut points = touch.map(|point| axes[0] * point.x + axes[1] * point.y);
    if shape == Round::Cylinder {
        // Unrolled the way is straight, so height is gained evenly.
        let [before, after] = [0, 1].map(|i| (flat_ends[i] - touch[i]).length());
        let rise = (ends[1].z - ends[0].z) / (before + length + after);
        points[0].z = ends[0].z + rise * before;
        points[1].z = ends[0].z + rise * (before + length);
        length = libm::hypot(length, points[1].z - points[0].z);
    }
    Some((points, length))
}

/// Axes of the plane through two points and the origin, the first one along the first point.
fn plane([first, second]: [DVec3; 2]) -> [DVec3; 2] {
    let x = first / first.length();
    let normal = first.cross(second);
    let length = normal.length();
    let normal = if length < MINVAL {
        // Any plane will do: the one across the two smaller axes.
        let size = x.abs();
        let largest = if size.y > size.x && size.y > size.z {
            1
        } else if size.z > size.x && size.z > size.y {
            2
        } else {
            0
        };
        let mut other = DVec3::ONE;
        other[largest] = 0.0;
        x.cross(other).normalize()
    } else {
        normal / length
    };
    [x, normal.cross(x).normalize()]
}

fn unit(v: DVec2) -> DVec2 {
    let length = v.length();
    if length < MINVAL {
        DVec2::X
    } else {
        v / length
    }
}

/// The way around a circle.
fn outside(ends: [DVec2; 2], side: Option<DVec2>, radius: f64) -> Option<Arc> {
    let square = radius * radius;
    let squares = ends.map(DVec2::length_squared);
    let between = ends[1] - ends[0];
    if squares.iter().any(|s| *s < square) || radius < MINVAL || between.length_squared() < MINVAL {
        return None;
    }
    let nearest =
        ends[0] + between * (-between.dot(ends[0]) / between.length_squared()).clamp(0.0, 1.0);
    if nearest.length_squared() > square && side.is_none_or(|side| side.dot(nearest) >= 0.0) {
        return None;
    }
    // Tangent points from both ends, for each sense of rotation.
    let ways = [1.0, -1.0].map(|sense| {
        [(0, sense), (1, -sense)].map(|(i, turn): (usize, f64)| {
            let reach = (squares[i] - square).sqrt();
            let DVec2 { x, y } = ends[i];
            DVec2::new(
                (x * square + turn * radius * y * reach) / squares[i],
                (y * square - turn * radius * x * reach) / squares[i],
            )
        })
    });
    let merit = |way: &[DVec2; 2]| {
        if cross(ends, *way) {
            return CROSSED;
        }
        match side {
            Some(side) => unit(way[0] + way[1]).dot(side),
            None => -(way[0] - way[1]).length_squared(),
        }
    };
    let better = usize::from(merit(&ways[0]) <= merit(&ways[1]));
    let way = ways[better];
    (!cross(ends, way)).then(|| (way, radius * swept(way, better == 1)))
}

/// Whether the stretches from each end to its point of the circle cross.
fn cross([a, c]: [DVec2; 2], [b, d]: [DVec2; 2]) -> bool {
    let (one, other, apart) = (b - a, d - c, a - c);
    let determinant = other.y * one.x - other.x * one.y;
    if determinant.abs() < MINVAL {
        return false;
    }
    let along = (other.x * apart.y - other.y * apart.x) / determinant;
    let across = (one.x * apart.y - one.y * apart.x) / determinant;
    (0.0..=1.0).contains(&along) && (0.0..=1.0).contains(&across)
}

/// Angle from one point of a circle to another in the way's sense.
fn swept([from, to]: [DVec2; 2], reverse: bool) -> f64 {
    let angle = acos(unit(from).dot(unit(to)));
    let turn = from.y * to.x - from.x * to.y;
    if (turn > 0.0 && reverse) || (turn < 0.0 && !reverse) {
        TAU - angle
    } else {
        angle
    }
}

/// The bend at the inner side of a circle.
fn inside(ends: [DVec2; 2], radius: f64) -> Option<Arc> {
    let lengths = ends.map(DVec2::length);
    let between = ends[1] - ends[0];
    let square = between.length_squared();
    if radius < MINVAL
        || lengths
            .iter()
            .any(|length| *length <= radius || *length < MINVAL)
    {
        return None;
    }
    if square > MINVAL {
        let along = -between.dot(ends[0]) / square;
        if along > 0.0 && along < 1.0 && (ends[0] + between * along).length() <= radius {
            return None;
        }
    }
    let middle = unit((ends[0] + ends[1]) * 0.5) * radius;
    let middle = Some(([middle; 2], 0.0));
    let [a, b] = lengths.map(|length| radius / length);
    let cosine = (lengths[0] * lengths[0] + lengths[1] * lengths[1] - square)
        / (2.0 * lengths[0] * lengths[1]);
    if cosine < MINVAL - 1.0 {
        return None;
    }
    if cosine > 1.0 - MINVAL {
        return middle;
    }
    let Some(z) = bend(a, b, acos(cosine)) else {
        return middle;
    };
    // The point lies ahead of the end that comes first counter-clockwise.
    let (from, share) = if ends[0].perp_dot(ends[1]) > 0.0 {
        (ends[0], a)
    } else {
        (ends[1], b)
    };
    let (sin, cos) = sin_cos(libm::asin(z) - libm::asin(share * z));
    let from = unit(from);
    let point = DVec2::new(cos * from.x - sin * from.y, sin * from.x + cos * from.y) * radius;
    Some(([point; 2], 0.0))
}

/// Solves the equation of a bend inside by Newton's method, from above; `None` where it leads nowhere.
fn bend(a: f64, b: f64, angle: f64) -> Option<f64> {
    let residual = |z: f64| libm::asin(a * z) + libm::asin(b * z) - 2.0 * libm::asin(z) + angle;
    let slope = |share: f64, z: f64| share / (1.0 - z * z * share * share).sqrt().max(MINVAL);
    let mut z = START;
    let mut f = residual(z);
    if f > 0.0 {
        return None;
    }
    for _ in 0..MOST_STEPS {
        if f.abs() <= TOLERANCE {
            return Some(z);
        }
        let df = slope(a, z) + slope(b, z) - 2.0 * slope(1.0, z);
        let next = z - f / df;
        if df > -MINVAL || next > z {
            return None;
        }
        z = next;
        f = residual(z);
        if f > TOLERANCE {
            return None;
        }
    }
    None
}

/// Arc cosine; rounding may have carried the cosine past 1.
fn acos(cosine: f64) -> f64 {
    libm::acos(cosine.clamp(-1.0, 1.0))
}
