//! Sparse products against the best dense product at hand, one thread, batch 256.
//!
//! The dense rivals are `gemm` (through Burn's CPU backend) and `matrixmultiply` (through `ndarray`); a row is
//! held against the faster. Rates count two operations per weight that exists and batch column; the share of peak is
//! against multiply-adds that touch nothing but registers, timed in the same turns.

use std::hint::black_box;

use anyhow::{Context, Result};
use burn::tensor::{Tensor, TensorData};
use ndarray::Array2;
use ndarray::linalg::general_mat_mul;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::kernels::{AlignedBuf, Kernels, sddmm, spmm, spmm_t};
use sparse_core::pattern::Pattern;

use super::clock::{Times, in_turns, ratio};
use super::processor;
use experiments::terminal::table::{Cell, Table};

const BATCH: usize = 256;
/// Columns of a tile of activations.
const TILE: usize = 64;
const WIDTHS: [usize; 4] = [256, 1024, 2048, 4096];
const DENSITIES: [f64; 5] = [0.5, 0.2, 0.1, 0.05, 0.02];
/// From here on, dense products take so long that the densities in use are enough.
const WIDE: usize = 2048;
const PASSES: [Pass; 3] = [Pass::Forward, Pass::InputGradient, Pass::ValueGradient];
const REPEATS: usize = 9;
/// Rounds of multiply-adds in registers, some 10 µs.
const ROUNDS: usize = 10_000;
/// Length of a repeat (s).
const REPEAT: f64 = 0.02;

/// The three products of a layer's training step.
#[derive(Clone, Copy, Debug)]
enum Pass {
    Forward,
    InputGradient,
    ValueGradient,
}

impl Pass {
    fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::InputGradient => "input gradient",
            Self::ValueGradient => "value gradient",
        }
    }

    fn kernel(self) -> &'static str {
        match self {
            Self::Forward => "spmm",
            Self::InputGradient => "spmm_t",
            Self::ValueGradient => "sddmm",
        }
    }
}

/// Measures every width, density and pass.
pub(super) fn bench() -> Result<(String, Table)> {
    let mut table = Table::new(&[
        "width",
        "pass",
        "kernel",
        "density",
        "sparse_gflops",
        "of_peak",
        "dense_gflops",
        "dense_by",
        "speedup",
    ]);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let one = one.context("no thread can be started")?;
    one.install(|| -> Result<()> {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        for width in WIDTHS {
            let mut layer = Layer::new(width, &mut rng)?;
            for density in DENSITIES.into_iter().filter(|d| width < WIDE || *d <= 0.1) {
                for pass in PASSES {
                    table.push(layer.row(pass, density, &mut rng)?);
                }
            }
        }
        Ok(())
    })?;
    let title = format!(
        "Sparse products against dense ones: batch {BATCH}, one thread, {:?} kernels, {}.\n\
         GF/s count the weights that exist; `of peak` is the share of what the core multiplies and adds in registers;\n\
         speedup is dense time over sparse time, median of {REPEATS} turns.",
        Kernels::best().isa(),
        processor()
    );
    Ok((title, table))
}

/// A square layer with its activations and gradients, in the form of each rival.
struct Layer {
    width: usize,
    /// Activations in tiles, `[tiles, width, TILE]`.
    x: AlignedBuf,
    /// Gradient at the outputs, in tiles.
    dy: AlignedBuf,
    out: AlignedBuf,
    matrices: Matrices,
    tensors: Tensors,
}

/// The dense layer for `ndarray`: `w` `[out, in]`, activations `[features, batch]`.
struct Matrices {
    w: Array2<f32>,
    x: Array2<f32>,
    dy: Array2<f32>,
    out: Array2<f32>,
    out_w: Array2<f32>,
}

/// The dense layer for Burn, in the same shapes.
struct Tensors {
    w: Tensor<2>,
    x: Tensor<2>,
    dy: Tensor<2>,
}

impl Layer {
    fn new(width: usize, rng: &mut impl Rng) -> Result<Self> {
        let mut draw =
            |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-1.0..1.0)).collect() };
        let device = sparse_core::device::by_name("flex")?;
        let [w, x, dy] = [width * width, width * BATCH, width * BATCH].map(&mut draw);
        let tensor = |data: &[f32], columns: usize| {
            let data = TensorData::new(data.to_vec(), [width, columns]);
            Tensor::<2>::from_data(data, &device)
        };
        let matrix = |data: &[f32], columns: usize| {
            Array2::from_shape_fn((width, columns), |(row, column)| {
                data[row * columns + column]
            })
        };
        Ok(Self {
            width,
            matrices: Matrices {
                w: matrix(&w, width),
                x: matrix(&x, BATCH),
                dy: matrix(&dy, BATCH),
                out: Array2::zeros((width, BATCH)),
                out_w: Array2::zeros((width, width)),
            },
            tensors: Tensors {
                w: tensor(&w, width),
                x: tensor(&x, BATCH),
                dy: tensor(&dy, BATCH),
            },
            x: aligned(&x),
            dy: aligned(&dy),
            out: AlignedBuf::zeroed(width * BATCH),
        })
    }

    fn row(&mut self, pass: Pass, density: f64, rng: &mut impl Rng) -> Result<Vec<Cell>> {
        let all = self.width * self.width;
        let nnz = (density * all as f64).round() as usize;
        let pattern = Pattern::random(self.width, self.width, nnz, rng)?;
        let [sparse, gemm, matrixmultiply, peak] = self.time(pass, &pattern);
        let (dense, by) = if gemm.median() <= matrixmultiply.median() {
            (gemm, "gemm")
        } else {
            (matrixmultiply, "matrixmultiply")
        };
        let rate = |weights: usize, times: &Times| 2e-9 * (weights * BATCH) as f64 / times.median();
        let (operations, _) = Kernels::best().multiply_adds(ROUNDS);
        let peak_for_as_many = (2 * nnz * BATCH) as f64 / operations as f64;
        Ok(vec![
            Cell::Number(self.width as f64, 0),
            Cell::text(pass.name()),
            Cell::text(pass.kernel()),
            Cell::Number(density, 2),
            Cell::Number(rate(nnz, &sparse), 1),
            Cell::Number(peak_for_as_many * ratio(&peak, &sparse), 2),
            Cell::Number(rate(all, &dense), 1),
            Cell::text(by),
            Cell::Number(ratio(&dense, &sparse), 2),
        ])
    }

    /// Times of the sparse kernel, of `gemm`, of `matrixmultiply` and of [`ROUNDS`] of multiply-adds in registers.
    fn time(&mut self, pass: Pass, pattern: &Pattern) -> [Times; 4] {
        let values = vec![0.5; pattern.nnz()];
        let bias = vec![0.0; self.width];
        let mut dv = vec![0.0; pattern.nnz()];
        let (x, dy) = (self.x.as_slice(), self.dy.as_slice());
        let out = self.out.as_mut_slice();
        let mut sparse = || match pass {
            Pass::Forward => {
                spmm(pattern, &values, &bias, false, x, TILE, &mut out[..]);
            }
            Pass::InputGradient => {
                spmm_t(pattern, &values, dy, TILE, &mut out[..]);
            }
            Pass::ValueGradient => {
                sddmm(pattern, dy, x, TILE, &mut dv[..]);
            }
        };
        let t = &self.tensors;
        let mut gemm = || {
            let product = match pass {
                Pass::Forward => t.w.clone().matmul(t.x.clone()),
                Pass::InputGradient => t.w.clone().transpose().matmul(t.dy.clone()),
                Pass::ValueGradient => t.dy.clone().matmul(t.x.clone().transpose()),
            };
            black_box(product);
        };
        let m = &mut self.matrices;
        let mut matrixmultiply = || match pass {
            Pass::Forward => general_mat_mul(1.0, &m.w, &m.x, 0.0, &mut m.out),
            Pass::InputGradient => general_mat_mul(1.0, &m.w.t(), &m.dy, 0.0, &mut m.out),
            Pass::ValueGradient => general_mat_mul(1.0, &m.dy, &m.x.t(), 0.0, &mut m.out_w),
        };
        let mut peak = || {
            black_box(Kernels::best().multiply_adds(black_box(ROUNDS)));
        };
        in_turns(
            REPEATS,
            REPEAT,
            [&mut sparse, &mut gemm, &mut matrixmultiply, &mut peak],
        )
    }
}

/// A copy that starts on a cache line, as tensors of sparse layers do.
fn aligned(data: &[f32]) -> AlignedBuf {
    let mut buffer = AlignedBuf::zeroed(data.len());
    buffer.as_mut_slice().copy_from_slice(data);
    buffer
}
