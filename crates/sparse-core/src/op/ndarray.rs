//! Burn's `ndarray` backend, deprecated upstream in favour of `flex` and kept selectable.

use std::borrow::Cow;

use burn::backend::TensorMetadata;
use burn::tensor::{Shape, TensorData};
use burn_ndarray::NdArrayTensor;

use super::cpu::{CpuBackend, CpuTensor};
use crate::kernels::AlignedBuf;

impl CpuBackend for burn::backend::NdArray {}

impl CpuTensor for NdArrayTensor {
    fn sizes<const D: usize>(&self) -> [usize; D] {
        self.shape().dims()
    }

    fn elements(&self) -> Cow<'_, [f32]> {
        let NdArrayTensor::F32(storage) = self else {
            unreachable!("the sparse operations are f32, as the crate's layers create them");
        };
        let view = storage.view();
        match view.to_slice() {
            Some(elements) => Cow::Borrowed(elements),
            None => Cow::Owned(view.iter().copied().collect()),
        }
    }

    fn elements_mut(&mut self) -> &mut [f32] {
        let strided = match self {
            NdArrayTensor::F32(storage) => !storage.view().is_standard_layout(),
            _ => false,
        };
        if strided {
            let elements = self.elements().into_owned();
            *self = Self::from_data(TensorData::new(elements, self.shape()));
        }
        let NdArrayTensor::F32(storage) = self else {
            unreachable!("the sparse operations are f32, as the crate's layers create them");
        };
        storage
            .ensure_owned()
            .as_slice_mut()
            .unwrap_or_else(|| unreachable!("standard layout was ensured above"))
    }

    fn from_buffer(buffer: AlignedBuf, shape: Shape) -> Self {
        Self::from_data(TensorData::new(buffer.into_vec(), shape))
    }
}
