//! Islands: trees that rows connect, directly or through others. What moves in one is nothing to another, so each
//! is solved as a problem of its own, with its own scale, iterations and stop. MuJoCo: Computation, "Constraint
//! solver", Constraint islands.

use super::primal;
use super::problem::{self, Problem};
use crate::dynamics::constraint::Rows;
use crate::dynamics::model::{Model, Solver};
use crate::dynamics::state::State;

/// Memory of one island at a time; none where the model has but one tree or solves all at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// Its dofs, in order, `[nv]`.
    dofs: Vec<usize>,
    /// Its rows, in order, `[rows]`.
    numbers: Vec<usize>,
    rows: Rows,
    mass_matrix: Vec<f64>,
    factor: Vec<f64>,
    qacc_smooth: Vec<f64>,
    qacc: Vec<f64>,
    primal: problem::Scratch,
}

impl Scratch {
    pub(super) fn new(model: &Model, rows: &Rows) -> Self {
        if !model.opt.islands || model.ntree == 1 || model.opt.solver == Solver::Pgs {
            return Self::default();
        }
        let (nv, rows) = (model.nv, rows.with_equal_room());
        Self {
            dofs: Vec::with_capacity(nv),
            numbers: Vec::with_capacity(rows.capacity()),
            mass_matrix: Vec::with_capacity(nv * nv),
            factor: Vec::with_capacity(nv * nv),
            qacc_smooth: Vec::with_capacity(nv),
            qacc: Vec::with_capacity(nv),
            primal: problem::Scratch::new(nv, rows.capacity()),
            rows,
        }
    }

    /// Picks an island out of the whole, with the start that was chosen there.
    fn gather(&mut self, model: &Model, state: &State, island: usize) {
        let is_here = |tree: usize| state.rows.island(tree) == island;
        let dofs = (0..model.nv).filter(|dof| is_here(model.dofs.tree[*dof]));
        self.dofs.clear();
        self.dofs.extend(dofs);
        self.numbers.clear();
        self.numbers.extend(state.rows.numbers_in(island));
        if self.numbers.is_empty() {
            return;
        }
        self.rows.gather(&state.rows, &self.numbers, &self.dofs);
        self.primal.resize(self.dofs.len(), self.numbers.len());
        let whole = &state.scratch.primal;
        pick(&mut self.primal.residual, &whole.residual, &self.numbers);
        pick(&mut self.primal.momentum, &whole.momentum, &self.dofs);
        pick(&mut self.qacc_smooth, &state.qacc_smooth, &self.dofs);
        pick(&mut self.qacc, &state.qacc, &self.dofs);
        self.mass_matrix.clear();
        self.factor.clear();
        for dof in &self.dofs {
            let line = dof * model.nv..(dof + 1) * model.nv;
            let (mass, factor) = (&state.mass_matrix[line.clone()], &state.factor[line]);
            self.mass_matrix.extend(self.dofs.iter().map(|i| mass[*i]));
            self.factor.extend(self.dofs.iter().map(|i| factor[*i]));
        }
    }

    /// Solves the island that was picked; gives the number of iterations.
    fn minimise(&mut self, model: &Model) -> usize {
        primal::minimise(&mut Problem {
            opt: &model.opt,
            inertia: diagonal(&self.mass_matrix, self.dofs.len()),
            mass_matrix: &self.mass_matrix,
            factor: &self.factor,
            qacc_smooth: &self.qacc_smooth,
            rows: &mut self.rows,
            qacc: &mut self.qacc,
            scratch: &mut self.primal,
        })
    }
}

/// Solves one island after the other; gives the most iterations that one took. Trees without rows move as if
/// there were none.
pub(super) fn solve(model: &Model, state: &mut State) -> usize {
    let mut scratch = std::mem::take(&mut state.scratch.islands);
    let mut most = 0;
    for island in 0..model.ntree {
        if state.rows.island(island) != island {
            continue;
        }
        scratch.gather(model, state, island);
        if scratch.numbers.is_empty() {
            for dof in &scratch.dofs {
                state.qacc[*dof] = state.qacc_smooth[*dof];
            }
            continue;
        }
        most = scratch.minimise(model).max(most);
        put(&mut state.qacc, &scratch.qacc, &scratch.dofs);
        put(&mut state.rows.force, &scratch.rows.force, &scratch.numbers);
    }
    state.scratch.islands = scratch;
    most
}

/// Sum of the diagonal of a matrix `[n, n]`.
pub(super) fn diagonal(matrix: &[f64], n: usize) -> f64 {
    matrix.iter().step_by(n + 1).sum()
}

/// `some = all[places]`.
pub(super) fn pick(some: &mut Vec<f64>, all: &[f64], places: &[usize]) {
    some.clear();
    some.extend(places.iter().map(|place| all[*place]));
}

/// `all[places] = some`.
fn put(all: &mut [f64], some: &[f64], places: &[usize]) {
    for (place, x) in places.iter().zip(some) {
        all[*place] = *x;
    }
}
