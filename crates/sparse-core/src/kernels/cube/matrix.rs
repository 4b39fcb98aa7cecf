//! Between a layer's values and the dense matrix that they are part of.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::ops::numeric::zeros;
use burn_cubecl::tensor::CubeTensor;

use super::super::sizes::check_equal;
use super::index::index_on;
use super::{Flat, elementwise, line};
use crate::pattern::Pattern;

#[cube(launch_unchecked)]
fn spread(row: &[u32], column: &[u32], values: &[f32], matrix: &mut [f32], inputs: u32) {
    let k = ABSOLUTE_POS;
    if k < values.len() {
        matrix[(row[k] * inputs + column[k]) as usize] = values[k];
    }
}

#[cube(launch_unchecked)]
fn pick(row: &[u32], column: &[u32], matrix: &[f32], values: &mut [f32], inputs: u32) {
    let k = ABSOLUTE_POS;
    if k < values.len() {
        values[k] = matrix[(row[k] * inputs + column[k]) as usize];
    }
}

/// The matrix `[outputs, inputs]` with the values `[nnz]` at the connections and zeros elsewhere.
///
/// # Panics
/// When there is not one value per connection.
pub(crate) fn scatter(values: &CubeTensor, pattern: &Pattern) -> CubeTensor {
    let values = Flat::new(values.clone());
    check_equal("values", values.len(), pattern.nnz());
    let shape = [pattern.outputs(), pattern.inputs()];
    let matrix = Flat(zeros(values.0.device.clone(), shape.into(), values.0.dtype));
    if values.len() > 0 {
        let index = index_on(pattern, &values.0.device);
        // SAFETY: the pattern's rows and columns are below the matrix's, which has been made of its size.
        unsafe {
            spread::launch_unchecked(
                &values.0.client,
                line(values.len().div_ceil(elementwise().num_elems() as usize)),
                elementwise(),
                index.row_idx.arg(),
                index.col_idx.arg(),
                values.arg(1),
                matrix.arg(1),
                pattern.inputs() as u32,
            );
        }
    }
    matrix.0
}

/// The elements `[nnz]` of a matrix `[outputs, inputs]` at the connections.
///
/// # Panics
/// When the matrix has another size.
pub(crate) fn gather(matrix: &CubeTensor, pattern: &Pattern) -> CubeTensor {
    let matrix = Flat::new(matrix.clone());
    check_equal("matrix", matrix.len(), pattern.outputs() * pattern.inputs());
    let values = matrix.beside([pattern.nnz()]);
    if values.len() > 0 {
        let index = index_on(pattern, &matrix.0.device);
        // SAFETY: the matrix has the pattern's size, and the values one element per connection.
        unsafe {
            pick::launch_unchecked(
                &matrix.0.client,
                line(values.len().div_ceil(elementwise().num_elems() as usize)),
                elementwise(),
                index.row_idx.arg(),
                index.col_idx.arg(),
                matrix.arg(1),
                values.arg(1),
                pattern.inputs() as u32,
            );
        }
    }
    values.0
}
