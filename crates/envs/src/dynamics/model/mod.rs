//! A compiled model: everything about a mechanism that stays constant while it moves.
//!
//! Fields carry MuJoCo's names and encodings (XML reference and `mjModel`), in SI units, grouped by the
//! element that they belong to. Each `Vec` of a group has one entry per element of that kind. Body 0 is the
//! world; a body's parent always has a lower index. Quaternions are unit rotations from the local frame to
//! the parent's frame.

mod actuators;
mod bodies;
mod equalities;
mod geoms;
mod hfields;
mod meshes;
mod options;
mod sensors;

use std::ops::Range;

use glam::{DQuat, DVec3};

pub use actuators::{Actuators, Dyn, Law, Tendons, Transmission, Wrap};
pub use bodies::{Bodies, Dofs, JointType, Joints};
pub use equalities::{Anchor, Equalities, Equality};
pub use geoms::{GeomType, Geoms, Pair, Sites};
pub use hfields::HeightField;
pub use meshes::{ConvexHull, Mesh, Sides};
pub use options::{Cone, Integrator, Options, Solver};
pub(in crate::dynamics) use sensors::Bounds;
pub use sensors::{ContactSensor, Object, Reduce, Sensor, Sensors, Side, Stage, Surface};

/// Reference, time constant (s) and damping ratio of a constraint (`solref`), or, when both are negative,
/// its negated stiffness and damping. MuJoCo: Modeling, "Solver parameters".
pub type SolRef = [f64; 2];

/// Impedance of a constraint (`solimp`): `d0, dwidth, width, midpoint, power`.
/// MuJoCo: Modeling, "Solver parameters".
pub type SolImp = [f64; 5];

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
    /// Activations, `[na]`.
    pub act: Vec<f64>,
    /// Places of the mocap bodies (m), `[nmocap]`.
    pub mocap_pos: Vec<DVec3>,
    /// Orientations of the mocap bodies, `[nmocap]`.
    pub mocap_quat: Vec<DQuat>,
}

/// A compiled model.
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
    /// Number of activations.
    pub na: usize,
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
    /// Height fields that geoms are.
    pub hfields: Vec<HeightField>,
    /// Meshes that geoms show or collide with.
    pub meshes: Vec<Mesh>,
    /// Sites.
    pub sites: Sites,
    /// Equality constraints.
    pub equalities: Equalities,
    /// Tendons.
    pub tendons: Tendons,
    /// Actuators.
    pub actuators: Actuators,
    /// Sensors.
    pub sensors: Sensors,
    /// Pairs of geoms that can touch: explicit ones and what the collision filter leaves, in the order in which
    /// MuJoCo lists their contacts: by body pair, then by geom.
    pub pairs: Vec<Pair>,
    /// Named states.
    pub keyframes: Vec<Keyframe>,
    /// What the reader of the XML ignored, or read differently from what is written, as MuJoCo does: one line each,
    /// with file, line and element. A program shows it to its user.
    pub notes: Vec<String>,
}

impl Model {
    /// The kinematic tree of a body; none where it cannot move.
    pub(in crate::dynamics) fn tree(&self, body: usize) -> Option<usize> {
        let (first, count) = self.bodies.dofs[self.bodies.weld[body]];
        (count > 0).then(|| self.dofs.tree[first])
    }
}
