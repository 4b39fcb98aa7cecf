//! Height fields against convex shapes. MuJoCo: Computation, "Collision detection", Height fields.
//!
//! Each triangle of the grid is the top of a prism that stands on the base. The prisms under a shape are searched one after
//! the other, as any pair of convex shapes; each may give a contact.

use std::cell::Cell;

use glam::{DMat3, DVec3};

use super::convex::{NO_CORNER, Search, Solid, places};
use super::{Shape, Touch, unit};
use crate::dynamics::MINVAL;
use crate::dynamics::model::GeomType;
use crate::dynamics::state::contact::MOST_FIELD_TOUCHES;

/// Calls `f` with each place where a shape, of a bounding radius, touches the field.
///
/// As in MuJoCo a margin raises the field by its whole and grows the shape by its half, and no contact's distance takes
/// that back.
pub(super) fn touch(
    first: &Shape,
    second: &Shape,
    radius: f64,
    margin: f64,
    search: &mut Search,
    mut f: impl FnMut(Touch),
) {
    let Some(field) = first.field.filter(|_| second.field.is_none()) else {
        return;
    };
    let [x, y, top, base] = field.size;
    let axes = first.mat.transpose();
    let pos = axes * (second.pos - first.pos);
    let reach = radius + margin;
    if pos.x.abs() > x + reach
        || pos.y.abs() > y + reach
        || pos.z > top + reach
        || pos.z < -base - reach
    {
        return;
    }
    let mat = axes * *second.mat;
    let local = Shape {
        pos,
        mat: &mat,
        ..*second
    };
    let corner = Cell::new(NO_CORNER);
    let (low, high) = bounds(&local, &corner);
    let apart =
        |low: f64, high: f64, below: f64, above: f64| low - margin > above || high + margin < below;
    if apart(low.x, high.x, -x, x)
        || apart(low.y, high.y, -y, y)
        || apart(low.z, high.z, -base, top)
    {
        return;
    }
    let [rows, columns] = [
        (low.y, high.y, y, field.nrow),
        (low.x, high.x, x, field.ncol),
    ]
    .map(|(low, high, half, count)| cells(low, high, half, count));
    let solids_corner = Cell::new(NO_CORNER);
    let mut prism = [DVec3::new(0.0, 0.0, -base); 6];
    let mut found = 0;
    for row in rows[0]..rows[1] {
        let mut count = 0;
        for column in columns[0]..=columns[1] {
            for next in [1, 0] {
                let mut point = field.point(row + next, column);
                point.z += margin;
                push(&mut prism, point);
                count += 1;
                let below = prism[3..].iter().all(|corner| corner.z < low.z);
                if count < 3 || below {
                    continue;
                }
                let shape = Shape {
                    kind: GeomType::HField,
                    pos: DVec3::ZERO,
                    mat: &DMat3::IDENTITY,
                    prism: Some(&prism),
                    ..*first
                };
                let centre = prism.iter().sum::<DVec3>() * (1.0 / 6.0);
                let solids = [
                    Solid::new(&shape, 0.0, &solids_corner),
                    Solid::new(&local, 0.5 * margin, &corner),
                ];
                let overlap = places(&solids, [centre, pos], None, search);
                let Some(overlap) = overlap.filter(|places| places.dist < 0.0) else {
                    continue;
                };
                let [a, b] = overlap.on;
                let place = *first.mat * ((a + b) * 0.5) + first.pos;
                let normal = *first.mat * unit(a - b);
                f(Touch {
                    dist: overlap.dist,
                    pos: place,
                    normal: straighten(second, place, normal),
                    tangent: DVec3::ZERO,
                });
                found += 1;
                if found == MOST_FIELD_TOUCHES {
                    return;
                }
            }
        }
    }
}

/// Adds a corner at the top of a strip of prisms, and the one below it.
fn push(prism: &mut [DVec3; 6], point: DVec3) {
    prism.copy_within(1..3, 0);
    prism.copy_within(4..6, 3);
    prism[5] = point;
    prism[2] = DVec3::new(point.x, point.y, prism[2].z);
}

/// Least and largest coordinates of a shape.
fn bounds(shape: &Shape, corner: &Cell<u32>) -> (DVec3, DVec3) {
    let solid = Solid::new(shape, 0.0, corner);
    let [x, y, z] = DVec3::AXES.map(|axis| {
        let high = solid.farthest(axis).dot(axis);
        (solid.farthest(-axis).dot(axis), high)
    });
    (DVec3::new(x.0, y.0, z.0), DVec3::new(x.1, y.1, z.1))
}

/// First and last line of a grid that a shape lies between.
fn cells(low: f64, high: f64, half: f64, count: usize) -> [usize; 2] {
    let last = count.saturating_sub(1) as f64;
    let at = |x: f64| (x + half) / (2.0 * half) * last;
    // A cast of a negative number gives 0.
    [
        at(low).floor().min(last) as usize,
        at(high).ceil().min(last) as usize,
    ]
}

/// The normal of a contact as the round surface of the second shape has it there, where that is known.
fn straighten(shape: &Shape, place: DVec3, normal: DVec3) -> DVec3 {
    let p = shape.local(place - shape.pos);
    let [radius, half, _] = *shape.size;
    let outward = match shape.kind {
        GeomType::Sphere => p,
        GeomType::Capsule => DVec3::new(p.x, p.y, p.z - p.z.clamp(-half, half)),
        GeomType::Ellipsoid => {
            let size = DVec3::from_array(*shape.size);
            let inside = (p / size).length_squared() <= 1.0;
            let found = if inside {
                along_normal(p, size, shape.local(-normal))
            } else {
                Some(nearest_normal(p, size))
            };
            match found {
                Some(outward) => outward,
                None => return normal,
            }
        }
        // Near an end or an edge the flat side may be meant.
        GeomType::Cylinder => {
            let flat = (half - p.z.abs()).abs();
            let round = (radius - p.truncate().length()).abs();
            if p.z.abs() > 0.95 * half || flat < 0.25 * round {
                return normal;
            }
            DVec3::new(p.x, p.y, 0.0)
        }
        _ => return normal,
    };
    -(*shape.mat * unit(outward))
}

const MOST_STEPS: usize = 30;
const TOLERANCE: f64 = 1e-6;

/// For a point inside an ellipsoid: the normal where the line along itself from the point meets the surface; `None` where
/// the first line does not.
fn along_normal(point: DVec3, size: DVec3, start: DVec3) -> Option<DVec3> {
    let weight = (size * size).recip();
    let c = (point * point).dot(weight) - 1.0;
    let mut normal = unit(start);
    for step in 0..MOST_STEPS {
        let a = (normal * normal).dot(weight);
        let b = (point * normal).dot(weight);
        let discriminant = b * b - a * c;
        if discriminant < MINVAL || a < MINVAL {
            return (step > 0).then_some(normal);
        }
        let x = (-b + discriminant.sqrt()) / a;
        if x < 0.0 {
            return (step > 0).then_some(normal);
        }
        let next = unit((point + normal * x) * weight);
        let change = (normal - next).length();
        normal = next;
        if change < TOLERANCE {
            break;
        }
    }
    Some(normal)
}

/// For a point outside an ellipsoid: the normal at the nearest place of the surface, by Newton's method for the multiplier
/// of that minimum.
fn nearest_normal(point: DVec3, size: DVec3) -> DVec3 {
    let square = size * size;
    let scaled = point * point * square;
    let mut multiplier = 0.0;
    for _ in 0..MOST_STEPS {
        let r = (square + multiplier).recip();
        let value = (scaled * r * r).element_sum() - 1.0;
        let slope = -2.0 * (scaled * r * r * r).element_sum();
        if value < TOLERANCE || slope > -MINVAL {
            break;
        }
        let step = -value / slope;
        if step < TOLERANCE {
            break;
        }
        multiplier += step;
    }
    point / (square + multiplier)
}
