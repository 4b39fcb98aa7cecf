//! Memory of the search for contacts of convex shapes.

use glam::DVec3;

use crate::dynamics::model::{GeomType, Model};

/// Triangles that there is room for, at least.
const TRIANGLES: usize = 1020;

/// Scratch memory of the search for contacts of convex shapes; nothing in it outlives one pair of shapes.
#[derive(Debug)]
pub(in crate::dynamics) struct ConvexScratch {
    pub(in crate::dynamics) hull: Hull,
    iterations: usize,
}

impl ConvexScratch {
    /// Enough for the pairs of a model.
    pub(in crate::dynamics) fn new(model: &Model) -> Self {
        let searches = |kinds: [GeomType; 2]| {
            use GeomType::{Cylinder, Ellipsoid, HField, Mesh, Plane, Sphere};
            match kinds {
                [Plane, _] | [Sphere, Cylinder] => false,
                [a, b] => [a, b]
                    .iter()
                    .any(|k| matches!(k, HField | Ellipsoid | Cylinder | Mesh)),
            }
        };
        let mut pairs = model.pairs.iter();
        let needed = pairs.any(|pair| searches(pair.geoms.map(|geom| model.geoms.kind[geom])));
        let needed = needed || model.measures_distances();
        Self::with_iterations(if needed { model.opt.ccd_iterations } else { 0 })
    }

    /// Enough for searches of at most `iterations` iterations.
    pub(in crate::dynamics) fn with_iterations(iterations: usize) -> Self {
        Self {
            hull: Hull::new(iterations),
            iterations,
        }
    }
}

impl Default for ConvexScratch {
    /// No room at all.
    fn default() -> Self {
        Self::with_iterations(0)
    }
}

impl Clone for ConvexScratch {
    /// As much room, but nothing in it.
    fn clone(&self) -> Self {
        Self::with_iterations(self.iterations)
    }
}

/// A corner of the set of differences, and the points of the shapes that make it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::dynamics) struct Corner {
    pub(in crate::dynamics) at: DVec3,
    pub(in crate::dynamics) on: [DVec3; 2],
    /// Which corners of boxes and meshes they are.
    pub(in crate::dynamics) index: [u32; 2],
}

/// Whether a triangle is part of the hull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dynamics) enum Status {
    /// It may be the nearest; its place in the list of such.
    Candidate(usize),
    /// It is, but too far from the origin to be looked at again.
    Kept,
    /// No longer.
    Removed,
}

/// A triangle of the hull.
#[derive(Clone, Copy, Debug)]
pub(in crate::dynamics) struct Triangle {
    pub(in crate::dynamics) corners: [usize; 3],
    /// The triangles behind the edges from each corner to the next.
    pub(in crate::dynamics) neighbours: [usize; 3],
    /// The origin's projection onto its plane.
    pub(in crate::dynamics) foot: DVec3,
    /// Squared length of that.
    pub(in crate::dynamics) square: f64,
    pub(in crate::dynamics) status: Status,
}

/// A growing hull; see the module.
#[derive(Debug)]
pub(in crate::dynamics) struct Hull {
    pub(in crate::dynamics) corners: Vec<Corner>,
    pub(in crate::dynamics) triangles: Vec<Triangle>,
    /// Those that may be the nearest.
    pub(in crate::dynamics) candidates: Vec<usize>,
    /// The edges around what a new corner sees: a triangle that it does not see, and which of its edges.
    pub(in crate::dynamics) rim: Vec<(usize, usize)>,
    /// The triangle at which it was left.
    pub(in crate::dynamics) found: usize,
}

impl Hull {
    /// A hull with room for `iterations` new corners; no memory for 0.
    pub(in crate::dynamics) fn new(iterations: usize) -> Self {
        let room = if iterations == 0 {
            0
        } else {
            TRIANGLES.max(6 * iterations)
        };
        Self {
            corners: Vec::with_capacity(if iterations == 0 { 0 } else { 5 + iterations }),
            triangles: Vec::with_capacity(room),
            candidates: Vec::with_capacity(room),
            rim: Vec::with_capacity(room),
            found: 0,
        }
    }
}
