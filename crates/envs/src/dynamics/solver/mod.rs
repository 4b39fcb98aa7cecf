//! Accelerations under constraints. MuJoCo: Computation, "Constraint solver".
//!
//! The acceleration minimises `½ (a − a_smooth)ᵀ M (a − a_smooth) + Σ s(J a − aref)`, where `s` is the cost of
//! rows in `zones`: a strictly convex function. Newton's method and conjugate gradients minimise it, for each
//! island apart; projected Gauss-Seidel solves the dual problem for the forces of all rows.

mod dual;
mod islands;
mod line_search;
mod primal;
mod problem;
mod qcqp;
mod zones;

use super::constraint::Rows;
use super::dense::add_scaled;
use super::model::{Model, Solver};
use super::state::State;

/// Memory of the solvers.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    primal: problem::Scratch,
    islands: islands::Scratch,
    dual: dual::Scratch,
}

impl Scratch {
    pub(super) fn new(model: &Model, rows: &Rows) -> Self {
        Self {
            primal: problem::Scratch::new(model.nv, rows.capacity()),
            islands: islands::Scratch::new(model, rows),
            dual: dual::Scratch::new(model, rows.capacity()),
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
    match model.opt.solver {
        Solver::Newton | Solver::Cg => primal::solve(model, state),
        Solver::Pgs => dual::gauss_seidel(model, state),
    }
}

/// Adds the forces of all rows on the dofs.
fn add_forces(state: &mut State) {
    for (row, force) in state.rows.force.iter().enumerate() {
        if *force != 0.0 {
            add_scaled(&mut state.qfrc_constraint, state.rows.row(row), *force);
        }
    }
}
