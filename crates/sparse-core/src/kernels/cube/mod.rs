//! The kernels on a GPU, in CubeCL: one source for Vulkan, Metal, DirectX and CUDA.
//!
//! The layout is the CPU's, `[tiles, features, width]`, and it suits a GPU for the same reason: the columns of a
//! row are contiguous, so that neighbouring units read neighbouring words, and a weight is the same for all of
//! them. A unit works on four columns at a time ([`LANE`]); `width / 4` units make up a row and read whole cache
//! lines together.
//!
//! - `products`: forward and input-gradient; a unit owns four columns of one output row.
//! - `gradients`: value-gradient (`width / 4` units to a connection) and bias-gradient.
//! - `layout`: from rows to tiles and back.
//! - `matrix`: from values to the dense matrix that they are part of and back.
//! - `network`: all layers of a network in one launch forward and two backward; a batch is one block there, and a unit works on
//!   one column.
//! - `packed`: vectors in one buffer, for launches that reach all of a network's parameters.
//! - `updates`: what goes element by element: the hyperbolic tangent, Adam, Polyak.
//! - `index`: a pattern's arrays in the GPU's memory, uploaded once.
//!
//! Every sum runs in an order that depends on sizes alone, so a device gives the same bits for the same input.
//! Sizes are checked here before anything is launched; the kernels themselves check nothing but their grid's
//! overhang.
#![allow(unsafe_code)]

mod gradients;
mod index;
mod layout;
mod matrix;
mod network;
mod packed;
mod products;
mod updates;

use burn::backend::TensorMetadata;
use burn::tensor::{DType, Shape};
use burn_cubecl::cubecl::prelude::{BufferArg, CubeCount, CubeDim, CubeElement};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

pub(crate) use gradients::{bias_gradient, relu_bias_gradient, sddmm};
pub(crate) use layout::{from_tiles, to_tiles};
pub(crate) use matrix::{gather, scatter};
pub(crate) use network::{CubeNetwork, CubePass};
pub(crate) use packed::Packed;
pub(crate) use products::{spmm, spmm_t};
pub(crate) use updates::{adam, adam_of_all, polyak, polyak_of_all, tanh, tanh_gradient};

/// Columns that one unit works on at a time.
const LANE: usize = 4;

/// Cubes along one dimension of a grid, at most; WebGPU guarantees no more.
const MAX_CUBES: usize = 65_535;

/// A tensor whose elements lie in row-major order without gaps, as the kernels read them.
#[derive(Clone)]
struct Flat(CubeTensor);

impl Flat {
    /// # Panics
    /// When the tensor is not f32, as all of this crate's layers are.
    fn new(tensor: CubeTensor) -> Self {
        assert_f32(&tensor);
        Self(into_contiguous(tensor))
    }

    /// A new tensor of `shape` beside this one, of undefined content.
    fn beside(&self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let client = self.0.client.clone();
        let handle = client.empty(size_of::<f32>() * shape.num_elements());
        let device = self.0.device.clone();
        Self(CubeTensor::new_contiguous(
            client,
            device,
            shape,
            handle,
            DType::F32,
        ))
    }

    /// A new tensor of these numbers on this one's device.
    fn uploaded(&self, numbers: &[f32], shape: impl Into<Shape>) -> Self {
        let handle = self.0.client.create_from_slice(f32::as_bytes(numbers));
        Self(CubeTensor::new_contiguous(
            self.0.client.clone(),
            self.0.device.clone(),
            shape.into(),
            handle,
            DType::F32,
        ))
    }

    /// Elements from `start` on as a tensor of `shape`: a handle, not a copy.
    fn part(&self, start: usize, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let after = self.len() - start - shape.num_elements();
        let bytes = |elements: usize| (elements * size_of::<f32>()) as u64;
        let handle = self.0.handle.clone();
        Self(CubeTensor::new_contiguous(
            self.0.client.clone(),
            self.0.device.clone(),
            shape,
            handle.offset_start(bytes(start)).offset_end(bytes(after)),
            DType::F32,
        ))
    }

    /// The numbers in host memory.
    fn to_host(&self) -> Vec<f32> {
        let bytes = self.0.client.read_one_unchecked(self.0.handle.clone());
        f32::from_bytes(&bytes).to_vec()
    }

    /// A new tensor of this one's shape, of undefined content.
    fn alike(&self) -> Self {
        self.beside(self.0.shape())
    }

    /// The same elements where nobody else holds them, to be changed.
    fn unshared(self) -> Self {
        if self.0.can_mut() {
            self
        } else {
            Self(self.0.copy())
        }
    }

    /// Sizes of the dimensions.
    ///
    /// # Panics
    /// When there are not `D` of them.
    fn sizes<const D: usize>(&self) -> [usize; D] {
        self.0.shape().dims()
    }

    /// Number of elements.
    fn len(&self) -> usize {
        self.0.shape().num_elements()
    }

    /// The argument of a kernel that takes vectors of `lanes` elements.
    fn arg(&self, lanes: usize) -> BufferArg {
        // SAFETY: the tensor is contiguous, so its buffer has as many elements as its shape says.
        unsafe { BufferArg::from_raw_parts(self.0.handle.clone(), self.len() / lanes) }
    }
}

/// # Panics
/// When the tensor is not f32, as all of this crate's layers are.
fn assert_f32(tensor: &CubeTensor) {
    let found = tensor.dtype;
    assert!(
        found == DType::F32,
        "the sparse operations are f32, not {found:?}"
    );
}

/// A grid of at least `cubes` cubes, to be counted by `CUBE_POS`.
fn line(cubes: usize) -> CubeCount {
    let wide = cubes.clamp(1, MAX_CUBES);
    CubeCount::Static(wide as u32, cubes.div_ceil(wide) as u32, 1)
}

/// The cube of a kernel that works element by element.
fn elementwise() -> CubeDim {
    CubeDim::new_1d(256)
}
