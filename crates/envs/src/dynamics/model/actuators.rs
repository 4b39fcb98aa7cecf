//! Tendons and actuators.

use super::{SolImp, SolRef};

/// What a spatial tendon passes on its way. MuJoCo: XML reference, "tendon/spatial".
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wrap {
    /// A site that it runs through.
    Site(usize),
    /// A sphere that it runs around where it would cut it, between the sites before and after; the side of the second site
    /// where there is one, which may lie inside.
    Sphere(usize, Option<usize>),
    /// A cylinder of no end, the same way.
    Cylinder(usize, Option<usize>),
    /// What follows starts anew, its length divided by this.
    Pulley(f64),
}

/// Tendons: fixed ones, weighted sums of joint positions, and spatial ones, shortest ways along sites and around geoms.
/// MuJoCo: XML reference, "tendon".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tendons {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// The way of a spatial tendon; empty for a fixed one.
    pub wraps: Vec<Vec<Wrap>>,
    /// Joints (slide or hinge) of a fixed tendon and their coefficients as in the XML; the length is the sum of all.
    pub path: Vec<Vec<(usize, f64)>>,
    /// Each joint once, with the rate of the length by its position: the Jacobian. Another than the sum of its
    /// coefficients in `path` where MuJoCo's is: with a dense Jacobian the last counts alone.
    pub joints: Vec<Vec<(usize, f64)>>,
    /// Whether `actfrcrange` is enforced.
    pub actfrclimited: Vec<bool>,
    /// Lowest and highest sum of the actuators' forces on the tendon.
    pub actfrcrange: Vec<[f64; 2]>,
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Transmission {
    /// A joint; on ball and free joints the gear is an axis in the joint's (child) frame.
    Joint(usize),
    /// A joint; on ball and free joints the gear is an axis in the parent's frame.
    JointInParent(usize),
    /// A tendon.
    Tendon(usize),
    /// A site, along and about the gear's axes in its frame, or in that of a second site, against which lengths count then.
    Site(usize, Option<usize>),
    /// A crank and a slider: the site of the pin, the site along whose z axis the slider moves, and the length of the rod (m).
    SliderCrank(usize, usize, f64),
    /// The contacts of a body, which it pulls closer.
    Body(usize),
}

/// How an activation follows the control. MuJoCo: Computation, "Actuation model", Activation dynamics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dyn {
    /// There is no activation; the control acts itself.
    #[default]
    None,
    /// Its rate is the control.
    Integrator,
    /// Its rate is the difference to the control over a time constant `dynprm[0]` (s).
    Filter,
    /// The same, integrated exactly.
    FilterExact,
    /// A filter with different time constants up and down, `dynprm[0]` and `dynprm[1]` (s), smoothed over `dynprm[2]`.
    Muscle,
}

/// What a gain or a bias is computed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Law {
    /// `prm[0] + prm[1] length + prm[2] velocity`.
    #[default]
    Affine,
    /// A muscle's force by length and velocity, with `prm` its ranges, force and shape. MuJoCo: Modeling, "Muscle
    /// actuators".
    Muscle,
}

/// Actuators: force `gain input + bias`, where the input is the control or the activation that follows it. Motors,
/// position and velocity servos, dampers, cylinders and muscles are special cases. MuJoCo: Computation, "Actuation model".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actuators {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// What the actuator acts on.
    pub transmission: Vec<Transmission>,
    /// Scale of length, velocity and force; the first number but on ball and free joints and on sites.
    pub gear: Vec<[f64; 6]>,
    /// How an activation follows the control.
    pub dyntype: Vec<Dyn>,
    /// Coefficients of that.
    pub dynprm: Vec<[f64; 3]>,
    /// Index of the activation; `None` where there is none.
    pub actadr: Vec<Option<usize>>,
    /// Whether the force follows from the activation after the step, not before it.
    pub actearly: Vec<bool>,
    /// Whether the activation is clamped to `actrange`.
    pub actlimited: Vec<bool>,
    /// Lowest and highest activation.
    pub actrange: Vec<[f64; 2]>,
    /// What the gain is computed by.
    pub gaintype: Vec<Law>,
    /// Coefficients of the gain.
    pub gainprm: Vec<[f64; 9]>,
    /// What the bias is computed by.
    pub biastype: Vec<Law>,
    /// Coefficients of the bias.
    pub biasprm: Vec<[f64; 9]>,
    /// Whether the control is clamped to `ctrlrange`.
    pub ctrllimited: Vec<bool>,
    /// Lowest and highest control.
    pub ctrlrange: Vec<[f64; 2]>,
    /// Whether the force is clamped to `forcerange`.
    pub forcelimited: Vec<bool>,
    /// Lowest and highest force, before the gear.
    pub forcerange: Vec<[f64; 2]>,
    /// Shortest and longest length that a muscle can have; zeros for others.
    pub lengthrange: Vec<[f64; 2]>,
    /// Acceleration at `qpos0` by a unit force.
    pub acc0: Vec<f64>,
    /// Whether its group is switched off: no force, and its activation stays.
    pub disabled: Vec<bool>,
}
