//! Surfaces of triangles and their convex hulls.

use glam::{DQuat, DVec3};

/// A surface of triangles, in the frame of its centre of mass and principal axes. MuJoCo: XML reference, "mesh".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Name; the file's where the XML gives none.
    pub name: String,
    /// Corners (m), in single precision as MuJoCo keeps them.
    pub vert: Vec<[f32; 3]>,
    /// Triangles: three indices of corners, anticlockwise from outside.
    pub face: Vec<[u32; 3]>,
    /// Where the frame lies in that of the file (m).
    pub pos: DVec3,
    /// How it is turned there.
    pub quat: DQuat,
    /// The convex hull, which is what collides; empty where no geom collides with it.
    pub hull: ConvexHull,
}

/// The convex hull of a mesh, as a graph of corners. MuJoCo: `mesh_graph`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConvexHull {
    /// Corners of the hull (m); those of the mesh that the numbers in `index` tell.
    pub points: Vec<DVec3>,
    /// Index of each corner in the mesh.
    pub index: Vec<u32>,
    /// Start of each corner's neighbours in `neighbours`, and the end of the last one's.
    pub start: Vec<u32>,
    /// Corners at the other ends of edges: indices into `points`.
    pub neighbours: Vec<u32>,
    /// Least and largest coordinates (m).
    pub bounds: [DVec3; 2],
    /// Its flat sides; none where pairs of shapes have one contact.
    pub sides: Sides,
}

/// The flat sides of a convex hull. MuJoCo: `mesh_polynormal`, `mesh_polyvert`, `mesh_polymap`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sides {
    /// Outward unit normals.
    pub normal: Vec<DVec3>,
    /// Corners of each side, anticlockwise from outside: corners of the mesh.
    pub corners: Vec<Vec<u32>>,
    /// The sides at each corner of the mesh.
    pub around: Vec<Vec<u32>>,
}

impl ConvexHull {
    /// Corners that share an edge with a corner.
    #[must_use]
    pub fn around(&self, corner: usize) -> &[u32] {
        let [from, to] = [self.start[corner], self.start[corner + 1]];
        &self.neighbours[from as usize..to as usize]
    }
}
