//! What a file says of its meshes, after defaults.

use super::unmet::Unmet;
use glam::{DQuat, DVec3};
use std::path::PathBuf;

/// How a mesh weighs. MuJoCo: XML reference, `mesh/inertia`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MeshInertia {
    /// As its convex hull.
    Convex,
    /// As its surface encloses space.
    Exact,
    /// As if every triangle added volume, whichever way it is turned.
    Legacy,
    /// As its surface.
    Shell,
}

/// A shape that a mesh can be without a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    None,
    Sphere,
    Hemisphere,
    Cone,
    Supersphere,
    Supertorus,
    Plate,
}

/// A mesh, or a class's default for meshes.
#[derive(Clone, Debug)]
pub(super) struct MeshSpec {
    /// Its file, or why there can be none.
    pub(super) file: Option<Result<PathBuf, String>>,
    pub(super) content_type: Option<String>,
    /// Coordinates of corners, and corners of triangles, as written.
    pub(super) vertex: Option<Vec<f64>>,
    pub(super) face: Option<Vec<f64>>,
    pub(super) scale: [f64; 3],
    pub(super) refpos: DVec3,
    pub(super) refquat: DQuat,
    pub(super) inertia: MeshInertia,
    /// Most corners of the hull; all when negative.
    pub(super) maxhullvert: i64,
    /// The shape that it is without a file, and its parameters.
    pub(super) builtin: Builtin,
    pub(super) params: Vec<f64>,
    pub(super) unmet: Unmet,
}

impl Default for MeshSpec {
    fn default() -> Self {
        Self {
            file: None,
            content_type: None,
            vertex: None,
            face: None,
            scale: [1.0; 3],
            refpos: DVec3::ZERO,
            refquat: DQuat::IDENTITY,
            inertia: MeshInertia::Legacy,
            maxhullvert: -1,
            builtin: Builtin::None,
            params: Vec::new(),
            unmet: Unmet::default(),
        }
    }
}

/// A height field.
#[derive(Clone, Debug, Default)]
pub(super) struct HeightFieldSpec {
    /// Its file, or why there can be none.
    pub(super) file: Option<Result<PathBuf, String>>,
    pub(super) content_type: Option<String>,
    /// Rows and columns.
    pub(super) grid: [usize; 2],
    /// Heights as written.
    pub(super) elevation: Option<Vec<f64>>,
    /// Half the sides, the largest height, and the thickness of the base.
    pub(super) size: [f64; 4],
}
