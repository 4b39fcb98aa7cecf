//! The place of the boundary of the set of differences nearest to the origin inside it, by van den Bergen's
//! expanding polytope algorithm.
//!
//! A hull of triangles inside the set holds the origin. The triangle nearest to the origin gives way to the
//! corner of the set farthest in its direction, until there is none beyond it.

use glam::{DMat3, DVec3};

use super::gjk::{areas, onto_plane};
use super::{Places, Solid, corner, discrete};
use crate::dynamics::MINVAL;
use crate::dynamics::state::convex::{Corner, Hull, Status, Triangle};

/// Sine of 120°, to as many digits as MuJoCo has.
const SIN_120: f64 = 0.866_025_403_78;

/// Why a hull cannot be grown.
struct Broken;

impl Hull {
    /// Starts over with the hull around a simplex near the origin; `None` where it would be flat.
    pub(super) fn around(&mut self, simplex: &[Corner], solids: &[Solid; 2]) -> Option<()> {
        match *simplex {
            [a, b, c, d] => self.around_tetrahedron([a, b, c, d], solids),
            [a, b, c] => self.around_triangle([a, b, c], solids),
            [a, b] => self.around_segment([a, b], solids),
            _ => None,
        }
    }

    fn clear(&mut self) {
        self.corners.clear();
        self.triangles.clear();
        self.candidates.clear();
        self.rim.clear();
    }

    fn at<const N: usize>(&self, corners: [usize; N]) -> [DVec3; N] {
        corners.map(|i| self.corners[i].at)
    }

    /// Adds the corner of the set farthest in a direction.
    fn add_corner(&mut self, direction: DVec3, length: f64, solids: &[Solid; 2]) {
        let unit = if length > MINVAL {
            direction / length
        } else {
            DVec3::X
        };
        self.corners.push(corner(solids, unit));
    }

    /// Adds a triangle; the squared distance of its plane from the origin, 0 where it has no plane.
    fn add(&mut self, corners: [usize; 3], neighbours: [usize; 3]) -> f64 {
        let [a, b, c] = self.at(corners);
        let foot = onto_plane([c, b, a]);
        let square = foot.map_or(0.0, |foot| foot.dot(foot));
        self.triangles.push(Triangle {
            corners,
            neighbours,
            foot: foot.unwrap_or_default(),
            square,
            status: Status::Kept,
        });
        square
    }

    /// Makes a triangle one that may be the nearest.
    fn consider(&mut self, triangle: usize) {
        self.triangles[triangle].status = Status::Candidate(self.candidates.len());
        self.candidates.push(triangle);
    }

    fn consider_all(&mut self) {
        (0..self.triangles.len()).for_each(|triangle| self.consider(triangle));
    }

    /// Adds triangles in turn; the corners of the first whose plane holds the origin.
    fn add_all(&mut self, triangles: &[([usize; 3], [usize; 3])]) -> Result<(), [usize; 3]> {
        for &(corners, neighbours) in triangles {
            if self.add(corners, neighbours) < MINVAL * MINVAL {
                return Err(corners);
            }
        }
        Ok(())
    }

    fn around_tetrahedron(&mut self, simplex: [Corner; 4], solids: &[Solid; 2]) -> Option<()> {
        const FACES: [([usize; 3], [usize; 3]); 4] = [
            ([0, 1, 2], [1, 3, 2]),
            ([0, 3, 1], [2, 3, 0]),
            ([0, 2, 3], [0, 3, 1]),
            ([3, 2, 1], [2, 0, 1]),
        ];
        self.clear();
        self.corners.extend(simplex);
        if let Err(flat) = self.add_all(&FACES) {
            return self.around_triangle(flat.map(|i| self.corners[i]), solids);
        }
        let points = self.at([0, 1, 2, 3]);
        let turned = |first: usize| [0, 1, 2, 3].map(|i| points[(first + i) & 3]);
        if !(0..4).all(|first| on_origins_side(turned(first))) {
            return None;
        }
        self.consider_all();
        Some(())
    }

    /// Two tetrahedra on both sides of a triangle.
    fn around_triangle(&mut self, simplex: [Corner; 3], solids: &[Solid; 2]) -> Option<()> {
        // Corners 0 to 2 of the triangle, 3 below it, 4 above it.
        const FACES: [([usize; 3], [usize; 3]); 6] = [
            ([4, 0, 1], [1, 3, 2]),
            ([4, 2, 0], [2, 4, 0]),
            ([4, 1, 2], [0, 5, 1]),
            ([3, 1, 0], [5, 0, 4]),
            ([3, 0, 2], [3, 1, 5]),
            ([3, 2, 1], [4, 2, 3]),
        ];
        self.clear();
        let base = simplex.map(|corner| corner.at);
        let normal = (base[1] - base[0]).cross(base[2] - base[0]);
        let length = normal.length();
        if length < MINVAL {
            return None;
        }
        self.corners.extend(simplex);
        self.add_corner(-normal, length, solids);
        self.add_corner(normal, length, solids);
        if [4, 3].iter().any(|&i| holds(base, self.corners[i].at)) {
            return None;
        }
        self.add_all(&FACES).ok()?;
        self.consider_all();
        Some(())
    }

    /// Two tetrahedra: three corners around a segment, and its ends.
    fn around_segment(&mut self, simplex: [Corner; 2], solids: &[Solid; 2]) -> Option<()> {
        const FACES: [([usize; 3], [usize; 3]); 6] = [
            ([0, 2, 3], [1, 3, 2]),
            ([0, 4, 2], [2, 4, 0]),
            ([0, 3, 4], [0, 5, 1]),
            ([1, 3, 2], [5, 0, 4]),
            ([1, 2, 4], [3, 1, 5]),
            ([1, 4, 3], [4, 2, 3]),
        ];
        self.clear();
        let along = simplex[1].at - simplex[0].at;
        let mut axis = 0;
        for other in 1..3 {
            if along[other].abs() < along[axis].abs() {
                axis = other;
            }
        }
        let turn = third_of_a_turn(along);
        let first = DVec3::AXES[axis].cross(along);
        let second = turn * first;
        self.corners.extend(simplex);
        for direction in [first, second, turn * second] {
            self.add_corner(direction, direction.length(), solids);
        }
        if let Err(flat) = self.add_all(&FACES) {
            return self.around_triangle(flat.map(|i| self.corners[i]), solids);
        }
        if !crosses(self.at([0, 1]), self.at([2, 3, 4])) {
            return None;
        }
        self.consider_all();
        Some(())
    }

    /// Grows the hull until its nearest triangle lies on the boundary of the set to within the tolerance.
    pub(super) fn expand(
        &mut self,
        solids: &[Solid; 2],
        tolerance: f64,
        iterations: usize,
    ) -> Option<Places> {
        let mut upper = f64::INFINITY;
        let mut nearest = None;
        let discrete = discrete(solids);
        let tolerance = if discrete { MINVAL } else { tolerance };
        for _ in 0..iterations {
            let before = nearest;
            let mut lower_square = f64::INFINITY;
            for &candidate in &self.candidates {
                if self.triangles[candidate].square < lower_square {
                    nearest = Some(candidate);
                    lower_square = self.triangles[candidate].square;
                }
            }
            if lower_square > upper * upper || nearest.is_none() {
                nearest = before;
                break;
            }
            if lower_square <= 0.0 {
                break;
            }
            let lower = lower_square.sqrt();
            let triangle = nearest?;
            let foot = self.triangles[triangle].foot;
            self.add_corner(foot, lower, solids);
            let new = self.corners.len() - 1;
            upper = upper.min(foot.dot(self.corners[new].at) / lower);
            if upper - lower < tolerance {
                break;
            }
            let found = self.corners[new].index;
            if discrete
                && self.corners[..new]
                    .iter()
                    .any(|corner| corner.index == found)
            {
                break;
            }
            self.find_rim(triangle, new).ok()?;
            if self.rim.len() > self.triangles.capacity() - self.triangles.len() {
                break;
            }
            self.close(new, lower_square..=upper * upper).ok()?;
            if self.candidates.is_empty() {
                break;
            }
        }
        nearest.map(|triangle| {
            self.found = triangle;
            self.places(triangle)
        })
    }

    /// The corners of the triangle at which the hull was left.
    pub(super) fn found(&self) -> [Corner; 3] {
        self.triangles[self.found].corners.map(|i| self.corners[i])
    }

    /// Removes what a new corner sees, starting with a triangle that it does see, and notes the edges around.
    fn find_rim(&mut self, start: usize, new: usize) -> Result<(), Broken> {
        self.rim.clear();
        self.remove(start);
        let Triangle {
            corners,
            neighbours,
            ..
        } = self.triangles[start];
        for edge in 0..3 {
            self.look_behind(neighbours[edge], corners[(edge + 1) % 3], new)?;
        }
        if self.rim.len() < 3 {
            return Err(Broken);
        }
        Ok(())
    }

    /// Removes a triangle and what is behind it if the new corner sees it, else notes its edge from `corner`.
    fn look_behind(&mut self, triangle: usize, corner: usize, new: usize) -> Result<(), Broken> {
        let Triangle {
            corners,
            neighbours,
            foot,
            square,
            status,
        } = self.triangles[triangle];
        if status == Status::Removed {
            return Ok(());
        }
        let edge = corners.iter().take(2).position(|&i| i == corner);
        let edge = edge.unwrap_or(2);
        if foot.dot(self.corners[new].at) - square > MINVAL {
            self.remove(triangle);
            for other in [(edge + 1) % 3, (edge + 2) % 3] {
                self.look_behind(neighbours[other], corners[(other + 1) % 3], new)?;
            }
        } else if self.rim.len() < self.rim.capacity() {
            self.rim.push((triangle, edge));
        } else {
            return Err(Broken);
        }
        Ok(())
    }

    fn remove(&mut self, triangle: usize) {
        if let Status::Candidate(place) = self.triangles[triangle].status {
            self.candidates.swap_remove(place);
            if let Some(&moved) = self.candidates.get(place) {
                self.triangles[moved].status = Status::Candidate(place);
            }
        }
        self.triangles[triangle].status = Status::Removed;
    }

    /// Joins the rim to a new corner. Triangles whose squared distance is in the range may be the nearest.
    fn close(&mut self, new: usize, range: std::ops::RangeInclusive<f64>) -> Result<(), Broken> {
        let (first, count) = (self.triangles.len(), self.rim.len());
        for i in 0..count {
            let (behind, edge) = self.rim[i];
            let triangle = first + i;
            let Triangle {
                corners,
                neighbours,
                ..
            } = &mut self.triangles[behind];
            neighbours[edge] = triangle;
            let corners = [new, corners[(edge + 1) % 3], corners[edge]];
            let before = first + (i + count - 1) % count;
            let square = self.add(corners, [before, behind, first + (i + 1) % count]);
            if square == 0.0 {
                return Err(Broken);
            }
            if range.contains(&square) {
                self.consider(triangle);
            }
        }
        Ok(())
    }

    /// The points of the shapes that make the place of a triangle nearest to the origin.
    fn places(&self, triangle: usize) -> Places {
        let Triangle {
            corners,
            foot,
            square,
            ..
        } = self.triangles[triangle];
        let (parts, whole) = areas(self.at(corners), foot);
        let [a, b, c] = parts.map(|part| part / whole);
        let on = |shape: usize| {
            let [p, q, r] = corners.map(|i| self.corners[i].on[shape]);
            p * a + q * b + r * c
        };
        Places {
            dist: -square.sqrt(),
            on: [on(0), on(1)],
        }
    }
}

/// Whether a point lies on the same side as the origin of a plane through three points.
fn on_origins_side([a, b, c, point]: [DVec3; 4]) -> bool {
    let normal = (b - a).cross(c - a);
    let (point, origin) = (normal.dot(point - a), normal.dot(-a));
    (point > 0.0 && origin > 0.0) || (point < 0.0 && origin < 0.0)
}

/// Whether a triangle holds a point.
fn holds([a, b, c]: [DVec3; 3], point: DVec3) -> bool {
    let (parts, whole) = areas([a, b, c], point);
    let [u, v, w] = parts.map(|part| part / whole);
    if u < 0.0 || v < 0.0 || w < 0.0 {
        return false;
    }
    (a * u + b * v + c * w - point).length() < MINVAL
}

/// Whether a line through two points crosses a triangle.
fn crosses([from, to]: [DVec3; 2], triangle: [DVec3; 3]) -> bool {
    let along = to - from;
    let [a, b, c] = triangle.map(|corner| corner - from);
    let volumes = [(a, b), (b, c), (c, a)].map(|(p, q)| p.dot(q.cross(along)));
    volumes.iter().all(|&volume| volume >= 0.0) || volumes.iter().all(|&volume| volume <= 0.0)
}

/// The rotation by 120° about an axis.
fn third_of_a_turn(axis: DVec3) -> DMat3 {
    let DVec3 { x, y, z } = axis / axis.length();
    DMat3::from_cols(
        DVec3::new(
            -0.5 + x * x * 1.5,
            y * x * 1.5 + z * SIN_120,
            x * z * 1.5 - y * SIN_120,
        ),
        DVec3::new(
            x * y * 1.5 - z * SIN_120,
            -0.5 + y * y * 1.5,
            y * z * 1.5 + x * SIN_120,
        ),
        DVec3::new(
            x * z * 1.5 + y * SIN_120,
            y * z * 1.5 - x * SIN_120,
            -0.5 + z * z * 1.5,
        ),
    )
}
