//! Memory of the solvers.

use super::rows::Rows;
use crate::dynamics::math::ldl::Ldl;
use crate::dynamics::model::{Model, Solver};

/// Memory of the solvers.
#[derive(Clone, Debug)]
pub(in crate::dynamics) struct SolverScratch {
    pub(in crate::dynamics) primal: PrimalScratch,
    pub(in crate::dynamics) islands: IslandScratch,
    pub(in crate::dynamics) dual: DualScratch,
}

impl SolverScratch {
    pub(in crate::dynamics) fn new(model: &Model, rows: &Rows) -> Self {
        Self {
            primal: PrimalScratch::new(model.nv, rows.capacity()),
            islands: IslandScratch::new(model, rows),
            dual: DualScratch::new(model, rows.capacity()),
        }
    }
}

/// Memory of the primal solvers.
#[derive(Clone, Debug, Default)]
pub(in crate::dynamics) struct PrimalScratch {
    /// `J a − aref`, `[rows]`.
    pub(in crate::dynamics) residual: Vec<f64>,
    /// `J search`, `[rows]`.
    pub(in crate::dynamics) residual_slope: Vec<f64>,
    /// `M (a − a_smooth)`, `[nv]`.
    pub(in crate::dynamics) momentum: Vec<f64>,
    /// `M search`, `[nv]`.
    pub(in crate::dynamics) momentum_slope: Vec<f64>,
    /// Direction of a step, `[nv]`.
    pub(in crate::dynamics) search: Vec<f64>,
    /// Gradient of the cost, `[nv]`.
    pub(in crate::dynamics) gradient: Vec<f64>,
    /// The gradient and its preconditioned form before, for conjugate gradients, `[nv]`.
    pub(in crate::dynamics) before: [Vec<f64>; 2],
    /// Second derivatives of the cost and their factor.
    pub(in crate::dynamics) hessian: Ldl,
}

impl PrimalScratch {
    pub(in crate::dynamics) fn new(nv: usize, rows: usize) -> Self {
        let zeros = || vec![0.0; nv];
        Self {
            residual: Vec::with_capacity(rows),
            residual_slope: Vec::with_capacity(rows),
            momentum: zeros(),
            momentum_slope: zeros(),
            search: zeros(),
            gradient: zeros(),
            before: [zeros(), zeros()],
            hessian: Ldl::zeros(nv),
        }
    }

    /// Makes room for a problem of a size.
    pub(in crate::dynamics) fn resize(&mut self, nv: usize, rows: usize) {
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
        self.hessian.resize(nv);
    }
}

/// Memory of one island at a time; none where the model has but one tree or solves all at once.
#[derive(Clone, Debug, Default)]
pub(in crate::dynamics) struct IslandScratch {
    /// Its dofs, in order, `[nv]`.
    pub(in crate::dynamics) dofs: Vec<usize>,
    /// Its rows, in order, `[rows]`.
    pub(in crate::dynamics) numbers: Vec<usize>,
    pub(in crate::dynamics) rows: Rows,
    pub(in crate::dynamics) qm: Vec<f64>,
    /// Which fours of its rows hold anything but zeros.
    pub(in crate::dynamics) qm_fours: Vec<u64>,
    pub(in crate::dynamics) qld: Ldl,
    pub(in crate::dynamics) qacc_smooth: Vec<f64>,
    pub(in crate::dynamics) qacc: Vec<f64>,
    pub(in crate::dynamics) primal: PrimalScratch,
}

impl IslandScratch {
    pub(in crate::dynamics) fn new(model: &Model, rows: &Rows) -> Self {
        if !model.opt.islands || model.trees.len() < 2 || model.opt.solver == Solver::Pgs {
            return Self::default();
        }
        let (nv, rows) = (model.nv, rows.with_equal_room());
        Self {
            dofs: Vec::with_capacity(nv),
            numbers: Vec::with_capacity(rows.capacity()),
            qm: Vec::with_capacity(nv * nv),
            qm_fours: Vec::with_capacity(nv),
            qld: Ldl::with_capacity(nv),
            qacc_smooth: Vec::with_capacity(nv),
            qacc: Vec::with_capacity(nv),
            primal: PrimalScratch::new(nv, rows.capacity()),
            rows,
        }
    }
}

/// Memory of the dual problem; none unless something solves it.
#[derive(Clone, Debug, Default)]
pub(in crate::dynamics) struct DualScratch {
    /// `D^(-½) L⁻ᵀ Jᵀ` by row, `[rows, nv]`, of which the products are A.
    pub(in crate::dynamics) halves: Vec<f64>,
    /// Which fours of each of these are more than zeros, `[rows]`.
    pub(in crate::dynamics) fours: Vec<u64>,
    /// `A + R`, `[rows, rows]`.
    pub(in crate::dynamics) matrix: Vec<f64>,
    /// `(A + R) f + b`, `[rows]`.
    pub(in crate::dynamics) residual: Vec<f64>,
    /// `J a − aref` at the start, then b, `[rows]`.
    pub(in crate::dynamics) offset: Vec<f64>,
}

impl DualScratch {
    pub(in crate::dynamics) fn new(model: &Model, rows: usize) -> Self {
        let rows = if model.opt.solver == Solver::Pgs || model.opt.noslip_iterations > 0 {
            rows
        } else {
            0
        };
        Self {
            halves: Vec::with_capacity(rows * model.nv),
            fours: Vec::with_capacity(rows),
            matrix: Vec::with_capacity(rows * rows),
            residual: Vec::with_capacity(rows),
            offset: Vec::with_capacity(rows),
        }
    }
}
