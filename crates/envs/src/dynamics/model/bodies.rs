//! Bodies, joints and degrees of freedom.

use glam::{DQuat, DVec3};

use super::{SolImp, SolRef};

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
    /// Share of its weight that is taken off the body.
    pub gravcomp: Vec<f64>,
    /// Whether any body has such a share.
    pub compensated: bool,
    /// Index among the bodies that are moved from outside, whose pose is in the state; `None` for others.
    pub mocap: Vec<Option<usize>>,
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
    /// Whether weight that is taken off bodies counts as a force of actuators here.
    pub actgravcomp: Vec<bool>,
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
    /// Index of the kinematic tree: a body that moves against the world, and all that it carries.
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
