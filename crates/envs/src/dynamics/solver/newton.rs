//! Newton's method with an exact line search.
//!
//! The cost is quadratic between changes of the active rows, so a full Newton step that changes none of them
//! ends at the minimum, to rounding. MuJoCo stops at an improvement of 1e-8 and reaches the same point.

use super::cholesky;
use crate::dynamics::model::Model;
use crate::dynamics::state::State;

/// Slope of the line search, relative to its start, that counts as none.
const SLOPE_TOLERANCE: f64 = 1e-12;

/// Gradient, relative to the forces, that counts as none.
const GRADIENT_TOLERANCE: f64 = 1e-15;

pub(super) fn solve(model: &Model, state: &mut State) {
    start(model, state);
    for iteration in 1..=model.opt.iterations {
        gradient(model, state);
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
        let length = line_search(model, state);
        if length == 0.0 {
            break;
        }
        advance(state, length);
    }
    finish(model, state);
}

/// Takes the better of the two starts: the last step's acceleration, and that without constraints.
fn start(model: &Model, state: &mut State) {
    let warm = state.qacc_warmstart.iter().any(|a| *a != 0.0) && {
        state.qacc.copy_from_slice(&state.qacc_smooth);
        place(model, state);
        let cold_cost = cost(state);
        state.qacc.copy_from_slice(&state.qacc_warmstart);
        place(model, state);
        cost(state) < cold_cost
    };
    if !warm {
        state.qacc.copy_from_slice(&state.qacc_smooth);
        place(model, state);
    }
}

/// Computes momentum and residuals at the current acceleration.
fn place(model: &Model, state: &mut State) {
    let nv = model.nv;
    let scratch = &mut state.scratch;
    for (search, (a, smooth)) in scratch
        .search
        .iter_mut()
        .zip(state.qacc.iter().zip(&state.qacc_smooth))
    {
        *search = a - smooth;
    }
    multiply(&state.mass_matrix, &scratch.search, &mut scratch.momentum);
    let rows = &state.rows;
    for (row, residual) in scratch.residual.iter_mut().take(rows.len()).enumerate() {
        *residual = dot(&rows.jacobian[row * nv..][..nv], &state.qacc) - rows.aref[row];
    }
}

/// The cost at the current acceleration.
fn cost(state: &State) -> f64 {
    let scratch = &state.scratch;
    let mut gauss = 0.0;
    for (momentum, (a, smooth)) in scratch
        .momentum
        .iter()
        .zip(state.qacc.iter().zip(&state.qacc_smooth))
    {
        gauss += momentum * (a - smooth);
    }
    let mut rows = 0.0;
    for (residual, r) in scratch.residual.iter().zip(state.rows.r()) {
        if *residual < 0.0 {
            rows += residual * residual / r;
        }
    }
    0.5 * (gauss + rows)
}

/// The gradient: momentum less what the active rows push.
fn gradient(model: &Model, state: &mut State) {
    let nv = model.nv;
    let scratch = &mut state.scratch;
    scratch.gradient.copy_from_slice(&scratch.momentum);
    for row in 0..state.rows.len() {
        let residual = scratch.residual[row];
        if residual < 0.0 {
            let push = residual / state.rows.r[row];
            let jacobian = &state.rows.jacobian[row * nv..][..nv];
            for (g, j) in scratch.gradient.iter_mut().zip(jacobian) {
                *g += j * push;
            }
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
        let weight = 1.0 / rows.r[row];
        let jacobian = &rows.jacobian[row * nv..][..nv];
        for (i, ji) in jacobian.iter().enumerate() {
            // A row moves with few dofs.
            if *ji != 0.0 {
                let scaled = ji * weight;
                let line = &mut scratch.hessian[i * nv..][..=i];
                for (h, jj) in line.iter_mut().zip(jacobian) {
                    *h += scaled * jj;
                }
            }
        }
    }
    cholesky::factor(&mut scratch.hessian, nv);
    for (search, gradient) in scratch.search.iter_mut().zip(&scratch.gradient) {
        *search = -gradient;
    }
    cholesky::solve(&scratch.hessian, nv, &mut scratch.search);
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
/// negative start and is piecewise linear, so Newton's steps inside a bracket end at its root.
fn line_search(model: &Model, state: &State) -> f64 {
    let scratch = &state.scratch;
    let constant = dot(&scratch.momentum, &scratch.search);
    let linear = dot(&scratch.momentum_slope, &scratch.search);
    let slope_at = |length: f64| {
        let (mut slope, mut curvature) = (constant + linear * length, linear);
        let lines = scratch.residual.iter().zip(&scratch.residual_slope);
        for ((residual, change), r) in lines.zip(state.rows.r()) {
            let there = residual + change * length;
            if there < 0.0 {
                slope += change * there / r;
                curvature += change * change / r;
            }
        }
        (slope, curvature)
    };
    let (start, curvature) = slope_at(0.0);
    if start >= 0.0 || curvature <= 0.0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut length = -start / curvature;
    for _ in 0..model.opt.ls_iterations {
        let (slope, curvature) = slope_at(length);
        if slope.abs() <= SLOPE_TOLERANCE * -start || curvature <= 0.0 {
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
        let force = (-state.scratch.residual[row]).max(0.0) / rows.r[row];
        rows.force[row] = force;
        if force > 0.0 {
            let jacobian = &rows.jacobian[row * nv..][..nv];
            add_scaled(&mut state.qfrc_constraint, jacobian, force);
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn add_scaled(a: &mut [f64], b: &[f64], scale: f64) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += scale * b;
    }
}

/// `y = A x` for a square matrix, row-major.
fn multiply(matrix: &[f64], x: &[f64], y: &mut [f64]) {
    for (y, row) in y.iter_mut().zip(matrix.chunks_exact(x.len())) {
        *y = dot(row, x);
    }
}
