//! Momenta of subtrees. MuJoCo: API reference, `mj_subtreeVel`.

use super::frame::velocity;
use crate::dynamics::MINVAL;
use crate::dynamics::model::{Model, Object};
use crate::dynamics::state::State;

/// Velocities of the subtrees' centres of mass, and their angular momenta about these.
pub(super) fn subtrees(model: &Model, state: &mut State) {
    let bodies = &model.bodies;
    let nbody = bodies.parent.len();
    for body in 0..nbody {
        let velocity = velocity(model, state, Object::Inertia(body));
        let axes = state.ximat[body];
        state.subtree_linvel[body] = velocity.linear * bodies.mass[body];
        state.subtree_angmom[body] =
            axes * (axes.transpose() * velocity.angular * bodies.inertia[body]);
    }
    for body in (0..nbody).rev() {
        let momentum = state.subtree_linvel[body];
        if body > 0 {
            state.subtree_linvel[bodies.parent[body]] += momentum;
        }
        state.subtree_linvel[body] = momentum * (1.0 / bodies.subtreemass[body].max(MINVAL));
    }
    for body in (1..nbody).rev() {
        let (parent, com) = (bodies.parent[body], state.subtree_com[body]);
        // Each part turns about the whole's centre of mass: its momentum against that counts too.
        let velocity = velocity(model, state, Object::Inertia(body)).linear;
        let momentum = (velocity - state.subtree_linvel[body]) * bodies.mass[body];
        state.subtree_angmom[body] += (state.xipos[body] - com).cross(momentum);
        let own = state.subtree_angmom[body];
        let against = state.subtree_linvel[body] - state.subtree_linvel[parent];
        let orbital = (com - state.subtree_com[parent]).cross(against * bodies.subtreemass[body]);
        state.subtree_angmom[parent] += own + orbital;
    }
}
