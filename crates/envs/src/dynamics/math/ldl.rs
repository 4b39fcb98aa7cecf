//! Factors and solves of small symmetric positive matrices, `A = LᵀDL`, in place. MuJoCo: Computation,
//! "General framework"; Featherstone, *Rigid Body Dynamics Algorithms*, section 6.5.
//!
//! The last row is eliminated first. Dofs are numbered from root to leaves, so that an inertia matrix, in which
//! only a dof and its ancestors are coupled, fills nothing in; its zeros are found as they are met.

use super::dense::{add_scaled, dot};
use crate::dynamics::MINVAL;

/// Factors a matrix `[n, n]`, row-major, of which the lower triangle is read and written: unit L below the
/// diagonal, `1/D` on it. A pivot may be negative: forces that grow with velocity make it so in an integrator.
pub(in crate::dynamics) fn factor(matrix: &mut [f64], n: usize) {
    factor_with(matrix, n, |pivot| pivot);
}

/// As [`factor`], for a matrix that is positive but for rounding: no pivot is taken for less than [`MINVAL`].
pub(in crate::dynamics) fn factor_positive(matrix: &mut [f64], n: usize) {
    // NaN passes.
    factor_with(
        matrix,
        n,
        |pivot| if pivot < MINVAL { MINVAL } else { pivot },
    );
}

fn factor_with(matrix: &mut [f64], n: usize, pivot: impl Fn(f64) -> f64) {
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

/// Solves in place with a factor from [`factor`], x `[n]`.
pub(in crate::dynamics) fn solve(factor: &[f64], x: &mut [f64]) {
    let n = x.len();
    for i in (0..n).rev() {
        let (before, after) = x.split_at_mut(i);
        add_scaled(before, &factor[i * n..], -after[0]);
    }
    for i in 0..n {
        let row = &factor[i * n..][..=i];
        let (before, after) = x.split_at_mut(i);
        after[0] = after[0] * row[i] - dot(row, before);
    }
}

/// Multiplies `x` by `D^(-½) L⁻ᵀ` in place, so that products of two such vectors are `xᵀ A⁻¹ y`.
pub(in crate::dynamics) fn half_solve(factor: &[f64], x: &mut [f64]) {
    let n = x.len();
    for i in (0..n).rev() {
        let (before, after) = x.split_at_mut(i);
        if after[0] != 0.0 {
            add_scaled(before, &factor[i * n..], -after[0]);
            after[0] *= factor[i * n + i].sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            factor(&mut matrix, n);
            solve(&matrix, &mut b);
            for (found, expected) in b.iter().zip(&x) {
                prop_assert!((found - expected).abs() < 1e-10);
            }
        }
    }

    /// Two branches of one dof each on a common root, as of a tree: 0 ← 1, 0 ← 2.
    #[test]
    fn a_tree_fills_nothing_in() {
        let mut matrix = [4.0, 1.0, 2.0, 1.0, 3.0, 0.0, 2.0, 0.0, 5.0];
        factor(&mut matrix, 3);
        assert_eq!(matrix[7], 0.0);
        let root = 4.0 - 1.0 / 3.0 - 4.0 / 5.0;
        assert!((matrix[0] * root - 1.0).abs() < 1e-15);
    }
}
