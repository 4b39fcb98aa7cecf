//! The reference: plain loops, no vectors by hand. Read this first; the other versions compute the same, to the bit.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::fused::multiply_add;
use super::lanes::{self, LANES};
use super::{Isa, Kernels, Product, Raw, ValueGradient};

pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Scalar,
    raw: Raw {
        product,
        value_gradient,
        vector_product: lanes::vector_product,
        transpose: lanes::transpose,
        bias_gradient: lanes::bias_gradient,
        relu_bias_gradient: lanes::relu_bias_gradient,
        adam: lanes::adam,
        polyak: lanes::polyak,
    },
};

/// Forward and input-gradient: a row of `y` is a sum of rows of `x`, in the order of the connections.
fn product(p: &mut Product<'_>) {
    let (width, rows) = (p.width, p.start.len());
    let mut sums = vec![0.0; width];
    let tiles = p.x.chunks_exact(p.x_rows * width);
    for (x, y) in tiles.zip(p.y.chunks_exact_mut(rows * width)) {
        for (row, y) in y.chunks_exact_mut(width).enumerate() {
            if p.more {
                for (sum, y) in sums.iter_mut().zip(y.iter()) {
                    // SAFETY: `more` says that all of `y` is written.
                    *sum = unsafe { y.assume_init() };
                }
            } else {
                sums.fill(p.bias.map_or(0.0, |bias| bias[row]));
            }
            for k in p.start[row] as usize..p.end[row] as usize {
                let value = p.values[k];
                let x = &x[p.idx[k] as usize * width..][..width];
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum = multiply_add(value, *x, *sum);
                }
            }
            for (y, sum) in y.iter_mut().zip(&sums) {
                // Not `max`, which would hide NaN.
                y.write(if p.relu && *sum < 0.0 { 0.0 } else { *sum });
            }
        }
    }
}

/// Value-gradient: for each connection one dot product over the columns of each tile, in lanes.
fn value_gradient(g: &mut ValueGradient<'_>) {
    let width = g.width;
    let (dy_tile, x_tile) = (g.dy_rows * width, g.x_rows * width);
    for (row, bounds) in g.start.iter().zip(g.end).enumerate() {
        for k in *bounds.0 as usize..*bounds.1 as usize {
            let input = g.idx[k] as usize;
            // SAFETY: `more` says that the entries of these rows are written.
            let before = |dv: &MaybeUninit<f32>| unsafe { dv.assume_init() };
            let dv = &mut g.dv[k - g.base];
            let mut sum = if g.more { before(dv) } else { 0.0 };
            for (dy, x) in g.dy.chunks_exact(dy_tile).zip(g.x.chunks_exact(x_tile)) {
                let dy = &dy[(g.first + row) * width..][..width];
                let x = &x[input * width..][..width];
                sum += dot(dy, x);
            }
            dv.write(sum);
        }
    }
}

/// The dot product of two rows of whole chunks.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (lanes::chunks(a), lanes::chunks(b));
    let mut sums: [f32; LANES] = std::array::from_fn(|lane| a[0][lane] * b[0][lane]);
    for (a, b) in a.iter().zip(b).skip(1) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum = multiply_add(*a, *b, *sum);
        }
    }
    lanes::sum(sums)
}
