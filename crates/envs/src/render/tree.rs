//! Where a ray first meets a mesh: a tree of boxes around its triangles.

use super::hit::Hit;
use crate::dynamics::model::Mesh;
use glam::{DVec3, Vec3};
use std::borrow::Cow;

/// Triangles of a leaf.
const LEAF: usize = 4;

/// A box around triangles.
struct Node {
    low: Vec3,
    high: Vec3,
    /// First of its triangles in the order, and how many of them a leaf has; a branch has none, and its parts are the
    /// next node and the one that `first` tells.
    first: usize,
    count: usize,
}

/// Boxes around the triangles of a mesh.
pub(super) struct Tree<'a> {
    mesh: Cow<'a, Mesh>,
    nodes: Vec<Node>,
    order: Vec<u32>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(mesh: Cow<'a, Mesh>) -> Self {
        let count = mesh.face.len();
        let mut tree = Self {
            mesh,
            nodes: Vec::new(),
            order: (0..count as u32).collect(),
        };
        if !tree.order.is_empty() {
            tree.split(0, count);
        }
        tree
    }

    fn corners(&self, face: u32) -> [Vec3; 3] {
        self.mesh.face[face as usize].map(|corner| Vec3::from(self.mesh.vert[corner as usize]))
    }

    /// Adds the node of these places in the order, and all below it; halving bounds the depth.
    fn split(&mut self, from: usize, to: usize) {
        let (mut low, mut high) = (Vec3::INFINITY, Vec3::NEG_INFINITY);
        for &face in &self.order[from..to] {
            for corner in self.corners(face) {
                (low, high) = (low.min(corner), high.max(corner));
            }
        }
        let node = self.nodes.len();
        let count = if to - from <= LEAF { to - from } else { 0 };
        self.nodes.push(Node {
            low,
            high,
            first: from,
            count,
        });
        if count > 0 {
            return;
        }
        let axis = (high - low).max_position();
        let mesh = &self.mesh;
        let middle = |face: &u32| -> f32 {
            let corners = mesh.face[*face as usize];
            corners.iter().map(|c| mesh.vert[*c as usize][axis]).sum()
        };
        let half = from.midpoint(to);
        self.order[from..to]
            .select_nth_unstable_by(half - from, |a, b| middle(a).total_cmp(&middle(b)));
        self.split(from, half);
        self.nodes[node].first = self.nodes.len();
        self.split(half, to);
    }

    /// Where a ray in the mesh's frame first meets a triangle, from either side.
    pub(super) fn cast(&self, origin: DVec3, direction: DVec3) -> Option<Hit> {
        let inverse = direction.recip();
        let mut nearest: Option<Hit> = None;
        let mut waiting = Vec::from_iter((!self.nodes.is_empty()).then_some(0));
        while let Some(index) = waiting.pop() {
            let node = &self.nodes[index];
            let (a, b) = (
                (node.low.as_dvec3() - origin) * inverse,
                (node.high.as_dvec3() - origin) * inverse,
            );
            let enter = a.min(b).max_element().max(0.0);
            let leave = a.max(b).min_element();
            if enter > leave || nearest.is_some_and(|hit| hit.at < enter) {
                continue;
            }
            if node.count == 0 {
                waiting.extend([node.first, index + 1]);
                continue;
            }
            for &face in &self.order[node.first..node.first + node.count] {
                let corners = self.corners(face).map(|corner| corner.as_dvec3());
                if let Some(hit) = triangle(corners, origin, direction)
                    && nearest.is_none_or(|other| hit.at < other.at)
                {
                    nearest = Some(hit);
                }
            }
        }
        nearest
    }
}

/// Möller and Trumbore (1997), "Fast, Minimum Storage Ray/Triangle Intersection".
fn triangle([a, b, c]: [DVec3; 3], origin: DVec3, direction: DVec3) -> Option<Hit> {
    let (ab, ac) = (b - a, c - a);
    let across = direction.cross(ac);
    let scale = ab.dot(across).recip();
    let from = origin - a;
    let u = from.dot(across) * scale;
    let other = from.cross(ab);
    let v = direction.dot(other) * scale;
    let at = ac.dot(other) * scale;
    let inside = u >= 0.0 && v >= 0.0 && u + v <= 1.0 && at > 0.0;
    let normal = ab.cross(ac).try_normalize()?;
    inside.then(|| Hit {
        at,
        normal: if normal.dot(direction) > 0.0 {
            -normal
        } else {
            normal
        },
    })
}
