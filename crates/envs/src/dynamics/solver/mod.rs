//! Accelerations under constraints. MuJoCo: Computation, "Constraint solver".
//!
//! The acceleration minimises `½ (a − a_smooth)ᵀ M (a − a_smooth) + Σ s(J a − aref)`, where `s` is the cost of
//! rows in `zones`: a strictly convex function. Newton's method and conjugate gradients minimise it; projected
//! Gauss-Seidel solves the dual problem for the forces.

mod dual;
mod line_search;
mod primal;
mod qcqp;
mod zones;

use super::model::{Model, Solver};
use super::state::State;

/// Memory of the solvers.
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
    /// The gradient and its preconditioned form before, for conjugate gradients, `[nv]`.
    before: [Vec<f64>; 2],
    /// Second derivatives of the cost and their factor, lower triangle of `[nv, nv]`.
    hessian: Vec<f64>,
    dual: dual::Scratch,
}

impl Scratch {
    pub(super) fn new(model: &Model, rows: usize) -> Self {
        let zeros = || vec![0.0; model.nv];
        Self {
            residual: Vec::with_capacity(rows),
            residual_slope: Vec::with_capacity(rows),
            momentum: zeros(),
            momentum_slope: zeros(),
            search: zeros(),
            gradient: zeros(),
            before: [zeros(), zeros()],
            hessian: vec![0.0; model.nv * model.nv],
            dual: dual::Scratch::new(model, rows),
        }
    }
}

/// Computes `qacc`, the rows' forces and `qfrc_constraint`.
pub(super) fn solve(model: &Model, state: &mut State) {
    state.qfrc_constraint.fill(0.0);
    state.solver_iterations = 0;
    state.qacc.copy_from_slice(&state.qacc_smooth);
    if state.rows.is_empty() {
        return;
    }
    state.scratch.residual.resize(state.rows.len(), 0.0);
    state.scratch.residual_slope.resize(state.rows.len(), 0.0);
    match model.opt.solver {
        Solver::Newton => primal::newton(model, state),
        Solver::Cg => primal::conjugate_gradients(model, state),
        Solver::Pgs => dual::gauss_seidel(model, state),
    }
}
