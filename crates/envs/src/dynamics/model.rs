//! A compiled model: everything about a mechanism that stays constant while it moves.
//!
//! Fields carry MuJoCo's names and encodings (XML reference and `mjModel`), in SI units, grouped by the
//! element that they belong to. Each `Vec` of a group has one entry per element of that kind. Body 0 is the
//! world; a body's parent always has a lower index. Quaternions are unit rotations from the local frame to
//! the parent's frame.

use glam::{DQuat, DVec3};

/// Reference, time constant (s) and damping ratio of a constraint (`solref`), or, when both are negative,
/// its negated stiffness and damping. MuJoCo: Modeling, "Solver parameters".
pub type SolRef = [f64; 2];

/// Impedance of a constraint (`solimp`): `d0, dwidth, width, midpoint, power`.
/// MuJoCo: Modeling, "Solver parameters".
pub type SolImp = [f64; 5];

/// How a joint moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JointType {
    /// Translation along the axis (m).
    Slide,
    /// Rotation about the axis (rad).
    Hinge,
}

/// Shape of a geom; the order is MuJoCo's, which decides the roles in a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GeomType {
    /// Infinite half-space below the local xy plane.
    Plane,
    /// `size = [radius, _, _]`.
    Sphere,
    /// Cylinder along the local z axis with spherical ends: `size = [radius, half_length, _]`.
    Capsule,
}

/// Time-stepping scheme. MuJoCo: Computation, "Numerical integration".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrator {
    /// Semi-implicit Euler, implicit in joint damping.
    Euler,
    /// Explicit Runge-Kutta of order four.
    Rk4,
}

/// Options of the simulation (`mjOption`).
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Length of one physics step (s).
    pub timestep: f64,
    /// Acceleration of gravity (m/s²).
    pub gravity: DVec3,
    /// Time-stepping scheme.
    pub integrator: Integrator,
    /// Ratio of frictional to normal constraint impedance.
    pub impratio: f64,
    /// Most iterations of the constraint solver.
    pub iterations: usize,
    /// Improvement of the cost, relative to `1 / (meaninertia * nv)`, at which the solver stops.
    pub tolerance: f64,
    /// Most iterations of one line search.
    pub ls_iterations: usize,
    /// Slope, relative to the start, at which a line search stops.
    pub ls_tolerance: f64,
}

/// Bodies: frames, inertias and where their joints, dofs and geoms lie in the other tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bodies {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// Index of the parent body; 0 for the world itself.
    pub parent: Vec<usize>,
    /// Index of the top-level body of this body's tree; 0 for the world.
    pub root: Vec<usize>,
    /// Index of the body that this one is welded to (itself when it has joints).
    pub weld: Vec<usize>,
    /// First joint and number of joints.
    pub joints: Vec<(usize, usize)>,
    /// First dof and number of dofs.
    pub dofs: Vec<(usize, usize)>,
    /// Position of the frame in the parent's frame (m).
    pub pos: Vec<DVec3>,
    /// Orientation of the frame in the parent's frame.
    pub quat: Vec<DQuat>,
    /// Centre of mass in the body's frame (m).
    pub ipos: Vec<DVec3>,
    /// Orientation of the principal axes of inertia in the body's frame.
    pub iquat: Vec<DQuat>,
    /// Mass (kg).
    pub mass: Vec<f64>,
    /// Mass of the body and all its descendants (kg).
    pub subtreemass: Vec<f64>,
    /// Principal moments of inertia about the centre of mass (kg m²).
    pub inertia: Vec<DVec3>,
    /// Mean inverse inertia at `qpos0` seen by a force and by a torque (1/kg, 1/(kg m²)).
    pub invweight0: Vec<[f64; 2]>,
}

/// Joints: axis, springs, limits. `qposadr` and `dofadr` point into `qpos` and `qvel`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joints {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// How the joint moves.
    pub kind: Vec<JointType>,
    /// Body that the joint moves.
    pub body: Vec<usize>,
    /// Index of the joint's position in `qpos`.
    pub qposadr: Vec<usize>,
    /// Index of the joint's first dof.
    pub dofadr: Vec<usize>,
    /// Anchor in the body's frame (m).
    pub pos: Vec<DVec3>,
    /// Unit axis in the body's frame.
    pub axis: Vec<DVec3>,
    /// Spring stiffness (N/m or N m/rad).
    pub stiffness: Vec<f64>,
    /// Whether `range` is enforced.
    pub limited: Vec<bool>,
    /// Lowest and highest position (m or rad).
    pub range: Vec<[f64; 2]>,
    /// Distance to a limit under which it acts (m or rad).
    pub margin: Vec<f64>,
    /// Reference of the limit constraint.
    pub solref: Vec<SolRef>,
    /// Impedance of the limit constraint.
    pub solimp: Vec<SolImp>,
}

/// Degrees of freedom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dofs {
    /// Body that the dof moves.
    pub body: Vec<usize>,
    /// Joint that the dof belongs to.
    pub joint: Vec<usize>,
    /// Previous dof on the way to the root; `None` for a tree's first.
    pub parent: Vec<Option<usize>>,
    /// Added rotor inertia (kg or kg m²).
    pub armature: Vec<f64>,
    /// Damping (N s/m or N m s/rad).
    pub damping: Vec<f64>,
    /// Inverse inertia at `qpos0`, averaged within a joint (1/kg or 1/(kg m²)).
    pub invweight0: Vec<f64>,
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
    /// Dimension of the contact force: 1 (frictionless) or 3 (sliding friction).
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
}

/// Actuators: motors on joints, force `gear * clamp(ctrl)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actuators {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// Joint that the actuator drives.
    pub joint: Vec<usize>,
    /// Force per unit of control (N or N m).
    pub gear: Vec<f64>,
    /// Whether the control is clamped to `ctrlrange`.
    pub ctrllimited: Vec<bool>,
    /// Lowest and highest control.
    pub ctrlrange: Vec<[f64; 2]>,
}

/// A compiled model; build one with [`crate::mjcf::compile`].
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Name from the XML's root element.
    pub name: String,
    /// Number of positions.
    pub nq: usize,
    /// Number of velocities (dofs).
    pub nv: usize,
    /// Number of controls.
    pub nu: usize,
    /// Options of the simulation.
    pub opt: Options,
    /// Mean diagonal of the inertia matrix at `qpos0`, the solver's scale (`stat.meaninertia`).
    pub meaninertia: f64,
    /// Positions in the reference pose.
    pub qpos0: Vec<f64>,
    /// Positions at which springs rest.
    pub qpos_spring: Vec<f64>,
    /// Bodies; index 0 is the world.
    pub bodies: Bodies,
    /// Joints.
    pub joints: Joints,
    /// Degrees of freedom.
    pub dofs: Dofs,
    /// Geoms.
    pub geoms: Geoms,
    /// Actuators.
    pub actuators: Actuators,
    /// Pairs of geoms that can touch, ordered by body pair, then by geom, each with the geom of the lower
    /// [`GeomType`] first; what the collision filter leaves.
    pub pairs: Vec<[usize; 2]>,
}
