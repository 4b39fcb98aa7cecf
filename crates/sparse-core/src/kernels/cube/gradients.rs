//! Gradients of a layer's values and of its bias: sums over the batch.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::super::sizes::{check_equal, check_tiles};
use super::index::index_on;
use super::{Flat, LANE, line};
use crate::pattern::Pattern;

/// Units of a cube of the value-gradient: what it keeps in shared memory stays below 9 KiB.
const UNITS: usize = 128;

/// Sizes of both sides of a layer.
#[derive(CubeType, CubeLaunch)]
struct Sides {
    tiles: u32,
    outputs: u32,
    inputs: u32,
}

/// `dv[k] = Σ_{t, w} dy[t, row[k], w] x[t, column[k], w]`.
///
/// `lanes` units share a connection's sum, and do as many connections one after the other. Then each adds up
/// the shares of one connection. So the units wait for each other once, whatever the number of lanes.
#[cube(launch_unchecked)]
fn value_gradient<N: Size>(
    row: &[u32],
    column: &[u32],
    dy: &[Vector<f32, N>],
    x: &[Vector<f32, N>],
    dv: &mut [f32],
    sides: &Sides,
    #[comptime] lanes: u32,
) {
    let group = UNIT_POS_Y;
    let lane = UNIT_POS_X;
    let nnz = dv.len() as u32;
    let first = (CUBE_POS as u32 * CUBE_DIM_Y + group) * lanes;
    // One more than `lanes` apart, so that units reading down a column meet different banks.
    let pitch = comptime!(lanes + 1);
    let mut shares = Shared::<[f32]>::new_slice(comptime!(UNITS as u32 * (lanes + 1)) as usize);
    for slot in 0..lanes {
        let k = first + slot;
        let mut sum = Vector::<f32, N>::new(0.0f32);
        if k < nnz {
            let mut at_dy = row[k as usize] * lanes + lane;
            let mut at_x = column[k as usize] * lanes + lane;
            for _ in 0..sides.tiles {
                sum += dy[at_dy as usize] * x[at_x as usize];
                at_dy += sides.outputs * lanes;
                at_x += sides.inputs * lanes;
            }
        }
        shares[((group * lanes + slot) * pitch + lane) as usize] = Vector::vector_sum(sum);
    }
    sync_cube();
    let k = first + lane;
    if k < nnz {
        let mut sum = 0.0f32;
        for share in 0..lanes {
            sum += shares[((group * lanes + lane) * pitch + share) as usize];
        }
        dv[k as usize] = sum;
    }
}

/// As [`crate::kernels::sddmm`].
///
/// # Panics
/// When a size does not fit.
pub(crate) fn sddmm(pattern: &Pattern, dy: &CubeTensor, x: &CubeTensor) -> CubeTensor {
    let [dy, x] = [dy, x].map(|t| Flat::new(t.clone()));
    let [tiles, _, width] = x.sizes();
    let rows = [pattern.inputs(), pattern.outputs()];
    check_tiles([x.len(), dy.len()], rows, width);
    let dv = x.beside([pattern.nnz()]);
    if tiles == 0 {
        return burn_cubecl::ops::numeric::zeros(
            dv.0.device.clone(),
            [pattern.nnz()].into(),
            dv.0.dtype,
        );
    }
    if pattern.nnz() == 0 {
        return dv.0;
    }
    let index = index_on(pattern, &x.0.device);
    let lanes = width / LANE;
    // SAFETY: `check_tiles` held the sides against the pattern, whose rows and columns are below theirs;
    // connections past the last are left out by the kernel.
    unsafe {
        value_gradient::launch_unchecked(
            &x.0.client,
            line(pattern.nnz().div_ceil(UNITS)),
            CubeDim::new_2d(lanes as u32, (UNITS / lanes) as u32),
            LANE,
            index.row_idx.arg(),
            index.col_idx.arg(),
            dy.arg(LANE),
            x.arg(LANE),
            dv.arg(1),
            SidesLaunch::new(
                tiles as u32,
                pattern.outputs() as u32,
                pattern.inputs() as u32,
            ),
            lanes as u32,
        );
    }
    dv.0
}

/// Units of a cube of the bias-gradient.
const BIAS_UNITS: usize = 256;

/// `bias[o] = Σ_{t, w} dy[t, o, w]`.
#[cube(launch_unchecked)]
fn sum_columns<N: Size>(dy: &[Vector<f32, N>], bias: &mut [f32], tiles: u32) {
    let outputs = bias.len() as u32;
    let row = CUBE_POS_X * CUBE_DIM_Y + UNIT_POS_Y;
    let mut sum = Vector::<f32, N>::new(0.0f32);
    if row < outputs {
        for tile in 0..tiles {
            sum += dy[((tile * outputs + row) * CUBE_DIM_X + UNIT_POS_X) as usize];
        }
    }
    add_lanes(Vector::vector_sum(sum), row, bias);
}

/// The same of `dy` where `y` is above 0; `masked` keeps what was summed.
#[cube(launch_unchecked)]
fn mask_and_sum_columns<N: Size>(
    y: &[Vector<f32, N>],
    dy: &[Vector<f32, N>],
    masked: &mut [Vector<f32, N>],
    bias: &mut [f32],
    tiles: u32,
) {
    let outputs = bias.len() as u32;
    let row = CUBE_POS_X * CUBE_DIM_Y + UNIT_POS_Y;
    let zero = Vector::<f32, N>::new(0.0f32);
    let mut sum = Vector::<f32, N>::new(0.0f32);
    if row < outputs {
        for tile in 0..tiles {
            let at = ((tile * outputs + row) * CUBE_DIM_X + UNIT_POS_X) as usize;
            let kept = select_many(y[at].greater_than(&zero), dy[at], zero);
            masked[at] = kept;
            sum += kept;
        }
    }
    add_lanes(Vector::vector_sum(sum), row, bias);
}

/// Adds up the shares of a row's units.
#[cube]
fn add_lanes(share: f32, row: u32, bias: &mut [f32]) {
    let mut shares = Shared::<[f32]>::new_slice(BIAS_UNITS);
    shares[UNIT_POS as usize] = share;
    sync_cube();
    if UNIT_POS_X == 0 && row < bias.len() as u32 {
        let mut sum = 0.0f32;
        for lane in 0..CUBE_DIM_X {
            sum += shares[(UNIT_POS + lane) as usize];
        }
        bias[row as usize] = sum;
    }
}

/// As [`crate::kernels::bias_gradient`].
///
/// # Panics
/// When a size does not fit.
pub(crate) fn bias_gradient(dy: &CubeTensor) -> CubeTensor {
    let dy = Flat::new(dy.clone());
    let [tiles, outputs, width] = dy.sizes();
    let bias = dy.beside([outputs]);
    let (count, dim) = row_grid(&dy);
    if dy.len() == 0 {
        return burn_cubecl::ops::numeric::zeros(dy.0.device.clone(), [outputs].into(), dy.0.dtype);
    }
    check_tiles([dy.len(), dy.len()], [outputs, outputs], width);
    // SAFETY: `dy` has the sizes that are passed; rows past the last are left out by the kernel.
    unsafe {
        sum_columns::launch_unchecked(
            &dy.0.client,
            count,
            dim,
            LANE,
            dy.arg(LANE),
            bias.arg(1),
            tiles as u32,
        );
    }
    bias.0
}

/// As [`crate::kernels::relu_bias_gradient`]: the gradient before the activation, and the bias's.
///
/// # Panics
/// When a size does not fit.
pub(crate) fn relu_bias_gradient(y: &CubeTensor, dy: CubeTensor) -> [CubeTensor; 2] {
    let [y, dy] = [y.clone(), dy].map(Flat::new);
    let [tiles, outputs, width] = dy.sizes();
    check_equal("outputs", y.len(), dy.len());
    if dy.len() == 0 {
        return [dy.0.clone(), bias_gradient(&dy.0)];
    }
    check_tiles([y.len(), dy.len()], [outputs, outputs], width);
    let (masked, bias) = (dy.beside([tiles, outputs, width]), dy.beside([outputs]));
    let (count, dim) = row_grid(&dy);
    // SAFETY: as in `bias_gradient`; `y` has as many elements.
    unsafe {
        mask_and_sum_columns::launch_unchecked(
            &dy.0.client,
            count,
            dim,
            LANE,
            y.arg(LANE),
            dy.arg(LANE),
            masked.arg(LANE),
            bias.arg(1),
            tiles as u32,
        );
    }
    [masked.0, bias.0]
}

/// Cubes of `width / LANE` units for each of some rows.
fn row_grid(dy: &Flat) -> (CubeCount, CubeDim) {
    let [_, outputs, width] = dy.sizes();
    let lanes = width / LANE;
    let block = BIAS_UNITS / lanes;
    (
        CubeCount::Static(outputs.div_ceil(block) as u32, 1, 1),
        CubeDim::new_2d(lanes as u32, block as u32),
    )
}
