//! What a velocity of a dof does to a point of a body. MuJoCo: API reference, `mj_jac`.

use glam::DVec3;

use super::model::Model;
use super::state::State;

/// Calls `f` with each dof that moves `body`, from the last to the first, and the linear and angular velocity
/// that a unit velocity of the dof gives the body's point at `point` (world coordinates).
pub(super) fn for_each_velocity(
    model: &Model,
    state: &State,
    body: usize,
    point: DVec3,
    mut f: impl FnMut(usize, DVec3, DVec3),
) {
    // A body without dofs moves with the one that it is welded to.
    let body = model.bodies.weld[body];
    let (first, count) = model.bodies.dofs[body];
    if count == 0 {
        return;
    }
    let offset = point - state.subtree_com[model.bodies.root[body]];
    let mut next = Some(first + count - 1);
    while let Some(dof) = next {
        let motion = &state.cdof[dof];
        f(
            dof,
            motion.linear + motion.angular.cross(offset),
            motion.angular,
        );
        next = model.dofs.parent[dof];
    }
}
