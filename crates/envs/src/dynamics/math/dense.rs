//! Products of short dense vectors, row-major.
//!
//! Sums run in four lanes, so that the compiler can use vector registers; their order is part of what makes
//! the bits the same everywhere.

const LANES: usize = 4;

/// `Σ a_i b_i` over the shorter length.
pub(in crate::dynamics) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let length = a.len().min(b.len());
    let (a_lanes, a_rest) = a[..length].as_chunks::<LANES>();
    let (b_lanes, b_rest) = b[..length].as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

/// Which fours of a vector, from its start, hold anything but zeros: a bit for each. Longer vectors than bits tell of, and
/// the rest beyond the last four, count as full.
pub(in crate::dynamics) fn fours(a: &[f64]) -> u64 {
    let (fours, _) = a.as_chunks::<LANES>();
    if fours.len() > 64 {
        return u64::MAX;
    }
    let bit = |(i, four): (usize, &[f64; LANES])| u64::from(*four != [0.0; LANES]) << i;
    fours.iter().enumerate().map(bit).sum()
}

/// [`dot`], to the bit, of two vectors of which only some [`fours`] are both more than zeros.
pub(in crate::dynamics) fn dot_within(a: &[f64], b: &[f64], mut shared: u64) -> f64 {
    let length = a.len().min(b.len());
    if length > 64 * LANES {
        return dot(a, b);
    }
    let (a_lanes, a_rest) = a[..length].as_chunks::<LANES>();
    let (b_lanes, b_rest) = b[..length].as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    while shared != 0 {
        let four = shared.trailing_zeros() as usize;
        shared &= shared - 1;
        for lane in 0..LANES {
            sums[lane] += a_lanes[four][lane] * b_lanes[four][lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

/// Length of a vector.
pub(in crate::dynamics) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// `a += scale b` over the shorter length.
pub(in crate::dynamics) fn add_scaled(a: &mut [f64], b: &[f64], scale: f64) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += scale * b;
    }
}

/// `y = A x` with rows as long as x, as many as y has entries.
pub(in crate::dynamics) fn multiply(matrix: &[f64], x: &[f64], y: &mut [f64]) {
    for (y, row) in y.iter_mut().zip(matrix.chunks_exact(x.len())) {
        *y = dot(row, x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_can_be_passed_over() {
        for n in [0, 3, 4, 9, 36, 255, 256, 257, 300] {
            let a: Vec<f64> = (0..n)
                .map(|i| {
                    if i / 4 % 3 == 0 {
                        0.3 * i as f64 + 0.1
                    } else {
                        0.0
                    }
                })
                .collect();
            let b: Vec<f64> = (0..n)
                .map(|i| {
                    if i / 8 % 2 == 0 {
                        0.7 / (i as f64 + 1.0)
                    } else {
                        0.0
                    }
                })
                .collect();
            let found = dot_within(&a, &b, fours(&a) & fours(&b));
            assert_eq!(found.to_bits(), dot(&a, &b).to_bits());
        }
    }

    #[test]
    fn sums_of_whole_numbers_are_exact() {
        for n in 0..20u32 {
            let a: Vec<f64> = (1..=n).map(f64::from).collect();
            let squares = f64::from(n * (n + 1) * (2 * n + 1) / 6);
            assert_eq!(dot(&a, &a), squares);
            assert_eq!(norm(&a), squares.sqrt());
            let mut twice = a.clone();
            add_scaled(&mut twice, &a, 1.0);
            assert_eq!(dot(&twice, &a), 2.0 * squares);
        }
        let mut y = [0.0; 2];
        multiply(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[1.0, 0.0, -1.0], &mut y);
        assert_eq!(y, [-2.0, -2.0]);
    }
}
