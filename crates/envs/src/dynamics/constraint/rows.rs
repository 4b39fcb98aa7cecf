//! The table of constraint rows.

use super::super::collision::max_contacts;
use super::super::model::{Cone, Model};

/// Rows for which memory is there from the start; more are allocated when they first come.
const FIRST_ROWS: usize = 256;

/// Constraint rows, softened: each compares `J qacc` with `aref` and pushes by `D` times what is missing.
///
/// First come rows of dry friction, whose force has a bound in both directions; then joint and tendon limits and
/// contacts, whose rows push one way, except that the rows of an elliptic contact push together, within a cone.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    count: usize,
    nv: usize,
    /// Number of dry-friction rows, which come first.
    pub(in super::super) friction: usize,
    /// Elliptic contacts, in the order of their rows.
    pub(in super::super) cones: Vec<ConeRows>,
    /// Jacobian, row-major `[len, nv]`.
    pub(in super::super) jacobian: Vec<f64>,
    /// Distance to the constraint (m or rad), `[len]`.
    pub(super) pos: Vec<f64>,
    /// Distance under which it acts (m or rad), `[len]`.
    pub(super) margin: Vec<f64>,
    /// Stiffness, damping and impedance, `[len]`.
    pub(super) kbi: Vec<[f64; 3]>,
    /// Regularisation R, inverse weight of the row, `[len]`.
    pub(in super::super) r: Vec<f64>,
    /// Its inverse D, `[len]`.
    pub(in super::super) d: Vec<f64>,
    /// Bound of the force of a dry-friction row, `[friction]`.
    pub(in super::super) loss: Vec<f64>,
    /// Reference acceleration, `[len]`.
    pub(in super::super) aref: Vec<f64>,
    /// Force, `[len]`.
    pub(in super::super) force: Vec<f64>,
    /// A tree that the row acts on, `[len]` where there is more than one.
    trees: Vec<usize>,
    /// For each tree another one of no higher index that rows join it to, or itself, `[ntree]`: disjoint sets.
    joined: Vec<usize>,
    /// Jacobians of a contact's point along its frame and about it, `[6, nv]`.
    pub(super) directions: Vec<f64>,
}

/// The rows of an elliptic contact: the normal, then the friction directions.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct ConeRows {
    /// First row.
    pub(in super::super) first: usize,
    /// Number of rows.
    pub(in super::super) dim: usize,
    /// Slope of the regularised cone, with the friction directions scaled alike.
    pub(in super::super) mu: f64,
    /// Friction coefficient of each friction direction.
    pub(in super::super) friction: [f64; 5],
}

impl Rows {
    pub(in super::super) fn new(model: &Model) -> Self {
        let count = |flags: &[bool]| flags.iter().filter(|flag| **flag).count();
        let positive = |losses: &[f64]| losses.iter().filter(|loss| **loss > 0.0).count();
        let friction = positive(&model.dofs.frictionloss) + positive(&model.tendons.frictionloss);
        let limits = 2 * (count(&model.joints.limited) + count(&model.tendons.limited));
        let dim = model.pairs.iter().map(|pair| pair.dim).max().unwrap_or(1);
        let contacts = max_contacts(model) * contact_rows(model.opt.cone, dim);
        let rows = (friction + limits + contacts).min(FIRST_ROWS.max(friction));
        let cones = max_contacts(model).min(FIRST_ROWS);
        Self {
            trees: Vec::with_capacity(rows),
            joined: (0..model.trees.len()).collect(),
            directions: vec![0.0; 6 * model.nv],
            ..Self::with_capacity(model.nv, rows, friction, cones)
        }
    }

    fn with_capacity(nv: usize, rows: usize, friction: usize, cones: usize) -> Self {
        let zeros = || Vec::with_capacity(rows);
        Self {
            nv,
            cones: Vec::with_capacity(cones),
            jacobian: Vec::with_capacity(rows * nv),
            pos: zeros(),
            margin: zeros(),
            kbi: Vec::with_capacity(rows),
            r: zeros(),
            d: zeros(),
            loss: Vec::with_capacity(friction),
            aref: zeros(),
            force: zeros(),
            ..Self::default()
        }
    }

    /// None, with room for as many.
    pub(in super::super) fn with_equal_room(&self) -> Self {
        let (rows, friction) = (self.pos.capacity(), self.loss.capacity());
        Self::with_capacity(self.nv, rows, friction, self.cones.capacity())
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
    pub(in super::super) fn capacity(&self) -> usize {
        self.pos.capacity()
    }

    /// Jacobian, row-major `[len, nv]`.
    #[must_use]
    pub fn jacobian(&self) -> &[f64] {
        &self.jacobian
    }

    /// Distance of each row to its constraint (m or rad).
    #[must_use]
    pub fn pos(&self) -> &[f64] {
        &self.pos
    }

    /// Distance of each row under which it acts (m or rad).
    #[must_use]
    pub fn margin(&self) -> &[f64] {
        &self.margin
    }

    /// Regularisation of each row.
    #[must_use]
    pub fn r(&self) -> &[f64] {
        &self.r
    }

    /// Weight of each row, the inverse of its regularisation.
    #[must_use]
    pub fn d(&self) -> &[f64] {
        &self.d
    }

    /// Reference acceleration of each row.
    #[must_use]
    pub fn aref(&self) -> &[f64] {
        &self.aref
    }

    /// Force of each row.
    #[must_use]
    pub fn force(&self) -> &[f64] {
        &self.force
    }

    /// Forgets all rows.
    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.friction = 0;
        self.cones.clear();
        for numbers in [
            &mut self.jacobian,
            &mut self.pos,
            &mut self.margin,
            &mut self.r,
            &mut self.d,
            &mut self.loss,
            &mut self.aref,
            &mut self.force,
        ] {
            numbers.clear();
        }
        self.kbi.clear();
        self.trees.clear();
        for (tree, joined) in self.joined.iter_mut().enumerate() {
            *joined = tree;
        }
    }

    /// Adds a row and gives its number and its Jacobian, cleared.
    pub(super) fn push(&mut self, pos: f64, margin: f64) -> (usize, &mut [f64]) {
        let row = self.count;
        self.count += 1;
        self.pos.push(pos);
        self.margin.push(margin);
        self.kbi.push([0.0; 3]);
        for numbers in [&mut self.r, &mut self.d, &mut self.aref, &mut self.force] {
            numbers.push(0.0);
        }
        self.jacobian.resize(self.count * self.nv, 0.0);
        (row, &mut self.jacobian[row * self.nv..])
    }

    /// Notes that the last rows, those of one constraint, act on a tree, which joins it to the others that they act on.
    pub(super) fn touch(&mut self, tree: usize) {
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
    pub(in super::super) fn islands(&mut self) -> (&[usize], &[usize]) {
        for tree in 0..self.joined.len() {
            self.joined[tree] = self.joined[self.joined[tree]];
        }
        (&self.joined, &self.trees)
    }

    /// Becomes some rows of `all`, with the entries of some dofs: as much of them as a primal solver needs between its
    /// start and its end. Rows of one contact go together.
    pub(in super::super) fn gather(&mut self, all: &Self, numbers: &[usize], dofs: &[usize]) {
        (self.count, self.nv) = (numbers.len(), dofs.len());
        self.friction = numbers.partition_point(|row| *row < all.friction);
        self.loss.clear();
        let friction = numbers[..self.friction].iter();
        self.loss.extend(friction.map(|row| all.loss[*row]));
        self.d.clear();
        self.d.extend(numbers.iter().map(|row| all.d[*row]));
        self.force.resize(numbers.len(), 0.0);
        self.jacobian.clear();
        for row in numbers {
            let row = all.row(*row);
            self.jacobian.extend(dofs.iter().map(|dof| row[*dof]));
        }
        self.cones.clear();
        self.cones.extend(all.cones.iter().filter_map(|cone| {
            let first = numbers.binary_search(&cone.first).ok()?;
            Some(ConeRows { first, ..*cone })
        }));
    }

    /// The Jacobian of a row.
    pub(in super::super) fn row(&self, row: usize) -> &[f64] {
        &self.jacobian[row * self.nv..][..self.nv]
    }

    /// Sets a row's regularisation.
    pub(super) fn weigh(&mut self, row: usize, r: f64) {
        self.r[row] = r;
        self.d[row] = 1.0 / r;
    }
}

/// Number of rows of a contact of a dimension.
pub(in super::super) fn contact_rows(cone: Cone, dim: usize) -> usize {
    match cone {
        _ if dim == 1 => 1,
        Cone::Pyramidal => 2 * (dim - 1),
        Cone::Elliptic => dim,
    }
}
