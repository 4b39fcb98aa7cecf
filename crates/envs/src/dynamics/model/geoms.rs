//! Geoms, the pairs of them that can touch, and sites.

use glam::{DQuat, DVec3};

use super::{SolImp, SolRef};

/// Shape of a geom; the order is MuJoCo's, which decides the roles in a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GeomType {
    /// Infinite half-space below the local xy plane.
    Plane,
    /// A [`HeightField`](super::HeightField); `size` holds half the sides of a box that weighs as it.
    HField,
    /// `size = [radius, _, _]`.
    Sphere,
    /// Cylinder along the local z axis with spherical ends: `size = [radius, half_length, _]`.
    Capsule,
    /// `size` holds the radii along the local axes.
    Ellipsoid,
    /// Cylinder along the local z axis: `size = [radius, half_length, _]`.
    Cylinder,
    /// `size` holds half the lengths along the local axes.
    Box,
    /// A [`Mesh`](super::Mesh), of which the convex hull collides; `size` holds its largest coordinates without signs.
    Mesh,
}

/// Geoms: shapes fixed to bodies, and their contact parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Geoms {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// Shape.
    pub kind: Vec<GeomType>,
    /// Body that the geom is fixed to.
    pub body: Vec<usize>,
    /// Sizes (m), see [`GeomType`].
    pub size: Vec<[f64; 3]>,
    /// Mesh of a geom of that shape, in [`Model::meshes`](super::Model::meshes).
    pub mesh: Vec<Option<usize>>,
    /// Height field of a geom of that shape, in [`Model::hfields`](super::Model::hfields).
    pub hfield: Vec<Option<usize>>,
    /// Position in the body's frame (m).
    pub pos: Vec<DVec3>,
    /// Orientation in the body's frame.
    pub quat: Vec<DQuat>,
    /// Radius of the bounding sphere (m); 0 for a plane.
    pub rbound: Vec<f64>,
    /// Bit mask: which geoms it may collide with, see `conaffinity`.
    pub contype: Vec<u32>,
    /// Bit mask: two geoms may collide when one's `contype` meets the other's `conaffinity`.
    pub conaffinity: Vec<u32>,
    /// Dimension of the contact force: 1 (frictionless), 3 (sliding friction), 4 (and torsion) or 6 (and
    /// rolling).
    pub condim: Vec<usize>,
    /// Precedence of this geom's contact parameters.
    pub priority: Vec<i32>,
    /// Weight in mixing contact parameters.
    pub solmix: Vec<f64>,
    /// Sliding, torsional and rolling friction coefficients.
    pub friction: Vec<[f64; 3]>,
    /// Distance under which a contact is detected (m).
    pub margin: Vec<f64>,
    /// A contact acts under `margin - gap` (m).
    pub gap: Vec<f64>,
    /// Reference of contacts.
    pub solref: Vec<SolRef>,
    /// Impedance of contacts.
    pub solimp: Vec<SolImp>,
    /// Colour and opacity, each 0 to 1; for pictures only.
    pub rgba: Vec<[f32; 4]>,
    /// Visualisation group, 0 to 5; pictures leave 3 and above out, as MuJoCo does.
    pub group: Vec<i32>,
    /// Whether rays pass through: its own colour or, if it has one, its material's has no opacity.
    pub transparent: Vec<bool>,
}

/// Two geoms that can touch, and what their contacts are like. MuJoCo: Modeling, "Contact parameters".
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The geoms, the one of the lower [`GeomType`] first.
    pub geoms: [usize; 2],
    /// Distance under which a contact is detected (m).
    pub margin: f64,
    /// Distance under which it acts (m): `margin - gap`.
    pub includemargin: f64,
    /// Dimension of the contact force: 1, 3, 4 or 6.
    pub dim: usize,
    /// Coefficients: two of sliding, one of torsion, two of rolling.
    pub friction: [f64; 5],
    /// Reference of the normal constraint.
    pub solref: SolRef,
    /// Reference of the friction constraints with elliptic cones; that of the normal one when both are 0.
    pub solreffriction: SolRef,
    /// Impedance of the constraint.
    pub solimp: SolImp,
}

/// Sites: points of interest fixed to bodies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sites {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// Body that the site is fixed to.
    pub body: Vec<usize>,
    /// Position in the body's frame (m).
    pub pos: Vec<DVec3>,
    /// Shape; no plane, no mesh.
    pub kind: Vec<GeomType>,
    /// Sizes (m), see [`GeomType`].
    pub size: Vec<[f64; 3]>,
    /// Orientation in the body's frame.
    pub quat: Vec<DQuat>,
    /// The same as it was given, which differs where it is hardly another than the body's: welds and actuators take it.
    pub quat_given: Vec<DQuat>,
}
