//! Projected Gauss-Seidel on the dual problem: one row (or elliptic contact) after the other gets the force
//! that is best while all others keep theirs. MuJoCo: Computation, "Constraint solver", Dual problem.
//!
//! The cost of forces `f` is `½ fᵀ (A + R) f + fᵀ b` with `A = J M⁻¹ Jᵀ` and `b = J a_smooth − aref`. Few sweeps
//! do not converge, so the order of the rows, the start and the rule to stop are MuJoCo's.

use super::zones::{MOST_CONE_ROWS, cone_push, for_each_single, push};
use super::{add_forces, qcqp};
use crate::dynamics::MINVAL;
use crate::dynamics::math::dense::{add_scaled, dot, dot_within, fours};
use crate::dynamics::model::Model;
use crate::dynamics::state::State;
use crate::dynamics::state::rows::ConeRows;
use crate::dynamics::state::solver::DualScratch;

/// Change of the cost above which an update is taken back; only rounding can make it positive.
const WORSE: f64 = 1e-10;

/// Computes the forces of all rows, and the acceleration with them.
pub(super) fn pgs(model: &Model, state: &mut State) {
    let mut scratch = std::mem::take(&mut state.scratch.dual);
    build(state, &mut scratch);
    start(model, state, &mut scratch);
    let scale = 1.0 / (model.meaninertia * model.nv.max(1) as f64);
    for iteration in 1..=model.opt.iterations {
        let improvement = sweep(state, &mut scratch);
        state.solver_iterations = iteration;
        if improvement * scale < model.opt.tolerance {
            break;
        }
    }
    state.scratch.dual = scratch;
    finish(state);
}

/// Changes the forces that a solver found by `change`, which takes the dual problem's matrix, and the acceleration with
/// them.
pub(super) fn afterwards(
    model: &Model,
    state: &mut State,
    change: impl FnOnce(&Model, &mut State, &mut DualScratch),
) {
    let mut scratch = std::mem::take(&mut state.scratch.dual);
    build(state, &mut scratch);
    change(model, state, &mut scratch);
    state.scratch.dual = scratch;
    state.qfrc_constraint.fill(0.0);
    finish(state);
}

/// Builds the matrix.
fn build(state: &State, scratch: &mut DualScratch) {
    let (rows, nv) = (state.rows.len(), state.qvel.len());
    scratch.halves.clear();
    scratch.halves.extend_from_slice(state.rows.efc_jacobian());
    for half in scratch.halves.chunks_exact_mut(nv) {
        state.qld.half_solve(half);
    }
    // A row moves few dofs, and these their ancestors.
    scratch.fours.clear();
    let halves = scratch.halves.chunks_exact(nv);
    scratch.fours.extend(halves.map(fours));
    scratch.matrix.resize(rows * rows, 0.0);
    for i in 0..rows {
        let half = &scratch.halves[i * nv..][..nv];
        for j in 0..=i {
            let shared = scratch.fours[i] & scratch.fours[j];
            let entry = dot_within(half, &scratch.halves[j * nv..][..nv], shared);
            scratch.matrix[i * rows + j] = entry;
            scratch.matrix[j * rows + i] = entry;
        }
        scratch.matrix[i * rows + i] += state.rows.efc_r[i];
    }
}

/// Starts from the forces at the last step's acceleration, or from none where these cost more.
fn start(model: &Model, state: &mut State, scratch: &mut DualScratch) {
    let count = state.rows.len();
    let residual = &mut scratch.offset;
    residual.clear();
    residual.extend(
        (0..count)
            .map(|row| dot(state.rows.row(row), &state.qacc_warmstart) - state.rows.efc_aref[row]),
    );
    let mut force = std::mem::take(&mut state.rows.efc_force);
    for_each_single(&state.rows, |row| {
        force[row] = push(&state.rows, row, residual[row]).0;
    });
    for cone in &state.rows.cones {
        let range = cone.first..cone.first + cone.dim;
        let push = cone_push(&state.rows, cone, &residual[range.clone()]);
        force[range].copy_from_slice(&push.force[..cone.dim]);
    }
    // b, and what the cost of the forces is.
    scratch.residual.clear();
    let mut cost = 0.0;
    for row in 0..count {
        let b = dot(state.rows.row(row), &state.qacc_smooth) - state.rows.efc_aref[row];
        let pushed = dot(&scratch.matrix[row * count..][..count], &force);
        cost += force[row] * (b + 0.5 * pushed);
        scratch.residual.push(b + pushed);
        residual[row] = b;
    }
    if cost > 0.0 || !model.opt.warmstart {
        force.fill(0.0);
        scratch.residual.copy_from_slice(residual);
    }
    state.rows.efc_force = force;
}

/// Updates every row once, in order; gives by how much the cost fell.
// Not inlined: among other code its loop has too few registers (1 % of a step of Humanoid).
#[inline(never)]
fn sweep(state: &mut State, scratch: &mut DualScratch) -> f64 {
    let count = state.rows.len();
    let mut improvement = 0.0;
    let (mut row, mut cones) = (0, 0);
    while row < count {
        let rows = &mut state.rows;
        if let Some(cone) = rows.cones.get(cones).copied()
            && cone.first == row
        {
            improvement += update_cone(&mut rows.efc_force, &cone, scratch);
            cones += 1;
            row += cone.dim;
            continue;
        }
        let residual = scratch.residual[row];
        let diagonal = scratch.matrix[row * count + row];
        let old = rows.efc_force[row];
        let best = old - residual / diagonal;
        let new = if row < rows.bounded {
            best.clamp(-rows.efc_frictionloss[row], rows.efc_frictionloss[row])
        } else {
            best.max(0.0)
        };
        let change = new - old;
        if change != 0.0 {
            let cost = change * (0.5 * change * diagonal + residual);
            if cost <= WORSE {
                rows.efc_force[row] = new;
                improvement -= cost;
                let column = &scratch.matrix[row * count..][..count];
                add_scaled(&mut scratch.residual, column, change);
            }
        }
        row += 1;
    }
    improvement
}

/// Updates an elliptic contact: first along its force, or its normal where it has none, then the friction at
/// that normal force. Gives by how much the cost fell.
fn update_cone(force: &mut [f64], cone: &ConeRows, scratch: &mut DualScratch) -> f64 {
    let count = force.len();
    let (first, dim) = (cone.first, cone.dim);
    let mut block = [[0.0; MOST_CONE_ROWS]; MOST_CONE_ROWS];
    let (mut residual, mut old) = ([0.0; MOST_CONE_ROWS], [0.0; MOST_CONE_ROWS]);
    for i in 0..dim {
        block[i][..dim].copy_from_slice(&scratch.matrix[(first + i) * count + first..][..dim]);
        residual[i] = scratch.residual[first + i];
        old[i] = force[first + i];
    }
    let times = |v: &[f64; MOST_CONE_ROWS], i: usize| dot(&block[i][..dim], &v[..dim]);
    let mut new = old;
    if old[0] < MINVAL {
        new = [0.0; MOST_CONE_ROWS];
        new[0] = (old[0] - residual[0] / block[0][0]).max(0.0);
    } else {
        let curvature: f64 = (0..dim).map(|i| old[i] * times(&old, i)).sum();
        if curvature >= MINVAL {
            let length = -dot(&old[..dim], &residual[..dim]) / curvature;
            // The normal force may vanish, but not pull.
            let length = if old[0] + length * old[0] < 0.0 {
                -1.0
            } else {
                length
            };
            (0..dim).for_each(|i| new[i] += length * old[i]);
        }
    }
    if new[0] < MINVAL {
        new[1..].fill(0.0);
    } else {
        let mut tangent = [[0.0; 5]; 5];
        let mut b = [0.0; 5];
        for i in 0..dim - 1 {
            tangent[i][..dim - 1].copy_from_slice(&block[i + 1][1..dim]);
            b[i] = residual[i + 1] - dot(&block[i + 1][1..dim], &old[1..dim])
                + block[i + 1][0] * (new[0] - old[0]);
        }
        let friction = qcqp::solve(&tangent, &b, &cone.friction, new[0], dim - 1);
        new[1..dim].copy_from_slice(&friction[..dim - 1]);
    }
    let mut change = [0.0; MOST_CONE_ROWS];
    (0..dim).for_each(|i| change[i] = new[i] - old[i]);
    let quadratic: f64 = (0..dim).map(|i| change[i] * times(&change, i)).sum();
    let cost = 0.5 * quadratic + dot(&change[..dim], &residual[..dim]);
    if cost > WORSE {
        return 0.0;
    }
    for i in 0..dim {
        force[first + i] = new[i];
        let column = &scratch.matrix[(first + i) * count..][..count];
        add_scaled(&mut scratch.residual, column, change[i]);
    }
    -cost
}

/// Forces of all rows on the dofs, and the acceleration that they cause.
fn finish(state: &mut State) {
    add_forces(state);
    state.qacc.copy_from_slice(&state.qfrc_constraint);
    state.qld.solve(&mut state.qacc);
    add_scaled(&mut state.qacc, &state.qacc_smooth, 1.0);
}
