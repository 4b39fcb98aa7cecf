//! How far to go along a direction. MuJoCo: Computation, "Constraint solver", Algorithms, exact line search.
//!
//! The slope of the cost along a line rises and is almost linear, so Newton's steps find where it is zero: first from
//! one side, until it changes its sign, then from both. Where they stop is MuJoCo's, too: an exact minimum can lie on
//! the border of two zones of a row, from where the next direction leads nowhere (seen: an error of 1e-3 in
//! one step with dry friction).
//!
//! Costs are only compared. Near the minimum they differ by less than rounding, and MuJoCo's comparison is that of one
//! polynomial with itself: what the rows cost at any length is that of the zone there, continued from the start. So
//! it is here, except in Newton's method without cones, which ends with a full step and searches no such places.

use super::problem::Problem;
use super::zones::{MOST_CONE_ROWS, Zone, cone_push, for_each_single, push, twice_cost};
use crate::dynamics::MINVAL;
use crate::dynamics::math::dense::{dot, norm};
use crate::dynamics::model::Solver;
use crate::dynamics::state::rows::Rows;
use crate::dynamics::state::solver::PrimalScratch;

/// Relative error of a length that rounding of slopes may leave.
const NOISE: f64 = 1e-6;

/// The cost at a place on the line, and its derivatives along the line.
#[derive(Clone, Copy)]
struct Point {
    length: f64,
    cost: f64,
    slope: f64,
    curvature: f64,
}

impl Point {
    /// Where a Newton step leads.
    fn next(&self) -> f64 {
        self.length - self.slope / self.curvature
    }

    /// Whether another point is on the same side of the minimum and nearer to it.
    fn is_beaten_by(&self, other: &Self) -> bool {
        let same_side =
            (self.slope < 0.0 && other.slope < 0.0) || (self.slope > 0.0 && other.slope > 0.0);
        same_side && other.slope.abs() < self.slope.abs()
    }
}

/// The cost along the direction.
struct Line<'a> {
    rows: &'a Rows,
    scratch: &'a PrimalScratch,
    /// What the inertia adds to the cost: constant, linear, and quadratic in the length.
    inertial: [f64; 3],
    /// Whether rows are evaluated where they are, instead of from the start.
    direct: bool,
    evaluations: usize,
}

impl<'a> Line<'a> {
    fn new(problem: &'a Problem<'_>) -> Self {
        let scratch = &*problem.scratch;
        let accelerations = problem.qacc.iter().zip(problem.qacc_smooth);
        let momenta = scratch.momentum.iter().zip(accelerations);
        let twice: f64 = momenta.map(|(m, (a, smooth))| m * (a - smooth)).sum();
        let inertial = [
            0.5 * twice,
            dot(&scratch.momentum, &scratch.search),
            0.5 * dot(&scratch.momentum_slope, &scratch.search),
        ];
        Self {
            rows: problem.rows,
            scratch,
            inertial,
            direct: problem.opt.solver == Solver::Newton && problem.rows.cones.is_empty(),
            evaluations: 0,
        }
    }

    fn at(&mut self, length: f64) -> Point {
        self.evaluations += 1;
        let (rows, scratch) = (self.rows, self.scratch);
        let [_, linear, quadratic] = self.inertial;
        let (mut twice, mut continued) = (0.0, self.inertial);
        let mut slope = linear + 2.0 * quadratic * length;
        let mut curvature = 2.0 * quadratic;
        for_each_single(rows, |row| {
            let change = scratch.residual_slope[row];
            let residual = scratch.residual[row] + change * length;
            let (force, stiffness) = push(rows, row, residual);
            if self.direct {
                twice += twice_cost(rows, row, residual);
            } else {
                let start = scratch.residual[row];
                if stiffness > 0.0 {
                    add_parabola(&mut continued, start, change, stiffness);
                } else {
                    // Nothing, or a line beyond the bound of dry friction.
                    continued[0] -= force * (start + 0.5 * force / rows.efc_d[row]);
                    continued[1] -= force * change;
                }
            }
            slope -= change * force;
            curvature += change * change * stiffness;
        });
        for cone in &rows.cones {
            let change = &scratch.residual_slope[cone.first..][..cone.dim];
            let mut there = [0.0; MOST_CONE_ROWS];
            for (i, change) in change.iter().enumerate() {
                there[i] = scratch.residual[cone.first + i] + change * length;
            }
            let push = cone_push(rows, cone, &there);
            if push.zone == Zone::Quadratic {
                for (i, change) in change.iter().enumerate() {
                    let row = cone.first + i;
                    add_parabola(
                        &mut continued,
                        scratch.residual[row],
                        *change,
                        rows.efc_d[row],
                    );
                }
            } else {
                twice += push.twice_cost;
            }
            slope -= dot(change, &push.force[..cone.dim]);
            for (line, a) in push.hessian(rows, cone).iter().zip(change) {
                curvature += a * dot(&line[..cone.dim], change);
            }
        }
        Point {
            length,
            cost: continued[0] + length * (continued[1] + length * continued[2]) + 0.5 * twice,
            slope,
            curvature: if curvature > 0.0 { curvature } else { MINVAL },
        }
    }

    /// The minimum of the quadratic that the cost is around a point, in the place of a point that sums at single lengths
    /// cannot tell from it: there the rows' large slopes cancel, here they are summed once. The point's own length
    /// where a contact's force lies on its cone, or where the quadratic ends before.
    fn refined(&self, point: &Point) -> f64 {
        let (rows, scratch) = (self.rows, self.scratch);
        let [_, mut linear, mut quadratic] = self.inertial;
        let mut add = |row: usize, force: f64, stiffness: f64| {
            let change = scratch.residual_slope[row];
            if stiffness == 0.0 {
                linear -= change * force;
            } else {
                linear += stiffness * scratch.residual[row] * change;
                quadratic += 0.5 * stiffness * change * change;
            }
        };
        let there = |row| scratch.residual[row] + scratch.residual_slope[row] * point.length;
        for_each_single(rows, |row| {
            let (force, stiffness) = push(rows, row, there(row));
            add(row, force, stiffness);
        });
        for cone in &rows.cones {
            let residual: [f64; MOST_CONE_ROWS] = std::array::from_fn(|i| {
                if i < cone.dim {
                    there(cone.first + i)
                } else {
                    0.0
                }
            });
            match cone_push(rows, cone, &residual).zone {
                Zone::Satisfied => {}
                Zone::Quadratic => {
                    (cone.first..cone.first + cone.dim)
                        .for_each(|row| add(row, 0.0, rows.efc_d[row]));
                }
                Zone::Cone => return point.length,
            }
        }
        let length = -linear / (2.0 * quadratic);
        let near = (length - point.length).abs() <= NOISE * point.length.abs();
        if near { length } else { point.length }
    }

    /// Puts the nearest of the candidates on the point's side of the minimum in its place, and takes a step from
    /// there; whether there was one.
    fn tighten(&mut self, end: &mut Point, next: &mut Point, candidates: &[Point; 3]) -> bool {
        let mut moved = false;
        for candidate in candidates {
            if end.is_beaten_by(candidate) {
                *end = *candidate;
                moved = true;
            }
        }
        if moved {
            *next = self.at(end.next());
        }
        moved
    }
}

/// Adds `½ d (start + change x)²` to a polynomial in x.
fn add_parabola(polynomial: &mut [f64; 3], start: f64, change: f64, d: f64) {
    polynomial[0] += 0.5 * start * (d * start);
    polynomial[1] += change * (d * start);
    polynomial[2] += 0.5 * change * (d * change);
}

/// Length of the step that minimises the cost along the direction, 0 where none improves it. `tolerance` is the
/// solver's, in the units of the cost.
pub(super) fn line_search(problem: &Problem<'_>, tolerance: f64) -> f64 {
    let size = norm(&problem.scratch.search);
    if size < MINVAL {
        return 0.0;
    }
    let flat = tolerance * problem.opt.ls_tolerance * size;
    let most = problem.opt.ls_iterations;
    let mut line = Line::new(problem);
    let start = line.at(0.0);
    let mut near = line.at(start.next());
    if start.cost < near.cost {
        near = start;
    }
    if near.slope.abs() < flat {
        return near.length;
    }
    let ahead = if near.slope < 0.0 { 1.0 } else { -1.0 };
    let mut far = None;
    while near.slope * ahead <= -flat && line.evaluations < most {
        far = Some(near);
        near = line.at(near.next());
        if near.slope.abs() < flat {
            return near.length;
        }
    }
    match far {
        Some(far) if line.evaluations < most => {
            between(&mut line, [near, far], &start, (flat, most))
        }
        _ => near.length,
    }
}

/// The search from both sides of the minimum; it stops at slopes under `flat` and after as many evaluations as
/// the model allows.
fn between(
    line: &mut Line<'_>,
    [mut near, mut far]: [Point; 2],
    start: &Point,
    (flat, most): (f64, usize),
) -> f64 {
    let mut far_next = near;
    let mut near_next = line.at(near.next());
    while line.evaluations < most {
        let middle = line.at(0.5 * (near.length + far.length));
        let candidates = [near_next, far_next, middle];
        let flats = candidates.iter().filter(|c| c.slope.abs() < flat);
        if let Some(best) = flats.min_by(|a, b| a.cost.total_cmp(&b.cost)) {
            return best.length;
        }
        let near_moved = line.tighten(&mut near, &mut near_next, &candidates);
        let far_moved = line.tighten(&mut far, &mut far_next, &candidates);
        if !near_moved && !far_moved {
            // No number between them is better.
            return line.refined(&middle);
        }
    }
    let best = if near.cost <= far.cost { near } else { far };
    if best.cost < start.cost {
        line.refined(&best)
    } else {
        0.0
    }
}
