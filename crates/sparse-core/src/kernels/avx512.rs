//! AVX-512F: a tile row of 64 columns is four registers.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::prefetch::{AHEAD, prefetch};
use super::{AdamStep, Isa, Kernels, Product, Raw, ValueGradient, VectorProduct, avx2, lanes};

pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Avx512,
    raw: Raw {
        product,
        value_gradient,
        vector_product,
        // Blocks are eight wide, and what has AVX-512 has AVX2.
        transpose: avx2::transpose,
        bias_gradient,
        relu_bias_gradient,
        adam,
        polyak,
    },
};

/// Floats in a register.
const LANES: usize = 16;

#[target_feature(enable = "avx512f")]
fn product(p: &mut Product<'_>) {
    match p.width {
        16 => product_of::<1>(p),
        32 => product_of::<2>(p),
        _ => product_of::<4>(p),
    }
}

/// `Z` registers to a row, and one sum for each, in the order of the connections: those of the next rows are under way
/// meanwhile. The load ports are the bound, so two indices come with one load, and two values too.
#[target_feature(enable = "avx512f")]
fn product_of<const Z: usize>(p: &mut Product<'_>) {
    let (width, rows) = (Z * LANES, p.start.len());
    let zero = _mm512_setzero_ps();
    let tiles = p.x.chunks_exact(p.x_rows * width);
    for (x, y) in tiles.zip(p.y.chunks_exact_mut(rows * width)) {
        let add = |value: __m512, index: u32, sums: &mut [__m512; Z]| {
            // SAFETY: an index is a row of `x`, of `Z * LANES` floats.
            unsafe {
                let row = x.as_ptr().add(index as usize * width);
                for (z, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm512_fmadd_ps(value, _mm512_loadu_ps(row.add(z * LANES)), *sum);
                }
            }
        };
        for (row, y) in y.chunks_exact_mut(width).enumerate() {
            let mut sums = [p.bias.map_or(zero, |bias| _mm512_set1_ps(bias[row])); Z];
            if p.more {
                for (z, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: `y` has `width = Z * LANES` floats, and `more` says that they are written.
                    *sum = unsafe { _mm512_loadu_ps(y.as_ptr().add(z * LANES).cast()) };
                }
            }
            let (mut k, end) = (p.start[row] as usize, p.end[row] as usize);
            if p.blocked {
                prefetch(
                    p.start.get(row + AHEAD),
                    [p.idx.as_ptr().cast(), p.values.as_ptr().cast()],
                );
            }
            while k + 2 <= end {
                // SAFETY: `k + 2 <= nnz`.
                let (indices, values) = unsafe {
                    let indices = p.idx.as_ptr().add(k).cast::<u64>().read_unaligned();
                    let values = p.values.as_ptr().add(k).cast::<f64>().read_unaligned();
                    (indices, _mm512_castpd_ps(_mm512_set1_pd(values)))
                };
                add(_mm512_moveldup_ps(values), indices as u32, &mut sums);
                add(
                    _mm512_movehdup_ps(values),
                    (indices >> 32) as u32,
                    &mut sums,
                );
                k += 2;
            }
            if k < end {
                // SAFETY: `k < nnz`.
                let (index, value) =
                    unsafe { (*p.idx.get_unchecked(k), *p.values.get_unchecked(k)) };
                add(_mm512_set1_ps(value), index, &mut sums);
            }
            for (z, mut sum) in sums.into_iter().enumerate() {
                if p.relu {
                    // In this order the maximum keeps NaN, and -0.
                    sum = _mm512_max_ps(zero, sum);
                }
                // SAFETY: `y` has `width = Z * LANES` floats.
                unsafe { _mm512_storeu_ps(y.as_mut_ptr().add(z * LANES).cast(), sum) };
            }
        }
    }
}

#[target_feature(enable = "avx512f")]
fn value_gradient(g: &mut ValueGradient<'_>) {
    match g.width {
        16 => value_gradient_of::<1>(g),
        32 => value_gradient_of::<2>(g),
        _ => value_gradient_of::<4>(g),
    }
}

/// Tile by tile, four connections of a row at a time: the row of `dy` stays in registers, and four sums over
/// lanes are made together. The last group of a row overlaps the one before it where the row is no multiple
/// of four; what it adds to is read before the row is written. (Masked stores cost more than the products.)
#[target_feature(enable = "avx512f")]
fn value_gradient_of<const Z: usize>(g: &mut ValueGradient<'_>) {
    let width = Z * LANES;
    // So that entry `k` is at `dv + k`; never read or written outside the slice.
    let dv = g.dv.as_mut_ptr().cast::<f32>().wrapping_sub(g.base);
    let tiles = g.dy.chunks_exact(g.dy_rows * width);
    for (tile, (dy, x)) in tiles.zip(g.x.chunks_exact(g.x_rows * width)).enumerate() {
        let fresh = tile == 0 && !g.more;
        let rows = dy.chunks_exact(width).skip(g.first).enumerate();
        for ((row, dy), (start, end)) in rows.zip(g.start.iter().zip(g.end)) {
            if g.blocked {
                prefetch(g.start.get(row + AHEAD), [g.idx.as_ptr().cast()]);
            }
            let mut dy_row = [_mm512_setzero_ps(); Z];
            for (z, dy_row) in dy_row.iter_mut().enumerate() {
                // SAFETY: `dy` has `width = Z * LANES` floats.
                *dy_row = unsafe { _mm512_loadu_ps(dy.as_ptr().add(z * LANES)) };
            }
            let dot = |k: usize| {
                // SAFETY: `k < nnz`, and `idx[k]` is a row of `x`, of `Z * LANES` floats.
                unsafe {
                    let input = *g.idx.get_unchecked(k) as usize;
                    dot::<Z>(&dy_row, x.as_ptr().add(input * width))
                }
            };
            let four = |k: usize| sum_four([dot(k), dot(k + 1), dot(k + 2), dot(k + 3)]);
            let before = |k: usize| match fresh {
                true => _mm_setzero_ps(),
                // SAFETY: `k + 4 <= nnz`, and the tile before wrote these entries.
                false => unsafe { _mm_loadu_ps(dv.wrapping_add(k)) },
            };
            // SAFETY: `k + 4 <= nnz`.
            let store = |k: usize, sums| unsafe { _mm_storeu_ps(dv.wrapping_add(k), sums) };

            let (start, end) = (*start as usize, *end as usize);
            if end - start < 4 {
                let before = |k: usize| match fresh {
                    true => 0.0,
                    // SAFETY: `k < nnz`, and the tile before wrote these entries.
                    false => unsafe { *dv.wrapping_add(k) },
                };
                for k in start..end {
                    let sum = before(k) + sum_one(dot(k));
                    // SAFETY: `k < nnz`.
                    unsafe { *dv.wrapping_add(k) = sum };
                }
                continue;
            }
            let last = before(end - 4);
            let mut k = start;
            while k + 4 <= end {
                store(k, _mm_add_ps(before(k), four(k)));
                k += 4;
            }
            if k < end {
                store(end - 4, _mm_add_ps(last, four(end - 4)));
            }
        }
    }
}

/// Lane by lane product of a row in registers and one in memory.
///
/// # Safety
/// `row` has `Z * LANES` floats.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn dot<const Z: usize>(registers: &[__m512; Z], row: *const f32) -> __m512 {
    let mut sum = _mm512_setzero_ps();
    for (z, register) in registers.iter().enumerate() {
        // SAFETY: the caller's promise.
        let row = unsafe { _mm512_loadu_ps(row.add(z * LANES)) };
        sum = if z == 0 {
            _mm512_mul_ps(*register, row)
        } else {
            _mm512_fmadd_ps(*register, row, sum)
        };
    }
    sum
}

/// The sums over lanes of four registers, by transposing adds, in the order of [`lanes::sum`].
#[inline]
#[target_feature(enable = "avx512f")]
fn sum_four([a, b, c, d]: [__m512; 4]) -> __m128 {
    // In each of four blocks: the sums of two neighbours of a, of a, of b, of b; then the sums of a, b, c, d.
    let blocks = neighbours(neighbours(a, b), neighbours(c, d));
    let upper = _mm512_castps512_ps256(_mm512_shuffle_f32x4::<0b01_00_11_10>(blocks, blocks));
    let halves = _mm256_add_ps(_mm512_castps512_ps256(blocks), upper);
    _mm_add_ps(
        _mm256_castps256_ps128(halves),
        _mm256_extractf128_ps::<1>(halves),
    )
}

/// In each block of four: the sums of the two pairs of neighbours of a, then those of b.
#[inline]
#[target_feature(enable = "avx512f")]
fn neighbours(a: __m512, b: __m512) -> __m512 {
    let first = _mm512_shuffle_ps::<0b10_00_10_00>(a, b);
    let second = _mm512_shuffle_ps::<0b11_01_11_01>(a, b);
    _mm512_add_ps(first, second)
}

/// The sum over the lanes of one register, in the same order.
#[inline]
#[target_feature(enable = "avx512f")]
fn sum_one(a: __m512) -> f32 {
    _mm_cvtss_f32(sum_four([a; 4]))
}

#[target_feature(enable = "avx512f")]
fn bias_gradient(dy: &[f32], width: usize, bias: &mut [f32]) {
    for tile in dy.chunks_exact(bias.len() * width) {
        for (row, bias) in tile.chunks_exact(width).zip(bias.iter_mut()) {
            let mut sum = _mm512_setzero_ps();
            for dy in row.as_chunks::<LANES>().0 {
                // SAFETY: a chunk has `LANES` floats.
                sum = _mm512_add_ps(sum, unsafe { _mm512_loadu_ps(dy.as_ptr()) });
            }
            *bias += sum_one(sum);
        }
    }
}

#[target_feature(enable = "avx512f")]
fn relu_bias_gradient(y: &[f32], dy: &mut [f32], width: usize, bias: &mut [f32]) {
    let (tile, zero) = (bias.len() * width, _mm512_setzero_ps());
    for (y, dy) in y.chunks_exact(tile).zip(dy.chunks_exact_mut(tile)) {
        let rows = y.chunks_exact(width).zip(dy.chunks_exact_mut(width));
        for ((y, dy), bias) in rows.zip(bias.iter_mut()) {
            let mut sum = zero;
            let chunks = y.as_chunks::<LANES>().0.iter();
            for (y, dy) in chunks.zip(dy.as_chunks_mut::<LANES>().0) {
                // SAFETY: a chunk has `LANES` floats.
                unsafe {
                    let active =
                        _mm512_cmp_ps_mask::<_CMP_GT_OQ>(_mm512_loadu_ps(y.as_ptr()), zero);
                    let through = _mm512_maskz_mov_ps(active, _mm512_loadu_ps(dy.as_ptr()));
                    _mm512_storeu_ps(dy.as_mut_ptr(), through);
                    sum = _mm512_add_ps(sum, through);
                }
            }
            *bias += sum_one(sum);
        }
    }
}

#[target_feature(enable = "avx512f")]
fn vector_product(p: &mut VectorProduct<'_>) {
    lanes::vector_product(p);
}

#[target_feature(enable = "avx512f")]
fn adam(state: [&mut [f32]; 3], gradient: &[f32], step: &AdamStep) {
    lanes::adam(state, gradient, step);
}

#[target_feature(enable = "avx512f")]
fn polyak(target: &mut [f32], online: &[f32], tau: f32) {
    lanes::polyak(target, online, tau);
}
