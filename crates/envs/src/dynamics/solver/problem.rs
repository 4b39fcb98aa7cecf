//! The problem that the primal solvers minimise, and what they know of the place where they are.

use super::zones::{cone_push, for_each_single, push, twice_cost};
use crate::dynamics::math::dense::{add_scaled, dot, multiply};
use crate::dynamics::math::ldl::Ldl;
use crate::dynamics::model::Options;
use crate::dynamics::state::rows::Rows;
use crate::dynamics::state::solver::PrimalScratch;

/// Accelerations under rows: of the whole mechanism or of one island. `nv` and `rows` are its own sizes.
pub(super) struct Problem<'a> {
    pub(super) opt: &'a Options,
    /// What the tolerances are relative to (kg, kg m²).
    pub(super) inertia: f64,
    /// Inertia matrix, `[nv, nv]`.
    pub(super) qm: &'a [f64],
    /// Which fours of each of its rows hold anything but zeros, `[nv]`.
    pub(super) qm_fours: &'a [u64],
    /// Its factor.
    pub(super) qld: &'a Ldl,
    /// Acceleration without constraints, `[nv]`.
    pub(super) qacc_smooth: &'a [f64],
    pub(super) rows: &'a mut Rows,
    /// Where the solver is, `[nv]`.
    pub(super) qacc: &'a mut [f64],
    pub(super) scratch: &'a mut PrimalScratch,
}

impl Problem<'_> {
    /// Number of dofs.
    pub(super) fn nv(&self) -> usize {
        self.qacc.len()
    }

    /// Starts from the acceleration in `qacc`, or from that without constraints where this costs less.
    pub(super) fn start(&mut self) {
        residuals(self.rows, self.qacc_smooth, &mut self.scratch.residual);
        // Without constraints there is no momentum, so that the rows alone cost.
        let cold_cost = self.rows_cost();
        let scratch = &mut *self.scratch;
        let accelerations = self.qacc.iter().zip(self.qacc_smooth);
        for (search, (a, smooth)) in scratch.search.iter_mut().zip(accelerations) {
            *search = a - smooth;
        }
        multiply(
            self.qm,
            self.qm_fours,
            &scratch.search,
            &mut scratch.momentum,
        );
        residuals(self.rows, self.qacc, &mut scratch.residual);
        let warm_cost = dot(&scratch.momentum, &scratch.search) + self.rows_cost();
        if warm_cost > cold_cost {
            self.start_cold();
        }
    }

    /// Starts from the acceleration without constraints.
    pub(super) fn start_cold(&mut self) {
        self.qacc.copy_from_slice(self.qacc_smooth);
        self.scratch.momentum.fill(0.0);
        residuals(self.rows, self.qacc, &mut self.scratch.residual);
    }

    /// The cost at the current acceleration.
    pub(super) fn cost(&self) -> f64 {
        let momenta = self.scratch.momentum.iter();
        let accelerations = self.qacc.iter().zip(self.qacc_smooth);
        let inertial: f64 = momenta
            .zip(accelerations)
            .map(|(momentum, (a, smooth))| momentum * (a - smooth))
            .sum();
        0.5 * (inertial + self.rows_cost())
    }

    /// Twice what the rows cost at the current residuals.
    fn rows_cost(&self) -> f64 {
        let (rows, residual) = (&*self.rows, &self.scratch.residual);
        let mut sum = 0.0;
        for_each_single(rows, |row| sum += twice_cost(rows, row, residual[row]));
        for cone in &rows.cones {
            let residual = &residual[cone.first..];
            sum = cone_push(rows, cone, residual).add_cost(sum, rows, cone, residual);
        }
        sum
    }

    /// What every row pushes at the current residuals.
    pub(super) fn forces(&mut self) {
        let residual = &self.scratch.residual;
        let mut force = std::mem::take(&mut self.rows.efc_force);
        let rows = &*self.rows;
        for_each_single(rows, |row| force[row] = push(rows, row, residual[row]).0);
        for cone in &rows.cones {
            let push = cone_push(rows, cone, &residual[cone.first..]);
            force[cone.first..][..cone.dim].copy_from_slice(&push.force[..cone.dim]);
        }
        self.rows.efc_force = force;
    }

    /// The gradient: momentum less what the rows push.
    pub(super) fn gradient(&mut self) {
        self.forces();
        let (scratch, rows) = (&mut *self.scratch, &*self.rows);
        scratch.gradient.copy_from_slice(&scratch.momentum);
        for (row, force) in rows.efc_force.iter().enumerate() {
            if *force != 0.0 {
                add_scaled(&mut scratch.gradient, rows.row(row), -force);
            }
        }
    }

    /// How momentum and residuals change along the direction.
    pub(super) fn slopes(&mut self) {
        let nv = self.nv();
        let scratch = &mut *self.scratch;
        multiply(
            self.qm,
            self.qm_fours,
            &scratch.search,
            &mut scratch.momentum_slope,
        );
        let rows = self.rows.efc_jacobian.chunks_exact(nv);
        for (slope, jacobian) in scratch.residual_slope.iter_mut().zip(rows) {
            *slope = dot(jacobian, &scratch.search);
        }
    }

    /// Moves acceleration, momentum and residuals along the direction.
    pub(super) fn advance(&mut self, length: f64) {
        let scratch = &mut *self.scratch;
        add_scaled(self.qacc, &scratch.search, length);
        add_scaled(&mut scratch.momentum, &scratch.momentum_slope, length);
        add_scaled(&mut scratch.residual, &scratch.residual_slope, length);
    }
}

/// `J a − aref` at an acceleration.
fn residuals(rows: &Rows, qacc: &[f64], residuals: &mut [f64]) {
    let jacobians = rows.efc_jacobian.chunks_exact(qacc.len());
    for ((residual, aref), jacobian) in residuals.iter_mut().zip(rows.efc_aref()).zip(jacobians) {
        *residual = dot(jacobian, qacc) - aref;
    }
}
