//! Where a ray first meets a shape.

use super::hit::Hit;
use super::tree::Tree;
use crate::dynamics::model::GeomType;
use glam::{DMat3, DVec3};

/// Where the ray from `origin` along the unit vector `direction` first enters a shape, `size` as in
/// [`GeomType`] and a mesh with its `tree`.
pub(super) fn cast(
    kind: GeomType,
    size: [f64; 3],
    tree: Option<&Tree>,
    (centre, axes): (DVec3, &DMat3),
    (origin, direction): (DVec3, DVec3),
) -> Option<Hit> {
    let to_local = axes.transpose();
    let (o, d) = (to_local * (origin - centre), to_local * direction);
    let hit = match kind {
        GeomType::Plane => plane(o, d),
        GeomType::Sphere => sphere(o, d, size[0]),
        GeomType::Capsule => capsule(o, d, size[0], size[1]),
        GeomType::Cylinder => cylinder(o, d, size[0], size[1]),
        GeomType::Box => block(o, d, DVec3::from(size)),
        GeomType::HField | GeomType::Mesh => tree?.cast(o, d),
        GeomType::Ellipsoid => {
            // A unit sphere in stretched space; the direction stretches too, so distances stay.
            let radii = DVec3::from(size);
            unit_sphere(o / radii, d / radii).map(|hit| Hit {
                normal: (hit.normal / radii).normalize(),
                ..hit
            })
        }
    }?;
    Some(Hit {
        normal: *axes * hit.normal,
        ..hit
    })
}

fn plane(o: DVec3, d: DVec3) -> Option<Hit> {
    let at = -o.z / d.z;
    (d.z < 0.0 && at > 0.0).then_some(Hit {
        at,
        normal: DVec3::Z,
    })
}

/// The first root of `a t² + 2 b t + c`, if it is positive.
fn entry(a: f64, b: f64, c: f64) -> Option<f64> {
    let square = b * b - a * c;
    let at = (-b - square.sqrt()) / a;
    (square >= 0.0 && at > 0.0).then_some(at)
}

fn unit_sphere(o: DVec3, d: DVec3) -> Option<Hit> {
    let at = entry(d.dot(d), o.dot(d), o.dot(o) - 1.0)?;
    Some(Hit {
        at,
        normal: o + d * at,
    })
}

fn sphere(o: DVec3, d: DVec3, radius: f64) -> Option<Hit> {
    let at = entry(1.0, o.dot(d), o.dot(o) - radius * radius)?;
    Some(Hit {
        at,
        normal: (o + d * at) / radius,
    })
}

/// The side of an endless cylinder along z.
fn side(o: DVec3, d: DVec3, radius: f64) -> Option<(f64, DVec3)> {
    let (o2, d2) = (o.truncate(), d.truncate());
    let at = entry(d2.dot(d2), o2.dot(d2), o2.dot(o2) - radius * radius)?;
    Some((at, o + d * at))
}

fn capsule(o: DVec3, d: DVec3, radius: f64, half_length: f64) -> Option<Hit> {
    if let Some((at, point)) = side(o, d, radius)
        && point.z.abs() <= half_length
    {
        let normal = DVec3::new(point.x, point.y, 0.0) / radius;
        return Some(Hit { at, normal });
    }
    let ends = [half_length, -half_length].map(|z| sphere(o - DVec3::Z * z, d, radius));
    let ends = ends.into_iter().flatten();
    ends.min_by(|a, b| a.at.total_cmp(&b.at))
}

fn cylinder(o: DVec3, d: DVec3, radius: f64, half_length: f64) -> Option<Hit> {
    if let Some((at, point)) = side(o, d, radius)
        && point.z.abs() <= half_length
    {
        let normal = DVec3::new(point.x, point.y, 0.0) / radius;
        return Some(Hit { at, normal });
    }
    let z = if o.z > 0.0 { half_length } else { -half_length };
    let at = (z - o.z) / d.z;
    let point = o + d * at;
    (at > 0.0 && point.truncate().length() <= radius).then_some(Hit {
        at,
        normal: DVec3::Z * z.signum(),
    })
}

fn block(o: DVec3, d: DVec3, half: DVec3) -> Option<Hit> {
    let (a, b) = ((-half - o) / d, (half - o) / d);
    let (near, far) = (a.min(b), a.max(b));
    let at = near.max_element();
    if !(at > 0.0 && at <= far.min_element()) {
        return None;
    }
    let mut normal = DVec3::ZERO;
    for axis in 0..3 {
        if near[axis] == at {
            normal[axis] = -d[axis].signum();
        }
    }
    Some(Hit {
        at,
        normal: normal.normalize(),
    })
}
