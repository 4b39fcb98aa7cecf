//! AVX2 and FMA: a tile row of 64 columns is eight registers of sixteen.
#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::array;

use super::prefetch::{AHEAD, prefetch};
use super::{AdamStep, Isa, Kernels, Product, Raw, Transpose, ValueGradient, VectorProduct, lanes};

pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Avx2,
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
const LANES: usize = 8;

#[target_feature(enable = "avx2,fma")]
fn product(p: &mut Product<'_>) {
    match p.width {
        16 => product_of::<2>(p),
        32 => product_of::<4>(p),
        _ => product_of::<8>(p),
    }
}

/// `Z` registers to a row, and one sum for each, in the order of the connections: those of the next rows are under way
/// meanwhile. The load ports are the bound, so two indices come with one load, and two values too.
#[target_feature(enable = "avx2,fma")]
fn product_of<const Z: usize>(p: &mut Product<'_>) {
    let (width, rows) = (Z * LANES, p.start.len());
    let zero = _mm256_setzero_ps();
    let tiles = p.x.chunks_exact(p.x_rows * width);
    for (x, y) in tiles.zip(p.y.chunks_exact_mut(rows * width)) {
        let add = |value: __m256, index: u32, sums: &mut [__m256; Z]| {
            // SAFETY: an index is a row of `x`, of `Z * LANES` floats.
            unsafe {
                let row = x.as_ptr().add(index as usize * width);
                for (z, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm256_fmadd_ps(value, _mm256_loadu_ps(row.add(z * LANES)), *sum);
                }
            }
        };
        for (row, y) in y.chunks_exact_mut(width).enumerate() {
            let mut sums = [p.bias.map_or(zero, |bias| _mm256_set1_ps(bias[row])); Z];
            if p.more {
                for (z, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: `y` has `width = Z * LANES` floats, and `more` says that they are written.
                    *sum = unsafe { _mm256_loadu_ps(y.as_ptr().add(z * LANES).cast()) };
                }
            }
            if p.blocked {
                prefetch(
                    p.start.get(row + AHEAD),
                    [p.idx.as_ptr().cast(), p.values.as_ptr().cast()],
                );
            }
            let (mut k, end) = (p.start[row] as usize, p.end[row] as usize);
            while k + 2 <= end {
                // SAFETY: `k + 2 <= nnz`.
                let (indices, values) = unsafe {
                    let indices = p.idx.as_ptr().add(k).cast::<u64>().read_unaligned();
                    let values = p.values.as_ptr().add(k).cast::<f64>().read_unaligned();
                    (indices, _mm256_castpd_ps(_mm256_set1_pd(values)))
                };
                add(_mm256_moveldup_ps(values), indices as u32, &mut sums);
                add(
                    _mm256_movehdup_ps(values),
                    (indices >> 32) as u32,
                    &mut sums,
                );
                k += 2;
            }
            if k < end {
                // SAFETY: `k < nnz`.
                let (index, value) =
                    unsafe { (*p.idx.get_unchecked(k), *p.values.get_unchecked(k)) };
                add(_mm256_set1_ps(value), index, &mut sums);
            }
            for (z, mut sum) in sums.into_iter().enumerate() {
                if p.relu {
                    // In this order the maximum keeps NaN, and -0.
                    sum = _mm256_max_ps(zero, sum);
                }
                // SAFETY: `y` has `width = Z * LANES` floats.
                unsafe { _mm256_storeu_ps(y.as_mut_ptr().add(z * LANES).cast(), sum) };
            }
        }
    }
}

#[target_feature(enable = "avx2,fma")]
fn value_gradient(g: &mut ValueGradient<'_>) {
    match g.width {
        16 => value_gradient_of::<1>(g),
        32 => value_gradient_of::<2>(g),
        _ => value_gradient_of::<4>(g),
    }
}

/// Sixteen lanes.
type Chunk = [__m256; 2];

/// Tile by tile, four connections of a row at a time: the row of `dy`, `C` chunks of sixteen lanes, stays in registers, and
/// four sums over lanes are made together.
#[target_feature(enable = "avx2,fma")]
fn value_gradient_of<const C: usize>(g: &mut ValueGradient<'_>) {
    let width = C * lanes::LANES;
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
            // SAFETY: `dy` has `width` floats.
            let dy_row: [Chunk; C] = array::from_fn(|c| unsafe { chunk(dy.as_ptr(), c) });
            let dot = |k: usize| {
                // SAFETY: `k < nnz`, and `idx[k]` is a row of `x`, of `width` floats.
                unsafe {
                    let input = *g.idx.get_unchecked(k) as usize;
                    dot(&dy_row, x.as_ptr().add(input * width))
                }
            };
            let (start, end) = (*start as usize, *end as usize);
            let mut k = start;
            while k + 4 <= end {
                let sums = sum_four([dot(k), dot(k + 1), dot(k + 2), dot(k + 3)]);
                // SAFETY: `k + 4 <= nnz`, and the tile before wrote these entries.
                unsafe {
                    let dv = dv.wrapping_add(k);
                    let before = if fresh {
                        _mm_setzero_ps()
                    } else {
                        _mm_loadu_ps(dv)
                    };
                    _mm_storeu_ps(dv, _mm_add_ps(before, sums));
                }
                k += 4;
            }
            if k < end {
                let rest = end - k;
                let zero = [_mm256_setzero_ps(); 2];
                let or_zero = |more: bool, k: usize| if more { dot(k) } else { zero };
                let sums = sum_four([
                    dot(k),
                    or_zero(rest > 1, k + 1),
                    or_zero(rest > 2, k + 2),
                    zero,
                ]);
                let mut lanes = [0.0; 4];
                // SAFETY: four floats.
                unsafe { _mm_storeu_ps(lanes.as_mut_ptr(), sums) };
                for (k, sum) in (k..end).zip(lanes) {
                    // SAFETY: `k < nnz`, and the tile before wrote these entries.
                    unsafe {
                        let dv = dv.wrapping_add(k);
                        *dv = if fresh { 0.0 } else { *dv } + sum;
                    }
                }
            }
        }
    }
}

/// Chunk `c` of a row.
///
/// # Safety
/// `row` has `(c + 1) * 16` floats.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn chunk(row: *const f32, c: usize) -> Chunk {
    // SAFETY: the caller's promise.
    array::from_fn(|half| unsafe { _mm256_loadu_ps(row.add((2 * c + half) * LANES)) })
}

/// Lane by lane product of a row in registers and one in memory.
///
/// # Safety
/// `row` has `C * 16` floats.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn dot<const C: usize>(registers: &[Chunk; C], row: *const f32) -> Chunk {
    let mut sums = [_mm256_setzero_ps(); 2];
    for (c, register) in registers.iter().enumerate() {
        // SAFETY: the caller's promise.
        let row = unsafe { chunk(row, c) };
        for (sum, (register, row)) in sums.iter_mut().zip(register.iter().zip(row)) {
            *sum = match c {
                0 => _mm256_mul_ps(*register, row),
                _ => _mm256_fmadd_ps(*register, row, *sum),
            };
        }
    }
    sums
}

/// The sums over the lanes of four chunks, by transposing adds, in the order of [`lanes::sum`].
#[inline]
#[target_feature(enable = "avx2,fma")]
fn sum_four([a, b, c, d]: [Chunk; 4]) -> __m128 {
    // In each of two blocks: the sums of two neighbours of a, of a, of b, of b; then the sums of a, b, c, d.
    let blocks =
        |half: usize| neighbours(neighbours(a[half], b[half]), neighbours(c[half], d[half]));
    let halves = _mm256_add_ps(blocks(0), blocks(1));
    _mm_add_ps(
        _mm256_castps256_ps128(halves),
        _mm256_extractf128_ps::<1>(halves),
    )
}

/// In each block of four: the sums of the two pairs of neighbours of a, then those of b.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn neighbours(a: __m256, b: __m256) -> __m256 {
    let first = _mm256_shuffle_ps::<0b10_00_10_00>(a, b);
    let second = _mm256_shuffle_ps::<0b11_01_11_01>(a, b);
    _mm256_add_ps(first, second)
}

/// Rows and columns of four blocks side by side: a cache line of each is read and written at once.
const LINE: usize = 2 * LANES;

#[target_feature(enable = "avx2,fma")]
pub(super) fn transpose(t: &mut Transpose<'_>) {
    let mut block = |row: usize, column: usize| {
        if row < t.rows && column < t.columns {
            // SAFETY: both sizes are multiples of eight, so the block is within `from` and, transposed, within `to`.
            unsafe {
                let from = t.from.as_ptr().add(row * t.stride + column);
                let to = t.to.as_mut_ptr().cast::<f32>();
                transpose_block(
                    from,
                    t.stride,
                    to.add(column * t.to_stride + row),
                    t.to_stride,
                );
            }
        }
    };
    for column in (0..t.columns).step_by(LINE) {
        for row in (0..t.rows).step_by(LINE) {
            block(row, column);
            block(row + LANES, column);
            block(row, column + LANES);
            block(row + LANES, column + LANES);
        }
    }
}

/// Eight rows of eight floats, in three rounds of shuffles.
///
/// # Safety
/// `from` and `to` hold a block of eight rows of eight, `stride` and `to_stride` apart.
#[target_feature(enable = "avx2,fma")]
unsafe fn transpose_block(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
    // SAFETY: row `i < 8` of the block is within `from`.
    let row = |i: usize| unsafe { _mm256_loadu_ps(from.add(i * stride)) };
    let pairs = |i: usize| {
        let (a, b) = (row(i), row(i + 1));
        [_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b)]
    };
    let fours = |i: usize| {
        let ([a, b], [c, d]) = (pairs(i), pairs(i + 2));
        [
            _mm256_shuffle_ps::<0b01_00_01_00>(a, c),
            _mm256_shuffle_ps::<0b11_10_11_10>(a, c),
            _mm256_shuffle_ps::<0b01_00_01_00>(b, d),
            _mm256_shuffle_ps::<0b11_10_11_10>(b, d),
        ]
    };
    for (i, (low, high)) in fours(0).into_iter().zip(fours(4)).enumerate() {
        // SAFETY: rows `i` and `i + 4` of the block are within `to`.
        unsafe {
            _mm256_storeu_ps(
                to.add(i * to_stride),
                _mm256_permute2f128_ps::<0x20>(low, high),
            );
            let upper = _mm256_permute2f128_ps::<0x31>(low, high);
            _mm256_storeu_ps(to.add((i + 4) * to_stride), upper);
        }
    }
}

/// The sum over the lanes of a chunk, in the same order.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn sum_one(a: Chunk) -> f32 {
    _mm_cvtss_f32(sum_four([a; 4]))
}

#[target_feature(enable = "avx2,fma")]
fn bias_gradient(dy: &[f32], width: usize, bias: &mut [f32]) {
    for tile in dy.chunks_exact(bias.len() * width) {
        for (row, bias) in tile.chunks_exact(width).zip(bias.iter_mut()) {
            let mut sums = [_mm256_setzero_ps(); 2];
            for dy in lanes::chunks(row) {
                // SAFETY: a chunk has two registers.
                let dy = unsafe { chunk(dy.as_ptr(), 0) };
                sums = array::from_fn(|half| _mm256_add_ps(sums[half], dy[half]));
            }
            *bias += sum_one(sums);
        }
    }
}

#[target_feature(enable = "avx2,fma")]
fn relu_bias_gradient(y: &[f32], dy: &mut [f32], width: usize, bias: &mut [f32]) {
    let (tile, zero) = (bias.len() * width, _mm256_setzero_ps());
    for (y, dy) in y.chunks_exact(tile).zip(dy.chunks_exact_mut(tile)) {
        let rows = y.chunks_exact(width).zip(dy.chunks_exact_mut(width));
        for ((y, dy), bias) in rows.zip(bias.iter_mut()) {
            let mut sums = [zero; 2];
            let chunks = lanes::chunks(y).iter();
            for (y, dy) in chunks.zip(dy.as_chunks_mut::<{ lanes::LANES }>().0) {
                for (half, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: a chunk has two registers.
                    unsafe {
                        let active = _mm256_loadu_ps(y.as_ptr().add(half * LANES));
                        let active = _mm256_cmp_ps::<_CMP_GT_OQ>(active, zero);
                        let dy = dy.as_mut_ptr().add(half * LANES);
                        let through = _mm256_and_ps(active, _mm256_loadu_ps(dy));
                        _mm256_storeu_ps(dy, through);
                        *sum = _mm256_add_ps(*sum, through);
                    }
                }
            }
            *bias += sum_one(sums);
        }
    }
}

#[target_feature(enable = "avx2,fma")]
fn vector_product(p: &mut VectorProduct<'_>) {
    lanes::vector_product(p);
}

#[target_feature(enable = "avx2,fma")]
fn adam(state: [&mut [f32]; 3], gradient: &[f32], step: &AdamStep) {
    lanes::adam(state, gradient, step);
}

#[target_feature(enable = "avx2,fma")]
fn polyak(target: &mut [f32], online: &[f32], tau: f32) {
    lanes::polyak(target, online, tau);
}
