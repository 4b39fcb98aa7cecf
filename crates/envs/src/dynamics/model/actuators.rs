//! Tendons and actuators.

use super::{SolImp, SolRef};

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
