//! Velocities of bodies and the forces that come of them. MuJoCo: Computation, "Simulation pipeline",
//! velocity stages; recursive Newton-Euler.

use std::ops::Range;

use super::model::{JointType, Model};
use super::spatial::Spatial;
use super::state::State;

/// Velocities of the bodies, and how the dofs' motions change with them.
pub(super) fn bodies(model: &Model, state: &mut State) {
    for body in 1..model.bodies.parent.len() {
        let mut velocity = state.cvel[model.bodies.parent[body]];
        let (first, count) = model.bodies.joints[body];
        for joint in first..first + count {
            let dof = model.joints.dofadr[joint];
            match model.joints.kind[joint] {
                JointType::Hinge | JointType::Slide => turn(state, &mut velocity, dof..dof + 1),
                JointType::Ball => turn(state, &mut velocity, dof..dof + 3),
                JointType::Free => {
                    // World axes stay where they are, whatever the velocity.
                    for dof in dof..dof + 3 {
                        state.cdof_dot[dof] = Spatial::default();
                        velocity.add_scaled(&state.cdof[dof], state.qvel[dof]);
                    }
                    turn(state, &mut velocity, dof + 3..dof + 6);
                }
            }
        }
        state.cvel[body] = velocity;
    }
}

/// Adds the velocities of dofs whose axes all move with `velocity` as it was before them.
fn turn(state: &mut State, velocity: &mut Spatial, dofs: Range<usize>) {
    for dof in dofs.clone() {
        state.cdof_dot[dof] = velocity.cross_motion(&state.cdof[dof]);
    }
    for dof in dofs {
        velocity.add_scaled(&state.cdof[dof], state.qvel[dof]);
    }
}

/// Forces that would keep every acceleration at zero: Coriolis, centrifugal, and against gravity.
pub(super) fn bias(model: &Model, state: &mut State) {
    let nbody = model.bodies.parent.len();
    state.cacc[0] = Spatial {
        angular: glam::DVec3::ZERO,
        linear: -model.opt.gravity,
    };
    for body in 1..nbody {
        let mut acceleration = state.cacc[model.bodies.parent[body]];
        let (first, count) = model.bodies.dofs[body];
        for dof in first..first + count {
            acceleration.add_scaled(&state.cdof_dot[dof], state.qvel[dof]);
        }
        state.cacc[body] = acceleration;
        let inertia = &state.cinert[body];
        let velocity = &state.cvel[body];
        let mut force = inertia.mul(&acceleration);
        force.add(&velocity.cross_force(&inertia.mul(velocity)));
        state.cfrc_body[body] = force;
    }
    for body in (1..nbody).rev() {
        let parent = model.bodies.parent[body];
        if parent > 0 {
            let force = state.cfrc_body[body];
            state.cfrc_body[parent].add(&force);
        }
    }
    for dof in 0..model.nv {
        state.qfrc_bias[dof] = state.cdof[dof].dot(&state.cfrc_body[model.dofs.body[dof]]);
    }
}
