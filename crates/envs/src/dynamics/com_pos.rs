//! Centres of mass, and inertias and motions about them. MuJoCo: Computation, "Simulation pipeline", `mj_comPos`.

use glam::DVec3;

use super::MINVAL;
use super::math::spatial::{Spatial, SpatialInertia};
use super::model::{JointType, Model};
use super::state::State;

/// Centres of mass of the subtrees, and inertias and dof motions about the tree's own.
pub(super) fn com_pos(model: &Model, state: &mut State) {
    let bodies = &model.bodies;
    let nbody = bodies.parent.len();
    for body in 0..nbody {
        state.subtree_com[body] = state.xipos[body] * bodies.mass[body];
    }
    for body in (1..nbody).rev() {
        let moment = state.subtree_com[body];
        state.subtree_com[bodies.parent[body]] += moment;
    }
    for body in 0..nbody {
        let mass = bodies.subtreemass[body];
        if mass < MINVAL {
            state.subtree_com[body] = state.xipos[body];
        } else {
            state.subtree_com[body] *= 1.0 / mass;
        }
    }
    for body in 1..nbody {
        let offset = state.xipos[body] - state.subtree_com[bodies.root[body]];
        let (inertia, axes) = (bodies.inertia[body], &state.ximat[body]);
        state.cinert[body] = SpatialInertia::new(inertia, axes, offset, bodies.mass[body]);
    }
    for joint in 0..model.joints.kind.len() {
        let axis = state.xaxis[joint];
        let body = model.joints.body[joint];
        let offset = state.subtree_com[bodies.root[body]] - state.xanchor[joint];
        let dof = model.joints.dofadr[joint];
        let axes = state.xmat[body];
        let balls = |axis: usize| Spatial::hinge(axes.col(axis), offset);
        let dofs = &mut state.cdof[dof..];
        match model.joints.kind[joint] {
            JointType::Free => {
                for i in 0..3 {
                    dofs[i] = Spatial::slide(DVec3::AXES[i]);
                    dofs[3 + i] = balls(i);
                }
            }
            JointType::Ball => (0..3).for_each(|i| dofs[i] = balls(i)),
            JointType::Slide => dofs[0] = Spatial::slide(axis),
            JointType::Hinge => dofs[0] = Spatial::hinge(axis, offset),
        }
    }
}
