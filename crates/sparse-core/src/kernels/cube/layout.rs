//! From Burn's rows to tiles and back, element by element.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::untile;
use burn_cubecl::tensor::CubeTensor;

use super::super::sizes::{check_tiles, check_width};
use super::{Flat, assert_f32, elementwise, line};

/// A matrix `[batch, features]` in any layout: elements between neighbours in a column and in a row.
#[derive(CubeType, CubeLaunch)]
struct Rows {
    batch: u32,
    features: u32,
    batch_stride: u32,
    feature_stride: u32,
}

#[cube(launch_unchecked)]
fn cut(x: &Tensor<f32>, tiles: &mut [f32], rows: &Rows, #[comptime] width: u32) {
    let at = ABSOLUTE_POS as u32;
    if at < tiles.len() as u32 {
        let feature = (at / width) % rows.features;
        let batch = at / (width * rows.features) * width + at % width;
        let mut value = 0.0f32;
        if batch < rows.batch {
            value = x[(batch * rows.batch_stride + feature * rows.feature_stride) as usize];
        }
        tiles[at as usize] = value;
    }
}

#[cube(launch_unchecked)]
fn join(tiles: &[f32], rows: &mut [f32], features: u32, #[comptime] width: u32) {
    let at = ABSOLUTE_POS as u32;
    if at < rows.len() as u32 {
        let (batch, feature) = (at / features, at % features);
        let (tile, column) = (batch / width, batch % width);
        rows[at as usize] = tiles[((tile * features + feature) * width + column) as usize];
    }
}

/// As [`crate::kernels::to_tiles`], from any layout.
///
/// # Panics
/// When no kernel knows the width.
pub(crate) fn to_tiles(x: CubeTensor, width: usize) -> CubeTensor {
    check_width(width);
    assert_f32(&x);
    let x = untile(x);
    let [batch, features] = x.meta.shape().dims();
    let strides = x.meta.strides();
    let rows = RowsLaunch::new(
        batch as u32,
        features as u32,
        strides[0] as u32,
        strides[1] as u32,
    );
    let tiles = Flat(x.clone()).beside([batch.div_ceil(width), features, width]);
    if tiles.len() == 0 {
        return tiles.0;
    }
    // SAFETY: batch row and feature stay below the tensor's sizes, whose strides are passed.
    unsafe {
        cut::launch_unchecked(
            &x.client.clone(),
            line(tiles.len().div_ceil(elementwise().num_elems() as usize)),
            elementwise(),
            x.into_tensor_arg(),
            tiles.arg(1),
            rows,
            width as u32,
        );
    }
    tiles.0
}

/// As [`crate::kernels::from_tiles`].
///
/// # Panics
/// When a size does not fit.
pub(crate) fn from_tiles(tiles: CubeTensor, batch: usize) -> CubeTensor {
    let tiles = Flat::new(tiles);
    let [count, features, width] = tiles.sizes();
    check_tiles([tiles.len(); 2], [features; 2], width);
    assert!(
        batch.div_ceil(width) == count,
        "{batch} rows in {count} tiles of {width}"
    );
    let rows = tiles.beside([batch, features]);
    if rows.len() == 0 {
        return rows.0;
    }
    // SAFETY: the tiles hold `batch` rows, as checked above.
    unsafe {
        join::launch_unchecked(
            &tiles.0.client,
            line(rows.len().div_ceil(elementwise().num_elems() as usize)),
            elementwise(),
            tiles.arg(1),
            rows.arg(1),
            features as u32,
            width as u32,
        );
    }
    rows.0
}
