//! A compiled model: everything about a mechanism that stays constant while it moves.
//!
//! Fields carry MuJoCo's names and encodings (XML reference and `mjModel`), in SI units, grouped by the
//! element that they belong to. Each `Vec` of a group has one entry per element of that kind. Body 0 is the
//! world; a body's parent always has a lower index. Quaternions are unit rotations from the local frame to
//! the parent's frame.

use glam::{DQuat, DVec3};
use std::ops::Range;

/// Reference, time constant (s) and damping ratio of a constraint (`solref`), or, when both are negative,
/// its negated stiffness and damping. MuJoCo: Modeling, "Solver parameters".
pub type SolRef = [f64; 2];

/// Impedance of a constraint (`solimp`): `d0, dwidth, width, midpoint, power`.
/// MuJoCo: Modeling, "Solver parameters".
pub type SolImp = [f64; 5];

/// How a joint moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JointType {
    /// Free motion in space: seven positions (place, unit quaternion `w x y z`), six velocities (linear in
    /// world axes, angular in the body's).
    Free,
    /// Rotation about the anchor: four positions (unit quaternion `w x y z`), three velocities (in the body's
    /// axes).
    Ball,
    /// Translation along the axis (m).
    Slide,
    /// Rotation about the axis (rad).
    Hinge,
}

impl JointType {
    /// Number of positions.
    #[must_use]
    pub fn nq(self) -> usize {
        match self {
            Self::Free => 7,
            Self::Ball => 4,
            Self::Slide | Self::Hinge => 1,
        }
    }

    /// Number of velocities (dofs).
    #[must_use]
    pub fn nv(self) -> usize {
        match self {
            Self::Free => 6,
            Self::Ball => 3,
            Self::Slide | Self::Hinge => 1,
        }
    }
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
    /// `size` holds the radii along the local axes.
    Ellipsoid,
    /// Cylinder along the local z axis: `size = [radius, half_length, _]`.
    Cylinder,
    /// `size` holds half the lengths along the local axes.
    Box,
}

/// Time-stepping scheme. MuJoCo: Computation, "Numerical integration".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrator {
    /// Semi-implicit Euler, implicit in joint damping.
    Euler,
    /// Explicit Runge-Kutta of order four.
    Rk4,
    /// Euler, implicit in all velocity-dependent forces but those of Coriolis.
    ImplicitFast,
}

/// Algorithm of the constraint solver. MuJoCo: Computation, "Constraint solver", Algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// Projected Gauss-Seidel on the dual problem.
    Pgs,
    /// Conjugate gradients on the primal problem.
    Cg,
    /// Newton's method on the primal problem.
    Newton,
}

/// Shape of the friction cone. MuJoCo: Computation, "Constraint model", Friction cones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cone {
    /// A pyramid inside the cone: `2 (condim - 1)` rows per contact.
    Pyramidal,
    /// The cone itself: `condim` rows per contact.
    Elliptic,
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
    /// Density of the medium (kg/m³); 0 is none.
    pub density: f64,
    /// Viscosity of the medium (Pa s); 0 is none.
    pub viscosity: f64,
    /// Velocity of the medium (m/s).
    pub wind: DVec3,
    /// Algorithm of the constraint solver.
    pub solver: Solver,
    /// Whether Newton's method and conjugate gradients solve trees apart that no row connects.
    pub islands: bool,
    /// Whether the solver may start from the acceleration of the step before.
    pub warmstart: bool,
    /// Shape of the friction cone.
    pub cone: Cone,
    /// Ratio of frictional to normal constraint impedance.
    pub impratio: f64,
    /// Most iterations of the constraint solver.
    pub iterations: usize,
    /// Improvement of the cost at which the solver stops, relative to the sum of the inertia matrix's diagonal: the
    /// island's, or `meaninertia * nv` without islands.
    pub tolerance: f64,
    /// Most iterations of one line search.
    pub ls_iterations: usize,
    /// Slope, relative to the start, at which a line search stops.
    pub ls_tolerance: f64,
    /// Error (m) at which the search for the nearest points of convex shapes stops.
    pub ccd_tolerance: f64,
    /// Most iterations of that search.
    pub ccd_iterations: usize,
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
    /// Unit axis in the body's frame; the z axis for free and ball joints, which have none.
    pub axis: Vec<DVec3>,
    /// Spring stiffness (N/m or N m/rad).
    pub stiffness: Vec<f64>,
    /// Whether `range` is enforced.
    pub limited: Vec<bool>,
    /// Lowest and highest position (m or rad); for a ball joint 0 and the largest angle.
    pub range: Vec<[f64; 2]>,
    /// Whether `actfrcrange` is enforced.
    pub actfrclimited: Vec<bool>,
    /// Lowest and highest sum of the actuators' forces on the joint (N or N m).
    pub actfrcrange: Vec<[f64; 2]>,
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
    /// Index of the kinematic tree.
    pub tree: Vec<usize>,
    /// Added rotor inertia (kg or kg m²).
    pub armature: Vec<f64>,
    /// Damping (N s/m or N m s/rad).
    pub damping: Vec<f64>,
    /// Dry friction (N or N m).
    pub frictionloss: Vec<f64>,
    /// Reference of the dry-friction constraint.
    pub solref: Vec<SolRef>,
    /// Impedance of the dry-friction constraint.
    pub solimp: Vec<SolImp>,
    /// Inverse inertia at `qpos0`, averaged within a joint (1/kg or 1/(kg m²)).
    pub invweight0: Vec<f64>,
    /// The next dof on the way to the root that the inertia matrix, or what takes its place in an integrator, couples
    /// this one with: `parent`, but `None` for all dofs of a simple body, whose inertia is diagonal at all times
    /// (`dof_simplenum`).
    pub coupled: Vec<Option<usize>>,
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
    /// Orientation in the body's frame.
    pub quat: Vec<DQuat>,
}

/// Fixed tendons: weighted sums of joint positions. MuJoCo: XML reference, "tendon/fixed".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tendons {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// Joints (slide or hinge) and their coefficients as in the XML; the length is the sum of all.
    pub path: Vec<Vec<(usize, f64)>>,
    /// Each joint once, with the rate of the length by its position: the Jacobian. Another than the sum of its
    /// coefficients in `path` where MuJoCo's is: with a dense Jacobian the last counts alone.
    pub joints: Vec<Vec<(usize, f64)>>,
    /// Whether `range` is enforced.
    pub limited: Vec<bool>,
    /// Lowest and highest length.
    pub range: Vec<[f64; 2]>,
    /// Distance to a limit under which it acts.
    pub margin: Vec<f64>,
    /// Reference of the limit constraint.
    pub solref: Vec<SolRef>,
    /// Impedance of the limit constraint.
    pub solimp: Vec<SolImp>,
    /// Dry friction.
    pub frictionloss: Vec<f64>,
    /// Reference of the dry-friction constraint.
    pub solref_friction: Vec<SolRef>,
    /// Impedance of the dry-friction constraint.
    pub solimp_friction: Vec<SolImp>,
    /// Spring stiffness.
    pub stiffness: Vec<f64>,
    /// Damping.
    pub damping: Vec<f64>,
    /// Inertia along the tendon.
    pub armature: Vec<f64>,
    /// Lengths between which the spring is slack.
    pub lengthspring: Vec<[f64; 2]>,
    /// Length at `qpos0`.
    pub length0: Vec<f64>,
    /// Inverse inertia along the tendon at `qpos0`.
    pub invweight0: Vec<f64>,
}

/// What an actuator acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transmission {
    /// A joint; on ball and free joints the gear is an axis in the joint's (child) frame.
    Joint(usize),
    /// A joint; on ball and free joints the gear is an axis in the parent's frame.
    JointInParent(usize),
    /// A tendon.
    Tendon(usize),
}

/// Actuators: force `gain ctrl + bias`, where gain and bias are each
/// `prm[0] + prm[1] length + prm[2] velocity`. Motors, position and velocity servos, and dampers are special
/// cases. MuJoCo: Computation, "Actuation model".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actuators {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// What the actuator acts on.
    pub transmission: Vec<Transmission>,
    /// Scale of length, velocity and force; the first number but on ball and free joints.
    pub gear: Vec<[f64; 6]>,
    /// Coefficients of the gain: constant, per length, per velocity.
    pub gainprm: Vec<[f64; 3]>,
    /// Coefficients of the bias: constant, per length, per velocity.
    pub biasprm: Vec<[f64; 3]>,
    /// Whether the control is clamped to `ctrlrange`.
    pub ctrllimited: Vec<bool>,
    /// Lowest and highest control.
    pub ctrlrange: Vec<[f64; 2]>,
    /// Whether the force is clamped to `forcerange`.
    pub forcelimited: Vec<bool>,
    /// Lowest and highest force, before the gear.
    pub forcerange: Vec<[f64; 2]>,
}

/// A named state that a model comes with. MuJoCo: XML reference, "keyframe".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keyframe {
    /// Name; empty where the XML gives none.
    pub name: String,
    /// Time (s).
    pub time: f64,
    /// Positions, `[nq]`.
    pub qpos: Vec<f64>,
    /// Velocities, `[nv]`.
    pub qvel: Vec<f64>,
    /// Controls, `[nu]`.
    pub ctrl: Vec<f64>,
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
    /// Kinematic trees, each a body that moves against the world with all that it carries: their dofs.
    pub trees: Vec<Range<usize>>,
    /// Bodies; index 0 is the world.
    pub bodies: Bodies,
    /// Joints.
    pub joints: Joints,
    /// Degrees of freedom.
    pub dofs: Dofs,
    /// Geoms.
    pub geoms: Geoms,
    /// Sites.
    pub sites: Sites,
    /// Tendons.
    pub tendons: Tendons,
    /// Actuators.
    pub actuators: Actuators,
    /// Pairs of geoms that can touch: explicit ones and what the collision filter leaves, in the order in which
    /// MuJoCo lists their contacts: by body pair, then by geom.
    pub pairs: Vec<Pair>,
    /// Named states.
    pub keyframes: Vec<Keyframe>,
    /// What the reader of the XML passed over, or took otherwise than written, as MuJoCo does: one line each, with
    /// file, line and element. A program shows it to its user.
    pub notes: Vec<String>,
}

impl Model {
    /// Reads and compiles the model in the MJCF file at `path`; the same as [`crate::mjcf::load`].
    ///
    /// # Errors
    /// As [`crate::mjcf::load`].
    pub fn from_mjcf(path: impl AsRef<std::path::Path>) -> crate::Result<Self> {
        crate::mjcf::load(path)
    }

    /// The kinematic tree of a body; none where it cannot move.
    pub(super) fn tree(&self, body: usize) -> Option<usize> {
        let (first, count) = self.bodies.dofs[self.bodies.weld[body]];
        (count > 0).then(|| self.dofs.tree[first])
    }
}
