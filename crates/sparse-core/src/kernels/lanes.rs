//! Kernels that are the same loop on any machine: plain Rust in chunks of 16 lanes.
//!
//! A version of the kernels that has nothing better compiles these with its own instructions. Plain Rust is never fused
//! nor reordered by the compiler, so these have the same bits in every version.
#![allow(unsafe_code)]

use std::array;

use super::tiles::SIDE;
use super::{AdamStep, Transpose, VectorProduct};

/// Floats in a chunk: the widest register has that many, and narrower ones share a chunk.
pub(crate) const LANES: usize = 16;

/// The lanes' sum, in the order of every version: within four neighbours, then the first four and the third, the second and
/// the fourth, then these. (Whole registers of four dot products are added so with the fewest shuffles.)
#[inline(always)]
pub(crate) fn sum(lanes: [f32; LANES]) -> f32 {
    sums(&[lanes])[0]
}

/// The [`sum`] of each row's lanes, row beside row.
#[inline(always)]
fn sums<const R: usize>(rows: &[[f32; LANES]; R]) -> [f32; R] {
    let lanes: [[f32; R]; LANES] = array::from_fn(|lane| array::from_fn(|row| rows[row][lane]));
    let add = |a: [f32; R], b: [f32; R]| -> [f32; R] { array::from_fn(|row| a[row] + b[row]) };
    let [a, b, c, d] = array::from_fn(|four| {
        let lanes = &lanes[4 * four..][..4];
        add(add(lanes[0], lanes[1]), add(lanes[2], lanes[3]))
    });
    add(add(a, c), add(b, d))
}

/// Slices of whole chunks as arrays.
#[inline(always)]
pub(super) fn chunks(data: &[f32]) -> &[[f32; LANES]] {
    data.as_chunks().0
}

/// The sum of whole chunks.
#[inline(always)]
fn row_sum(row: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    for chunk in chunks(row) {
        for (lane, dy) in lanes.iter_mut().zip(chunk) {
            *lane += dy;
        }
    }
    sum(lanes)
}

#[inline(always)]
pub(super) fn bias_gradient(dy: &[f32], width: usize, bias: &mut [f32]) {
    for tile in dy.chunks_exact(bias.len() * width) {
        for (row, bias) in tile.chunks_exact(width).zip(bias.iter_mut()) {
            *bias += row_sum(row);
        }
    }
}

#[inline(always)]
pub(super) fn relu_bias_gradient(y: &[f32], dy: &mut [f32], width: usize, bias: &mut [f32]) {
    let tile = bias.len() * width;
    for (y, dy) in y.chunks_exact(tile).zip(dy.chunks_exact_mut(tile)) {
        let rows = y.chunks_exact(width).zip(dy.chunks_exact_mut(width));
        for ((y, dy), bias) in rows.zip(bias.iter_mut()) {
            let mut lanes = [0.0; LANES];
            for (y, dy) in chunks(y).iter().zip(dy.as_chunks_mut::<LANES>().0) {
                for lane in 0..LANES {
                    // A mask of bits, where a choice would be compiled to branches.
                    let mask = u32::from(y[lane] > 0.0).wrapping_neg();
                    dy[lane] = f32::from_bits(dy[lane].to_bits() & mask);
                    lanes[lane] += dy[lane];
                }
            }
            *bias += sum(lanes);
        }
    }
}

#[inline(always)]
pub(super) fn transpose(t: &mut Transpose<'_>) {
    for row in (0..t.rows).step_by(SIDE) {
        let lines = t.to.chunks_mut(t.to_stride).take(t.columns);
        for (column, to) in lines.enumerate() {
            for (r, to) in to[row..row + SIDE].iter_mut().enumerate() {
                to.write(t.from[(row + r) * t.stride + column]);
            }
        }
    }
}

/// Connections of a row, or full rows, that are summed side by side, so that one addition does not wait for the other.
const APART: usize = 4;

/// One observation through one layer: a row of the result is a sum over the row's connections, in lanes where it has all.
#[inline(always)]
pub(super) fn vector_product(p: &mut VectorProduct<'_>) {
    // Not `max`, which would hide NaN.
    let active = |sum: f32| if p.relu && sum < 0.0 { 0.0 } else { sum };
    let inputs = p.x.len();
    if p.values.len() == inputs * p.bias.len() && inputs > 0 {
        let (fours, rest) = p.y.as_chunks_mut::<APART>();
        let (values, more_values) = p.values.split_at(fours.len() * APART * inputs);
        let (bias, more_bias) = p.bias.as_chunks::<APART>();
        let rows = values.chunks_exact(APART * inputs).zip(bias);
        for (y, (values, bias)) in fours.iter_mut().zip(rows) {
            for ((y, sum), bias) in y.iter_mut().zip(dots::<APART>(values, p.x)).zip(bias) {
                y.write(active(bias + sum));
            }
        }
        let rows = more_values.chunks_exact(inputs).zip(more_bias);
        for (y, (values, bias)) in rest.iter_mut().zip(rows) {
            y.write(active(bias + dots::<1>(values, p.x)[0]));
        }
        return;
    }
    let rows = p.ptr.windows(2).zip(p.bias);
    for (y, (bounds, bias)) in p.y.iter_mut().zip(rows) {
        let entries = bounds[0] as usize..bounds[1] as usize;
        let (values, more_values) = p.values[entries.clone()].as_chunks::<APART>();
        let (inputs, more_inputs) = p.idx[entries].as_chunks::<APART>();
        let mut sums = [0.0; APART];
        for (values, inputs) in values.iter().zip(inputs) {
            for ((sum, value), input) in sums.iter_mut().zip(values).zip(inputs) {
                // SAFETY: a pattern's inputs are below their number, which is the length of `x`. (A check for each
                // connection would cost as much as the product.)
                *sum += value * unsafe { p.x.get_unchecked(*input as usize) };
            }
        }
        let mut sum = bias + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
        for (value, input) in more_values.iter().zip(more_inputs) {
            sum += value * p.x[*input as usize];
        }
        y.write(active(sum));
    }
}

/// Rows that have all of their connections: nothing is looked up. Their lanes are added side by side: row by row that takes
/// longer than the products.
#[inline(always)]
fn dots<const R: usize>(values: &[f32], x: &[f32]) -> [f32; R] {
    let rows: [_; R] =
        array::from_fn(|row| values[row * x.len()..][..x.len()].as_chunks::<LANES>());
    let (x, more_x) = x.as_chunks::<LANES>();
    let mut lanes = [[0.0; LANES]; R];
    for (lanes, (values, _)) in lanes.iter_mut().zip(&rows) {
        // In a variable of its own: in their place they would be written to memory each time.
        let mut sums = [0.0; LANES];
        for (values, x) in values.iter().zip(x) {
            for (sum, (value, x)) in sums.iter_mut().zip(values.iter().zip(x)) {
                *sum += value * x;
            }
        }
        *lanes = sums;
    }
    let sums = sums(&lanes);
    array::from_fn(|row| {
        let more = rows[row].1.iter().zip(more_x);
        sums[row] + more.map(|(value, x)| value * x).sum::<f32>()
    })
}

#[inline(always)]
pub(super) fn adam(state: [&mut [f32]; 3], gradient: &[f32], step: &AdamStep) {
    let [parameter, first, second] = state;
    // Divisions by what does not change, done once.
    let root = 1.0 / step.correction2.sqrt();
    let rate = step.learning_rate / step.correction1;
    let moments = first.iter_mut().zip(second);
    for ((p, g), (m, v)) in parameter.iter_mut().zip(gradient).zip(moments) {
        let g = g + step.weight_decay * *p;
        *m += (1.0 - step.beta1) * (g - *m);
        *v = step.beta2 * *v + (1.0 - step.beta2) * g * g;
        *p -= rate * *m / (v.sqrt() * root + step.epsilon);
    }
}

#[inline(always)]
pub(super) fn polyak(target: &mut [f32], online: &[f32], tau: f32) {
    for (target, online) in target.iter_mut().zip(online) {
        *target += tau * (online - *target);
    }
}
