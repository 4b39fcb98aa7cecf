//! Where rays meet geoms. MuJoCo: API reference, "Ray casting".
//!
//! A ray `p + x v` is taken into a shape's own axes, where a round surface gives a quadratic in x and a flat one a line.
//! All functions give the least x that is not negative, from inside too.

use glam::{DMat3, DVec3};

use super::MINVAL;
use super::model::{GeomType, HeightField, Mesh, Model};
use super::state::State;

/// A ray: where it starts and its direction, of any length; distances count in that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ray {
    pub(super) from: DVec3,
    pub(super) along: DVec3,
}

impl Ray {
    fn at(&self, x: f64) -> DVec3 {
        self.from + self.along * x
    }

    /// The ray in the axes of a shape.
    fn local(&self, pos: DVec3, mat: &DMat3) -> Self {
        let axes = mat.transpose();
        Self {
            from: axes * (self.from - pos),
            along: axes * self.along,
        }
    }
}

/// The nearer of two places, if any.
fn nearer(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Distance to the nearest geom that is seen, those of one body apart.
pub(super) fn cast(model: &Model, state: &State, ray: &Ray, without: usize) -> Option<f64> {
    let geoms = &model.geoms;
    let all = 0..geoms.kind.len();
    let seen = all.filter(|geom| geoms.body[*geom] != without && !geoms.transparent[*geom]);
    let hits = seen.map(|geom| {
        let (pos, mat) = (state.geom_xpos[geom], &state.geom_xmat[geom]);
        let local = ray.local(pos, mat);
        let size = &geoms.size[geom];
        match (geoms.mesh[geom], geoms.hfield[geom]) {
            (Some(mesh), _) => {
                boxed(&local, size)?;
                surface(&local, &model.meshes[mesh])
            }
            (None, Some(field)) => heights(&local, &model.hfields[field]),
            (None, None) => primitive(&local, geoms.kind[geom], size),
        }
    });
    hits.fold(None, nearer)
}

/// Distance to a shape at a place.
pub(super) fn shape(
    ray: &Ray,
    (pos, mat): (DVec3, &DMat3),
    kind: GeomType,
    size: &[f64; 3],
) -> Option<f64> {
    primitive(&ray.local(pos, mat), kind, size)
}

/// Distance to a shape that is no mesh.
fn primitive(ray: &Ray, kind: GeomType, size: &[f64; 3]) -> Option<f64> {
    let [radius, half, _] = *size;
    match kind {
        GeomType::Plane => plane(ray, size),
        GeomType::Sphere => sphere(ray, radius * radius),
        GeomType::Capsule => {
            sphere(ray, (radius + half) * (radius + half))?;
            capsule(ray, radius, half)
        }
        GeomType::Ellipsoid => {
            let s = DVec3::from_array(size.map(|radius| 1.0 / (radius * radius)));
            let product = |a: DVec3, b: DVec3| s.x * a.x * b.x + s.y * a.y * b.y + s.z * a.z * b.z;
            let c = product(ray.from, ray.from) - 1.0;
            let roots = roots(
                product(ray.along, ray.along),
                product(ray.along, ray.from),
                c,
            );
            first(roots)
        }
        GeomType::Cylinder => {
            sphere(ray, radius * radius + half * half)?;
            cylinder(ray, radius, half)
        }
        GeomType::Box => boxed(ray, size),
        GeomType::HField | GeomType::Mesh => None,
    }
}

/// Both solutions of `a x² + 2 b x + c = 0`, the smaller first.
fn roots(a: f64, b: f64, c: f64) -> Option<[f64; 2]> {
    let discriminant = b * b - a * c;
    (discriminant >= MINVAL).then(|| {
        let root = discriminant.sqrt();
        [(-b - root) / a, (-b + root) / a]
    })
}

/// The first that is not negative.
fn first(roots: Option<[f64; 2]>) -> Option<f64> {
    roots?.into_iter().find(|x| *x >= 0.0)
}

/// A plane, from above and within its size where that is not 0.
fn plane(ray: &Ray, size: &[f64; 3]) -> Option<f64> {
    if ray.along.z > -MINVAL {
        return None;
    }
    let x = -ray.from.z / ray.along.z;
    let place = ray.at(x);
    let within = |half: f64, at: f64| half <= 0.0 || at.abs() <= half;
    (x >= 0.0 && within(size[0], place.x) && within(size[1], place.y)).then_some(x)
}

/// A sphere about the origin.
fn sphere(ray: &Ray, square: f64) -> Option<f64> {
    first(ball(ray, DVec3::ZERO, square))
}

/// Both places of a sphere.
fn ball(ray: &Ray, centre: DVec3, square: f64) -> Option<[f64; 2]> {
    let from = ray.from - centre;
    let c = from.dot(from) - square;
    roots(ray.along.dot(ray.along), ray.along.dot(from), c)
}

/// The round side of a cylinder.
fn side(ray: &Ray, radius: f64, half: f64) -> Option<f64> {
    let (from, along) = (ray.from.truncate(), ray.along.truncate());
    let c = from.dot(from) - radius * radius;
    first(roots(along.dot(along), along.dot(from), c)).filter(|x| ray.at(*x).z.abs() <= half)
}

fn capsule(ray: &Ray, radius: f64, half: f64) -> Option<f64> {
    let mut found = side(ray, radius, half);
    for end in [half, -half] {
        let cap = ball(ray, DVec3::Z * end, radius * radius);
        for x in cap.into_iter().flatten() {
            let z = ray.at(x).z;
            let beyond = if end > 0.0 { z >= end } else { z <= end };
            if x >= 0.0 && beyond {
                found = nearer(found, Some(x));
            }
        }
    }
    found
}

fn cylinder(ray: &Ray, radius: f64, half: f64) -> Option<f64> {
    let mut found = side(ray, radius, half);
    if ray.along.z.abs() > MINVAL {
        for end in [-half, half] {
            let x = (end - ray.from.z) / ray.along.z;
            if x >= 0.0 && ray.at(x).truncate().length_squared() <= radius * radius {
                found = nearer(found, Some(x));
            }
        }
    }
    found
}

/// A box about the origin.
fn boxed(ray: &Ray, size: &[f64; 3]) -> Option<f64> {
    let sides = sides(ray, DVec3::from_array(*size));
    sides.into_iter().fold(None, nearer)
}

/// The sides of a box about the origin: the lower and the upper one along each axis.
fn sides(ray: &Ray, size: DVec3) -> [Option<f64>; 6] {
    let mut found = [None; 6];
    if sphere(ray, size.length_squared()).is_none() {
        return found;
    }
    for (number, found) in found.iter_mut().enumerate() {
        let axis = number / 2;
        let end = if number % 2 == 0 {
            -size[axis]
        } else {
            size[axis]
        };
        if ray.along[axis].abs() > MINVAL {
            let x = (end - ray.from[axis]) / ray.along[axis];
            let place = ray.at(x).abs();
            let within = |i: usize| i == axis || place[i] <= size[i];
            *found = (x >= 0.0 && (0..3).all(within)).then_some(x);
        }
    }
    found
}

/// A height field: its base, the triangles under the way through the box above that, and the sides of that box below
/// the surface.
fn heights(ray: &Ray, field: &HeightField) -> Option<f64> {
    let [x, y, top, base] = field.size;
    let moved = |by: f64| Ray {
        from: ray.from - DVec3::Z * by,
        along: ray.along,
    };
    let mut found = boxed(&moved(-0.5 * base), &[x, y, 0.5 * base]);
    let sides = sides(&moved(0.5 * top), DVec3::new(x, y, 0.5 * top));
    let Some(enter) = sides.into_iter().fold(None, nearer) else {
        return found;
    };
    let beyond = sides.into_iter().flatten().filter(|side| *side > enter);
    let ends = beyond
        .reduce(f64::max)
        .map_or([0.0, enter], |leave| [enter, leave]);
    let [dx, dy] = field.spacing();
    let places = ends.map(|end| ray.at(end));
    let columns = lines(places.map(|place| (place.x + x) / dx), field.ncol);
    let rows = lines(places.map(|place| (place.y + y) / dy), field.nrow);
    let across = across(ray.along);
    for row in rows {
        for column in columns.clone() {
            let [here, there] = [field.point(row, column), field.point(row + 1, column + 1)];
            for third in [field.point(row, column + 1), field.point(row + 1, column)] {
                found = nearer(found, triangle(ray, [here, there, third], &across));
            }
        }
    }
    for (number, side) in sides[..4].iter().enumerate() {
        let Some(at) = side.filter(|at| found.is_none_or(|found| *at < found)) else {
            continue;
        };
        let place = ray.at(at);
        let last = number % 2 == 1;
        // Along the side, and the height of its edge before and behind the place.
        let (along, count) = if number < 2 {
            ((place.y + y) / dy, field.nrow)
        } else {
            ((place.x + x) / dx, field.ncol)
        };
        let before = along.floor().clamp(0.0, count.saturating_sub(2) as f64);
        let height = |step: usize| {
            let at = before as usize + step;
            let (row, column) = match (number < 2, last) {
                (true, true) => (at, field.ncol - 1),
                (true, false) => (at, 0),
                (false, true) => (field.nrow - 1, at),
                (false, false) => (0, at),
            };
            let heights = field.data.get(row * field.ncol + column);
            f64::from(heights.copied().unwrap_or_default())
        };
        if place.z / top < height(0) * (before + 1.0 - along) + height(1) * (along - before) {
            found = Some(at);
        }
    }
    found
}

/// Cells of a grid line between two places, and one more on each side.
fn lines([a, b]: [f64; 2], count: usize) -> std::ops::Range<usize> {
    let last = count.saturating_sub(1) as f64;
    let low = (a.min(b).floor() - 1.0).clamp(0.0, last);
    let high = (a.max(b).ceil() + 1.0).clamp(0.0, last);
    low as usize..high as usize
}

/// The triangles of a mesh.
fn surface(ray: &Ray, mesh: &Mesh) -> Option<f64> {
    let across = across(ray.along);
    let at = |corner: u32| DVec3::from_array(mesh.vert[corner as usize].map(f64::from));
    let hits = mesh.face.iter();
    let hits = hits.map(|face| triangle(ray, face.map(at), &across));
    hits.fold(None, nearer)
}

/// Two directions across a ray, at right angles.
fn across(along: DVec3) -> [DVec3; 2] {
    let size = along.abs();
    let mut other = DVec3::ONE;
    if size.x >= size.y && size.x >= size.z {
        other.x = 0.0;
    } else if size.y >= size.z {
        other.y = 0.0;
    } else {
        other.z = 0.0;
    }
    let second = (other + along * (-along.dot(other) / along.dot(along))).normalize();
    [second.cross(along).normalize(), second]
}

/// A triangle, from both sides; `across` are two directions across the ray.
fn triangle(ray: &Ray, corners: [DVec3; 3], across: &[DVec3; 2]) -> Option<f64> {
    let flat = corners.map(|corner| {
        let from = corner - ray.from;
        [across[0].dot(from), across[1].dot(from)]
    });
    for axis in 0..2 {
        let one_side = |sign: f64| flat.iter().all(|corner| sign * corner[axis] > 0.0);
        if one_side(1.0) || one_side(-1.0) {
            return None;
        }
    }
    // Weights of the first two corners at the ray.
    let [p, q, r] = flat;
    let [a, b] = [[p[0] - r[0], p[1] - r[1]], [q[0] - r[0], q[1] - r[1]]];
    let determinant = a[0] * b[1] - b[0] * a[1];
    if determinant.abs() < MINVAL {
        return None;
    }
    let first = (b[1] * -r[0] - b[0] * -r[1]) / determinant;
    let second = (-a[1] * -r[0] + a[0] * -r[1]) / determinant;
    if first < 0.0 || second < 0.0 || first + second > 1.0 {
        return None;
    }
    let normal = (corners[0] - corners[2]).cross(corners[1] - corners[2]);
    let slope = ray.along.dot(normal);
    let x = -(ray.from - corners[2]).dot(normal) / slope;
    (slope.abs() >= MINVAL && x >= 0.0).then_some(x)
}

/// Whether a point lies inside a shape.
pub(super) fn is_inside(
    (pos, mat): (DVec3, &DMat3),
    kind: GeomType,
    size: &[f64; 3],
    point: DVec3,
) -> bool {
    let p = mat.transpose() * (point - pos);
    let [radius, half, _] = *size;
    match kind {
        GeomType::Plane => p.z < 0.0,
        GeomType::Sphere => (point - pos).length_squared() < radius * radius,
        GeomType::Capsule => {
            let rest = DVec3::new(p.x, p.y, p.z - p.z.clamp(-half.abs(), half.abs()));
            rest.length_squared() < radius * radius
        }
        GeomType::Ellipsoid => (p / DVec3::from_array(*size)).length_squared() < 1.0,
        GeomType::Cylinder => p.z.abs() < half && p.truncate().length_squared() < radius * radius,
        GeomType::Box => p.abs().cmplt(DVec3::from_array(*size)).all(),
        GeomType::HField | GeomType::Mesh => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(kind: GeomType, size: [f64; 3], from: [f64; 3], along: [f64; 3]) -> Option<f64> {
        let ray = Ray {
            from: DVec3::from_array(from),
            along: DVec3::from_array(along),
        };
        shape(&ray, (DVec3::ZERO, &DMat3::IDENTITY), kind, &size)
    }

    #[test]
    fn rays_meet_what_is_ahead() {
        use GeomType::{Box, Capsule, Cylinder, Ellipsoid, Plane, Sphere};
        let down = |kind, size| hit(kind, size, [0.05, 0.0, 3.0], [0.0, 0.0, -1.0]);
        for kind in [Capsule, Cylinder, Box] {
            let near = down(kind, [0.5, 0.5, 0.5]);
            assert!(
                near.is_some_and(|x| (1.9..=2.6).contains(&x)),
                "{kind:?}: {near:?}"
            );
        }
        assert_eq!(down(Plane, [0.0, 0.0, 1.0]), Some(3.0));
        assert_eq!(down(Plane, [0.01, 0.0, 1.0]), None, "beside a small plane");
        assert_eq!(
            hit(Plane, [0.0; 3], [0.0, 0.0, -1.0], [0.0, 0.0, 1.0]),
            None,
            "from below"
        );
        assert_eq!(
            hit(Sphere, [1.0; 3], [0.0; 3], [0.0, 2.0, 0.0]),
            Some(0.5),
            "from inside"
        );
        assert_eq!(
            hit(Sphere, [1.0; 3], [0.0, 2.0, 0.0], [0.0, 1.0, 0.0]),
            None,
            "behind"
        );
        let round = hit(
            Ellipsoid,
            [2.0, 1.0, 1.0],
            [3.0, 0.0, 0.0],
            [-1.0, 0.0, 0.0],
        );
        assert!(round.is_some_and(|x| (x - 1.0).abs() < 1e-12), "{round:?}");
    }

    #[test]
    fn points_lie_inside_or_not() {
        let inside = |kind, x: f64, z: f64| {
            let pose = (DVec3::ZERO, &DMat3::IDENTITY);
            is_inside(pose, kind, &[0.5, 1.0, 2.0], DVec3::new(x, 0.0, z))
        };
        assert!(inside(GeomType::Capsule, 0.1, 1.4) && !inside(GeomType::Capsule, 0.4, 1.4));
        assert!(inside(GeomType::Cylinder, 0.4, 0.9) && !inside(GeomType::Cylinder, 0.4, 1.4));
        assert!(inside(GeomType::Box, 0.4, 1.9) && !inside(GeomType::Box, 0.6, 0.0));
        assert!(inside(GeomType::Ellipsoid, 0.0, 1.9) && !inside(GeomType::Ellipsoid, 0.4, 1.9));
    }
}
