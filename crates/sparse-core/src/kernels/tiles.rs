//! Between row-major batches and tiles.

use std::mem::MaybeUninit;

use super::sizes::{check_equal, check_width, product};
use super::{Kernels, Out, Transpose, Written};

/// Rows and columns of a block that is transposed at once by every version of the kernels.
pub(super) const SIDE: usize = 8;

/// Cuts a batch `x`, `[batch, features]` row-major, into tiles: `out`, `[tiles, features, width]` with
/// `tiles = batch.div_ceil(width)`, overwritten. Columns past the batch are zero.
///
/// # Panics
/// When a size does not fit.
pub fn to_tiles<'o>(
    x: &[f32],
    batch: usize,
    features: usize,
    width: usize,
    out: impl Into<Out<'o>>,
) -> Written<'o> {
    let mut out = out.into();
    check_sizes(x.len(), out.len(), [batch, features], width);
    let tiles = out.floats().chunks_exact_mut((features * width).max(1));
    for (rows, tile) in x.chunks((features * width).max(1)).zip(tiles) {
        let present = rows.len() / features;
        transpose(rows, features, tile, width, [present, features]);
        for row in tile.chunks_exact_mut(width) {
            row[present..].fill(MaybeUninit::new(0.0));
        }
    }
    out.written()
}

/// Writes `present` rows `x`, `[present, features]`, to the first columns of `block`, `[features, width]`, of any width.
///
/// # Panics
/// When a size does not fit.
pub(crate) fn to_block(
    x: &[f32],
    present: usize,
    features: usize,
    width: usize,
    block: &mut [f32],
) {
    assert!(present <= width, "{present} rows in a block of {width}");
    check_equal("rows", x.len(), product(&[present, features]));
    check_equal("block", block.len(), product(&[width, features]));
    let mut block = Out::from(block);
    transpose(x, features, block.floats(), width, [present, features]);
}

/// The inverse of [`to_tiles`]: tiles `x`, `[tiles, features, width]`, to `out`, `[batch, features]`
/// row-major, overwritten.
///
/// # Panics
/// When a size does not fit.
pub fn from_tiles<'o>(
    x: &[f32],
    batch: usize,
    features: usize,
    width: usize,
    out: impl Into<Out<'o>>,
) -> Written<'o> {
    let mut out = out.into();
    check_sizes(out.len(), x.len(), [batch, features], width);
    let rows = out.floats().chunks_mut((features * width).max(1));
    for (tile, rows) in x.chunks_exact((features * width).max(1)).zip(rows) {
        let present = rows.len() / features;
        transpose(tile, width, rows, features, [features, present]);
    }
    out.written()
}

/// Writes element `[row, column]` of `from`, whose rows are `stride` apart, to `[column, row]` of `to`.
fn transpose(
    from: &[f32],
    stride: usize,
    to: &mut [MaybeUninit<f32>],
    to_stride: usize,
    [rows, columns]: [usize; 2],
) {
    let whole = [rows, columns].map(|size| size - size % SIDE);
    Kernels::best().transpose(Transpose {
        from,
        stride,
        to,
        to_stride,
        rows: whole[0],
        columns: whole[1],
    });
    for column in 0..columns {
        let first = if column < whole[1] { whole[0] } else { 0 };
        for row in first..rows {
            to[column * to_stride + row].write(from[row * stride + column]);
        }
    }
}

#[track_caller]
fn check_sizes(rows: usize, tiled: usize, [batch, features]: [usize; 2], width: usize) {
    check_width(width);
    check_equal("row-major batch", rows, product(&[batch, features]));
    let expected = product(&[batch.div_ceil(width), width, features]);
    check_equal("tiled batch", tiled, expected);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::AlignedBuf;

    /// 2⁶⁰ + 1 rows of 16 wrap round to 16 numbers, of which none would be written.
    #[test]
    #[should_panic(expected = "more numbers than can be counted")]
    fn sizes_do_not_wrap_round() {
        let _ = AlignedBuf::uninit_filled_by(16, |out| {
            from_tiles(&[0.0; 16], 16, (1 << 60) + 1, 16, out)
        });
    }

    proptest! {
        #[test]
        fn tiles_invert(
            batch in 0..200usize,
            features in 1..40usize,
            width in prop::sample::select(&[16usize, 32, 64]),
        ) {
            let x: Vec<f32> = (0..batch * features).map(|i| 1.0 + i as f32).collect();
            let padded = batch.div_ceil(width) * width;
            let tiled = AlignedBuf::uninit_filled_by(padded * features, |out| {
                to_tiles(&x, batch, features, width, out)
            });
            for column in 0..padded {
                for feature in 0..features {
                    let (tile, lane) = (column / width, column % width);
                    let at = (tile * features + feature) * width + lane;
                    let expected = x.get(column * features + feature).copied().unwrap_or(0.0);
                    prop_assert_eq!(tiled.as_slice()[at], expected);
                }
            }
            let mut back = vec![f32::NAN; x.len()];
            from_tiles(tiled.as_slice(), batch, features, width, &mut back);
            prop_assert_eq!(back, x);
        }
    }

    #[test]
    #[should_panic(expected = "a tile is 17 columns wide")]
    fn unknown_widths_are_refused() {
        to_tiles(&[], 0, 1, 17, &mut [][..]);
    }
}
