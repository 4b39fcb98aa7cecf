//! The inertia matrix. MuJoCo: Computation, "General framework"; Featherstone's composite rigid bodies.

use super::model::Model;
use super::state::State;

/// The inertia matrix of the current pose.
pub(super) fn crb(model: &Model, state: &mut State) {
    let nv = model.nv;
    state.crb.copy_from_slice(&state.cinert);
    for body in (1..model.bodies.parent.len()).rev() {
        let parent = model.bodies.parent[body];
        if parent > 0 {
            let inertia = state.crb[body];
            state.crb[parent].add(&inertia);
        }
    }
    for dof in 0..nv {
        let momentum = state.crb[model.dofs.body[dof]].mul(&state.cdof[dof]);
        state.qm[dof * nv + dof] = state.cdof[dof].dot(&momentum) + model.dofs.armature[dof];
        let mut next = model.dofs.coupled[dof];
        while let Some(ancestor) = next {
            let entry = state.cdof[ancestor].dot(&momentum);
            state.qm[dof * nv + ancestor] = entry;
            state.qm[ancestor * nv + dof] = entry;
            next = model.dofs.coupled[ancestor];
        }
    }
    for tendon in 0..model.tendons.name.len() {
        if model.tendons.armature[tendon] != 0.0 {
            tendon_armature(model, state, tendon);
        }
    }
}

/// Adds a tendon's inertia where the matrix has an entry.
fn tendon_armature(model: &Model, state: &mut State, tendon: usize) {
    let (nv, armature) = (model.nv, model.tendons.armature[tendon]);
    if !model.tendons.wraps[tendon].is_empty() {
        let slopes = &state.ten_moment[tendon * nv..][..nv];
        for dof in (0..nv).filter(|dof| slopes[*dof] != 0.0) {
            let mut next = Some(dof);
            while let Some(other) = next {
                let entry = armature * slopes[dof] * slopes[other];
                state.qm[dof * nv + other] += entry;
                if other != dof {
                    state.qm[other * nv + dof] += entry;
                }
                next = model.dofs.coupled[other];
            }
        }
        return;
    }
    for (first, a) in &model.tendons.joints[tendon] {
        for (second, b) in &model.tendons.joints[tendon] {
            let [i, j] = [first, second].map(|joint| model.joints.dofadr[*joint]);
            if couples(model, i, j) || couples(model, j, i) {
                state.qm[i * model.nv + j] += armature * a * b;
            }
        }
    }
}

/// Whether `other` is `dof` or one of those on its way to the root that the matrix couples it with.
fn couples(model: &Model, other: usize, dof: usize) -> bool {
    let mut next = Some(dof);
    while let Some(dof) = next {
        if dof == other {
            return true;
        }
        next = model.dofs.coupled[dof];
    }
    false
}

/// Factors the inertia matrix, for solves with it.
pub(super) fn factor_m(state: &mut State) {
    state.qld.set(&state.qm);
    state.qld.factor();
}
