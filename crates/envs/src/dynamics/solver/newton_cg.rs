//! Newton's method and conjugate gradients, both with a line search. MuJoCo: Computation, "Constraint
//! solver", Algorithms.
//!
//! Without elliptic cones the cost is quadratic between changes of the active rows, so a full Newton step that changes none of them
//! needs no line search: it ends at the minimum, as near as the matrix's condition lets it (seen: 6e-5 away with a
//! friction of 1e-5). The rule to stop is MuJoCo's: where the gradient is below the tolerance, or the step improved
//! the cost by less. Rarely that is before the minimum; going on to it would leave MuJoCo's
//! trajectory (seen: by 7e-8 in one control step of Walker2d in 24,000).

use super::line_search::line_search;
use super::problem::Problem;
use super::zones::{MOST_CONE_ROWS, Zone, cone_push, for_each_single, push};
use crate::dynamics::MINVAL;
use crate::dynamics::math::dense::{
    add_scaled, add_scaled_within, dot, for_each_entry, fours, is_small, norm,
};
use crate::dynamics::model::Solver;

/// Moves `qacc` to where the cost is least, and the rows' forces with it; gives the number of iterations.
pub(super) fn minimise(problem: &mut Problem<'_>) -> usize {
    let tolerance = problem.opt.tolerance * problem.inertia;
    let newton = problem.opt.solver == Solver::Newton;
    problem.gradient();
    let mut cost = None;
    for iteration in 1..=problem.opt.iterations {
        let size = norm(&problem.scratch.gradient);
        if size == 0.0 || !size.is_finite() {
            return iteration - 1;
        }
        if newton {
            newton_direction(problem);
        } else {
            conjugate_direction(problem, iteration == 1);
        }
        problem.slopes();
        let length = if newton && full_step_keeps_active(problem) {
            1.0
        } else {
            line_search(problem, tolerance)
        };
        if length == 0.0 {
            return iteration - 1;
        }
        let before = cost.unwrap_or_else(|| problem.cost());
        problem.advance(length);
        problem.gradient();
        if norm(&problem.scratch.gradient) < tolerance {
            return iteration;
        }
        let after = problem.cost();
        if before - after < tolerance {
            return iteration;
        }
        cost = Some(after);
    }
    problem.opt.iterations
}

/// The steepest descent in the metric of the inertia, bent away from the direction before.
fn conjugate_direction(problem: &mut Problem<'_>, first: bool) {
    let scratch = &mut *problem.scratch;
    let mut metric = std::mem::take(&mut scratch.hessian);
    let conditioned = &mut metric.matrix()[..scratch.gradient.len()];
    conditioned.copy_from_slice(&scratch.gradient);
    problem.qld.solve(conditioned);
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

/// Newton's direction.
fn newton_direction(problem: &mut Problem<'_>) {
    let nv = problem.nv();
    let scratch = &mut *problem.scratch;
    let (rows, residual) = (&*problem.rows, &scratch.residual);
    scratch.hessian.set(problem.qm);
    let hessian = scratch.hessian.matrix();
    // Adds the lower triangle of rowᵀ other; a row moves with few dofs.
    let mut add = |row: &[f64], other: &[f64], scale: f64| {
        if is_small(nv) {
            for (i, ji) in row.iter().enumerate() {
                if *ji != 0.0 {
                    add_scaled(&mut hessian[i * nv..][..=i], other, ji * scale);
                }
            }
            return;
        }
        let present = fours(other);
        for_each_entry(row, fours(row), |i, ji| {
            add_scaled_within(&mut hessian[i * nv..][..=i], other, ji * scale, present);
        });
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
    scratch.hessian.factor_positive();
    for (search, gradient) in scratch.search.iter_mut().zip(&scratch.gradient) {
        *search = -gradient;
    }
    scratch.hessian.solve(&mut scratch.search);
}

/// Whether the cost is one quadratic from here to the end of a step of length 1.
fn full_step_keeps_active(problem: &Problem<'_>) -> bool {
    let (rows, scratch) = (&*problem.rows, &*problem.scratch);
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
