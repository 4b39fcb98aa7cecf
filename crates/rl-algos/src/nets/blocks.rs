//! Batches in blocks of rows, as networks go over them fastest.

use std::ops::Range;

use super::critics::least_values;
use super::{BatchShape, equal_parts};
use crate::replay::Batch;
use sparse_core::device::is_gpu;
use sparse_core::kernels::AlignedBuf;
use sparse_core::nn::{Blocks, FrozenNetwork, SparseMlp, block_width};

/// Networks whose parameters are constants, for blocks of one width of a batch of `rows` rows, which is gone through in
/// halves, or at once on a GPU; and the width.
#[must_use]
pub(crate) fn frozen_networks<'a>(
    shape: &BatchShape,
    nets: impl IntoIterator<Item = &'a SparseMlp>,
    rows: usize,
) -> (Vec<FrozenNetwork<'a>>, usize) {
    let half = rows.div_ceil(2);
    let part = if is_gpu(&shape.device) { rows } else { half };
    frozen_beside(None, nets, part)
}

/// A batch's observations, in the parts and the blocks in which `actor` is trained on them, and critics whose parameters are
/// constants in that, for the same blocks.
#[must_use]
pub(crate) fn actor_parts<'a>(
    actor: &SparseMlp,
    critics: impl IntoIterator<Item = &'a SparseMlp>,
    shape: &BatchShape,
    batch: &Batch,
) -> (Vec<Blocks>, Vec<FrozenNetwork<'a>>) {
    let parts = equal_parts(shape, batch.size);
    let (critics, width) = frozen_beside(Some(actor), critics, parts[0].len());
    let source = (&batch.observation[..], shape.obs_dim);
    let parts = parts.into_iter();
    let parts = parts.map(|rows| Blocks::new(&[source], rows, width));
    (parts.collect(), critics)
}

/// Networks whose parameters are constants, for blocks of `rows` rows with which they and a network that is `trained` are
/// fastest; and the width of these.
fn frozen_beside<'a>(
    trained: Option<&SparseMlp>,
    nets: impl IntoIterator<Item = &'a SparseMlp>,
    rows: usize,
) -> (Vec<FrozenNetwork<'a>>, usize) {
    let nets: Vec<&SparseMlp> = nets.into_iter().collect();
    let constants = nets.iter().map(|net| (*net, false));
    let all: Vec<(&SparseMlp, bool)> = constants.chain(trained.map(|net| (net, true))).collect();
    let width = block_width(&all, rows);
    let nets = nets.into_iter();
    let nets = nets.map(|net| FrozenNetwork::new(net, rows, width));
    (nets.collect(), width)
}

/// What `of` makes of each block and its rows, one block after the other; both halves of the blocks in
/// parallel, where threads are free.
#[must_use]
pub(crate) fn par_blocks(
    blocks: &Blocks,
    of: impl Fn(Range<usize>, &[f32]) -> Vec<f32> + Sync,
) -> Vec<f32> {
    let all: Vec<(Range<usize>, &[f32])> = blocks.iter().collect();
    let of = |some: &[(Range<usize>, &[f32])]| -> Vec<f32> {
        let each = some.iter().map(|(rows, block)| of(rows.clone(), block));
        each.collect::<Vec<_>>().concat()
    };
    let (first, second) = all.split_at(all.len().div_ceil(2));
    let (mut first, second) = rayon::join(|| of(first), || of(second));
    first.extend(second);
    first
}

/// Observations `[obs_dim, width]` with actions `[act_dim, width]`, as a critic reads them.
#[must_use]
pub(crate) fn with_actions(observations: &[f32], actions: &[f32]) -> AlignedBuf {
    let mut both = AlignedBuf::zeroed(observations.len() + actions.len());
    let (first, second) = both.as_mut_slice().split_at_mut(observations.len());
    first.copy_from_slice(observations);
    second.copy_from_slice(actions);
    both
}

/// Some `rows` of a matrix `[batch, size]` as columns `[size, width]`; 0 past them.
#[must_use]
pub(crate) fn columns_of(
    matrix: &[f32],
    size: usize,
    rows: &Range<usize>,
    width: usize,
) -> Vec<f32> {
    let mut columns = vec![0.0; size * width];
    for (column, row) in rows.clone().enumerate() {
        for (k, number) in matrix[row * size..(row + 1) * size].iter().enumerate() {
            columns[k * width + column] = *number;
        }
    }
    columns
}

/// The smallest of what the networks give for each of the first `rows` columns of a block.
#[must_use]
pub(crate) fn least_of(critics: &[FrozenNetwork<'_>], block: &[f32], rows: usize) -> Vec<f32> {
    let values = critics.iter().map(|critic| {
        let mut values = critic.outputs(block);
        values.truncate(rows);
        values
    });
    least_values(values)
}
