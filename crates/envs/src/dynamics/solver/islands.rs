//! Islands: trees that rows connect, directly or through others. Islands do not affect each other, so each is solved as
//! its own problem, with its own scale, iterations and stopping rule. MuJoCo: Computation, "Constraint solver",
//! Constraint islands.

use super::newton_cg;
use super::problem::Problem;
use crate::dynamics::math::dense::fours;
use crate::dynamics::math::ldl::gather_block;
use crate::dynamics::model::{Model, Solver};
use crate::dynamics::state::solver::IslandScratch;

impl IslandScratch {
    /// Solves one island after the other; gives the most iterations that one took. Trees without rows move as if
    /// there were none.
    pub(super) fn minimise(&mut self, model: &Model, whole: &mut Problem<'_>) -> usize {
        let mut most = 0;
        for tree in 0..model.trees.len() {
            let (islands, trees) = whole.rows.islands();
            if islands[tree] != tree {
                continue;
            }
            self.numbers.clear();
            for (number, other) in trees.iter().enumerate() {
                if islands[*other] == tree {
                    self.numbers.push(number);
                }
            }
            self.dofs.clear();
            for (island, dofs) in islands.iter().zip(&model.trees).skip(tree) {
                if *island == tree {
                    self.dofs.extend(dofs.clone());
                }
            }
            if self.numbers.is_empty() {
                for dof in &self.dofs {
                    whole.qacc[*dof] = whole.qacc_smooth[*dof];
                }
                continue;
            }
            self.gather(whole);
            most = self.minimise_one(model).max(most);
            put(whole.qacc, &self.qacc, &self.dofs);
            put(
                &mut whole.rows.efc_force,
                &self.rows.efc_force,
                &self.numbers,
            );
        }
        most
    }

    /// Copies the island, with the start that was chosen.
    fn gather(&mut self, whole: &Problem<'_>) {
        let (dofs, numbers) = (&self.dofs, &self.numbers);
        self.rows.gather(whole.rows, numbers, dofs);
        self.primal.resize(dofs.len(), numbers.len());
        pick(&mut self.primal.residual, &whole.scratch.residual, numbers);
        pick(&mut self.primal.momentum, &whole.scratch.momentum, dofs);
        pick(&mut self.qacc_smooth, whole.qacc_smooth, dofs);
        pick(&mut self.qacc, whole.qacc, dofs);
        gather_block(&mut self.qm, whole.qm, dofs);
        let rows = self.qm.chunks_exact(dofs.len().max(1));
        self.qm_fours.clear();
        self.qm_fours.extend(rows.map(fours));
        if whole.opt.solver == Solver::Cg {
            self.qld.gather(whole.qld, dofs);
        }
    }

    fn minimise_one(&mut self, model: &Model) -> usize {
        newton_cg::minimise(&mut Problem {
            opt: &model.opt,
            inertia: diagonal(&self.qm, self.dofs.len()),
            qm: &self.qm,
            qm_fours: &self.qm_fours,
            qld: &self.qld,
            qacc_smooth: &self.qacc_smooth,
            rows: &mut self.rows,
            qacc: &mut self.qacc,
            scratch: &mut self.primal,
        })
    }
}

/// Starts trees without rows where they end, though all are solved together.
pub(super) fn free(model: &Model, whole: &mut Problem<'_>) {
    if model.trees.len() < 2 {
        return;
    }
    let (islands, trees) = whole.rows.islands();
    for (tree, dofs) in model.trees.iter().enumerate() {
        if !trees.iter().any(|other| islands[*other] == islands[tree]) {
            whole.qacc[dofs.clone()].copy_from_slice(&whole.qacc_smooth[dofs.clone()]);
            whole.scratch.momentum[dofs.clone()].fill(0.0);
        }
    }
}

/// Sum of the diagonal of a matrix `[n, n]`.
pub(super) fn diagonal(matrix: &[f64], n: usize) -> f64 {
    matrix.iter().step_by(n + 1).sum()
}

/// `some = all[places]`.
fn pick(some: &mut Vec<f64>, all: &[f64], places: &[usize]) {
    some.clear();
    some.extend(places.iter().map(|place| all[*place]));
}

/// `all[places] = some`.
fn put(all: &mut [f64], some: &[f64], places: &[usize]) {
    for (place, x) in places.iter().zip(some) {
        all[*place] = *x;
    }
}
