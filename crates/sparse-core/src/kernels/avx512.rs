//! AVX-512F: a tile row of 64 columns is four registers.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{AdamStep, DenseGradient, Isa, Kernels, Product, Raw, ValueGradient, lanes};

pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Avx512,
    raw: Raw {
        product,
        value_gradient,
        dense_gradient,
        bias_gradient,
        relu_bias_gradient,
        adam,
        polyak,
    },
};

/// Floats in a register.
const LANES: usize = 16;

/// Calls the kernel for the width: `Z` registers to a row, and `U` connections at a time so that
/// `Z * U` sums hide the latency of the multiply-add.
#[target_feature(enable = "avx512f")]
fn product(p: &mut Product<'_>) {
    match (p.width, p.pos) {
        (16, None) => product_of::<1, 4, false>(p),
        (16, Some(_)) => product_of::<1, 4, true>(p),
        (32, None) => product_of::<2, 2, false>(p),
        (32, Some(_)) => product_of::<2, 2, true>(p),
        (_, None) => product_of::<4, 2, false>(p),
        (_, Some(_)) => product_of::<4, 2, true>(p),
    }
}

#[target_feature(enable = "avx512f")]
fn product_of<const Z: usize, const U: usize, const VIA: bool>(p: &mut Product<'_>) {
    let width = Z * LANES;
    let rows = p.ptr.len() - 1;
    let zero = _mm512_setzero_ps();
    for (x, y) in
        p.x.chunks_exact(p.x_rows * width)
            .zip(p.y.chunks_exact_mut(rows * width))
    {
        for (row, y) in y.chunks_exact_mut(width).enumerate() {
            let start = p.bias.map_or(zero, |bias| _mm512_set1_ps(bias[row]));
            let mut sums = [[zero; Z]; U];
            sums[0] = [start; Z];
            let (mut k, end) = (p.ptr[row] as usize, p.ptr[row + 1] as usize);
            while k + U <= end {
                for (u, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: `k + u < end <= nnz`.
                    unsafe { add_connection::<Z, VIA>(p.values, p.pos, p.idx, k + u, x, sums) };
                }
                k += U;
            }
            while k < end {
                // SAFETY: `k < end <= nnz`.
                unsafe { add_connection::<Z, VIA>(p.values, p.pos, p.idx, k, x, &mut sums[0]) };
                k += 1;
            }
            for z in 0..Z {
                let mut sum = sums[0][z];
                for more in &sums[1..] {
                    sum = _mm512_add_ps(sum, more[z]);
                }
                if p.relu {
                    // In this order the maximum keeps what is not a number.
                    sum = _mm512_max_ps(zero, sum);
                }
                // SAFETY: `y` has `width = Z * LANES` floats.
                unsafe { _mm512_storeu_ps(y.as_mut_ptr().add(z * LANES).cast(), sum) };
            }
        }
    }
}

/// `sums += value * x row` of connection `k`.
///
/// # Safety
/// `k` is below the length of `idx` and, if given, of `pos`; indices in them are rows of `x` and places in
/// `values`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn add_connection<const Z: usize, const VIA: bool>(
    values: &[f32],
    pos: Option<&[u32]>,
    idx: &[u32],
    k: usize,
    x: &[f32],
    sums: &mut [__m512; Z],
) {
    // SAFETY: the caller's promise; a row of `x` has `Z * LANES` floats.
    unsafe {
        let at = match pos {
            Some(pos) if VIA => *pos.get_unchecked(k) as usize,
            _ => k,
        };
        let value = _mm512_set1_ps(*values.get_unchecked(at));
        let row = x.as_ptr().add(*idx.get_unchecked(k) as usize * (Z * LANES));
        for (z, sum) in sums.iter_mut().enumerate() {
            *sum = _mm512_fmadd_ps(value, _mm512_loadu_ps(row.add(z * LANES)), *sum);
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
/// lanes are made together. The last group of a row repeats its last connection instead of branching.
#[target_feature(enable = "avx512f")]
fn value_gradient_of<const Z: usize>(g: &mut ValueGradient<'_>) {
    let width = Z * LANES;
    let rows = g.ptr.len() - 1;
    let dv: *mut f32 = g.dv.as_mut_ptr().cast();
    let tiles = g.dy.chunks_exact(rows * width);
    for (tile, (dy, x)) in tiles.zip(g.x.chunks_exact(g.x_rows * width)).enumerate() {
        for (row, dy) in dy.chunks_exact(width).enumerate() {
            let mut dy_row = [_mm512_setzero_ps(); Z];
            for (z, dy_row) in dy_row.iter_mut().enumerate() {
                // SAFETY: `dy` has `width = Z * LANES` floats.
                *dy_row = unsafe { _mm512_loadu_ps(dy.as_ptr().add(z * LANES)) };
            }
            let (mut k, end) = (g.ptr[row] as usize, g.ptr[row + 1] as usize);
            while k < end {
                let mut products = [_mm512_setzero_ps(); 4];
                for (u, product) in products.iter_mut().enumerate() {
                    let k = (k + u).min(end - 1);
                    // SAFETY: `k < end <= nnz`, and an index is a row of `x`, of `Z * LANES` floats.
                    *product = unsafe {
                        let input = *g.idx.get_unchecked(k) as usize;
                        dot::<Z>(&dy_row, x.as_ptr().add(input * width))
                    };
                }
                let sums = sum_four(products);
                let present = 0xf >> 4usize.saturating_sub(end - k);
                // SAFETY: of the four places from `k` only those below `end <= nnz` are touched; they were
                // written in the first tile.
                unsafe {
                    let dv = dv.add(k);
                    let before = if tile == 0 {
                        _mm512_setzero_ps()
                    } else {
                        _mm512_maskz_loadu_ps(present, dv)
                    };
                    _mm512_mask_storeu_ps(dv, present, _mm512_add_ps(before, sums));
                }
                k += 4;
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

/// The sums over lanes of four registers, in the first four lanes: transposing adds.
#[inline]
#[target_feature(enable = "avx512f")]
fn sum_four([a, b, c, d]: [__m512; 4]) -> __m512 {
    let ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    let cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    // In each of the four blocks: partial sums of a, b, c, d.
    let low = _mm512_shuffle_ps::<0b01_00_01_00>(ab, cd);
    let high = _mm512_shuffle_ps::<0b11_10_11_10>(ab, cd);
    let blocks = _mm512_add_ps(low, high);
    let halves = _mm512_add_ps(
        blocks,
        _mm512_shuffle_f32x4::<0b01_00_11_10>(blocks, blocks),
    );
    _mm512_add_ps(
        halves,
        _mm512_shuffle_f32x4::<0b10_11_00_01>(halves, halves),
    )
}

#[target_feature(enable = "avx512f")]
fn dense_gradient(gradient: &mut DenseGradient<'_>) {
    lanes::dense_gradient(gradient);
}

#[target_feature(enable = "avx512f")]
fn bias_gradient(dy: &[f32], width: usize, bias: &mut [f32]) {
    lanes::bias_gradient(dy, width, bias);
}

#[target_feature(enable = "avx512f")]
fn relu_bias_gradient(y: &[f32], dy: &mut [f32], width: usize, bias: &mut [f32]) {
    lanes::relu_bias_gradient(y, dy, width, bias);
}

#[target_feature(enable = "avx512f")]
fn adam(state: [&mut [f32]; 3], gradient: &[f32], step: &AdamStep) {
    lanes::adam(state, gradient, step);
}

#[target_feature(enable = "avx512f")]
fn polyak(target: &mut [f32], online: &[f32], tau: f32) {
    lanes::polyak(target, online, tau);
}
