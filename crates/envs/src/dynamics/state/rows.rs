//! The table of constraint rows.

use super::contact::max_contacts;
use crate::dynamics::model::{Cone, Equality, Model};

/// Rows with memory from the start; more are allocated when they first occur. A dog that lies down, its legs at their limits, has
/// 441.
const FIRST_ROWS: usize = 512;

/// Constraint rows under MuJoCo's names, softened: each compares `J qacc` with `efc_aref` and pushes by `efc_d` times what is missing.
///
/// First come rows that push both ways: those of equality constraints, without bound, and of dry friction, up to one. Then
/// joint and tendon limits and contacts, whose rows push one way, except that the rows of an elliptic contact push
/// together, within a cone.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    count: usize,
    nv: usize,
    /// Number of rows of equality constraints, which come first.
    pub(in crate::dynamics) equality: usize,
    /// Connections and welds that have rows, and the first of these.
    pub(in crate::dynamics) held: Vec<(usize, usize)>,
    /// Limits that have rows, and their rows.
    pub(in crate::dynamics) limits: Vec<(Limited, usize)>,
    /// Number of rows that push both ways, within a bound: those and, after them, dry friction.
    pub(in crate::dynamics) bounded: usize,
    /// Elliptic contacts, in the order of their rows.
    pub(in crate::dynamics) cones: Vec<ConeRows>,
    /// Jacobian, row-major `[len, nv]`.
    pub(in crate::dynamics) efc_jacobian: Vec<f64>,
    /// Distance to the constraint (m or rad), `[len]`.
    pub(in crate::dynamics) efc_pos: Vec<f64>,
    /// Distance under which it acts (m or rad), `[len]`.
    pub(in crate::dynamics) efc_margin: Vec<f64>,
    /// Stiffness, damping and impedance, `[len]`.
    pub(in crate::dynamics) efc_kbi: Vec<[f64; 3]>,
    /// Regularisation R, inverse weight of the row, `[len]`.
    pub(in crate::dynamics) efc_r: Vec<f64>,
    /// Its inverse D, `[len]`.
    pub(in crate::dynamics) efc_d: Vec<f64>,
    /// Bound of the force of a row that pushes both ways, infinite for an equality constraint, `[bounded]`.
    pub(in crate::dynamics) efc_frictionloss: Vec<f64>,
    /// Reference acceleration, `[len]`.
    pub(in crate::dynamics) efc_aref: Vec<f64>,
    /// Force, `[len]`.
    pub(in crate::dynamics) efc_force: Vec<f64>,
    /// A tree that the row acts on, `[len]` where there is more than one.
    trees: Vec<usize>,
    /// For each tree another one of no higher index that rows join it to, or itself, `[ntree]`: disjoint sets.
    joined: Vec<usize>,
    /// Jacobians of a contact's point along its frame and about it, `[6, nv]`.
    pub(in crate::dynamics) directions: Vec<f64>,
}

/// What has a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dynamics) enum Limited {
    Joint(usize),
    Tendon(usize),
}

/// The rows of an elliptic contact: the normal, then the friction directions.
#[derive(Clone, Copy, Debug)]
pub(in crate::dynamics) struct ConeRows {
    /// First row.
    pub(in crate::dynamics) first: usize,
    /// Number of rows.
    pub(in crate::dynamics) dim: usize,
    /// Slope of the regularised cone, with the friction directions scaled alike.
    pub(in crate::dynamics) mu: f64,
    /// Friction coefficient of each friction direction.
    pub(in crate::dynamics) friction: [f64; 5],
}

impl Rows {
    pub(in crate::dynamics) fn new(model: &Model) -> Self {
        let count = |flags: &[bool]| flags.iter().filter(|flag| **flag).count();
        let positive = |losses: &[f64]| losses.iter().filter(|loss| **loss > 0.0).count();
        let friction = positive(&model.dofs.frictionloss) + positive(&model.tendons.frictionloss);
        let equalities = model.equalities.kind.iter().map(Equality::rows);
        let bounded = friction + equalities.sum::<usize>();
        let limits = 2 * (count(&model.joints.limited) + count(&model.tendons.limited));
        let dim = model.pairs.iter().map(|pair| pair.dim).max().unwrap_or(1);
        let contacts = max_contacts(model) * contact_rows(model.opt.cone, dim);
        let rows = (bounded + limits + contacts).min(FIRST_ROWS.max(bounded));
        let cones = max_contacts(model).min(FIRST_ROWS);
        Self {
            trees: Vec::with_capacity(rows),
            held: Vec::with_capacity(model.equalities.kind.len()),
            limits: Vec::with_capacity(limits),
            joined: (0..model.trees.len()).collect(),
            directions: vec![0.0; 6 * model.nv],
            ..Self::with_capacity(model.nv, rows, bounded, cones)
        }
    }

    fn with_capacity(nv: usize, rows: usize, bounded: usize, cones: usize) -> Self {
        let zeros = || Vec::with_capacity(rows);
        Self {
            nv,
            cones: Vec::with_capacity(cones),
            efc_jacobian: Vec::with_capacity(rows * nv),
            efc_pos: zeros(),
            efc_margin: zeros(),
            efc_kbi: Vec::with_capacity(rows),
            efc_r: zeros(),
            efc_d: zeros(),
            efc_frictionloss: Vec::with_capacity(bounded),
            efc_aref: zeros(),
            efc_force: zeros(),
            ..Self::default()
        }
    }

    /// None, with room for as many.
    pub(in crate::dynamics) fn with_equal_room(&self) -> Self {
        let (rows, bounded) = (self.efc_pos.capacity(), self.efc_frictionloss.capacity());
        Self::with_capacity(self.nv, rows, bounded, self.cones.capacity())
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Rows for which there is memory.
    pub(in crate::dynamics) fn capacity(&self) -> usize {
        self.efc_pos.capacity()
    }

    /// Jacobian, row-major `[len, nv]`.
    #[must_use]
    pub fn efc_jacobian(&self) -> &[f64] {
        &self.efc_jacobian
    }

    /// Distance of each row to its constraint (m or rad).
    #[must_use]
    pub fn efc_pos(&self) -> &[f64] {
        &self.efc_pos
    }

    /// Distance of each row under which it acts (m or rad).
    #[must_use]
    pub fn efc_margin(&self) -> &[f64] {
        &self.efc_margin
    }

    /// Regularisation of each row.
    #[must_use]
    pub fn efc_r(&self) -> &[f64] {
        &self.efc_r
    }

    /// Weight of each row, the inverse of its regularisation.
    #[must_use]
    pub fn efc_d(&self) -> &[f64] {
        &self.efc_d
    }

    /// Reference acceleration of each row.
    #[must_use]
    pub fn efc_aref(&self) -> &[f64] {
        &self.efc_aref
    }

    /// Force of each row.
    #[must_use]
    pub fn efc_force(&self) -> &[f64] {
        &self.efc_force
    }

    /// Forgets all rows.
    pub(in crate::dynamics) fn clear(&mut self) {
        self.count = 0;
        self.equality = 0;
        self.held.clear();
        self.limits.clear();
        self.bounded = 0;
        self.cones.clear();
        for numbers in [
            &mut self.efc_jacobian,
            &mut self.efc_pos,
            &mut self.efc_margin,
            &mut self.efc_r,
            &mut self.efc_d,
            &mut self.efc_frictionloss,
            &mut self.efc_aref,
            &mut self.efc_force,
        ] {
            numbers.clear();
        }
        self.efc_kbi.clear();
        self.trees.clear();
        for (tree, joined) in self.joined.iter_mut().enumerate() {
            *joined = tree;
        }
    }

    /// Adds a row and gives its number and its Jacobian, cleared.
    pub(in crate::dynamics) fn push(&mut self, pos: f64, margin: f64) -> (usize, &mut [f64]) {
        let row = self.count;
        self.count += 1;
        self.efc_pos.push(pos);
        self.efc_margin.push(margin);
        self.efc_kbi.push([0.0; 3]);
        for numbers in [
            &mut self.efc_r,
            &mut self.efc_d,
            &mut self.efc_aref,
            &mut self.efc_force,
        ] {
            numbers.push(0.0);
        }
        self.efc_jacobian.resize(self.count * self.nv, 0.0);
        (row, &mut self.efc_jacobian[row * self.nv..])
    }

    /// Takes the last row back, which acts on nothing.
    pub(in crate::dynamics) fn pop(&mut self) {
        self.count -= 1;
        self.efc_kbi.pop();
        for numbers in [
            &mut self.efc_pos,
            &mut self.efc_margin,
            &mut self.efc_r,
            &mut self.efc_d,
            &mut self.efc_aref,
            &mut self.efc_force,
        ] {
            numbers.pop();
        }
        self.efc_jacobian.truncate(self.count * self.nv);
    }

    /// Notes that the last rows, those of one constraint, act on a tree, which joins it to the others that they act on.
    pub(in crate::dynamics) fn touch(&mut self, tree: usize) {
        if self.trees.len() < self.count {
            self.trees.resize(self.count, tree);
        } else {
            let (a, b) = (self.island(self.trees[self.count - 1]), self.island(tree));
            self.joined[a.max(b)] = a.min(b);
        }
    }

    fn island(&self, mut tree: usize) -> usize {
        while self.joined[tree] != tree {
            tree = self.joined[tree];
        }
        tree
    }

    /// For each tree the lowest of those that rows join it to, directly or through others, which names the island,
    /// `[ntree]`; and for each row a tree that it acts on, `[len]`.
    pub(in crate::dynamics) fn islands(&mut self) -> (&[usize], &[usize]) {
        for tree in 0..self.joined.len() {
            self.joined[tree] = self.joined[self.joined[tree]];
        }
        (&self.joined, &self.trees)
    }

    /// Becomes some rows of `all`, with the entries of some dofs: as much of them as a primal solver needs between its
    /// start and its end. Rows of one contact go together.
    pub(in crate::dynamics) fn gather(&mut self, all: &Self, numbers: &[usize], dofs: &[usize]) {
        (self.count, self.nv) = (numbers.len(), dofs.len());
        self.bounded = numbers.partition_point(|row| *row < all.bounded);
        self.efc_frictionloss.clear();
        let bounded = numbers[..self.bounded].iter();
        self.efc_frictionloss
            .extend(bounded.map(|row| all.efc_frictionloss[*row]));
        self.efc_d.clear();
        self.efc_d.extend(numbers.iter().map(|row| all.efc_d[*row]));
        self.efc_force.resize(numbers.len(), 0.0);
        self.efc_jacobian.clear();
        for row in numbers {
            let row = all.row(*row);
            self.efc_jacobian.extend(dofs.iter().map(|dof| row[*dof]));
        }
        self.cones.clear();
        self.cones.extend(all.cones.iter().filter_map(|cone| {
            let first = numbers.binary_search(&cone.first).ok()?;
            Some(ConeRows { first, ..*cone })
        }));
    }

    /// The Jacobian of a row.
    pub(in crate::dynamics) fn row(&self, row: usize) -> &[f64] {
        &self.efc_jacobian[row * self.nv..][..self.nv]
    }

    /// Sets a row's regularisation.
    pub(in crate::dynamics) fn weigh(&mut self, row: usize, r: f64) {
        self.efc_r[row] = r;
        self.efc_d[row] = 1.0 / r;
    }
}

/// Number of rows of a contact of a dimension.
pub(in crate::dynamics) fn contact_rows(cone: Cone, dim: usize) -> usize {
    match cone {
        _ if dim == 1 => 1,
        Cone::Pyramidal => 2 * (dim - 1),
        Cone::Elliptic => dim,
    }
}
