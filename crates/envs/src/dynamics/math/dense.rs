//! Products of short dense vectors, row-major.
//!
//! Sums run in four lanes, so that the compiler can use vector registers; their order is part of what makes
//! the bits the same everywhere.

use std::ops::Range;

const LANES: usize = 4;

/// Fours that there are bits for.
const MOST_FOURS: usize = u64::BITS as usize;

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

/// Whether rows of a matrix `[n, n]` are gone over whole: passing over their zeros would cost as much as it saves (measured
/// with 14, 23 and 27 dofs; with 62 it saves a quarter of a step).
pub(in crate::dynamics) fn is_small(n: usize) -> bool {
    n <= 32
}

/// Which fours of a vector, from its start, hold anything but zeros: a bit for each. Longer vectors than bits tell of, and
/// the rest beyond the last four, count as full.
pub(in crate::dynamics) fn fours(a: &[f64]) -> u64 {
    let (fours, _) = a.as_chunks::<LANES>();
    if fours.len() > MOST_FOURS {
        return u64::MAX;
    }
    let bit = |(i, four): (usize, &[f64; LANES])| u64::from(*four != [0.0; LANES]) << i;
    fours.iter().enumerate().map(bit).sum()
}

/// [`dot`], to the bit, of two vectors of which only some [`fours`] are both more than zeros.
pub(in crate::dynamics) fn dot_within(a: &[f64], b: &[f64], mut shared: u64) -> f64 {
    let length = a.len().min(b.len());
    if length / LANES > MOST_FOURS {
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

/// [`add_scaled`] where only some [`fours`] of `b` are more than zeros.
pub(in crate::dynamics) fn add_scaled_within(
    a: &mut [f64],
    b: &[f64],
    scale: f64,
    mut present: u64,
) {
    let length = a.len().min(b.len());
    if length / LANES > MOST_FOURS {
        return add_scaled(a, b, scale);
    }
    let (a_lanes, a_rest) = a[..length].as_chunks_mut::<LANES>();
    let (b_lanes, b_rest) = b[..length].as_chunks::<LANES>();
    present &= 1u64.unbounded_shl(a_lanes.len() as u32).wrapping_sub(1);
    while present != 0 {
        let four = present.trailing_zeros() as usize;
        present &= present - 1;
        for lane in 0..LANES {
            a_lanes[four][lane] += scale * b_lanes[four][lane];
        }
    }
    add_scaled(a_rest, b_rest, scale);
}

/// Calls `of` with the place and the number of each entry that is not 0, in order; `present` are the row's [`fours`].
pub(in crate::dynamics) fn for_each_entry(
    row: &[f64],
    mut present: u64,
    mut of: impl FnMut(usize, f64),
) {
    let mut each = |range: Range<usize>| {
        for (i, entry) in range.clone().zip(&row[range]) {
            if *entry != 0.0 {
                of(i, *entry);
            }
        }
    };
    if row.len() / LANES > MOST_FOURS {
        return each(0..row.len());
    }
    while present != 0 {
        let four = present.trailing_zeros() as usize * LANES;
        present &= present - 1;
        each(four..four + LANES);
    }
    each(row.len() / LANES * LANES..row.len());
}

/// `y = A x` with rows as long as x, as many as y has entries; only these [`fours`] of each row are more than zeros.
pub(in crate::dynamics) fn multiply(matrix: &[f64], present: &[u64], x: &[f64], y: &mut [f64]) {
    let rows = matrix.chunks_exact(x.len());
    if is_small(x.len()) {
        y.iter_mut().zip(rows).for_each(|(y, row)| *y = dot(row, x));
        return;
    }
    for (y, (row, present)) in y.iter_mut().zip(rows.zip(present)) {
        *y = dot_within(row, x, *present);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_can_be_passed_over() {
        for n in [0usize, 3, 4, 9, 36, 255, 256, 257, 300] {
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
            for shorter in [n, n / 2, n.saturating_sub(1)] {
                let mut sums = [b[..shorter].to_vec(), b[..shorter].to_vec()];
                add_scaled_within(&mut sums[0], &a, 0.3, fours(&a));
                add_scaled(&mut sums[1], &a, 0.3);
                assert_eq!(sums[0], sums[1]);
            }
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
        let matrix = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        multiply(&matrix, &[0, 0], &[1.0, 0.0, -1.0], &mut y);
        assert_eq!(y, [-2.0, -2.0]);
    }
}
