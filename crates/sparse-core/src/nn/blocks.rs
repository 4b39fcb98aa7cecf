//! A batch in blocks of rows, in each of which the numbers of a feature lie side by side.

use std::ops::Range;

use crate::kernels::{AlignedBuf, to_block};

/// Rows of a batch in blocks `[features, width]`. A network of compressed rows goes through blocks of 64 rows forward and
/// backward while all that it makes of one lies in a core's cache; dense products want all rows in one block.
/// [`block_width`](super::block_width) says which.
#[derive(Clone, Debug)]
pub struct Blocks {
    /// `[blocks, features, width]`; columns past the rows are zero.
    numbers: AlignedBuf,
    features: usize,
    width: usize,
    rows: Range<usize>,
}

impl Blocks {
    /// Some `rows` of a batch. `sources` are matrices `[batch, features]` with their numbers of features, which follow each
    /// other in a row, as a critic's observations and actions; `width` is how many rows are in a block.
    ///
    /// # Panics
    /// When a source has no features, no whole number of rows, or lacks one of `rows`, or `width` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(sources: &[(&[f32], usize)], rows: Range<usize>, width: usize) -> Self {
        assert!(width > 0, "blocks of 0 rows");
        for (source, features) in sources {
            let length = source.len();
            assert!(
                *features > 0 && length.is_multiple_of(*features),
                "{length} numbers are no rows of {features}"
            );
        }
        let features = sources.iter().map(|(_, features)| features).sum::<usize>();
        let size = features * width;
        let mut numbers = AlignedBuf::zeroed(rows.len().div_ceil(width) * size);
        let blocks = numbers.as_mut_slice().chunks_exact_mut(size.max(1));
        for (first, block) in rows.clone().step_by(width).zip(blocks) {
            let present = first..rows.end.min(first + width);
            let mut rest = block;
            for (source, features) in sources {
                let some = &source[present.start * features..present.end * features];
                let (block, after) = rest.split_at_mut(features * width);
                to_block(some, present.len(), *features, width, block);
                rest = after;
            }
        }
        Self {
            numbers,
            features,
            width,
            rows,
        }
    }

    /// Numbers in a row.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// Rows in a block, of which the last may have fewer.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Which rows of the batch they are.
    #[must_use]
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// Block after block, `[features, width]`, with the rows that are in it.
    pub fn iter(&self) -> impl Iterator<Item = (Range<usize>, &[f32])> {
        let firsts = self.rows.clone().step_by(self.width);
        let blocks = self.numbers.as_slice();
        let blocks = blocks.chunks_exact((self.features * self.width).max(1));
        firsts.zip(blocks).map(|(first, block)| {
            let rows = first..self.rows.end.min(first + self.width);
            (rows, block)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_follow_each_other_in_each_row() {
        let first: Vec<f32> = (0..10 * 3).map(|i| i as f32).collect();
        let second: Vec<f32> = (0..10).map(|i| 100.0 + i as f32).collect();
        for width in [1, 3, 4, 16, 64] {
            let blocks = Blocks::new(&[(&first, 3), (&second, 1)], 2..9, width);
            assert_eq!((blocks.features(), blocks.rows()), (4, 2..9));
            let mut seen = Vec::new();
            for (rows, block) in blocks.iter() {
                assert_eq!(block.len(), 4 * width);
                for column in 0..width {
                    let of = |feature: usize| block[feature * width + column];
                    match rows.start + column < rows.end {
                        true => {
                            let row = rows.start + column;
                            seen.push(row);
                            let expected = [0, 1, 2].map(|k| (3 * row + k) as f32);
                            assert_eq!([0, 1, 2].map(of), expected);
                            assert_eq!(of(3), 100.0 + row as f32);
                        }
                        false => assert_eq!([0, 1, 2, 3].map(of), [0.0; 4]),
                    }
                }
            }
            assert_eq!(seen, (2..9).collect::<Vec<_>>());
        }
        assert_eq!(Blocks::new(&[(&first, 3)], 4..4, 16).iter().count(), 0);
    }
}
