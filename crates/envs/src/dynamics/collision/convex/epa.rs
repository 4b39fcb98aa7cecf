//! The shallowest way out of an overlap: van den Bergen's expanding polytope (2001).
//!
//! A polytope inside the set of differences grows, always at its face nearest to the origin, until that face
//! lies on the set's surface.

use super::{Core, Vertex, furthest};
use glam::DVec3;

/// Most corners of the polytope, and most faces that these make.
const MOST_CORNERS: usize = 100;
const MOST_FACES: usize = 2 * MOST_CORNERS;
/// Growth (m) at which a face counts as lying on the surface.
const ON_SURFACE: f64 = 1e-10;
/// How far a corner must stand out of a face to be seen from it (m).
const VISIBLE: f64 = 1e-14;

/// A triangle with its outward normal and signed distance from the origin.
#[derive(Clone, Copy, Default)]
struct Face {
    corners: [usize; 3],
    normal: DVec3,
    distance: f64,
}

struct Polytope {
    corners: [Vertex; MOST_CORNERS],
    corner_count: usize,
    faces: [Face; MOST_FACES],
    face_count: usize,
}

impl Polytope {
    fn place(&self, corner: usize) -> DVec3 {
        self.corners[corner].difference
    }

    /// Adds a triangle whose corners run counterclockwise seen from outside; none of no area.
    fn add_face(&mut self, corners: [usize; 3]) {
        let [a, b, c] = corners.map(|corner| self.place(corner));
        let normal = (b - a).cross(c - a);
        if normal.length_squared() > 0.0 && self.face_count < MOST_FACES {
            let normal = normal.normalize();
            self.faces[self.face_count] = Face {
                corners,
                normal,
                distance: normal.dot(a),
            };
            self.face_count += 1;
        }
    }

    /// The face nearest to the origin, by signed distance.
    fn nearest(&self) -> Option<Face> {
        let faces = self.faces[..self.face_count].iter();
        faces
            .copied()
            .min_by(|a, b| a.distance.total_cmp(&b.distance))
    }

    /// Takes a corner in: faces that see it go, and new ones connect it with the edge of the hole.
    fn grow(&mut self, corner: Vertex) {
        let new = self.corner_count;
        self.corners[new] = corner;
        self.corner_count += 1;
        let mut edges = [[0_usize; 2]; 3 * MOST_FACES];
        let mut edge_count = 0;
        let mut face = 0;
        while face < self.face_count {
            let Face {
                corners, normal, ..
            } = self.faces[face];
            if normal.dot(corner.difference - self.place(corners[0])) <= VISIBLE {
                face += 1;
                continue;
            }
            for i in 0..3 {
                let edge = [corners[i], corners[(i + 1) % 3]];
                // An edge between two faces that go is inside the hole.
                let twin = edges[..edge_count]
                    .iter()
                    .position(|other| *other == [edge[1], edge[0]]);
                if let Some(twin) = twin {
                    edge_count -= 1;
                    edges[twin] = edges[edge_count];
                } else {
                    edges[edge_count] = edge;
                    edge_count += 1;
                }
            }
            self.face_count -= 1;
            self.faces[face] = self.faces[self.face_count];
        }
        for edge in &edges[..edge_count] {
            self.add_face([edge[0], edge[1], new]);
        }
    }
}

/// A tetrahedron inside the set; none when the set is flat.
fn tetrahedron(shapes: &[Core<'_>; 2]) -> Option<Polytope> {
    let a = furthest(shapes, DVec3::X);
    let b = furthest(shapes, DVec3::NEG_X);
    let edge = b.difference - a.difference;
    let further = |direction: DVec3| {
        let direction = direction.normalize_or(DVec3::Z);
        let [up, down] = [direction, -direction].map(|d| furthest(shapes, d));
        let rise = |corner: &Vertex| (corner.difference - a.difference).dot(direction).abs();
        if rise(&up) >= rise(&down) { up } else { down }
    };
    let c = further(edge.any_orthogonal_vector());
    let normal = edge.cross(c.difference - a.difference);
    let d = further(normal);
    let volume = normal.dot(d.difference - a.difference);
    if volume == 0.0 {
        return None;
    }
    let mut polytope = Polytope {
        corners: [Vertex::default(); MOST_CORNERS],
        corner_count: 4,
        faces: [Face::default(); MOST_FACES],
        face_count: 0,
    };
    // Seen from d the triangle a b c must run clockwise.
    polytope.corners[..4].copy_from_slice(&if volume > 0.0 {
        [a, c, b, d]
    } else {
        [a, b, c, d]
    });
    for face in [[0, 1, 2], [0, 3, 1], [1, 3, 2], [2, 3, 0]] {
        polytope.add_face(face);
    }
    Some(polytope)
}

/// The points of the two shapes that lie deepest in the other, the direction from the first to the second in
/// which they overlap least, and how much; none for shapes without volume.
pub(super) fn shallowest(shapes: &[Core<'_>; 2]) -> Option<([DVec3; 2], DVec3, f64)> {
    let mut polytope = tetrahedron(shapes)?;
    let face = loop {
        let face = polytope.nearest()?;
        let corner = furthest(shapes, face.normal);
        let growth = face.normal.dot(corner.difference) - face.distance;
        if growth <= ON_SURFACE || polytope.corner_count == MOST_CORNERS {
            break face;
        }
        polytope.grow(corner);
    };
    let [a, b, c] = face.corners.map(|corner| polytope.corners[corner]);
    // Weights of the origin's projection in the triangle.
    let foot = face.normal * face.distance;
    let area = |p: DVec3, q: DVec3| (p - foot).cross(q - foot).dot(face.normal);
    let weights = [
        area(b.difference, c.difference),
        area(c.difference, a.difference),
        area(a.difference, b.difference),
    ];
    let total: f64 = weights.iter().sum();
    let mean = |part: fn(&Vertex) -> DVec3| {
        (part(&a) * weights[0] + part(&b) * weights[1] + part(&c) * weights[2]) / total
    };
    let points = [mean(|corner| corner.first), mean(|corner| corner.second)];
    (total > 0.0).then_some((points, face.normal, face.distance.max(0.0)))
}
