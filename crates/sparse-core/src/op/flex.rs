//! Burn's `flex` backend.

use std::borrow::Cow;

use burn::backend::TensorMetadata;
use burn::tensor::{Bytes, DType, Shape};
use burn_flex::{FlexTensor, Layout};

use super::cpu::{CpuBackend, CpuTensor};
use crate::kernels::AlignedBuf;

impl CpuBackend for burn::backend::Flex {}

impl CpuTensor for FlexTensor {
    fn sizes<const D: usize>(&self) -> [usize; D] {
        self.shape().dims()
    }

    fn elements(&self) -> Cow<'_, [f32]> {
        if self.is_contiguous() {
            let start = self.layout().start_offset();
            let end = start + self.layout().num_elements();
            Cow::Borrowed(&self.storage::<f32>()[start..end])
        } else {
            Cow::Owned(self.to_contiguous().elements().into_owned())
        }
    }

    fn elements_mut(&mut self) -> &mut [f32] {
        if !self.is_contiguous() {
            *self = self.to_contiguous();
        }
        let start = self.layout().start_offset();
        let end = start + self.layout().num_elements();
        &mut self.storage_mut::<f32>()[start..end]
    }

    fn from_buffer(buffer: AlignedBuf, shape: Shape) -> Self {
        let (data, start) = buffer.into_parts();
        let strides = Layout::contiguous(shape.clone()).strides().to_vec();
        let layout = Layout::new(shape, strides, start);
        FlexTensor::new(Bytes::from_elems(data), layout, DType::F32)
    }
}
