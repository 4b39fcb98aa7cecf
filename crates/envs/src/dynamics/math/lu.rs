//! Factors and solves of small matrices that are not symmetric, `A = U L`, in place, without pivoting.
//!
//! The last row is eliminated first, as in `ldl`: what couples a dof only with those on its way to the root and those that
//! it carries fills nothing in.

use super::dense::{add_scaled, dot};

/// Factors a matrix `[n, n]`, row-major: L with its diagonal in the lower triangle, the unit U above.
pub(in crate::dynamics) fn factor(matrix: &mut [f64], n: usize) {
    for k in (0..n).rev() {
        let (above, row) = matrix.split_at_mut(k * n);
        let row = &row[..=k];
        for line in above.chunks_exact_mut(n) {
            let share = line[k] / row[k];
            if share != 0.0 {
                add_scaled(&mut line[..k], &row[..k], -share);
            }
            line[k] = share;
        }
    }
}

/// Solves in place with a factor from [`factor`], x `[n]`.
pub(in crate::dynamics) fn solve(factor: &[f64], x: &mut [f64]) {
    let n = x.len();
    for i in (0..n).rev() {
        let (before, after) = x.split_at_mut(i + 1);
        before[i] -= dot(&factor[i * n + i + 1..(i + 1) * n], after);
    }
    for i in 0..n {
        let (before, after) = x.split_at_mut(i);
        after[0] = (after[0] - dot(&factor[i * n..][..i], before)) / factor[i * n + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A matrix with a strong diagonal, of any symmetry.
        #[test]
        fn a_solve_undoes_a_product(n in 1usize..8, seed in prop::collection::vec(-1.0..1.0f64, 72)) {
            let mut matrix: Vec<f64> = seed[..n * n].to_vec();
            (0..n).for_each(|i| matrix[i * n + i] += 2.0 * n as f64);
            let x = &seed[64..64 + n];
            let mut b: Vec<f64> = matrix.chunks_exact(n).map(|row| dot(row, x)).collect();
            factor(&mut matrix, n);
            solve(&matrix, &mut b);
            for (found, expected) in b.iter().zip(x) {
                prop_assert!((found - expected).abs() < 1e-12);
            }
        }
    }
}
