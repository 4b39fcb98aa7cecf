//! Between backends' tensors and Burn's graph of autodiff.

use std::ops::Range;

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};
use burn::tensor::Slice;

use super::SparseBackend;

/// Computes rows of the dense gradient of one use of a layer, from handles.
pub(super) fn rows_of<B: SparseBackend>(
    dy: FloatTensor<B>,
    x: FloatTensor<B>,
) -> impl Fn(Range<usize>) -> Vec<f32> + Send + 'static {
    let [tiles, _, width] = TensorMetadata::shape(&dy).dims();
    move |rows| {
        let part = [0..tiles, rows, 0..width].map(Slice::from);
        B::dense_gradient(&B::float_slice(dy.clone(), &part), &x)
    }
}

/// A tensor outside any graph.
pub(super) fn from_inner<B: SparseBackend, C: CheckpointStrategy>(
    tensor: FloatTensor<B>,
) -> FloatTensor<Autodiff<B, C>> {
    <Autodiff<B, C> as burn::backend::AutodiffBackend>::from_inner(tensor)
}
