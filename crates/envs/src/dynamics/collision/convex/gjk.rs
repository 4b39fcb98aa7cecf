//! The nearest points of two convex shapes that lie apart: Gilbert, Johnson and Keerthi (1988).
//!
//! The differences of their points make a convex set; a simplex of its corners moves to the point of the set
//! nearest to the origin.

use super::{Core, Search, Vertex, furthest};
use glam::DVec3;

/// Distance (m) that counts as touching.
const TOUCHING: f64 = 1e-12;

/// What was found.
pub(super) enum Nearest {
    /// The shapes are further apart than asked for.
    Far,
    /// The nearest points of the two.
    Apart([DVec3; 2]),
    /// The shapes overlap or touch.
    Overlap,
}

/// A few corners of the set and the weights with which they make its point nearest to the origin.
#[derive(Clone, Copy, Default)]
struct Simplex {
    count: usize,
    corners: [Vertex; 4],
    weights: [f64; 4],
}

impl Simplex {
    fn sum(&self, part: impl Fn(&Vertex) -> DVec3) -> DVec3 {
        let corners = self.corners[..self.count].iter().zip(self.weights);
        corners.fold(DVec3::ZERO, |sum, (corner, weight)| {
            sum + part(corner) * weight
        })
    }

    /// The part of the simplex that is nearest to the origin: of all its corners, edges, faces and itself that have
    /// the origin's projection inside, the one at the smallest distance.
    fn reduced(&self) -> Self {
        let mut best = (f64::INFINITY, Self::default());
        for subset in 1..1_usize << self.count {
            let mut part = Self::default();
            for i in (0..self.count).filter(|i| subset >> i & 1 == 1) {
                part.corners[part.count] = self.corners[i];
                part.count += 1;
            }
            if part.project() {
                let distance = part.sum(|corner| corner.difference).length_squared();
                if distance < best.0 {
                    best = (distance, part);
                }
            }
        }
        best.1
    }

    /// Sets the weights of the origin's projection; whether it lies inside.
    fn project(&mut self) -> bool {
        let origin = self.corners[0].difference;
        let mut edges = [DVec3::ZERO; 3];
        for i in 1..self.count {
            edges[i - 1] = self.corners[i].difference - origin;
        }
        let dot = |i: usize, j: usize| edges[i].dot(edges[j]);
        let right = [0, 1, 2].map(|i| -edges[i].dot(origin));
        let rest: [f64; 3] = match self.count {
            1 => [0.0; 3],
            2 => [right[0] / dot(0, 0), 0.0, 0.0],
            3 => {
                // By cross products: corners can lie so close that those of dot products lose all figures.
                let normal = edges[0].cross(edges[1]);
                let scale = 1.0 / normal.length_squared();
                let x = edges[1].cross(origin).dot(normal) * scale;
                let y = origin.cross(edges[0]).dot(normal) * scale;
                [x, y, 0.0]
            }
            _ => {
                // Three edges span space: the projection is the origin itself.
                let volume = edges[0].dot(edges[1].cross(edges[2]));
                let share = |a: DVec3, b: DVec3| -origin.dot(a.cross(b)) / volume;
                [
                    share(edges[1], edges[2]),
                    share(edges[2], edges[0]),
                    share(edges[0], edges[1]),
                ]
            }
        };
        self.weights = [1.0 - rest.iter().sum::<f64>(), rest[0], rest[1], rest[2]];
        self.weights[..self.count]
            .iter()
            .all(|weight| *weight >= 0.0)
    }
}

/// Finds the nearest points, unless the shapes are further apart than the margin.
///
/// Hard shapes carry a skin of half the margin on the way, which is taken off at the end: it rounds their corners
/// and decides which steps the search takes.
pub(super) fn nearest(shapes: &[Core<'_>; 2], search: &Search) -> Nearest {
    match walk(shapes, search, 0.5 * search.margin) {
        // Perhaps only the skins overlap.
        Nearest::Overlap if search.margin > 0.0 => walk(shapes, search, 0.0),
        found => found,
    }
}

/// The search, with hard shapes in a skin.
fn walk(shapes: &[Core<'_>; 2], search: &Search, skin: f64) -> Nearest {
    let hard = shapes.map(|shape| if shape.skin() > 0.0 { 0.0 } else { skin });
    let soft = shapes.map(|shape| shape.skin());
    let reach = search.margin - hard[0] - hard[1] + soft[0] + soft[1];
    let enough = 0.5 * search.tolerance * search.tolerance;
    let mut simplex = Simplex::default();
    let mut point = shapes[0].solid.centre - shapes[1].solid.centre;
    if point.length() < TOUCHING {
        return Nearest::Overlap;
    }
    for _ in 0..search.iterations {
        let away = point / point.length();
        let mut corner = furthest(shapes, -point);
        corner.first -= away * hard[0];
        corner.second += away * hard[1];
        corner.difference = corner.first - corner.second;
        // No point of the set is nearer to the origin than its projection on `point`.
        let bound = away.dot(corner.difference);
        if simplex.count > 0 && point.dot(point - corner.difference) < enough {
            break;
        }
        if bound > reach.max(0.0) {
            return Nearest::Far;
        }
        let mut grown = simplex;
        grown.corners[grown.count] = corner;
        grown.count += 1;
        let reduced = grown.reduced();
        let next = reduced.sum(|corner| corner.difference);
        if simplex.count > 0 && next == point {
            break;
        }
        (simplex, point) = (reduced, next);
        if simplex.count == 4 || point.length() < TOUCHING {
            return Nearest::Overlap;
        }
    }
    if point.length() <= search.tolerance {
        return Nearest::Overlap;
    }
    let away = point.normalize();
    Nearest::Apart([
        simplex.sum(|corner| corner.first) + away * hard[0],
        simplex.sum(|corner| corner.second) - away * hard[1],
    ])
}
