//! Newton's method with an exact line search.
//!
//! The cost is quadratic between changes of the active rows, so a full Newton step that changes none of them
//! ends at the minimum, to rounding. After any other step the rule is MuJoCo's: it ends where the step improved
//! the cost by less than the tolerance. Rarely that is before the minimum; going on to it would leave MuJoCo's
//! trajectory (seen: by 7e-8 in one control step of Walker2d in 24,000).

use crate::dynamics::dense::{add_scaled, dot, multiply, norm};
use crate::dynamics::ldl;
use crate::dynamics::model::Model;
use crate::dynamics::state::State;

/// Slope of the line search, relative to its start, that is rounding.
const SLOPE_TOLERANCE: f64 = 1e-12;

/// Gradient, relative to the forces, that is rounding.
const GRADIENT_TOLERANCE: f64 = 1e-15;

pub(super) fn solve(model: &Model, state: &mut State) {
    let tolerance = model.opt.tolerance * model.meaninertia * model.nv as f64;
    start(model, state);
    gradient(model, state);
    for iteration in 1..=model.opt.iterations {
        let size = norm(&state.scratch.gradient);
        if size <= GRADIENT_TOLERANCE * norm(&state.qfrc_smooth) || !size.is_finite() {
            break;
        }
        direction(model, state);
        state.solver_iterations = iteration;
        if full_step_keeps_active(state) {
            advance(state, 1.0);
            break;
        }
        let length = line_search(model, state, tolerance);
        if length == 0.0 {
            break;
        }
        let before = cost(state);
        advance(state, length);
        gradient(model, state);
        if before - cost(state) < tolerance || norm(&state.scratch.gradient) < tolerance {
            break;
        }
    }
    finish(model, state);
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
    let rows = state.scratch.residual.iter().zip(state.rows.d());
    rows.filter(|(residual, _)| **residual < 0.0)
        .map(|(residual, d)| residual * residual * d)
        .sum()
}

/// The gradient: momentum less what the active rows push.
fn gradient(model: &Model, state: &mut State) {
    let nv = model.nv;
    let scratch = &mut state.scratch;
    scratch.gradient.copy_from_slice(&scratch.momentum);
    for row in 0..state.rows.len() {
        let residual = scratch.residual[row];
        if residual < 0.0 {
            let push = residual * state.rows.d[row];
            add_scaled(
                &mut scratch.gradient,
                &state.rows.jacobian[row * nv..][..nv],
                push,
            );
        }
    }
}

/// Newton's direction, and how momentum and residuals change along it.
fn direction(model: &Model, state: &mut State) {
    let nv = model.nv;
    let scratch = &mut state.scratch;
    let rows = &state.rows;
    scratch.hessian.copy_from_slice(&state.mass_matrix);
    for row in 0..rows.len() {
        if scratch.residual[row] >= 0.0 {
            continue;
        }
        let jacobian = &rows.jacobian[row * nv..][..nv];
        for (i, ji) in jacobian.iter().enumerate() {
            // A row moves with few dofs.
            if *ji != 0.0 {
                add_scaled(
                    &mut scratch.hessian[i * nv..][..=i],
                    jacobian,
                    ji * rows.d[row],
                );
            }
        }
    }
    ldl::factor(&mut scratch.hessian, nv);
    for (search, gradient) in scratch.search.iter_mut().zip(&scratch.gradient) {
        *search = -gradient;
    }
    ldl::solve(&scratch.hessian, &mut scratch.search);
    multiply(
        &state.mass_matrix,
        &scratch.search,
        &mut scratch.momentum_slope,
    );
    for (row, slope) in scratch
        .residual_slope
        .iter_mut()
        .take(rows.len())
        .enumerate()
    {
        *slope = dot(&rows.jacobian[row * nv..][..nv], &scratch.search);
    }
}

/// Whether the same rows are active after a step of length 1.
fn full_step_keeps_active(state: &State) -> bool {
    let scratch = &state.scratch;
    let lines = scratch.residual.iter().zip(&scratch.residual_slope);
    lines
        .take(state.rows.len())
        .all(|(residual, slope)| (*residual < 0.0) == (residual + slope < 0.0))
}

/// Length of the step that minimises the cost along the direction. Its slope along the line rises from a
/// negative start and is piecewise linear, so Newton's steps inside a bracket end at its root. `tolerance` is
/// the solver's, in the units of the cost.
fn line_search(model: &Model, state: &State, tolerance: f64) -> f64 {
    let scratch = &state.scratch;
    let constant = dot(&scratch.momentum, &scratch.search);
    let linear = dot(&scratch.momentum_slope, &scratch.search);
    let slope_at = |length: f64| {
        let (mut slope, mut curvature) = (constant + linear * length, linear);
        let lines = scratch.residual.iter().zip(&scratch.residual_slope);
        for ((residual, change), d) in lines.zip(state.rows.d()) {
            let there = residual + change * length;
            if there < 0.0 {
                slope += change * there * d;
                curvature += change * change * d;
            }
        }
        (slope, curvature)
    };
    let (start, curvature) = slope_at(0.0);
    if start >= 0.0 || curvature <= 0.0 {
        return 0.0;
    }
    let flat =
        (tolerance * model.opt.ls_tolerance * norm(&scratch.search)).max(SLOPE_TOLERANCE * -start);
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut length = -start / curvature;
    for _ in 0..model.opt.ls_iterations {
        let (slope, curvature) = slope_at(length);
        if slope.abs() <= flat || curvature <= 0.0 {
            break;
        }
        if slope < 0.0 {
            low = length;
        } else {
            high = length;
        }
        let next = length - slope / curvature;
        let inside = next > low && next < high;
        let next = if inside {
            next
        } else {
            0.5 * (low + high.min(2.0 * length))
        };
        if next == length {
            break;
        }
        length = next;
    }
    length
}

/// Moves acceleration, momentum and residuals along the direction.
fn advance(state: &mut State, length: f64) {
    let scratch = &mut state.scratch;
    add_scaled(&mut state.qacc, &scratch.search, length);
    add_scaled(&mut scratch.momentum, &scratch.momentum_slope, length);
    let rows = state.rows.len();
    add_scaled(
        &mut scratch.residual[..rows],
        &scratch.residual_slope[..rows],
        length,
    );
}

/// Forces of the rows, and of all of them on the dofs.
fn finish(model: &Model, state: &mut State) {
    let nv = model.nv;
    let rows = &mut state.rows;
    for row in 0..rows.len() {
        let force = (-state.scratch.residual[row]).max(0.0) * rows.d[row];
        rows.force[row] = force;
        if force > 0.0 {
            let jacobian = &rows.jacobian[row * nv..][..nv];
            add_scaled(&mut state.qfrc_constraint, jacobian, force);
        }
    }
}
