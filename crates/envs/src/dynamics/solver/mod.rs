//! Accelerations under constraints. MuJoCo: Computation, "Constraint solver".
//!
//! The acceleration minimises `½ (a − a_smooth)ᵀ M (a − a_smooth) + Σ s(J a − aref)`, where `s` is the cost of
//! rows in `zones`: a strictly convex function. Newton's method and conjugate gradients minimise it, for each
//! island apart; projected Gauss-Seidel solves the dual problem for the forces of all rows.

mod islands;
mod line_search;
mod newton_cg;
mod noslip;
mod pgs;
mod problem;
mod qcqp;
mod zones;

use super::math::dense::add_scaled;
use super::model::{Model, Solver};
use super::state::State;

/// Computes `qacc`, the rows' forces and `qfrc_constraint`.
pub(super) fn fwd_constraint(model: &Model, state: &mut State) {
    state.qfrc_constraint.fill(0.0);
    state.solver_iterations = 0;
    state.qacc.copy_from_slice(&state.qacc_smooth);
    if state.rows.is_empty() {
        return;
    }
    match model.opt.solver {
        Solver::Newton | Solver::Cg => primal(model, state),
        Solver::Pgs => pgs::pgs(model, state),
    }
    if model.opt.noslip_iterations > 0 {
        pgs::afterwards(model, state, noslip::noslip);
    }
}

/// Newton's method or conjugate gradients. The islands are solved apart, or all at once where the model says so; the start
/// is chosen for all of them together.
fn primal(model: &Model, state: &mut State) {
    let scratch = &mut state.scratch;
    // The pass against slip takes all rows together, so that they are solved together.
    let apart = model.opt.islands && model.opt.noslip_iterations == 0;
    scratch.primal.resize(model.nv, state.rows.len());
    let mut whole = problem::Problem {
        opt: &model.opt,
        inertia: if apart {
            islands::diagonal(&state.qm, model.nv)
        } else {
            model.meaninertia * model.nv as f64
        },
        qm: &state.qm,
        qm_fours: &state.qm_fours,
        qld: &state.qld,
        qacc_smooth: &state.qacc_smooth,
        rows: &mut state.rows,
        qacc: &mut state.qacc,
        scratch: &mut scratch.primal,
    };
    if model.opt.warmstart {
        whole.qacc.copy_from_slice(&state.qacc_warmstart);
        whole.start();
    } else {
        whole.start_cold();
    }
    if model.opt.islands && !apart {
        islands::free(model, &mut whole);
    }
    state.solver_iterations = if apart && model.trees.len() > 1 {
        scratch.islands.minimise(model, &mut whole)
    } else {
        newton_cg::minimise(&mut whole)
    };
    add_forces(state);
}

/// Adds the forces of all rows on the dofs.
fn add_forces(state: &mut State) {
    for (row, force) in state.rows.efc_force.iter().enumerate() {
        if *force != 0.0 {
            add_scaled(&mut state.qfrc_constraint, state.rows.row(row), *force);
        }
    }
}
