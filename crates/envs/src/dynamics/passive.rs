//! Springs and dampers of joints. MuJoCo: Computation, "Passive forces".

use super::model::Model;
use super::state::State;

/// Forces of the joints' springs and dampers.
pub(super) fn springs_and_dampers(model: &Model, state: &mut State) {
    for dof in 0..model.nv {
        state.qfrc_passive[dof] = -model.dofs.damping[dof] * state.qvel[dof];
    }
    let joints = &model.joints;
    for joint in 0..joints.kind.len() {
        let address = joints.qposadr[joint];
        let stretch = state.qpos[address] - model.qpos_spring[address];
        state.qfrc_passive[joints.dofadr[joint]] -= joints.stiffness[joint] * stretch;
    }
}
