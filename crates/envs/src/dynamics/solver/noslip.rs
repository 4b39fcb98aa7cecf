//! Takes the slip out of friction that softness leaves: Gauss-Seidel on the dual problem without its regularisation, for dry
//! friction and the tangents of contacts; normal forces stay. MuJoCo: Computation, "Constraint solver", Noslip.
//!
//! With `A = J M⁻¹ Jᵀ` and `b = J a_smooth − aref` each update minimises `½ fᵀ A f + fᵀ b` over one row of dry friction
//! within its bound, over two opposite edges of a pyramid with their sum kept, or over the tangents of an elliptic cone.

use super::qcqp;
use crate::dynamics::MINVAL;
use crate::dynamics::math::dense::dot;
use crate::dynamics::model::{Cone, Model};
use crate::dynamics::state::State;
use crate::dynamics::state::rows::Rows;
use crate::dynamics::state::solver::DualScratch;

/// Least diagonal of a block.
const LEAST: f64 = 1e-10;
/// Change of the cost above which an update is taken back.
const WORSE: f64 = 1e-10;
/// Most rows of one update.
const MOST: usize = 5;

/// Changes the forces that the solver found; the caller sums them up.
pub(super) fn noslip(model: &Model, state: &mut State, scratch: &mut DualScratch) {
    // b, and the matrix without regularisation.
    let count = state.rows.len();
    scratch.offset.clear();
    for row in 0..count {
        let b = dot(state.rows.row(row), &state.qacc_smooth) - state.rows.efc_aref[row];
        scratch.offset.push(b);
        scratch.matrix[row * count + row] -= state.rows.efc_r[row];
    }
    let scale = 1.0 / (model.meaninertia * model.nv.max(1) as f64);
    for iteration in 0..model.opt.noslip_iterations {
        let mut improvement = 0.0;
        if iteration == 0 {
            let forces = state.rows.efc_force.iter().zip(&state.rows.efc_r);
            improvement += forces.map(|(f, r)| 0.5 * f * f * r).sum::<f64>();
        }
        improvement += sweep(model, state, scratch);
        state.solver_iterations += 1;
        if improvement * scale < model.opt.noslip_tolerance {
            break;
        }
    }
}

/// Updates every row of friction once, in order; gives by how much the cost fell.
fn sweep(model: &Model, state: &mut State, scratch: &DualScratch) -> f64 {
    let (rows, mut improvement) = (&mut state.rows, 0.0);
    for row in rows.equality..rows.bounded {
        improvement += dry(rows, scratch, row);
    }
    for contact in &state.contacts {
        let Some(first) = contact.row.filter(|_| contact.dim > 1) else {
            continue;
        };
        match model.opt.cone {
            Cone::Pyramidal => {
                for edges in 0..contact.dim - 1 {
                    improvement += opposite_edges(rows, scratch, first + 2 * edges);
                }
            }
            Cone::Elliptic => {
                improvement += tangents(rows, scratch, first, contact.dim - 1, &contact.friction);
            }
        }
    }
    improvement
}

/// One row of dry friction.
fn dry(rows: &mut Rows, scratch: &DualScratch, row: usize) -> f64 {
    let block = Block::<1>::new(rows, scratch, row, 1);
    let diagonal = scratch.matrix[row * rows.len() + row].max(MINVAL);
    let (old, loss) = (block.old[0], rows.efc_frictionloss[row]);
    let new = (old - block.residual[0] / diagonal).clamp(-loss, loss);
    rows.efc_force[row] = new;
    let change = new - old;
    -(0.5 * change * change * diagonal + change * block.residual[0])
}

/// Two opposite edges of a pyramid, their sum kept.
fn opposite_edges(rows: &mut Rows, scratch: &DualScratch, row: usize) -> f64 {
    let block = Block::<2>::new(rows, scratch, row, 2);
    let (a, b) = (&block.matrix, block.linear());
    let middle = 0.5 * (block.old[0] + block.old[1]);
    let curvature = a[0][0] + a[1][1] - a[0][1] - a[1][0];
    let slope = middle * (a[0][0] - a[1][1]) + b[0] - b[1];
    let difference = if curvature < MINVAL {
        0.0
    } else {
        -slope / curvature
    };
    let new = if difference < -middle {
        [0.0, 2.0 * middle]
    } else if difference > middle {
        [2.0 * middle, 0.0]
    } else {
        [middle + difference, middle - difference]
    };
    block.put(rows, row, 2, new)
}

/// The tangents of an elliptic contact.
fn tangents(
    rows: &mut Rows,
    scratch: &DualScratch,
    first: usize,
    count: usize,
    friction: &[f64; MOST],
) -> f64 {
    let block = Block::<MOST>::new(rows, scratch, first + 1, count);
    let normal = rows.efc_force[first];
    let new = if normal < MINVAL {
        [0.0; MOST]
    } else {
        qcqp::solve(&block.matrix, &block.linear(), friction, normal, count)
    };
    block.put(rows, first + 1, count, new)
}

/// Some neighbouring rows: their part of the matrix, what pushes them, and their forces before.
struct Block<const N: usize> {
    matrix: [[f64; N]; N],
    residual: [f64; N],
    old: [f64; N],
}

impl<const N: usize> Block<N> {
    fn new(rows: &Rows, scratch: &DualScratch, first: usize, count: usize) -> Self {
        let all = rows.len();
        let mut block = Self {
            matrix: [[0.0; N]; N],
            residual: [0.0; N],
            old: [0.0; N],
        };
        for i in 0..count {
            let line = &scratch.matrix[(first + i) * all..][..all];
            block.matrix[i][..count].copy_from_slice(&line[first..][..count]);
            block.matrix[i][i] = block.matrix[i][i].max(LEAST);
            block.residual[i] = scratch.offset[first + i] + dot(line, &rows.efc_force);
            block.old[i] = rows.efc_force[first + i];
        }
        block
    }

    /// The linear part of the cost of these rows' forces.
    fn linear(&self) -> [f64; N] {
        std::array::from_fn(|i| self.residual[i] - dot(&self.matrix[i], &self.old))
    }

    /// Sets the forces, unless they cost more; gives by how much the cost fell.
    fn put(&self, rows: &mut Rows, first: usize, count: usize, new: [f64; N]) -> f64 {
        let change: [f64; N] =
            std::array::from_fn(|i| if i < count { new[i] - self.old[i] } else { 0.0 });
        let quadratic: f64 = (0..N)
            .map(|i| change[i] * dot(&self.matrix[i], &change))
            .sum();
        let cost = 0.5 * quadratic + dot(&change, &self.residual);
        if cost > WORSE {
            return 0.0;
        }
        rows.efc_force[first..first + count].copy_from_slice(&new[..count]);
        -cost
    }
}
