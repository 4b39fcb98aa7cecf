//! Cholesky factor of a small dense matrix, in place.

/// Factors a symmetric positive matrix `[n, n]`, row-major, of which the lower triangle is read and written:
/// `A = L Lᵀ`, with the inverse of L's diagonal on the diagonal.
pub(super) fn factor(matrix: &mut [f64], n: usize) {
    for j in 0..n {
        let (above, rest) = matrix.split_at_mut((j + 1) * n);
        let pivot_row = &mut above[j * n..];
        let square: f64 = pivot_row[..j].iter().map(|x| x * x).sum();
        // A pivot that rounding made negative is a matrix that is singular to working precision.
        let inverse = 1.0 / (pivot_row[j] - square).max(f64::MIN_POSITIVE).sqrt();
        pivot_row[j] = inverse;
        let pivot_row = &pivot_row[..j];
        for row in rest.chunks_exact_mut(n) {
            let dot: f64 = row[..j].iter().zip(pivot_row).map(|(a, b)| a * b).sum();
            row[j] = (row[j] - dot) * inverse;
        }
    }
}

/// Solves in place with a factor from [`factor`], x `[n]`.
pub(super) fn solve(factor: &[f64], n: usize, x: &mut [f64]) {
    for i in 0..n {
        let row = &factor[i * n..][..=i];
        let dot: f64 = row[..i].iter().zip(&x[..i]).map(|(a, b)| a * b).sum();
        x[i] = (x[i] - dot) * row[i];
    }
    for i in (0..n).rev() {
        let row = &factor[i * n..][..=i];
        let value = x[i] * row[i];
        x[i] = value;
        for (x, a) in x[..i].iter_mut().zip(row) {
            *x -= a * value;
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
            solve(&matrix, n, &mut b);
            for (found, expected) in b.iter().zip(&x) {
                prop_assert!((found - expected).abs() < 1e-10);
            }
        }
    }
}
