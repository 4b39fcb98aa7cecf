//! NEON: a tile row of 64 columns is sixteen registers of thirty-two.
#![allow(unsafe_code)]

use std::arch::aarch64::*;

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
        16 => product_of::<4, 2>(p),
        32 => product_of::<8, 2>(p),
        _ => product_of::<16, 1>(p),
    }
}

/// `Z` registers to a row, `U` connections at a time into sums of their own, so that at least eight multiply-adds
/// are under way and none waits for the one before it.
#[target_feature(enable = "neon")]
fn product_of<const Z: usize, const U: usize>(p: &mut Product<'_>) {
    let (width, rows) = (Z * LANES, p.start.len());
    let zero = vdupq_n_f32(0.0);
    let tiles = p.x.chunks_exact(p.x_rows * width);
    for (x, y) in tiles.zip(p.y.chunks_exact_mut(rows * width)) {
        let add = |k: usize, sums: &mut [float32x4_t; Z]| {
            // SAFETY: `k < nnz`, and `idx[k]` is a row of `x`, of `Z * LANES` floats.
            unsafe {
                let value = *p.values.get_unchecked(k);
                let row = x.as_ptr().add(*p.idx.get_unchecked(k) as usize * width);
                for (z, sum) in sums.iter_mut().enumerate() {
                    *sum = vfmaq_n_f32(*sum, vld1q_f32(row.add(z * LANES)), value);
                }
            }
        };
        for (row, y) in y.chunks_exact_mut(width).enumerate() {
            let mut sums = [[zero; Z]; U];
            sums[0] = [vdupq_n_f32(p.bias.map_or(0.0, |bias| bias[row])); Z];
            if p.more {
                for (z, sum) in sums[0].iter_mut().enumerate() {
                    // SAFETY: `y` has `width = Z * LANES` floats, and `more` says that they are written.
                    *sum = unsafe { vld1q_f32(y.as_ptr().add(z * LANES).cast()) };
                }
            }
            let (mut k, end) = (p.start[row] as usize, p.end[row] as usize);
            while k + U <= end {
                for (u, sums) in sums.iter_mut().enumerate() {
                    add(k + u, sums);
                }
                k += U;
            }
            while k < end {
                add(k, &mut sums[0]);
                k += 1;
            }
            for z in 0..Z {
                let more = sums[1..].iter().map(|sums| sums[z]);
                let mut sum = more.fold(sums[0][z], |a, b| vaddq_f32(a, b));
                if p.relu {
                    // This maximum keeps what is not a number.
                    sum = vmaxq_f32(zero, sum);
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
        16 => value_gradient_of::<4>(g),
        32 => value_gradient_of::<8>(g),
        _ => value_gradient_of::<16>(g),
    }
}

/// Tile by tile, four connections of a row at a time: the row of `dy` stays in registers, and four sums over
/// lanes are made together.
#[target_feature(enable = "neon")]
fn value_gradient_of<const Z: usize>(g: &mut ValueGradient<'_>) {
    let width = Z * LANES;
    // So that entry `k` is at `dv + k`; never read or written outside the slice.
    let dv = g.dv.as_mut_ptr().cast::<f32>().wrapping_sub(g.base);
    let tiles = g.dy.chunks_exact(g.dy_rows * width);
    for (tile, (dy, x)) in tiles.zip(g.x.chunks_exact(g.x_rows * width)).enumerate() {
        let fresh = tile == 0 && !g.more;
        let rows = dy.chunks_exact(width).skip(g.first);
        for (dy, (start, end)) in rows.zip(g.start.iter().zip(g.end)) {
            let mut dy_row = [vdupq_n_f32(0.0); Z];
            for (z, dy_row) in dy_row.iter_mut().enumerate() {
                // SAFETY: `dy` has `width = Z * LANES` floats.
                *dy_row = unsafe { vld1q_f32(dy.as_ptr().add(z * LANES)) };
            }
            let dot = |k: usize| {
                // SAFETY: `k < nnz`, and `idx[k]` is a row of `x`, of `Z * LANES` floats.
                unsafe {
                    let input = *g.idx.get_unchecked(k) as usize;
                    dot::<Z>(&dy_row, x.as_ptr().add(input * width))
                }
            };
            let (mut k, end) = (*start as usize, *end as usize);
            while k + 4 <= end {
                let four = sum_four([dot(k), dot(k + 1), dot(k + 2), dot(k + 3)]);
                let dv = dv.wrapping_add(k);
                // SAFETY: `k + 4 <= nnz`, and the first tile wrote all of `dv`.
                unsafe {
                    let before = if fresh {
                        vdupq_n_f32(0.0)
                    } else {
                        vld1q_f32(dv)
                    };
                    vst1q_f32(dv, vaddq_f32(before, four));
                }
                k += 4;
            }
            for k in k..end {
                let sum = vaddvq_f32(dot(k));
                let dv = dv.wrapping_add(k);
                // SAFETY: `k < nnz`, and the first tile wrote all of `dv`.
                unsafe { *dv = if fresh { sum } else { *dv + sum } };
            }
        }
    }
}

/// Lane by lane product of a row in registers and one in memory, in two sums.
///
/// # Safety
/// `row` has `Z * LANES` floats.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn dot<const Z: usize>(registers: &[float32x4_t; Z], row: *const f32) -> float32x4_t {
    let mut sums = [vdupq_n_f32(0.0); 2];
    for (z, register) in registers.iter().enumerate() {
        // SAFETY: the caller's promise.
        let row = unsafe { vld1q_f32(row.add(z * LANES)) };
        sums[z % 2] = vfmaq_f32(sums[z % 2], *register, row);
    }
    vaddq_f32(sums[0], sums[1])
}

/// The sums over lanes of four registers, by adding neighbours twice.
#[inline]
#[target_feature(enable = "neon")]
fn sum_four([a, b, c, d]: [float32x4_t; 4]) -> float32x4_t {
    vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d))
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
