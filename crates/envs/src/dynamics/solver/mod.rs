//! Accelerations under constraints. MuJoCo: Computation, "Constraint solver", reduced primal problem.
//!
//! The acceleration minimises `½ (a − a_smooth)ᵀ M (a − a_smooth) + Σ ½ D_i min(0, J_i a − aref_i)²`: a strictly
//! convex function, quadratic as long as the same rows are active.

mod newton;

use super::model::Model;
use super::state::State;

/// Memory of the solver.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    /// `J a − aref`, `[rows]`.
    residual: Vec<f64>,
    /// `J search`, `[rows]`.
    residual_slope: Vec<f64>,
    /// `M (a − a_smooth)`, `[nv]`.
    momentum: Vec<f64>,
    /// `M search`, `[nv]`.
    momentum_slope: Vec<f64>,
    /// Direction of a step, `[nv]`.
    search: Vec<f64>,
    /// Gradient of the cost, `[nv]`.
    gradient: Vec<f64>,
    /// Second derivatives of the cost and their factor, lower triangle of `[nv, nv]`.
    hessian: Vec<f64>,
}

impl Scratch {
    pub(super) fn new(model: &Model) -> Self {
        let rows = super::constraint::Rows::new(model).capacity();
        let zeros = || vec![0.0; model.nv];
        Self {
            residual: vec![0.0; rows],
            residual_slope: vec![0.0; rows],
            momentum: zeros(),
            momentum_slope: zeros(),
            search: zeros(),
            gradient: zeros(),
            hessian: vec![0.0; model.nv * model.nv],
        }
    }
}

/// Computes `qacc`, the rows' forces and `qfrc_constraint`.
pub(super) fn solve(model: &Model, state: &mut State) {
    state.qfrc_constraint.fill(0.0);
    state.solver_iterations = 0;
    state.qacc.copy_from_slice(&state.qacc_smooth);
    if !state.rows.is_empty() {
        newton::solve(model, state);
    }
}
