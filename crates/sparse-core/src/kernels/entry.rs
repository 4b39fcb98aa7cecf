//! The safe entry points: sizes are checked here, then a version of the kernel runs.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::parts::{WholeProduct, WholeValueGradient};
use super::sizes::{check_equal, check_sides, check_tiles, product, tiles};
use super::tiles::SIDE;
use super::{AdamStep, Kernels, Out, Pattern, Transpose, VectorProduct, Written};
use crate::pattern::Blocks;

impl Kernels {
    /// As the function [`spmm`].
    ///
    /// # Panics
    /// When a size does not fit.
    pub fn spmm<'y>(
        &self,
        pattern: &Pattern,
        values: &[f32],
        (bias, relu): (&[f32], bool),
        x: &[f32],
        width: usize,
        y: impl Into<Out<'y>>,
    ) -> Written<'y> {
        let mut y = y.into();
        check_sides(x.len(), y.len(), pattern, width);
        check_equal("values", values.len(), pattern.nnz());
        check_equal("bias", bias.len(), pattern.outputs());
        let product = WholeProduct::forward(pattern, values, (bias, relu), width);
        // SAFETY: sizes were checked above, indices by the pattern, the CPU when `self` was chosen.
        unsafe { product.run(&self.raw, x, y.floats()) };
        y.written()
    }

    /// As the function [`spmv`].
    ///
    /// # Panics
    /// When a size does not fit.
    pub fn spmv<'y>(
        &self,
        pattern: &Pattern,
        values: &[f32],
        (bias, relu): (&[f32], bool),
        x: &[f32],
        y: impl Into<Out<'y>>,
    ) -> Written<'y> {
        let mut y = y.into();
        check_equal("inputs", x.len(), pattern.inputs());
        check_equal("outputs", y.len(), pattern.outputs());
        check_equal("values", values.len(), pattern.nnz());
        check_equal("bias", bias.len(), pattern.outputs());
        let mut product = VectorProduct {
            ptr: pattern.row_ptr(),
            idx: pattern.col_idx(),
            values,
            bias,
            relu,
            x,
            y: y.floats(),
        };
        // SAFETY: sizes were checked above, the CPU when `self` was chosen.
        unsafe { (self.raw.vector_product)(&mut product) };
        y.written()
    }

    /// As the function [`spmm_t`].
    ///
    /// # Panics
    /// When a size does not fit.
    pub fn spmm_t<'x>(
        &self,
        pattern: &Pattern,
        values: &[f32],
        dy: &[f32],
        width: usize,
        dx: impl Into<Out<'x>>,
    ) -> Written<'x> {
        let mut dx = dx.into();
        check_sides(dx.len(), dy.len(), pattern, width);
        check_equal("values", values.len(), pattern.nnz());
        let by_input = by_input(pattern, values);
        let product = WholeProduct::backward(pattern, &by_input, width);
        // SAFETY: sizes were checked above, indices by the pattern, the CPU when `self` was chosen.
        unsafe { product.run(&self.raw, dy, dx.floats()) };
        dx.written()
    }

    /// As the function [`sddmm`].
    ///
    /// # Panics
    /// When a size does not fit.
    pub fn sddmm<'v>(
        &self,
        pattern: &Pattern,
        dy: &[f32],
        x: &[f32],
        width: usize,
        dv: impl Into<Out<'v>>,
    ) -> Written<'v> {
        let mut dv = dv.into();
        check_sides(x.len(), dy.len(), pattern, width);
        check_equal("gradient of the values", dv.len(), pattern.nnz());
        let gradient = WholeValueGradient::of(pattern, dy, x, width);
        // SAFETY: sizes were checked above, indices by the pattern.
        unsafe { self.value_gradient(&gradient, dv.floats()) };
        dv.written()
    }

    /// As the function [`dense_gradient`].
    ///
    /// # Panics
    /// When a size does not fit.
    pub fn dense_gradient(
        &self,
        dy: &[f32],
        x: &[f32],
        [outputs, inputs]: [usize; 2],
        width: usize,
        out: &mut [f32],
    ) {
        check_tiles([x.len(), dy.len()], [inputs, outputs], width);
        check_equal("dense gradient", out.len(), product(&[outputs, inputs]));
        assert!(out.len() < u32::MAX as usize, "too many weights");
        // The full pattern's index, made for the occasion: this is needed once in thousands of updates.
        let ptr: Vec<u32> = (0..=outputs).map(|row| (row * inputs) as u32).collect();
        let idx = (0..inputs as u32).collect::<Vec<u32>>().repeat(outputs);
        let mut out = Out::from(out);
        let gradient = WholeValueGradient {
            blocks: &Blocks::new(&ptr, &idx, inputs),
            ptr: &ptr,
            idx: &idx,
            dy,
            x,
            x_rows: inputs,
            width,
            more: false,
        };
        // SAFETY: sizes were checked above, indices are below `inputs`.
        unsafe { self.value_gradient(&gradient, out.floats()) };
    }

    /// Writes all of `dv`.
    ///
    /// # Safety
    /// The sizes fit, and the indices are rows of `x`.
    unsafe fn value_gradient(
        &self,
        gradient: &WholeValueGradient<'_>,
        dv: &mut [MaybeUninit<f32>],
    ) {
        if gradient.dy.is_empty() {
            // Versions write in their first tile; here there is none.
            dv.fill(MaybeUninit::new(0.0));
            return;
        }
        // SAFETY: the caller's promise; the CPU was checked when `self` was chosen.
        unsafe { gradient.run(&self.raw, 0..gradient.ptr.len() - 1, dv) };
    }

    /// Writes rows as columns.
    pub(super) fn transpose(&self, mut t: Transpose<'_>) {
        let Transpose { rows, columns, .. } = t;
        if rows == 0 || columns == 0 {
            return;
        }
        assert!(
            rows.is_multiple_of(SIDE) && columns.is_multiple_of(SIDE),
            "no whole blocks"
        );
        assert!(
            t.from.len() >= (rows - 1) * t.stride + columns
                && t.to.len() >= (columns - 1) * t.to_stride + rows,
            "block too short"
        );
        // SAFETY: both hold all blocks; the CPU was checked when `self` was chosen.
        unsafe { (self.raw.transpose)(&mut t) };
    }

    /// As the function [`bias_gradient`].
    ///
    /// # Panics
    /// When a size does not fit.
    pub fn bias_gradient(&self, dy: &[f32], width: usize, bias: &mut [f32]) {
        tiles("gradient at the outputs", dy.len(), bias.len(), width);
        bias.fill(0.0);
        // SAFETY: the CPU was checked when `self` was chosen.
        unsafe { (self.raw.bias_gradient)(dy, width, bias) };
    }

    /// As the function [`relu_bias_gradient`].
    ///
    /// # Panics
    /// When a size does not fit.
    pub fn relu_bias_gradient(&self, y: &[f32], dy: &mut [f32], width: usize, bias: &mut [f32]) {
        tiles("gradient at the outputs", dy.len(), bias.len(), width);
        check_equal("outputs", y.len(), dy.len());
        bias.fill(0.0);
        // SAFETY: the CPU was checked when `self` was chosen.
        unsafe { (self.raw.relu_bias_gradient)(y, dy, width, bias) };
    }

    /// As the function [`adam`].
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn adam(
        &self,
        parameter: &mut [f32],
        gradient: &[f32],
        first_moment: &mut [f32],
        second_moment: &mut [f32],
        step: &AdamStep,
    ) {
        check_equal("gradient", gradient.len(), parameter.len());
        check_equal("first moment", first_moment.len(), parameter.len());
        check_equal("second moment", second_moment.len(), parameter.len());
        let state = [parameter, first_moment, second_moment];
        // SAFETY: the CPU was checked when `self` was chosen.
        unsafe { (self.raw.adam)(state, gradient, step) };
    }

    /// As the function [`polyak`].
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn polyak(&self, target: &mut [f32], online: &[f32], tau: f32) {
        check_equal("online parameters", online.len(), target.len());
        // SAFETY: the CPU was checked when `self` was chosen.
        unsafe { (self.raw.polyak)(target, online, tau) };
    }
}

/// Values in the order of inputs: once, rather than picked out again for each tile.
pub(super) fn by_input(pattern: &Pattern, values: &[f32]) -> Vec<f32> {
    check_equal("values", values.len(), pattern.nnz());
    let places = pattern.t_pos().iter();
    places.map(|&k| values[k as usize]).collect()
}

/// A sparse layer: `y[t, o, :] = act(bias[o] + Σ_i w[o, i] x[t, i, :])`, `act` being `max(0, ·)` if `relu` and
/// nothing otherwise.
///
/// `values` `[nnz]` in the order of positions, `bias` `[outputs]`, `x` `[tiles, inputs, width]`,
/// `y` `[tiles, outputs, width]`, overwritten.
///
/// ```
/// use sparse_core::{kernels::spmm, pattern::Pattern};
///
/// let pattern = Pattern::from_positions(1, 2, &[1])?;
/// let x: Vec<f32> = (0..32).map(|i| i as f32).collect();
/// let mut y = [0.0; 16];
/// spmm(&pattern, &[2.0], &[0.5], false, &x, 16, &mut y[..]);
/// assert_eq!(y[3], 0.5 + 2.0 * 19.0);
/// # Ok::<(), sparse_core::Error>(())
/// ```
///
/// # Panics
/// When a size does not fit.
pub fn spmm<'y>(
    pattern: &Pattern,
    values: &[f32],
    bias: &[f32],
    relu: bool,
    x: &[f32],
    width: usize,
    y: impl Into<Out<'y>>,
) -> Written<'y> {
    Kernels::best().spmm(pattern, values, (bias, relu), x, width, y)
}

/// A sparse layer for a single observation: `y[o] = act(bias[o] + Σ_i w[o, i] x[i])`, `act` as in [`spmm`].
///
/// `values` `[nnz]` in the order of positions, `bias` `[outputs]`, `x` `[inputs]`, `y` `[outputs]`, overwritten.
///
/// # Panics
/// When a size does not fit.
pub fn spmv<'y>(
    pattern: &Pattern,
    values: &[f32],
    bias: &[f32],
    relu: bool,
    x: &[f32],
    y: impl Into<Out<'y>>,
) -> Written<'y> {
    Kernels::best().spmv(pattern, values, (bias, relu), x, y)
}

/// A sparse layer's gradient at its input: `dx[t, i, :] = Σ_o w[o, i] dy[t, o, :]`.
///
/// `values` `[nnz]` in the order of positions, `dy` `[tiles, outputs, width]`,
/// `dx` `[tiles, inputs, width]`, overwritten.
///
/// # Panics
/// When a size does not fit.
pub fn spmm_t<'x>(
    pattern: &Pattern,
    values: &[f32],
    dy: &[f32],
    width: usize,
    dx: impl Into<Out<'x>>,
) -> Written<'x> {
    Kernels::best().spmm_t(pattern, values, dy, width, dx)
}

/// A sparse layer's gradient at its values: `dv[k] = Σ_batch dy[o] · x[i]` for the connection `(o, i)` at `k`.
///
/// `dy` `[tiles, outputs, width]`, `x` `[tiles, inputs, width]`, `dv` `[nnz]`, overwritten.
///
/// # Panics
/// When a size does not fit.
pub fn sddmm<'v>(
    pattern: &Pattern,
    dy: &[f32],
    x: &[f32],
    width: usize,
    dv: impl Into<Out<'v>>,
) -> Written<'v> {
    Kernels::best().sddmm(pattern, dy, x, width, dv)
}

/// The gradient at every weight that a layer could have: `out[o, i] = Σ_batch dy[o] · x[i]`. A growth score,
/// and the only thing of shape outputs × inputs in training.
///
/// `dy` `[tiles, outputs, width]`, `x` `[tiles, inputs, width]`, `out` `[outputs * inputs]`, overwritten.
///
/// # Panics
/// When a size does not fit.
pub fn dense_gradient(
    dy: &[f32],
    x: &[f32],
    outputs: usize,
    inputs: usize,
    width: usize,
    out: &mut [f32],
) {
    Kernels::best().dense_gradient(dy, x, [outputs, inputs], width, out);
}

/// A layer's gradient at its bias: `bias[o] = Σ_batch dy[o]`.
///
/// `dy` `[tiles, outputs, width]`, `bias` `[outputs]`, overwritten.
///
/// # Panics
/// When a size does not fit.
pub fn bias_gradient(dy: &[f32], width: usize, bias: &mut [f32]) {
    Kernels::best().bias_gradient(dy, width, bias);
}

/// Backward through `max(0, ·)`, in place, and the bias's gradient in the same pass: `dy` becomes 0 where
/// `y` is not above 0, then `bias[o] = Σ_batch dy[o]`.
///
/// `y` and `dy` `[tiles, outputs, width]`, `bias` `[outputs]`, overwritten.
///
/// # Panics
/// When a size does not fit.
pub fn relu_bias_gradient(y: &[f32], dy: &mut [f32], width: usize, bias: &mut [f32]) {
    Kernels::best().relu_bias_gradient(y, dy, width, bias);
}

/// One step of Adam in place, in one pass: with `g = gradient + weight_decay * parameter`,
/// `m = β₁ m + (1-β₁) g`, `v = β₂ v + (1-β₂) g²`,
/// `parameter -= α (m / correction₁) / (√(v / correction₂) + ε)`. All slices have one length.
///
/// # Panics
/// When the lengths differ.
pub fn adam(
    parameter: &mut [f32],
    gradient: &[f32],
    first_moment: &mut [f32],
    second_moment: &mut [f32],
    step: &AdamStep,
) {
    Kernels::best().adam(parameter, gradient, first_moment, second_moment, step);
}

/// `target += tau * (online - target)` in place, for slices of one length.
///
/// # Panics
/// When the lengths differ.
pub fn polyak(target: &mut [f32], online: &[f32], tau: f32) {
    Kernels::best().polyak(target, online, tau);
}
