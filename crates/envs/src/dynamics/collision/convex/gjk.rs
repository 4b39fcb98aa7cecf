//! The place of the set of differences nearest to the origin, by Gilbert, Johnson and Keerthi's algorithm with
//! the distances of Montanari et al. (2017), "Improving the GJK algorithm for faster and more reliable distance
//! queries between two convex objects".
//!
//! A simplex of at most four corners moves towards the origin: it takes in the farthest corner on the origin's
//! side and leaves out what its nearest place does not need.

use glam::DVec3;

use super::{Search, Solid, corner, discrete};
use crate::dynamics::MINVAL;
use crate::dynamics::state::convex::Corner;

/// Triangles with longer sides than this (m) have no normal.
const MAXVAL: f64 = 1e10;

/// What the search found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nearest {
    /// Distance between the shapes; infinite where they are apart and no more was asked.
    pub(super) dist: f64,
    /// The nearest points of the shapes, if apart.
    pub(super) on: [DVec3; 2],
    /// Corners of the simplex.
    pub(super) count: usize,
    simplex: [Corner; 4],
}

impl Nearest {
    pub(super) fn corners(&self) -> &[Corner] {
        &self.simplex[..self.count]
    }

    fn apart() -> Self {
        Self {
            dist: f64::INFINITY,
            ..Self::default()
        }
    }

    /// The weighted sum of the simplex.
    fn sum(&self, weights: &[f64; 4], part: impl Fn(&Corner) -> DVec3) -> DVec3 {
        let mut terms = self.corners().iter().zip(weights);
        let first = terms.next().map(|(corner, &w)| part(corner) * w);
        terms.fold(first.unwrap_or_default(), |sum, (corner, &w)| {
            sum + part(corner) * w
        })
    }
}

/// The nearest points of two shapes. It stops as soon as it knows that they are apart, or, where their distance is asked
/// up to a `reach`, that they are farther apart than that.
pub(super) fn nearest(
    solids: &[Solid; 2],
    centres: [DVec3; 2],
    reach: Option<f64>,
    search: &Search,
) -> Nearest {
    let enough = if discrete(solids) {
        0.0
    } else {
        0.5 * search.tolerance * search.tolerance
    };
    let mut near = Nearest {
        on: centres,
        ..Nearest::default()
    };
    let mut weights = [1.0, 0.0, 0.0, 0.0];
    let mut place = centres[0] - centres[1];
    let mut length = 0.0;
    let mut try_inside = reach.is_none();
    let mut iteration = 0;
    while iteration < search.iterations {
        length = place.dot(place);
        if length < MINVAL * MINVAL {
            break;
        }
        length = length.sqrt();
        let far = corner(solids, -(place * (1.0 / length)));
        near.simplex[near.count] = far;
        // The duality gap bounds the squared error.
        if place.dot(place - far.at) < enough {
            if iteration == 0 {
                near.count = 1;
            }
            break;
        }
        let ahead = place.dot(far.at);
        let square = reach.map_or(0.0, |reach| reach * reach * length * length);
        if ahead > 0.0 && ahead * ahead >= square {
            return Nearest::apart();
        }
        if near.count == 3 && try_inside {
            let mut simplex = near.simplex;
            match inside(&mut simplex, solids, &mut iteration, search.iterations) {
                Some(true) => {
                    return Nearest {
                        simplex,
                        count: 4,
                        ..Nearest::default()
                    };
                }
                Some(false) => return Nearest::apart(),
                None => try_inside = false,
            }
        }
        near.count += 1;
        weights = reduce(&mut near);
        if near.count == 0 {
            return Nearest::apart();
        }
        let next = near.sum(&weights, |corner| corner.at);
        if (next - place).abs().max_element() < MINVAL {
            break;
        }
        place = next;
        if near.count == 4 {
            length = 0.0;
            break;
        }
        iteration += 1;
    }
    if near.count > 0 {
        near.on = [0, 1].map(|i| near.sum(&weights, |corner| corner.on[i]));
    }
    near.dist = length;
    near
}

/// Leaves out the corners that the simplex's nearest place does not need; the weights of the others.
fn reduce(near: &mut Nearest) -> [f64; 4] {
    let [a, b, c, d] = near.simplex.map(|corner| corner.at);
    let mut weights = match near.count {
        4 => in_tetrahedron([a, b, c, d]),
        3 => pad(in_triangle([a, b, c])),
        2 => pad(in_segment([a, b])),
        _ => [1.0, 0.0, 0.0, 0.0],
    };
    near.count = 0;
    for i in 0..4 {
        if weights[i] != 0.0 {
            near.simplex[near.count] = near.simplex[i];
            weights[near.count] = weights[i];
            near.count += 1;
        }
    }
    weights
}

fn pad<const N: usize>(weights: [f64; N]) -> [f64; 4] {
    let mut all = [0.0; 4];
    all[..N].copy_from_slice(&weights);
    all
}

/// Moves a tetrahedron, one corner at a time, until it is sure whether the set holds the origin; `None` where
/// rounding or the iterations do not let it be.
fn inside(
    simplex: &mut [Corner; 4],
    solids: &[Solid; 2],
    iteration: &mut usize,
    iterations: usize,
) -> Option<bool> {
    // The face opposite each corner, turned outwards.
    const FACES: [[usize; 3]; 4] = [[2, 1, 3], [0, 2, 3], [1, 0, 3], [0, 1, 2]];
    while *iteration < iterations {
        let planes = FACES.map(|face| plane(face.map(|i| simplex[i].at)));
        let dist = planes.map(|(dist, _)| dist);
        if dist.contains(&0.0) {
            return None;
        }
        let lower = if dist[0] < dist[1] { 0 } else { 1 };
        let upper = if dist[2] < dist[3] { 2 } else { 3 };
        let nearest = if dist[lower] < dist[upper] {
            lower
        } else {
            upper
        };
        let (outside, normal) = planes[nearest];
        if outside > 0.0 {
            return Some(true);
        }
        simplex[nearest] = corner(solids, normal);
        if normal.dot(simplex[nearest].at) < 0.0 {
            return Some(false);
        }
        // A new corner on the other side of its face turns the tetrahedron inside out.
        simplex.swap((nearest + 1) & 3, (nearest + 2) & 3);
        *iteration += 1;
    }
    None
}

/// Distance of a triangle's plane from the origin and the plane's normal; infinite without a normal.
fn plane([a, b, c]: [DVec3; 3]) -> (f64, DVec3) {
    let normal = (c - a).cross(b - a);
    let square = normal.dot(normal);
    if square > MINVAL * MINVAL && square < MAXVAL * MAXVAL {
        let normal = normal * (1.0 / square.sqrt());
        (normal.dot(a), normal)
    } else {
        (f64::INFINITY, normal)
    }
}

/// The origin's projection onto the plane of three points; `None` if they lie on a line.
pub(super) fn onto_plane([a, b, c]: [DVec3; 3]) -> Option<DVec3> {
    let (ab, ac, bc) = (b - a, c - a, c - b);
    // The same normal from each corner in turn, until one is accurate enough.
    for (normal, on) in [(bc.cross(ab), b), (ab.cross(ac), a)] {
        let (height, square) = (normal.dot(on), normal.dot(normal));
        if square == 0.0 {
            return None;
        }
        if height != 0.0 && square > MINVAL {
            return Some(normal * (height / square));
        }
    }
    let normal = ac.cross(bc);
    Some(normal * (normal.dot(c) / normal.dot(normal)))
}

/// Areas of the triangles that a point of a triangle's plane makes with its sides, and that of the triangle
/// itself: with signs, along the axis that shows most of it.
pub(super) fn areas([a, b, c]: [DVec3; 3], point: DVec3) -> ([f64; 3], f64) {
    let whole = |x: usize, y: usize| {
        b[x] * c[y] - b[y] * c[x] - a[x] * c[y] + a[y] * c[x] + a[x] * b[y] - a[y] * b[x]
    };
    let shadows = [whole(1, 2), whole(0, 2), whole(0, 1)];
    let size = shadows.map(f64::abs);
    let (x, y, area) = if size[0] >= size[1] && size[0] >= size[2] {
        (1, 2, shadows[0])
    } else if size[1] >= size[2] {
        (0, 2, shadows[1])
    } else {
        (0, 1, shadows[2])
    };
    let with = |q: DVec3, r: DVec3| {
        point[x] * q[y] + point[y] * r[x] + q[x] * r[y]
            - point[x] * r[y]
            - point[y] * q[x]
            - r[x] * q[y]
    };
    ([with(b, c), with(c, a), with(a, b)], area)
}

/// Whether both numbers are positive or both negative.
fn agree(a: f64, b: f64) -> bool {
    (a > 0.0 && b > 0.0) || (a < 0.0 && b < 0.0)
}

/// Weights of the place of a segment nearest to the origin.
fn in_segment([a, b]: [DVec3; 2]) -> [f64; 2] {
    let along = b - a;
    let scale = -(b.dot(along) / along.dot(along));
    let foot = b + along * scale;
    let shadow = a - b;
    let mut axis = 0;
    for other in 1..3 {
        if shadow[other].abs() >= shadow[axis].abs() {
            axis = other;
        }
    }
    let (first, second) = (foot[axis] - b[axis], a[axis] - foot[axis]);
    let whole = shadow[axis];
    if agree(whole, first) && agree(whole, second) {
        [first / whole, second / whole]
    } else {
        [0.0, 1.0]
    }
}

/// Weights of the place of a triangle nearest to the origin.
fn in_triangle([a, b, c]: [DVec3; 3]) -> [f64; 3] {
    let Some(foot) = onto_plane([a, b, c]) else {
        let [first, second] = in_segment([a, b]);
        return [first, second, 0.0];
    };
    let (parts, whole) = areas([a, b, c], foot);
    let within = parts.map(|part| agree(whole, part));
    if within == [true; 3] {
        return parts.map(|part| part / whole);
    }
    let mut best = ([0.0; 3], f64::INFINITY);
    for (beyond, [i, j]) in [[1, 2], [0, 2], [0, 1]].into_iter().enumerate() {
        if !within[beyond] {
            let ends = [[a, b, c][i], [a, b, c][j]];
            let [first, second] = in_segment(ends);
            let place = ends[0] * first + ends[1] * second;
            let mut weights = [0.0; 3];
            (weights[i], weights[j]) = (first, second);
            best = nearer(best, weights, place);
        }
    }
    best.0
}

/// Weights of the place of a tetrahedron nearest to the origin.
fn in_tetrahedron([a, b, c, d]: [DVec3; 4]) -> [f64; 4] {
    let volume = |p: DVec3, q: DVec3, r: DVec3| p.dot(q.cross(r));
    let parts = [
        -volume(b, c, d),
        volume(a, c, d),
        -volume(a, b, d),
        volume(a, b, c),
    ];
    let whole = parts[0] + parts[1] + parts[2] + parts[3];
    let within = parts.map(|part| agree(whole, part));
    if within == [true; 4] {
        return parts.map(|part| part / whole);
    }
    let mut best = ([0.0; 4], f64::INFINITY);
    let faces = [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]];
    for (beyond, face) in faces.into_iter().enumerate() {
        if !within[beyond] {
            let corners = face.map(|i| [a, b, c, d][i]);
            let [p, q, r] = in_triangle(corners);
            let place = corners[0] * p + corners[1] * q + corners[2] * r;
            let mut weights = [0.0; 4];
            for (i, weight) in face.into_iter().zip([p, q, r]) {
                weights[i] = weight;
            }
            // MuJoCo does not clear the last weight that another face left, so the tetrahedron seems to hold
            // the origin. That happens to flat ones, near the end of a search: epa then has the last word.
            if beyond == 3 {
                weights[3] = best.0[3];
            }
            best = nearer(best, weights, place);
        }
    }
    best.0
}

/// The weights whose place is nearer to the origin, with its squared distance.
fn nearer<const N: usize>(
    best: ([f64; N], f64),
    weights: [f64; N],
    place: DVec3,
) -> ([f64; N], f64) {
    let square = place.dot(place);
    if square < best.1 {
        (weights, square)
    } else {
        best
    }
}
