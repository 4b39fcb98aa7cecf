//! A pattern's arrays in the GPU's memory.

use std::sync::Arc;

use burn_cubecl::CubeDevice;
use burn_cubecl::cubecl::client::Client;
use burn_cubecl::cubecl::prelude::{BufferArg, CubeElement};
use burn_cubecl::cubecl::server::Handle;

use crate::pattern::Pattern;

/// The arrays of `pattern` on `device`, copied there on the first call.
pub(super) fn index_on(pattern: &Pattern, device: &CubeDevice) -> Arc<Index> {
    let is_there = |index: &Index| index.device == *device;
    let uploads = pattern.uploads();
    uploads.find_or_insert(is_there, || Index::new(pattern, device))
}

/// The arrays of [`Pattern`], and the row of each connection.
pub(super) struct Index {
    device: CubeDevice,
    pub(super) row_ptr: Array,
    pub(super) row_idx: Array,
    pub(super) col_idx: Array,
    pub(super) t_ptr: Array,
    pub(super) t_idx: Array,
    pub(super) t_pos: Array,
}

impl Index {
    fn new(pattern: &Pattern, device: &CubeDevice) -> Self {
        let client = device.client();
        let upload = |array: &[u32]| Array::new(array, &client);
        Self {
            device: device.clone(),
            row_ptr: upload(pattern.row_ptr()),
            row_idx: upload(&rows_of(pattern)),
            col_idx: upload(pattern.col_idx()),
            t_ptr: upload(pattern.t_ptr()),
            t_idx: upload(pattern.t_idx()),
            t_pos: upload(pattern.t_pos()),
        }
    }
}

/// The row of each connection.
pub(super) fn rows_of(pattern: &Pattern) -> Vec<u32> {
    let rows = (0..).zip(pattern.row_ptr().windows(2));
    rows.flat_map(|(row, range)| std::iter::repeat_n(row, (range[1] - range[0]) as usize))
        .collect()
}

/// An array of whole numbers in the GPU's memory.
pub(super) struct Array {
    handle: Handle,
    length: usize,
}

impl Array {
    pub(super) fn new(array: &[u32], client: &Client) -> Self {
        // GPUs have no empty buffers.
        let bytes = u32::as_bytes(if array.is_empty() { &[0] } else { array });
        Self {
            handle: client.create_from_slice(bytes),
            length: array.len(),
        }
    }

    pub(super) fn arg(&self) -> BufferArg {
        // SAFETY: the buffer was made from as many elements.
        unsafe { BufferArg::from_raw_parts(self.handle.clone(), self.length) }
    }
}
