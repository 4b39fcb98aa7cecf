//! A wide layer in blocks of columns, so that what a block reads stays in a core's cache.

use std::slice::ChunksExact;

/// Columns of a block. A tile of activations has 32 or 64 columns of the batch, so a block of it is 128 or 256 KiB:
/// that stays in the second-level cache, where the whole tile of a layer of 4,096 inputs would not.
const BLOCK: usize = 512;

/// Where the entries of each row of a compressed matrix change from one block of columns to the next.
#[derive(Debug)]
pub(crate) struct Blocks {
    rows: usize,
    /// `[blocks + 1, rows]`: row `r` has the entries `bounds[b][r]..bounds[b + 1][r]` in block `b`.
    bounds: Vec<u32>,
}

impl Blocks {
    /// Of a matrix of `columns` columns with the entries `ptr[r]..ptr[r + 1]` in row `r`, ascending.
    pub(crate) fn new(ptr: &[u32], idx: &[u32], columns: usize) -> Self {
        let rows = ptr.len() - 1;
        let blocks = columns.div_ceil(BLOCK).max(1);
        let mut bounds = Vec::with_capacity((blocks + 1) * rows);
        bounds.extend_from_slice(&ptr[..rows]);
        for block in 1..blocks {
            let limit = (block * BLOCK) as u32;
            bounds.extend(ptr.windows(2).map(|row| {
                let entries = &idx[row[0] as usize..row[1] as usize];
                row[0] + entries.partition_point(|column| *column < limit) as u32
            }));
        }
        bounds.extend_from_slice(&ptr[1..]);
        Self { rows, bounds }
    }

    /// Block after block, the first and the last but one entry of each row.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u32], &[u32])> {
        let rows = self.rows.max(1);
        let each = |bounds| -> ChunksExact<'_, u32> { <[u32]>::chunks_exact(bounds, rows) };
        each(&self.bounds).zip(each(self.bounds.get(rows..).unwrap_or_default()))
    }

    /// Length of the index.
    pub(crate) fn len(&self) -> usize {
        self.bounds.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_where_blocks_end() {
        let edge = BLOCK as u32;
        let idx = [0, edge - 1, edge, 2 * edge, 3, edge + 7, 2 * edge - 1];
        let blocks = Blocks::new(&[0, 4, 4, 7], &idx, 2 * BLOCK + 1);
        let all: Vec<_> = blocks.iter().collect();
        assert_eq!(
            all,
            [
                (&[0, 4, 4][..], &[2, 4, 5][..]),
                (&[2, 4, 5][..], &[3, 4, 7][..]),
                (&[3, 4, 7][..], &[4, 4, 7][..]),
            ]
        );
        assert_eq!(blocks.len(), 12);
    }

    #[test]
    fn a_narrow_matrix_is_one_block() {
        let blocks = Blocks::new(&[0, 1, 2], &[0, 4], 5);
        let all: Vec<_> = blocks.iter().collect();
        assert_eq!(all, [(&[0, 1][..], &[1, 2][..])]);
        assert_eq!(Blocks::new(&[0], &[], 5).iter().count(), 0);
    }
}
