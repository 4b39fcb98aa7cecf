//! A layer in blocks of columns, so that what a block reads stays in a core's cache.

/// Columns of a block of a wide layer. A tile of activations has 64 columns of the batch in training, so a block of it
/// is 128 KiB: that stays in the second-level cache, where the whole tile of a layer of 4,096 inputs would not.
const WIDE: usize = 512;

/// Columns of a block where rows are long: 32 KiB, for the first-level cache.
const NARROW: usize = 128;

/// Columns up to which blocks are narrow: of a larger layer the index itself comes from far, once for each tile.
const MOST_NARROW: usize = 1024;

/// Connections of a row in a narrow block from which on it pays to read and write the sums once more for each.
const LONG: usize = 10;

/// Where the entries of each row of a compressed matrix change from one block of columns to the next. Nothing is kept
/// for a matrix of one block.
#[derive(Debug)]
pub(crate) struct Blocks {
    rows: usize,
    /// `[blocks - 1, rows]`: the first entry of row `r` behind block `b` is `cuts[b][r]`.
    cuts: Vec<u32>,
}

impl Blocks {
    /// Of a matrix of `columns` columns with the entries `ptr[r]..ptr[r + 1]` in row `r`, ascending.
    pub(crate) fn new(ptr: &[u32], idx: &[u32], columns: usize) -> Self {
        let rows = ptr.len() - 1;
        let long = columns <= MOST_NARROW && idx.len() * NARROW >= LONG * rows * columns;
        let width = if long { NARROW } else { WIDE };
        let blocks = columns.div_ceil(width).max(1);
        let mut cuts = Vec::with_capacity((blocks - 1) * rows);
        for block in 1..blocks {
            let limit = (block * width) as u32;
            cuts.extend(ptr.windows(2).map(|row| {
                let entries = &idx[row[0] as usize..row[1] as usize];
                row[0] + entries.partition_point(|column| *column < limit) as u32
            }));
        }
        Self { rows, cuts }
    }

    /// Number of blocks.
    pub(crate) fn count(&self) -> usize {
        1 + self.cuts.len() / self.rows.max(1)
    }

    /// Block after block, the first and the last but one entry of each row; `ptr` as in [`new`](Self::new).
    pub(crate) fn iter<'a>(
        &'a self,
        ptr: &'a [u32],
    ) -> impl Iterator<Item = (&'a [u32], &'a [u32])> {
        let count = self.count();
        let line = move |cut: usize| match cut {
            0 => &ptr[..self.rows],
            cut if cut == count => &ptr[1..],
            cut => &self.cuts[(cut - 1) * self.rows..cut * self.rows],
        };
        (0..count).map(move |block| (line(block), line(block + 1)))
    }

    /// Length of the index.
    pub(crate) fn len(&self) -> usize {
        self.cuts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_where_blocks_end() {
        let edge = WIDE as u32;
        let idx = [0, edge - 1, edge, 2 * edge, 3, edge + 7, 2 * edge - 1];
        let ptr = [0, 4, 4, 7];
        let blocks = Blocks::new(&ptr, &idx, 2 * WIDE + 1);
        let all: Vec<_> = blocks.iter(&ptr).collect();
        assert_eq!(
            all,
            [
                (&[0, 4, 4][..], &[2, 4, 5][..]),
                (&[2, 4, 5][..], &[3, 4, 7][..]),
                (&[3, 4, 7][..], &[4, 4, 7][..]),
            ]
        );
        assert_eq!((blocks.count(), blocks.len()), (3, 6));
    }

    #[test]
    fn long_rows_are_cut_where_narrow_blocks_end() {
        let idx: Vec<u32> = (0..200).chain(0..200).collect();
        let ptr = [0, 200, 400];
        let blocks = Blocks::new(&ptr, &idx, 200);
        let all: Vec<_> = blocks.iter(&ptr).collect();
        let edge = NARROW as u32;
        let cut = [edge, 200 + edge];
        assert_eq!(
            all,
            [(&[0, 200][..], &cut[..]), (&cut[..], &[200, 400][..])]
        );
    }

    #[test]
    fn a_narrow_matrix_is_one_block() {
        let blocks = Blocks::new(&[0, 1, 2], &[0, 4], 5);
        let all: Vec<_> = blocks.iter(&[0, 1, 2]).collect();
        assert_eq!(all, [(&[0, 1][..], &[1, 2][..])]);
        assert_eq!((blocks.count(), blocks.len()), (1, 0));
        let none = Blocks::new(&[0], &[], 5);
        assert!(
            none.iter(&[0])
                .all(|(start, end)| start.is_empty() && end.is_empty())
        );
    }
}
