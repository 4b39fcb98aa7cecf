//! The trainable vectors of a layer.

use burn::tensor::Tensor;

/// A layer's trainable vectors, or as many others of the same lengths.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    /// One number per connection, `[nnz]`.
    pub(crate) values: Tensor<1>,
    /// Vectors with one number per unit, `[outputs]` each, in the order of
    /// [`SparseLinear::per_unit_names`](super::SparseLinear::per_unit_names).
    pub(crate) per_unit: Vec<Tensor<1>>,
}

impl Parameters {
    /// What `f` makes of each vector.
    pub(crate) fn map(self, mut f: impl FnMut(Tensor<1>) -> Tensor<1>) -> Self {
        Self {
            values: f(self.values),
            per_unit: self.per_unit.into_iter().map(f).collect(),
        }
    }

    /// All vectors, values first.
    pub(crate) fn into_vectors(self) -> impl Iterator<Item = Tensor<1>> {
        std::iter::once(self.values).chain(self.per_unit)
    }

    /// Numbers in all vectors.
    pub(crate) fn count(&self) -> usize {
        let vectors = std::iter::once(&self.values).chain(&self.per_unit);
        vectors.map(|v| v.shape().num_elements()).sum()
    }
}
