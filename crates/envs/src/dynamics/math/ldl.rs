//! Factors and solves of small symmetric positive matrices, `A = LᵀDL`, in place. MuJoCo: Computation,
//! "General framework"; Featherstone, *Rigid Body Dynamics Algorithms*, section 6.5.
//!
//! The last row is eliminated first. Dofs are numbered from root to leaves, so that an inertia matrix, in which
//! only a dof and its ancestors are coupled, fills nothing in; its zeros are found as they are met.

use super::dense::{
    add_scaled, add_scaled_within, dot, dot_within, for_each_entry, fours, is_small,
};
use crate::dynamics::MINVAL;

/// A symmetric matrix `[n, n]` and, after [`factor`](Self::factor), its factor in its place.
#[derive(Clone, Debug, Default)]
pub(in crate::dynamics) struct Ldl {
    /// Row-major. Of the lower triangle, which alone is read, a factor has unit L below the diagonal and `1/D` on it.
    entries: Vec<f64>,
    /// Which [`fours`] of each row of L hold anything but zeros, `[n]`; of no use where it [is small](is_small).
    fours: Vec<u64>,
}

impl Ldl {
    /// Zeros.
    pub(in crate::dynamics) fn zeros(n: usize) -> Self {
        Self {
            entries: vec![0.0; n * n],
            fours: vec![0; n],
        }
    }

    /// None yet, with room for `n` rows.
    pub(in crate::dynamics) fn with_capacity(n: usize) -> Self {
        Self {
            entries: Vec::with_capacity(n * n),
            fours: Vec::with_capacity(n),
        }
    }

    /// Makes it a matrix of `n` rows.
    pub(in crate::dynamics) fn resize(&mut self, n: usize) {
        self.entries.resize(n * n, 0.0);
        self.fours.resize(n, 0);
    }

    /// Takes over the lower triangle of a matrix of the same size, to be factored.
    pub(in crate::dynamics) fn set(&mut self, matrix: &[f64]) {
        let n = self.fours.len();
        if is_small(n) {
            return self.entries.copy_from_slice(matrix);
        }
        for i in 0..n {
            let row = i * n..i * n + i + 1;
            self.entries[row.clone()].copy_from_slice(&matrix[row]);
        }
    }

    /// The matrix to be factored.
    pub(in crate::dynamics) fn matrix(&mut self) -> &mut [f64] {
        &mut self.entries
    }

    /// Takes the matrix's place. A pivot may be negative: forces that grow with velocity make it so in an integrator.
    pub(in crate::dynamics) fn factor(&mut self) {
        self.factor_with(|pivot| pivot);
    }

    /// As [`factor`](Self::factor), for a matrix that is positive but for rounding: no pivot is taken for less than
    /// [`MINVAL`].
    pub(in crate::dynamics) fn factor_positive(&mut self) {
        // NaN passes.
        self.factor_with(|pivot| if pivot < MINVAL { MINVAL } else { pivot });
    }

    fn factor_with(&mut self, pivot: impl Fn(f64) -> f64) {
        if is_small(self.fours.len()) {
            factor_whole(&mut self.entries, self.fours.len(), pivot);
        } else {
            factor_within(&mut self.entries, &mut self.fours, pivot);
        }
    }

    /// Solves in place, x `[n]`.
    pub(in crate::dynamics) fn solve(&self, x: &mut [f64]) {
        let (n, small) = (x.len(), is_small(x.len()));
        for i in (0..n).rev() {
            let (before, after) = x.split_at_mut(i);
            let row = &self.entries[i * n..];
            match small {
                true => add_scaled(before, row, -after[0]),
                false => add_scaled_within(before, row, -after[0], self.fours[i]),
            }
        }
        for i in 0..n {
            let row = &self.entries[i * n..][..=i];
            let (before, after) = x.split_at_mut(i);
            let sum = match small {
                true => dot(row, before),
                false => dot_within(row, before, self.fours[i]),
            };
            after[0] = after[0] * row[i] - sum;
        }
    }

    /// Multiplies `x` by `D^(-½) L⁻ᵀ` in place, so that products of two such vectors are `xᵀ A⁻¹ y`.
    pub(in crate::dynamics) fn half_solve(&self, x: &mut [f64]) {
        let (n, small) = (x.len(), is_small(x.len()));
        for i in (0..n).rev() {
            let (before, after) = x.split_at_mut(i);
            if after[0] != 0.0 {
                let row = &self.entries[i * n..][..=i];
                match small {
                    true => add_scaled(before, row, -after[0]),
                    false => add_scaled_within(before, row, -after[0], self.fours[i]),
                }
                after[0] *= row[i].sqrt();
            }
        }
    }

    /// Becomes the factor of some rows and columns of a matrix that are coupled with no others, of which `whole` is the factor.
    pub(in crate::dynamics) fn gather(&mut self, whole: &Self, places: &[usize]) {
        gather_block(&mut self.entries, &whole.entries, places);
        self.fours.clear();
        let rows = self.entries.chunks_exact(places.len().max(1)).enumerate();
        self.fours.extend(rows.map(|(i, row)| fours(&row[..i])));
    }
}

/// Factors a matrix whose rows are gone over whole.
fn factor_whole(matrix: &mut [f64], n: usize, pivot: impl Fn(f64) -> f64) {
    for k in (0..n).rev() {
        let (above, row) = matrix.split_at_mut(k * n);
        let inverse = 1.0 / pivot(row[k]);
        row[k] = inverse;
        let row = &mut row[..k];
        for (i, line) in above.chunks_exact_mut(n).enumerate() {
            if row[i] != 0.0 {
                add_scaled(&mut line[..=i], row, -row[i] * inverse);
            }
        }
        for entry in row {
            *entry *= inverse;
        }
    }
}

/// Factors a matrix, passing over zeros, and says which [`fours`] of each row of its factor are more.
fn factor_within(matrix: &mut [f64], all_fours: &mut [u64], pivot: impl Fn(f64) -> f64) {
    let n = all_fours.len();
    for (k, present) in all_fours.iter_mut().enumerate().rev() {
        let (above, row) = matrix.split_at_mut(k * n);
        let inverse = 1.0 / pivot(row[k]);
        row[k] = inverse;
        let row = &mut row[..k];
        *present = fours(row);
        for_each_entry(row, *present, |i, entry| {
            let line = &mut above[i * n..][..=i];
            add_scaled_within(line, row, -entry * inverse, *present);
        });
        for entry in row {
            *entry *= inverse;
        }
    }
}

/// `some = all[places, places]` of a square matrix.
pub(in crate::dynamics) fn gather_block(some: &mut Vec<f64>, all: &[f64], places: &[usize]) {
    let n = all.len().isqrt();
    some.clear();
    for row in places {
        let row = &all[row * n..][..n];
        some.extend(places.iter().map(|place| row[*place]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn factored(matrix: &[f64], n: usize) -> Ldl {
        let mut ldl = Ldl::zeros(n);
        ldl.matrix().copy_from_slice(matrix);
        ldl.factor();
        ldl
    }

    /// The inertia of random links on random trees, as a matrix; dofs are numbered from root to leaves.
    fn tree(n: usize, mut draw: impl FnMut() -> f64) -> Vec<f64> {
        let parent: Vec<usize> = (0..n).map(|i| (draw() * i as f64) as usize).collect();
        let mut matrix = vec![0.0; n * n];
        for leaf in 0..n {
            let mut column = vec![0.0; n];
            let mut at = leaf;
            loop {
                column[at] = draw() - 0.5;
                if at == 0 {
                    break;
                }
                at = parent[at];
            }
            column[leaf] = 1.0;
            for i in 0..n {
                for j in 0..n {
                    matrix[i * n + j] += column[i] * column[j];
                }
            }
        }
        matrix
    }

    /// The textbook's loops over all entries.
    fn naive_factor(matrix: &mut [f64], n: usize) {
        for k in (0..n).rev() {
            let inverse = 1.0 / matrix[k * n + k];
            matrix[k * n + k] = inverse;
            for i in 0..k {
                let share = -matrix[k * n + i] * inverse;
                for j in 0..=i {
                    matrix[i * n + j] += share * matrix[k * n + j];
                }
            }
            for i in 0..k {
                matrix[k * n + i] *= inverse;
            }
        }
    }

    #[test]
    fn zeros_are_passed_over_without_a_change() {
        let mut state = 1u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        for n in [1, 3, 4, 5, 16, 23, 62, 80, 256, 257, 300] {
            let matrix = tree(n, &mut draw);
            let mut expected = matrix.clone();
            naive_factor(&mut expected, n);
            let found = factored(&matrix, n);
            for i in 0..n {
                let row = i * n..i * n + i + 1;
                assert_eq!(found.entries[row.clone()], expected[row], "row {i} of {n}");
            }
            let x: Vec<f64> = (0..n).map(|_| draw() - 0.5).collect();
            let mut b: Vec<f64> = matrix
                .chunks_exact(n)
                .map(|row| row.iter().zip(&x).map(|(a, x)| a * x).sum())
                .collect();
            // xᵀ A x, and A⁻¹ A x.
            let energy: f64 = b.iter().zip(&x).map(|(b, x)| b * x).sum();
            let mut half = b.clone();
            found.half_solve(&mut half);
            let squares: f64 = half.iter().map(|x| x * x).sum();
            assert!(
                (squares - energy).abs() < 1e-9 * energy,
                "{squares} {energy}"
            );
            found.solve(&mut b);
            for (found, expected) in b.iter().zip(&x) {
                assert!((found - expected).abs() < 1e-8, "{n}: {found} {expected}");
            }
        }
    }

    proptest! {
        #[test]
        fn solutions_satisfy_their_equations(
            n in 1usize..12,
            entries in prop::collection::vec(-1.0..1.0f64, 144),
            x in prop::collection::vec(-1.0..1.0f64, 12),
        ) {
            let root = |i: usize, j: usize| entries[i * 12 + j];
            let mut matrix = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..n {
                    let dot: f64 = (0..n).map(|k| root(i, k) * root(j, k)).sum();
                    matrix[i * n + j] = dot + if i == j { 1.0 } else { 0.0 };
                }
            }
            let mut b: Vec<f64> = (0..n).map(|i| (0..n).map(|j| matrix[i * n + j] * x[j]).sum()).collect();
            factored(&matrix, n).solve(&mut b);
            for (found, expected) in b.iter().zip(&x) {
                prop_assert!((found - expected).abs() < 1e-10);
            }
        }
    }

    /// Two branches of one dof each on a common root, as of a tree: 0 ← 1, 0 ← 2.
    #[test]
    fn a_tree_fills_nothing_in() {
        let matrix = factored(&[4.0, 1.0, 2.0, 1.0, 3.0, 0.0, 2.0, 0.0, 5.0], 3).entries;
        assert_eq!(matrix[7], 0.0);
        let root = 4.0 - 1.0 / 3.0 - 4.0 / 5.0;
        assert!((matrix[0] * root - 1.0).abs() < 1e-15);
    }
}
