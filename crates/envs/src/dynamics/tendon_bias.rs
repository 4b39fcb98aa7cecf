//! Forces of a spatial tendon's own inertia as its way turns. MuJoCo: Computation, "General framework", tendon armature.
//!
//! A tendon of armature a and slopes `J = ∂l/∂q` moves its mass along by `l̈ = J q̈ + J̇ q̇`: the inertia matrix has
//! `Jᵀ a J`, the bias force `Jᵀ a J̇ q̇`. For a straight stretch from p to q with unit vector u,
//! `J̇ q̇ = u · (q̈₀ − p̈₀) + u̇ · (q̇ − ṗ)`, where `p̈₀` is the point's acceleration without that of the dofs.

use glam::DVec3;

use super::MINVAL;
use super::jacobian::for_each_velocity;
use super::model::{JointType, Model, Wrap};
use super::state::State;

/// Adds the forces of all tendons to the bias.
pub(super) fn add(model: &Model, state: &mut State) {
    for tendon in 0..model.tendons.name.len() {
        let armature = model.tendons.armature[tendon];
        if armature == 0.0 || model.tendons.wraps[tendon].is_empty() {
            continue;
        }
        let force = armature * turning(model, state, tendon);
        let slopes = &state.ten_moment[tendon * model.nv..][..model.nv];
        for (bias, slope) in state.qfrc_bias.iter_mut().zip(slopes) {
            *bias += force * slope;
        }
    }
}

/// `J̇ q̇` of a tendon that runs along sites.
fn turning(model: &Model, state: &State, tendon: usize) -> f64 {
    let (mut sum, mut divisor, mut last) = (0.0, 1.0, None);
    for element in &model.tendons.wraps[tendon] {
        match *element {
            Wrap::Pulley(by) => (last, divisor) = (None, by),
            // The compiler allows no geoms here.
            Wrap::Sphere(..) | Wrap::Cylinder(..) => {}
            Wrap::Site(site) => {
                if let Some(before) = last {
                    sum += stretch(model, state, before, site) / divisor;
                }
                last = Some(site);
            }
        }
    }
    sum
}

/// What a straight stretch between two sites adds.
fn stretch(model: &Model, state: &State, from: usize, to: usize) -> f64 {
    if model.sites.body[from] == model.sites.body[to] {
        return 0.0;
    }
    let between = state.site_xpos[to] - state.site_xpos[from];
    let length = between.length();
    let (along, inverse) = if length < MINVAL {
        (DVec3::X, 0.0)
    } else {
        (between / length, 1.0 / length)
    };
    let [a, b] = [from, to].map(|site| Point::of(model, state, site));
    let apart = b.velocity - a.velocity;
    let turn = (apart - along * along.dot(apart)) * inverse;
    along.dot(b.drift - a.drift) + turn.dot(apart)
}

/// How a site moves.
struct Point {
    velocity: DVec3,
    /// Its acceleration without that of the dofs: `J̇ q̇`.
    drift: DVec3,
}

impl Point {
    fn of(model: &Model, state: &State, site: usize) -> Self {
        let (body, pos) = (model.sites.body[site], state.site_xpos[site]);
        let offset = pos - state.subtree_com[model.bodies.root[body]];
        let mut velocity = DVec3::ZERO;
        for_each_velocity(model, state, body, pos, |dof, linear, _| {
            velocity += linear * state.qvel[dof];
        });
        let mut drift = DVec3::ZERO;
        for_each_velocity(model, state, body, pos, |dof, _, angular| {
            let turning = model.dofs.joint[dof];
            let rotates = match model.joints.kind[turning] {
                JointType::Ball => true,
                JointType::Free => dof >= model.joints.dofadr[turning] + 3,
                JointType::Hinge | JointType::Slide => false,
            };
            // Axes of a quaternion turn with its own body.
            let change = if rotates {
                state.cvel[model.dofs.body[dof]].cross_motion(&state.cdof[dof])
            } else {
                state.cdof_dot[dof]
            };
            let part = change.linear + change.angular.cross(offset) + angular.cross(velocity);
            drift += part * state.qvel[dof];
        });
        Self { velocity, drift }
    }
}
