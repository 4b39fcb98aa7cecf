//! Forward and input-gradient: a row of the output is a sum of rows of the input.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::super::sizes::{check_equal, check_tiles};
use super::index::{Array, index_on};
use super::{Flat, LANE};
use crate::pattern::Pattern;

/// Units of a cube.
const UNITS: usize = 256;

/// Terms of a row's sum that are fetched together, so that their reads overlap.
const AHEAD: u32 = 4;

/// The nonzeros of a sparse matrix by row; `position` says where in `values` each lies, if not in order.
#[derive(CubeType, CubeLaunch)]
struct Sparse {
    row_ptr: Box<[u32]>,
    column: Box<[u32]>,
    values: Box<[f32]>,
    position: ComptimeOption<Box<[u32]>>,
}

/// `y[t, r, :] = act(bias[r] + Σ_k values[k] x[t, column[k], :])`. A cube is `width / LANE` units for each of
/// some rows of one tile; the grid is row blocks × tiles.
#[cube(launch_unchecked)]
fn product<N: Size>(
    matrix: &Sparse,
    bias: ComptimeOption<&[f32]>,
    x: &[Vector<f32, N>],
    y: &mut [Vector<f32, N>],
    x_rows: u32,
    rows: u32,
    #[comptime] relu: bool,
) {
    let row = CUBE_POS_X * CUBE_DIM_Y + UNIT_POS_Y;
    if row < rows {
        let lanes = CUBE_DIM_X;
        let tile = (CUBE_POS_Y * x_rows * lanes + UNIT_POS_X) as usize;
        let mut sum = Vector::<f32, N>::new(0.0f32);
        let mut k = matrix.row_ptr[row as usize];
        let end = matrix.row_ptr[row as usize + 1];
        while k + AHEAD <= end {
            #[unroll]
            for ahead in 0..AHEAD {
                sum += term::<N>(matrix, x, k + ahead, tile, lanes);
            }
            k += AHEAD;
        }
        while k < end {
            sum += term::<N>(matrix, x, k, tile, lanes);
            k += 1u32;
        }
        #[comptime]
        match bias {
            ComptimeOption::Some(bias) => sum += Vector::new(bias[row as usize]),
            ComptimeOption::None => {}
        }
        let zero = Vector::<f32, N>::new(0.0f32);
        let out = ((CUBE_POS_Y * rows + row) * lanes + UNIT_POS_X) as usize;
        // Not a maximum, which would hide NaN.
        y[out] = if comptime!(relu) {
            select_many(sum.less_than(&zero), zero, sum)
        } else {
            sum
        };
    }
}

/// One nonzero's share of a row.
#[cube]
fn term<N: Size>(
    matrix: &Sparse,
    x: &[Vector<f32, N>],
    k: u32,
    tile: usize,
    lanes: u32,
) -> Vector<f32, N> {
    #[comptime]
    let value = match &matrix.position {
        ComptimeOption::Some(position) => matrix.values[position[k as usize] as usize],
        ComptimeOption::None => matrix.values[k as usize],
    };
    let column = matrix.column[k as usize];
    Vector::new(value) * x[tile + (column * lanes) as usize]
}

/// As [`crate::kernels::spmm`].
///
/// # Panics
/// When a size does not fit.
pub(crate) fn spmm(
    pattern: &Pattern,
    values: &CubeTensor,
    bias: &CubeTensor,
    relu: bool,
    x: &CubeTensor,
) -> CubeTensor {
    let [values, bias, x] = [values, bias, x].map(|t| Flat::new(t.clone()));
    check_equal("values", values.len(), pattern.nnz());
    check_equal("bias", bias.len(), pattern.outputs());
    let index = index_on(pattern, &x.0.device);
    let matrix = [&index.row_ptr, &index.col_idx];
    multiply(
        sparse(matrix, &values, None),
        Some((&bias, relu)),
        &x,
        [pattern.inputs(), pattern.outputs()],
    )
}

/// As [`crate::kernels::spmm_t`].
///
/// # Panics
/// When a size does not fit.
pub(crate) fn spmm_t(pattern: &Pattern, values: &CubeTensor, dy: &CubeTensor) -> CubeTensor {
    let [values, dy] = [values, dy].map(|t| Flat::new(t.clone()));
    check_equal("values", values.len(), pattern.nnz());
    let index = index_on(pattern, &dy.0.device);
    let matrix = [&index.t_ptr, &index.t_idx];
    multiply(
        sparse(matrix, &values, Some(&index.t_pos)),
        None,
        &dy,
        [pattern.outputs(), pattern.inputs()],
    )
}

/// A matrix without nonzeros lends an array of whole numbers where its values would be: GPUs have no empty
/// buffers.
fn sparse([ptr, column]: [&Array; 2], values: &Flat, position: Option<&Array>) -> SparseLaunch {
    let values = if values.len() == 0 {
        column.arg()
    } else {
        values.arg(1)
    };
    let position = position.map(Array::arg);
    SparseLaunch::new(ptr.arg(), column.arg(), values, position.into())
}

/// The product with `x` `[tiles, x_rows, width]`, `[tiles, rows, width]`.
fn multiply(
    matrix: SparseLaunch,
    bias: Option<(&Flat, bool)>,
    x: &Flat,
    [x_rows, rows]: [usize; 2],
) -> CubeTensor {
    let [tiles, _, width] = x.sizes();
    let y = x.beside([tiles, rows, width]);
    check_tiles([x.len(), y.len()], [x_rows, rows], width);
    if tiles == 0 {
        return y.0;
    }
    let lanes = width / LANE;
    let block = UNITS / lanes;
    let (bias, relu) = bias.map_or((None, false), |(bias, relu)| (Some(bias.arg(1)), relu));
    // SAFETY: `check_tiles` held `x` and `y` against the rows; the pattern's columns are below `x_rows` and its
    // positions below `nnz`, which is the length of the values; rows past the last are left out by the kernel.
    unsafe {
        product::launch_unchecked(
            &x.0.client,
            CubeCount::Static(rows.div_ceil(block) as u32, tiles as u32, 1),
            CubeDim::new_2d(lanes as u32, block as u32),
            LANE,
            matrix,
            bias.into(),
            x.arg(LANE),
            y.arg(LANE),
            x_rows as u32,
            rows as u32,
            relu,
        );
    }
    y.0
}
