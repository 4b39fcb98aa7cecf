//! NEON: a tile row of 64 columns is sixteen registers of thirty-two.
#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::array;

use super::{AdamStep, Isa, Kernels, Product, Raw, Transpose, ValueGradient, VectorProduct, lanes};

pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Neon,
    raw: Raw {
        product,
        value_gradient,
        vector_product,
        transpose,
        bias_gradient,
        relu_bias_gradient,
        adam,
        polyak,
    },
};

/// Floats in a register.
const LANES: usize = 4;

#[target_feature(enable = "neon")]
fn product(p: &mut Product<'_>) {
    match p.width {
        16 => product_of::<4>(p),
        32 => product_of::<8>(p),
        _ => product_of::<16>(p),
    }
}

/// `Z` registers to a row, and one sum for each, in the order of the connections: those of the next rows are under way
/// meanwhile.
#[target_feature(enable = "neon")]
fn product_of<const Z: usize>(p: &mut Product<'_>) {
    let (width, rows) = (Z * LANES, p.start.len());
    let zero = vdupq_n_f32(0.0);
    let tiles = p.x.chunks_exact(p.x_rows * width);
    for (x, y) in tiles.zip(p.y.chunks_exact_mut(rows * width)) {
        for (row, y) in y.chunks_exact_mut(width).enumerate() {
            let mut sums = [vdupq_n_f32(p.bias.map_or(0.0, |bias| bias[row])); Z];
            if p.more {
                for (z, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: `y` has `width = Z * LANES` floats, and `more` says that they are written.
                    *sum = unsafe { vld1q_f32(y.as_ptr().add(z * LANES).cast()) };
                }
            }
            for k in p.start[row] as usize..p.end[row] as usize {
                // SAFETY: `k < nnz`, and `idx[k]` is a row of `x`, of `Z * LANES` floats.
                unsafe {
                    let value = *p.values.get_unchecked(k);
                    let row = x.as_ptr().add(*p.idx.get_unchecked(k) as usize * width);
                    for (z, sum) in sums.iter_mut().enumerate() {
                        *sum = vfmaq_n_f32(*sum, vld1q_f32(row.add(z * LANES)), value);
                    }
                }
            }
            for (z, mut sum) in sums.into_iter().enumerate() {
                if p.relu {
                    // Not the maximum, which would change -0.
                    sum = vbslq_f32(vcltq_f32(sum, zero), zero, sum);
                }
                // SAFETY: `y` has `width = Z * LANES` floats.
                unsafe { vst1q_f32(y.as_mut_ptr().add(z * LANES).cast(), sum) };
            }
        }
    }
}

#[target_feature(enable = "neon")]
fn value_gradient(g: &mut ValueGradient<'_>) {
    match g.width {
        16 => value_gradient_of::<1>(g),
        32 => value_gradient_of::<2>(g),
        _ => value_gradient_of::<4>(g),
    }
}

/// Sixteen lanes.
type Chunk = [float32x4_t; 4];

/// Tile by tile, four connections of a row at a time: the row of `dy`, `C` chunks of sixteen lanes, stays in registers, and
/// four sums over lanes are made together.
#[target_feature(enable = "neon")]
fn value_gradient_of<const C: usize>(g: &mut ValueGradient<'_>) {
    let width = C * lanes::LANES;
    let zero = vdupq_n_f32(0.0);
    // So that entry `k` is at `dv + k`; never read or written outside the slice.
    let dv = g.dv.as_mut_ptr().cast::<f32>().wrapping_sub(g.base);
    let tiles = g.dy.chunks_exact(g.dy_rows * width);
    for (tile, (dy, x)) in tiles.zip(g.x.chunks_exact(g.x_rows * width)).enumerate() {
        let fresh = tile == 0 && !g.more;
        let rows = dy.chunks_exact(width).skip(g.first);
        for (dy, (start, end)) in rows.zip(g.start.iter().zip(g.end)) {
            // SAFETY: `dy` has `width` floats.
            let dy_row: [Chunk; C] = array::from_fn(|c| unsafe { chunk(dy.as_ptr(), c) });
            let dot = |k: usize| {
                // SAFETY: `k < nnz`, and `idx[k]` is a row of `x`, of `width` floats.
                unsafe {
                    let input = *g.idx.get_unchecked(k) as usize;
                    dot(&dy_row, x.as_ptr().add(input * width))
                }
            };
            let (mut k, end) = (*start as usize, *end as usize);
            while k + 4 <= end {
                let four = sum_four([dot(k), dot(k + 1), dot(k + 2), dot(k + 3)]);
                let dv = dv.wrapping_add(k);
                // SAFETY: `k + 4 <= nnz`, and the tile before wrote these entries.
                unsafe {
                    let before = if fresh { zero } else { vld1q_f32(dv) };
                    vst1q_f32(dv, vaddq_f32(before, four));
                }
                k += 4;
            }
            for k in k..end {
                let sum = vgetq_lane_f32::<0>(sum_four([dot(k); 4]));
                let dv = dv.wrapping_add(k);
                // SAFETY: `k < nnz`, and the tile before wrote these entries.
                unsafe { *dv = if fresh { 0.0 } else { *dv } + sum };
            }
        }
    }
}

/// Chunk `c` of a row.
///
/// # Safety
/// `row` has `(c + 1) * 16` floats.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn chunk(row: *const f32, c: usize) -> Chunk {
    // SAFETY: the caller's promise.
    array::from_fn(|part| unsafe { vld1q_f32(row.add((4 * c + part) * LANES)) })
}

/// Lane by lane product of a row in registers and one in memory.
///
/// # Safety
/// `row` has `C * 16` floats.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn dot<const C: usize>(registers: &[Chunk; C], row: *const f32) -> Chunk {
    let mut sums = [vdupq_n_f32(0.0); 4];
    for (c, register) in registers.iter().enumerate() {
        // SAFETY: the caller's promise.
        let row = unsafe { chunk(row, c) };
        for (sum, (register, row)) in sums.iter_mut().zip(register.iter().zip(row)) {
            *sum = match c {
                0 => vmulq_f32(*register, row),
                _ => vfmaq_f32(*sum, *register, row),
            };
        }
    }
    sums
}

/// The sums over the lanes of four chunks, by adding neighbours twice, in the order of [`lanes::sum`].
#[inline]
#[target_feature(enable = "neon")]
fn sum_four([a, b, c, d]: [Chunk; 4]) -> float32x4_t {
    let [first, second, third, fourth] = array::from_fn(|part| {
        let (ab, cd) = (vpaddq_f32(a[part], b[part]), vpaddq_f32(c[part], d[part]));
        vpaddq_f32(ab, cd)
    });
    vaddq_f32(vaddq_f32(first, third), vaddq_f32(second, fourth))
}

#[target_feature(enable = "neon")]
fn transpose(t: &mut Transpose<'_>) {
    lanes::transpose(t);
}

#[target_feature(enable = "neon")]
fn bias_gradient(dy: &[f32], width: usize, bias: &mut [f32]) {
    lanes::bias_gradient(dy, width, bias);
}

#[target_feature(enable = "neon")]
fn relu_bias_gradient(y: &[f32], dy: &mut [f32], width: usize, bias: &mut [f32]) {
    lanes::relu_bias_gradient(y, dy, width, bias);
}

#[target_feature(enable = "neon")]
fn vector_product(p: &mut VectorProduct<'_>) {
    lanes::vector_product(p);
}

#[target_feature(enable = "neon")]
fn adam(state: [&mut [f32]; 3], gradient: &[f32], step: &AdamStep) {
    lanes::adam(state, gradient, step);
}

#[target_feature(enable = "neon")]
fn polyak(target: &mut [f32], online: &[f32], tau: f32) {
    lanes::polyak(target, online, tau);
}
