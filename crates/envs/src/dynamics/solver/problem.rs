//! The problem that the primal solvers minimise, and what they know of the place where they are.

use super::zones::{cone_push, for_each_single, push, twice_cost};
use crate::dynamics::constraint::Rows;
use crate::dynamics::dense::{add_scaled, dot, multiply};
use crate::dynamics::model::Options;

/// Accelerations under rows: of the whole mechanism or of one island. `nv` and `rows` are its own sizes.
pub(super) struct Problem<'a> {
    pub(super) opt: &'a Options,
    /// What the tolerances are relative to (kg, kg m²).
    pub(super) inertia: f64,
    /// Inertia matrix, `[nv, nv]`.
    pub(super) mass_matrix: &'a [f64],
    /// Its factor, `[nv, nv]`.
    pub(super) factor: &'a [f64],
    /// Acceleration without constraints, `[nv]`.
    pub(super) qacc_smooth: &'a [f64],
    pub(super) rows: &'a mut Rows,
    /// Where the solver is, `[nv]`.
    pub(super) qacc: &'a mut [f64],
    pub(super) scratch: &'a mut Scratch,
}

/// Memory of the primal solvers.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// `J a − aref`, `[rows]`.
    pub(super) residual: Vec<f64>,
    /// `J search`, `[rows]`.
    pub(super) residual_slope: Vec<f64>,
    /// `M (a − a_smooth)`, `[nv]`.
    pub(super) momentum: Vec<f64>,
    /// `M search`, `[nv]`.
    pub(super) momentum_slope: Vec<f64>,
    /// Direction of a step, `[nv]`.
    pub(super) search: Vec<f64>,
    /// Gradient of the cost, `[nv]`.
    pub(super) gradient: Vec<f64>,
    /// The gradient and its preconditioned form before, for conjugate gradients, `[nv]`.
    pub(super) before: [Vec<f64>; 2],
    /// Second derivatives of the cost and their factor, lower triangle of `[nv, nv]`.
    pub(super) hessian: Vec<f64>,
}

impl Scratch {
    pub(super) fn new(nv: usize, rows: usize) -> Self {
        let zeros = || vec![0.0; nv];
        Self {
            residual: Vec::with_capacity(rows),
            residual_slope: Vec::with_capacity(rows),
            momentum: zeros(),
            momentum_slope: zeros(),
            search: zeros(),
            gradient: zeros(),
            before: [zeros(), zeros()],
            hessian: vec![0.0; nv * nv],
        }
    }

    /// Makes room for a problem of a size.
    pub(super) fn resize(&mut self, nv: usize, rows: usize) {
        for numbers in [&mut self.residual, &mut self.residual_slope] {
            numbers.resize(rows, 0.0);
        }
        if self.search.len() == nv {
            return;
        }
        let [gradient, conditioned] = &mut self.before;
        for numbers in [
            &mut self.momentum,
            &mut self.momentum_slope,
            &mut self.search,
            &mut self.gradient,
            gradient,
            conditioned,
        ] {
            numbers.resize(nv, 0.0);
        }
        self.hessian.resize(nv * nv, 0.0);
    }
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
        multiply(self.mass_matrix, &scratch.search, &mut scratch.momentum);
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
            sum += cone_push(rows, cone, &residual[cone.first..]).twice_cost;
        }
        sum
    }

    /// What every row pushes at the current residuals.
    pub(super) fn forces(&mut self) {
        let residual = &self.scratch.residual;
        let mut force = std::mem::take(&mut self.rows.force);
        let rows = &*self.rows;
        for_each_single(rows, |row| force[row] = push(rows, row, residual[row]).0);
        for cone in &rows.cones {
            let push = cone_push(rows, cone, &residual[cone.first..]);
            force[cone.first..][..cone.dim].copy_from_slice(&push.force[..cone.dim]);
        }
        self.rows.force = force;
    }

    /// The gradient: momentum less what the rows push.
    pub(super) fn gradient(&mut self) {
        self.forces();
        let (scratch, rows) = (&mut *self.scratch, &*self.rows);
        scratch.gradient.copy_from_slice(&scratch.momentum);
        for (row, force) in rows.force.iter().enumerate() {
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
            self.mass_matrix,
            &scratch.search,
            &mut scratch.momentum_slope,
        );
        let rows = self.rows.jacobian.chunks_exact(nv);
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
    let jacobians = rows.jacobian.chunks_exact(qacc.len());
    for ((residual, aref), jacobian) in residuals.iter_mut().zip(rows.aref()).zip(jacobians) {
        *residual = dot(jacobian, qacc) - aref;
    }
}
