//! Forces due to velocities and gravity. MuJoCo: Computation, "Simulation pipeline", `mj_rne`; recursive Newton-Euler.

use super::math::spatial::Spatial;
use super::model::Model;
use super::state::State;

/// Forces that would keep every acceleration at zero: Coriolis, centrifugal, and against gravity.
pub(super) fn rne(model: &Model, state: &mut State) {
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
