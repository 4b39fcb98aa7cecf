//! The inertia matrix and solves with it. MuJoCo: Computation, "General framework"; Featherstone's composite
//! rigid bodies.
//!
//! Two dofs are coupled only when one is the other's ancestor. So is the factor `M = LᵀDL`, which fills
//! nothing in, and every loop below runs along ancestors.

use super::model::Model;
use super::state::State;

/// The inertia matrix of the current pose.
pub(super) fn composite(model: &Model, state: &mut State) {
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
        state.mass_matrix[dof * nv + dof] =
            state.cdof[dof].dot(&momentum) + model.dofs.armature[dof];
        let mut next = model.dofs.parent[dof];
        while let Some(ancestor) = next {
            let entry = state.cdof[ancestor].dot(&momentum);
            state.mass_matrix[dof * nv + ancestor] = entry;
            state.mass_matrix[ancestor * nv + dof] = entry;
            next = model.dofs.parent[ancestor];
        }
    }
}

/// Factors the inertia matrix for [`solve`].
pub(super) fn factor(model: &Model, state: &mut State) {
    state.factor.copy_from_slice(&state.mass_matrix);
    factor_in_place(model, &mut state.factor);
}

/// Factors a symmetric positive matrix with the tree's sparsity, `[nv, nv]`, in its lower triangle.
pub(super) fn factor_in_place(model: &Model, matrix: &mut [f64]) {
    let nv = model.nv;
    let parent = &model.dofs.parent;
    for k in (0..nv).rev() {
        let inverse = 1.0 / matrix[k * nv + k];
        matrix[k * nv + k] = inverse;
        let mut row = parent[k];
        while let Some(i) = row {
            let scaled = matrix[k * nv + i] * inverse;
            let mut column = row;
            while let Some(j) = column {
                matrix[i * nv + j] -= scaled * matrix[k * nv + j];
                column = parent[j];
            }
            row = parent[i];
        }
        let mut column = parent[k];
        while let Some(j) = column {
            matrix[k * nv + j] *= inverse;
            column = parent[j];
        }
    }
}

/// Solves in place with a factor from [`factor_in_place`], x `[nv]`.
pub(super) fn solve(model: &Model, factor: &[f64], x: &mut [f64]) {
    let nv = model.nv;
    let parent = &model.dofs.parent;
    for i in (0..nv).rev() {
        let value = x[i];
        let mut next = parent[i];
        while let Some(j) = next {
            x[j] -= factor[i * nv + j] * value;
            next = parent[j];
        }
    }
    for i in 0..nv {
        let mut value = x[i] * factor[i * nv + i];
        let mut next = parent[i];
        while let Some(j) = next {
            value -= factor[i * nv + j] * x[j];
            next = parent[j];
        }
        x[i] = value;
    }
}
