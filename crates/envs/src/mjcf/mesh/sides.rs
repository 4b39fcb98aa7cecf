//! The flat sides of a convex hull: triangles of one normal, joined. MuJoCo: XML reference, `flag/multiccd`.

use glam::DVec3;

use crate::dynamics::model::Sides;

/// Cosine of the angle between normals up to which triangles lie on one side.
const SAME: f64 = 0.999_998_72;
/// Differences that tell normals apart.
const LEAST: f64 = 1e-15;

/// Triangles of one normal, in pieces that share edges.
struct Side {
    normal: DVec3,
    /// Edges of the outline, and the piece that each belongs to.
    edges: Vec<([usize; 2], usize)>,
    pieces: usize,
}

/// Whether one normal comes before another that is not the same: from large to small coordinates.
fn before(a: DVec3, b: DVec3) -> bool {
    if a.dot(b) > SAME {
        return false;
    }
    let apart = (0..3).find(|axis| (a[*axis] - b[*axis]).abs() > LEAST);
    apart.is_some_and(|axis| a[axis] > b[axis])
}

fn normal([a, b, c]: [DVec3; 3]) -> DVec3 {
    let across = (b - a).cross(c - a);
    let length = across.length();
    if length < LEAST {
        DVec3::X
    } else {
        across / length
    }
}

impl Side {
    /// Takes in a triangle; an edge that it shares with the outline goes.
    fn add(&mut self, [a, b, c]: [usize; 3]) {
        let mut piece = None;
        let mut new = Vec::new();
        for [from, to] in [[a, b], [b, c], [c, a]] {
            let Some(shared) = self.edges.iter().position(|(edge, _)| *edge == [to, from]) else {
                new.push([from, to]);
                continue;
            };
            let (_, other) = self.edges.remove(shared);
            piece = Some(match piece {
                None => other,
                Some(piece) => self.join(piece, other),
            });
        }
        let piece = piece.unwrap_or_else(|| {
            self.pieces += 1;
            self.pieces - 1
        });
        self.edges.extend(new.into_iter().map(|edge| (edge, piece)));
    }

    /// Makes two pieces one, and gives its number.
    fn join(&mut self, one: usize, other: usize) -> usize {
        let (first, second) = (one.min(other), one.max(other));
        if first < second {
            self.pieces -= 1;
            for (_, piece) in &mut self.edges {
                if *piece == second {
                    *piece = first;
                } else if *piece > second {
                    *piece -= 1;
                }
            }
        }
        first
    }

    /// The corners of a piece, in the order of its outline.
    fn outline(&self, piece: usize) -> Option<Vec<usize>> {
        let mut edges = self.edges.iter().filter(|(_, other)| *other == piece);
        let ([first, second], _) = *edges.next()?;
        let mut path = vec![first, second];
        while path.len() <= self.edges.len() {
            let last = path[path.len() - 1];
            let next = self.edges.iter().find(|(edge, other)| {
                *other == piece && edge[0] == last && *edge != [first, second]
            });
            let ([_, to], _) = *next?;
            if to == first {
                return Some(path);
            }
            path.push(to);
        }
        None
    }
}

/// The sides of the hull with these triangles of points as the file gives them, and as they are `placed` in the mesh's
/// frame.
pub(super) fn sides(points: &[DVec3], placed: &[DVec3], faces: &[[usize; 3]]) -> Sides {
    let mut all: Vec<Side> = Vec::new();
    for face in faces {
        let normal = normal(face.map(|corner| points[corner]));
        let at = all.partition_point(|side| before(side.normal, normal));
        match all.get_mut(at) {
            Some(side) if !before(normal, side.normal) => side.add(*face),
            _ => {
                let mut side = Side {
                    normal,
                    edges: Vec::new(),
                    pieces: 0,
                };
                side.add(*face);
                all.insert(at, side);
            }
        }
    }
    let mut sides = Sides::default();
    let mut around = vec![Vec::new(); points.len()];
    for side in &all {
        for outline in (0..side.pieces).filter_map(|piece| side.outline(piece)) {
            let index = sides.normal.len() as u32;
            outline
                .iter()
                .for_each(|corner| around[*corner].push(index));
            let first = [0, 1, 2].map(|i| placed[outline[i]]);
            sides.normal.push(normal(first));
            sides
                .corners
                .push(outline.iter().map(|c| *c as u32).collect());
        }
    }
    sides.around = around;
    sides
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cube in twelve triangles has six sides of four corners, each corner on three.
    #[test]
    fn a_cube_has_six_sides() {
        let points: Vec<DVec3> = (0..8u32)
            .map(|i| DVec3::new((i & 1).into(), (i >> 1 & 1).into(), (i >> 2).into()))
            .collect();
        let faces = crate::mjcf::mesh::hull::hull(&points, None).unwrap().faces;
        assert_eq!(faces.len(), 12);
        let sides = sides(&points, &points, &faces);
        let normals = [
            DVec3::X,
            DVec3::Y,
            DVec3::Z,
            -DVec3::Z,
            -DVec3::Y,
            -DVec3::X,
        ];
        assert_eq!(sides.normal, normals);
        for (normal, corners) in sides.normal.iter().zip(&sides.corners) {
            assert_eq!(corners.len(), 4);
            let place = normal.dot(points[corners[0] as usize]);
            assert!(
                corners
                    .iter()
                    .all(|c| normal.dot(points[*c as usize]) == place)
            );
        }
        assert!(sides.around.iter().all(|sides| sides.len() == 3));
    }
}
