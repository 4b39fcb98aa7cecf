//! Work in parts: block after block of a wide layer, and parts of a batch or of a layer on several threads.
//!
//! A number is always computed by one thread and in one order, so results do not depend on the threads.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ops::Range;

use super::{Product, Raw, ValueGradient};
use crate::pattern::{Blocks, Pattern};

/// Multiply-adds that are worth another thread: some 20 µs of work, where handing it over takes one.
const WORTH_A_THREAD: usize = 1 << 20;

/// Entries from which on a layer's index and gradients, 1.5 MiB, come from far for each tile.
const FAR: usize = 192 << 10;

/// Entries of such a layer that all tiles take their turn on before the next, 192 KiB: they stay in the second-level cache
/// beside a block of a tile.
const GROUP: usize = 24 << 10;

/// A [`Product`] over all blocks of its columns, and over the tiles of its batch.
pub(super) struct WholeProduct<'a> {
    pub(super) blocks: &'a Blocks,
    pub(super) ptr: &'a [u32],
    pub(super) idx: &'a [u32],
    pub(super) values: &'a [f32],
    pub(super) bias: Option<&'a [f32]>,
    pub(super) relu: bool,
    pub(super) x_rows: usize,
    pub(super) width: usize,
}

impl<'a> WholeProduct<'a> {
    /// A layer forward, from its inputs.
    pub(super) fn forward(
        pattern: &'a Pattern,
        values: &'a [f32],
        (bias, relu): (&'a [f32], bool),
        width: usize,
    ) -> Self {
        Self {
            blocks: pattern.blocks(),
            ptr: pattern.row_ptr(),
            idx: pattern.col_idx(),
            values,
            bias: Some(bias),
            relu,
            x_rows: pattern.inputs(),
            width,
        }
    }

    /// A layer's gradient at its input, from that at its outputs; `values` in the order of inputs.
    pub(super) fn backward(pattern: &'a Pattern, values: &'a [f32], width: usize) -> Self {
        Self {
            blocks: pattern.t_blocks(),
            ptr: pattern.t_ptr(),
            idx: pattern.t_idx(),
            values,
            bias: None,
            relu: false,
            x_rows: pattern.outputs(),
            width,
        }
    }

    /// Writes all of `y`, `[tiles, rows, width]`.
    ///
    /// # Safety
    /// The sizes fit, the indices are rows of `x`, and the CPU has the instructions of `raw`.
    pub(super) unsafe fn run(&self, raw: &Raw, x: &[f32], y: &mut [MaybeUninit<f32>]) {
        let rows = self.ptr.len() - 1;
        let tiles = y.len() / (rows * self.width).max(1);
        if tiles > 1 && worth_a_thread(self.values.len() * tiles * self.width) {
            let first = tiles / 2;
            let (x, x_rest) = x.split_at(first * self.x_rows * self.width);
            let (y, y_rest) = y.split_at_mut(first * rows * self.width);
            rayon::join(
                // SAFETY: whole tiles of what the caller promised.
                || unsafe { self.run(raw, x, y) },
                // SAFETY: as above.
                || unsafe { self.run(raw, x_rest, y_rest) },
            );
            return;
        }
        let last = self.blocks.count() - 1;
        let tile = |rows: usize| match last {
            0 => usize::MAX,
            _ => (rows * self.width).max(1),
        };
        let parts = x.chunks(tile(self.x_rows)).zip(y.chunks_mut(tile(rows)));
        for (x, y) in parts {
            for (block, (start, end)) in self.blocks.iter(self.ptr).enumerate() {
                let mut product = Product {
                    start,
                    end,
                    idx: self.idx,
                    values: self.values,
                    bias: self.bias,
                    more: block > 0,
                    blocked: last > 0,
                    relu: self.relu && block == last,
                    x,
                    x_rows: self.x_rows,
                    y: &mut *y,
                    width: self.width,
                };
                // SAFETY: the caller's promise, for whole tiles; the block before wrote all of `y`.
                unsafe { (raw.product)(&mut product) };
            }
        }
    }
}

/// A [`ValueGradient`] over all blocks of its columns, for some of its rows.
pub(super) struct WholeValueGradient<'a> {
    pub(super) blocks: &'a Blocks,
    pub(super) ptr: &'a [u32],
    pub(super) idx: &'a [u32],
    pub(super) dy: &'a [f32],
    pub(super) x: &'a [f32],
    pub(super) x_rows: usize,
    pub(super) width: usize,
    /// Whether the gradients are added to what other tiles gave.
    pub(super) more: bool,
}

impl<'a> WholeValueGradient<'a> {
    /// Of a layer's values, without those of other tiles.
    pub(super) fn of(pattern: &'a Pattern, dy: &'a [f32], x: &'a [f32], width: usize) -> Self {
        Self {
            blocks: pattern.blocks(),
            ptr: pattern.row_ptr(),
            idx: pattern.col_idx(),
            dy,
            x,
            x_rows: pattern.inputs(),
            width,
            more: false,
        }
    }

    /// Writes the gradients of the entries of `rows`, which is all of `dv`.
    ///
    /// # Safety
    /// The sizes fit, the indices are rows of `x`, there is a tile, `dv` is written where there is `more`, and the CPU has the
    /// instructions of `raw`.
    pub(super) unsafe fn run(&self, raw: &Raw, rows: Range<usize>, dv: &mut [MaybeUninit<f32>]) {
        let dy_rows = self.ptr.len() - 1;
        let tiles = self.dy.len() / (dy_rows * self.width);
        if rows.len() > 1 && worth_a_thread(dv.len() * tiles * self.width) {
            let middle = rows.start + rows.len() / 2;
            let at = (self.ptr[middle] - self.ptr[rows.start]) as usize;
            let (dv, dv_rest) = dv.split_at_mut(at);
            rayon::join(
                // SAFETY: some of the rows that the caller promised.
                || unsafe { self.run(raw, rows.start..middle, dv) },
                // SAFETY: as above.
                || unsafe { self.run(raw, middle..rows.end, dv_rest) },
            );
            return;
        }
        // The tiles that share a walk over the blocks, and the rows of a block that these take their turn on.
        let (entries, blocks) = (self.idx.len(), self.blocks.count());
        let (together, group) = match entries < FAR {
            true => (1, rows.len()),
            false => (tiles, GROUP * dy_rows * blocks / entries),
        };
        let (dy_tile, x_tile) = (dy_rows * self.width, (self.x_rows * self.width).max(1));
        let turns = self.dy.chunks(together * dy_tile);
        for (turn, (dy, x)) in turns.zip(self.x.chunks(together * x_tile)).enumerate() {
            for (start, end) in self.blocks.iter(self.ptr) {
                for first in rows.clone().step_by(group.max(1)) {
                    let some = first..rows.end.min(first + group.max(1));
                    let parts = dy.chunks(dy_tile).zip(x.chunks(x_tile));
                    for (tile, (dy, x)) in parts.enumerate() {
                        let mut gradient = ValueGradient {
                            start: &start[some.clone()],
                            end: &end[some.clone()],
                            idx: self.idx,
                            dy,
                            dy_rows,
                            first,
                            x,
                            x_rows: self.x_rows,
                            dv: &mut *dv,
                            base: self.ptr[rows.start] as usize,
                            more: self.more || turn > 0 || tile > 0,
                            blocked: blocks > 1,
                            width: self.width,
                        };
                        // SAFETY: the caller's promise; the tile before wrote the gradients of these rows.
                        unsafe { (raw.value_gradient)(&mut gradient) };
                    }
                }
            }
        }
    }
}

/// Whether this many multiply-adds are shared out, where there are threads for it.
pub(super) fn worth_a_thread(work: usize) -> bool {
    work >= 2 * WORTH_A_THREAD && rayon::current_num_threads() > 1
}
