//! The bumpy bowl out of which the quadruped climbs. dm_control, `suite/quadruped.py`.

use std::f64::consts::TAU;

use crate::dynamics::sin_cos;

/// Pole of the filter that makes coefficients of cubic B-splines from samples: √3 - 2.
const POLE: f64 = -0.267_949_192_431_122_7;

/// Heights of a bowl, as shares of the largest: `points` by `points` of them, by row, from `bumps` random factors, `count` by
/// `count` of them. Its middle and its edge are lowest.
pub(super) fn heights(bumps: &[f64], count: usize, points: usize) -> Vec<f32> {
    let step = 2.0 / (points as f64 - 1.0);
    let along = |i: usize| i as f64 * step - 1.0;
    let bumps = smooth(bumps, count, points);
    let shape = |(i, bump): (usize, &f64)| {
        let (x, y) = (along(i % points), along(i / points));
        let radius = (x * x + y * y).sqrt().clamp(0.04, 1.0);
        ((0.5 - sin_cos(TAU * radius).1 / 2.0) * bump) as f32
    };
    bumps.iter().enumerate().map(shape).collect()
}

/// A grid of `count` by `count` samples at `points` by `points` places, on a cubic spline through the samples that goes on
/// beyond the edges as in a mirror. SciPy: `ndimage.zoom`; Unser, Aldroubi and Eden (1991), Fast B-spline transforms for
/// continuous image representation and interpolation.
fn smooth(samples: &[f64], count: usize, points: usize) -> Vec<f64> {
    let mut grid = samples.to_vec();
    let mut line = vec![0.0; count];
    // Columns, then rows.
    for (stride, jump) in [(count, 1), (1, count)] {
        for first in (0..count).map(|i| i * jump) {
            for (i, x) in line.iter_mut().enumerate() {
                *x = grid[first + i * stride];
            }
            coefficients(&mut line);
            for (i, x) in line.iter().enumerate() {
                grid[first + i * stride] = *x;
            }
        }
    }
    let spacing = (count as f64 - 1.0) / (points as f64 - 1.0);
    let places: Vec<_> = (0..points)
        .map(|i| knots(i as f64 * spacing, count))
        .collect();
    let mut all = Vec::with_capacity(points * points);
    for rows in &places {
        for columns in &places {
            let mut sum = 0.0;
            for (row, down) in rows {
                for (column, across) in columns {
                    sum += grid[row * count + column] * down * across;
                }
            }
            all.push(sum);
        }
    }
    all
}

/// Samples to the coefficients of the spline through them: a recursive filter, to the end and back.
fn coefficients(line: &mut [f64]) {
    let gain = (1.0 - POLE) * (1.0 - 1.0 / POLE);
    for x in line.iter_mut() {
        *x *= gain;
    }
    let last = line.len() - 1;
    let far = POLE.powi(last as i32);
    let mut first = line[0] + far * line[last];
    let mut power = POLE;
    for i in 1..last {
        first += power * (line[i] + far * line[last - i]);
        power *= POLE;
    }
    line[0] = first / (1.0 - far * far);
    for i in 1..=last {
        line[i] += POLE * line[i - 1];
    }
    line[last] = (POLE * line[last - 1] + line[last]) * POLE / (POLE * POLE - 1.0);
    for i in (0..last).rev() {
        line[i] = POLE * (line[i + 1] - line[i]);
    }
}

/// The four coefficients that make the spline's value at a place, and their weights.
fn knots(at: f64, count: usize) -> [(usize, f64); 4] {
    let (y, below) = (at - at.floor(), at.floor() as isize);
    let z = 1.0 - y;
    let near = |x: f64| (x * x * (x - 2.0) * 3.0 + 4.0) / 6.0;
    let mut weights = [z * z * z / 6.0, near(y), near(z), 0.0];
    weights[3] = 1.0 - weights[0] - weights[1] - weights[2];
    let last = count as isize - 1;
    std::array::from_fn(|i| {
        let knot = (below - 1 + i as isize).abs();
        let mirrored = if knot > last { 2 * last - knot } else { knot };
        (mirrored as usize, weights[i])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.ndimage.zoom(samples, 7 / 4)` of SciPy 1.17.1.
    #[test]
    fn a_spline_is_scipys() {
        let samples: Vec<f64> = (0..16).map(|i| f64::from(i * i % 7)).collect();
        let found = smooth(&samples, 4, 7);
        approx::assert_abs_diff_eq!(&found[..], &SCIPY[..], epsilon = 1e-14);
    }

    #[rustfmt::skip]
    const SCIPY: [f64; 49] = [
        1.7085098767842688e-16, 0.12499999999999924, 1.0000000000000004, 2.8750000000000018, 4.000000000000003, 3.0000000000000013, 2.000000000000002,
        0.9500000000000008, 1.3375000000000001, 2.1250000000000004, 2.753125000000001, 2.6750000000000025, 1.6968750000000012, 1.0250000000000012,
        2.0000000000000004, 3.000000000000001, 4.000000000000001, 2.875000000000001, 1.0000000000000004, 0.12500000000000003, 9.396804322313477e-16,
        1.3749999999999998, 2.965625000000001, 4.750000000000001, 3.5468750000000018, 1.3750000000000004, 0.7375000000000002, 0.8750000000000007,
        1.0000000000000007, 2.35, 4.000000000000003, 3.3750000000000013, 2.0, 1.7750000000000004, 2.0000000000000013,
        2.6750000000000003, 2.5593750000000015, 2.1250000000000004, 1.3875000000000004, 0.9499999999999998, 1.2656250000000002, 1.5999999999999999,
        4.0, 2.9000000000000012, 1.0000000000000013, 5.061923102900324e-16, -9.560253823161073e-17, 0.6, 1.0000000000000002,
    ];
}
