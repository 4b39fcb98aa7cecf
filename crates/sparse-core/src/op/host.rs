//! Vectors whose numbers lie in host memory, for passes that need no tensors.

use burn::tensor::Tensor;

use crate::kernels::AlignedBuf;

/// A float tensor of a backend whose numbers are read where they lie.
#[cfg(feature = "flex")]
type Primitive = burn_flex::FlexTensor;
/// There is none.
#[cfg(not(feature = "flex"))]
type Primitive = std::convert::Infallible;

/// The numbers of an f32 vector, held where they lie.
#[derive(Clone, Debug)]
pub(crate) struct HostVector(Primitive);

impl HostVector {
    /// `None` where they lie elsewhere, or not in a row.
    #[cfg(feature = "flex")]
    pub(crate) fn of(vector: Tensor<1>) -> Option<Self> {
        let primitive = vector.try_into_primitive::<burn::backend::Flex>().ok()?;
        primitive.is_contiguous().then_some(Self(primitive))
    }

    /// `None` where they lie elsewhere, or not in a row.
    #[cfg(not(feature = "flex"))]
    pub(crate) fn of(_: Tensor<1>) -> Option<Self> {
        None
    }

    /// The numbers.
    #[cfg(feature = "flex")]
    pub(crate) fn numbers(&self) -> &[f32] {
        let layout = self.0.layout();
        let start = layout.start_offset();
        &self.0.storage::<f32>()[start..start + layout.num_elements()]
    }

    /// The numbers.
    #[cfg(not(feature = "flex"))]
    pub(crate) fn numbers(&self) -> &[f32] {
        match self.0 {}
    }

    /// A vector of these numbers, where [`of`](Self::of) finds them; no copy.
    #[cfg(feature = "flex")]
    pub(crate) fn vector(numbers: AlignedBuf) -> Tensor<1> {
        use super::Primitives;
        let shape = burn::tensor::Shape::from([numbers.len()]);
        let primitive = super::cpu::CpuTensor::from_buffer(numbers, shape);
        <burn::backend::Flex as Primitives>::vector(primitive)
    }

    /// A vector of these numbers on the default device; never called, as [`of`](Self::of) finds none.
    #[cfg(not(feature = "flex"))]
    pub(crate) fn vector(numbers: AlignedBuf) -> Tensor<1> {
        super::vector(numbers.into_vec(), &burn::tensor::Device::default())
    }
}
