//! Newton's method and conjugate gradients, both with a line search. MuJoCo: Computation, "Constraint
//! solver", Algorithms.
//!
//! Without elliptic cones the cost is quadratic between changes of the active rows, so a full Newton step that changes none of them
//! ends at the minimum, to rounding. After any other step the rule is MuJoCo's: it ends where the step improved
//! the cost by less than the tolerance. Rarely that is before the minimum; going on to it would leave MuJoCo's
//! trajectory (seen: by 7e-8 in one control step of Walker2d in 24,000).

use super::line_search::line_search;
use super::zones::{MOST_CONE_ROWS, Zone, cone_push, for_each_single, push, twice_cost};
use crate::dynamics::MINVAL;
use crate::dynamics::dense::{add_scaled, dot, multiply, norm};
use crate::dynamics::ldl;
use crate::dynamics::model::Model;
use crate::dynamics::state::State;

/// Gradient, relative to the forces, that is rounding.
const GRADIENT_TOLERANCE: f64 = 1e-15;

pub(super) fn newton(model: &Model, state: &mut State) {
    let tolerance = model.opt.tolerance * model.meaninertia * model.nv as f64;
    start(model, state);
    gradient(state);
    for iteration in 1..=model.opt.iterations {
        let size = norm(&state.scratch.gradient);
        if size <= GRADIENT_TOLERANCE * norm(&state.qfrc_smooth) || !size.is_finite() {
            break;
        }
        newton_direction(model, state);
        slopes(model, state);
        state.solver_iterations = iteration;
        if full_step_keeps_active(state) {
            advance(state, 1.0);
            forces(state);
            break;
        }
        let length = line_search(model, state, tolerance);
        if length == 0.0 {
            break;
        }
        let before = cost(state);
        advance(state, length);
        gradient(state);
        if before - cost(state) < tolerance || norm(&state.scratch.gradient) < tolerance {
            break;
        }
    }
    finish(state);
}

/// The gradients of Polak and Ribière, measured with the inertia matrix.
pub(super) fn conjugate_gradients(model: &Model, state: &mut State) {
    let tolerance = model.opt.tolerance * model.meaninertia * model.nv as f64;
    start(model, state);
    gradient(state);
    for iteration in 1..=model.opt.iterations {
        let size = norm(&state.scratch.gradient);
        if size <= GRADIENT_TOLERANCE * norm(&state.qfrc_smooth) || !size.is_finite() {
            break;
        }
        conjugate_direction(state, iteration == 1);
        slopes(model, state);
        state.solver_iterations = iteration;
        let length = line_search(model, state, tolerance);
        if length == 0.0 {
            break;
        }
        let before = cost(state);
        advance(state, length);
        gradient(state);
        if before - cost(state) < tolerance || norm(&state.scratch.gradient) < tolerance {
            break;
        }
    }
    finish(state);
}

/// The steepest descent in the metric of the inertia, bent away from the direction before.
fn conjugate_direction(state: &mut State, first: bool) {
    let scratch = &mut state.scratch;
    let mut metric = std::mem::take(&mut scratch.hessian);
    let conditioned = &mut metric[..scratch.gradient.len()];
    conditioned.copy_from_slice(&scratch.gradient);
    ldl::solve(&state.factor, conditioned);
    let [gradient_before, conditioned_before] = &mut scratch.before;
    let bend = if first {
        0.0
    } else {
        let rise = dot(&scratch.gradient, conditioned) - dot(&scratch.gradient, conditioned_before);
        (rise / dot(gradient_before, conditioned_before).max(MINVAL)).max(0.0)
    };
    for (search, conditioned) in scratch.search.iter_mut().zip(conditioned.iter()) {
        *search = bend * *search - conditioned;
    }
    gradient_before.copy_from_slice(&scratch.gradient);
    conditioned_before.copy_from_slice(conditioned);
    scratch.hessian = metric;
}

/// Takes the better of the two starts: the last step's acceleration, and that without constraints.
fn start(model: &Model, state: &mut State) {
    // Without constraints there is no momentum, so that the rows alone cost.
    state.qacc.copy_from_slice(&state.qacc_smooth);
    state.scratch.momentum.fill(0.0);
    residuals(model, state);
    if state.qacc_warmstart.iter().all(|a| *a == 0.0) {
        return;
    }
    let cold_cost = rows_cost(state);
    state.qacc.copy_from_slice(&state.qacc_warmstart);
    momentum(state);
    residuals(model, state);
    let warm_cost = dot(&state.scratch.momentum, &state.scratch.search) + rows_cost(state);
    let warm = warm_cost < cold_cost;
    if !warm {
        state.qacc.copy_from_slice(&state.qacc_smooth);
        state.scratch.momentum.fill(0.0);
        residuals(model, state);
    }
}

/// `M (a − a_smooth)` at the current acceleration; leaves the difference in `search`.
fn momentum(state: &mut State) {
    let scratch = &mut state.scratch;
    let accelerations = state.qacc.iter().zip(&state.qacc_smooth);
    for (search, (a, smooth)) in scratch.search.iter_mut().zip(accelerations) {
        *search = a - smooth;
    }
    multiply(&state.mass_matrix, &scratch.search, &mut scratch.momentum);
}

/// `J a − aref` at the current acceleration.
fn residuals(model: &Model, state: &mut State) {
    let rows = &state.rows;
    let residuals = state.scratch.residual.iter_mut().zip(rows.aref());
    for ((residual, aref), jacobian) in residuals.zip(rows.jacobian.chunks_exact(model.nv)) {
        *residual = dot(jacobian, &state.qacc) - aref;
    }
}

/// The cost at the current acceleration.
fn cost(state: &State) -> f64 {
    let momenta = state.scratch.momentum.iter();
    let accelerations = state.qacc.iter().zip(&state.qacc_smooth);
    let inertial: f64 = momenta
        .zip(accelerations)
        .map(|(momentum, (a, smooth))| momentum * (a - smooth))
        .sum();
    0.5 * (inertial + rows_cost(state))
}

/// Twice what the rows cost at the current residuals.
fn rows_cost(state: &State) -> f64 {
    let (rows, residual) = (&state.rows, &state.scratch.residual);
    let mut sum = 0.0;
    for_each_single(rows, |row| sum += twice_cost(rows, row, residual[row]));
    for cone in &rows.cones {
        sum += cone_push(rows, cone, &residual[cone.first..]).twice_cost;
    }
    sum
}

/// What every row pushes at the current residuals.
fn forces(state: &mut State) {
    let residual = &state.scratch.residual;
    let mut force = std::mem::take(&mut state.rows.force);
    let rows = &state.rows;
    for_each_single(rows, |row| force[row] = push(rows, row, residual[row]).0);
    for cone in &rows.cones {
        let push = cone_push(rows, cone, &residual[cone.first..]);
        force[cone.first..][..cone.dim].copy_from_slice(&push.force[..cone.dim]);
    }
    state.rows.force = force;
}

/// The gradient: momentum less what the rows push.
fn gradient(state: &mut State) {
    forces(state);
    let (scratch, rows) = (&mut state.scratch, &state.rows);
    scratch.gradient.copy_from_slice(&scratch.momentum);
    for (row, force) in rows.force.iter().enumerate() {
        if *force != 0.0 {
            add_scaled(&mut scratch.gradient, rows.row(row), -force);
        }
    }
}

/// Newton's direction.
fn newton_direction(model: &Model, state: &mut State) {
    let nv = model.nv;
    let scratch = &mut state.scratch;
    let (rows, residual, hessian) = (&state.rows, &scratch.residual, &mut scratch.hessian);
    hessian.copy_from_slice(&state.mass_matrix);
    // Adds the lower triangle of rowᵀ other; a row moves with few dofs.
    let mut add = |row: &[f64], other: &[f64], scale: f64| {
        for (i, ji) in row.iter().enumerate() {
            if *ji != 0.0 {
                add_scaled(&mut hessian[i * nv..][..=i], other, ji * scale);
            }
        }
    };
    for_each_single(rows, |row| {
        let (_, curvature) = push(rows, row, residual[row]);
        if curvature != 0.0 {
            add(rows.row(row), rows.row(row), curvature);
        }
    });
    for cone in &rows.cones {
        let push = cone_push(rows, cone, &residual[cone.first..]);
        if push.zone == Zone::Satisfied {
            continue;
        }
        let local = push.hessian(rows, cone);
        for (i, line) in local[..cone.dim].iter().enumerate() {
            for (j, entry) in line[..cone.dim].iter().enumerate() {
                if *entry != 0.0 {
                    add(rows.row(cone.first + i), rows.row(cone.first + j), *entry);
                }
            }
        }
    }
    ldl::factor_positive(&mut scratch.hessian, nv);
    for (search, gradient) in scratch.search.iter_mut().zip(&scratch.gradient) {
        *search = -gradient;
    }
    ldl::solve(&scratch.hessian, &mut scratch.search);
}

/// How momentum and residuals change along the direction.
fn slopes(model: &Model, state: &mut State) {
    let scratch = &mut state.scratch;
    multiply(
        &state.mass_matrix,
        &scratch.search,
        &mut scratch.momentum_slope,
    );
    let rows = state.rows.jacobian.chunks_exact(model.nv);
    for (slope, jacobian) in scratch.residual_slope.iter_mut().zip(rows) {
        *slope = dot(jacobian, &scratch.search);
    }
}

/// Whether the cost is one quadratic from here to the end of a step of length 1.
fn full_step_keeps_active(state: &State) -> bool {
    let (rows, scratch) = (&state.rows, &state.scratch);
    let ends = |row: usize| {
        let start = scratch.residual[row];
        [start, start + scratch.residual_slope[row]]
    };
    let mut same = true;
    for_each_single(rows, |row| {
        let [a, b] = ends(row).map(|residual| push(rows, row, residual));
        same &= (a.1 == 0.0) == (b.1 == 0.0) && (a.1 != 0.0 || a.0 == b.0);
    });
    same && rows.cones.iter().all(|cone| {
        let mut there = [0.0; MOST_CONE_ROWS];
        (0..cone.dim).for_each(|i| there[i] = ends(cone.first + i)[1]);
        let start = cone_push(rows, cone, &scratch.residual[cone.first..]).zone;
        start != Zone::Cone && start == cone_push(rows, cone, &there).zone
    })
}

/// Moves acceleration, momentum and residuals along the direction.
fn advance(state: &mut State, length: f64) {
    let scratch = &mut state.scratch;
    add_scaled(&mut state.qacc, &scratch.search, length);
    add_scaled(&mut scratch.momentum, &scratch.momentum_slope, length);
    add_scaled(&mut scratch.residual, &scratch.residual_slope, length);
}

/// Forces of all rows on the dofs.
fn finish(state: &mut State) {
    for (row, force) in state.rows.force.iter().enumerate() {
        if *force != 0.0 {
            add_scaled(&mut state.qfrc_constraint, state.rows.row(row), *force);
        }
    }
}
