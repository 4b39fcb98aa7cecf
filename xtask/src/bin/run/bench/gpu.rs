//! Sparse products on a GPU against the dense product of the same backend, batch 256.
//!
//! A GPU works through a queue: a call is timed as a share of several that are queued and then waited for, as in
//! training. Rates count two operations per weight that exists and batch column.

use std::hint::black_box;

use anyhow::{Context, Result};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Cube};
use burn::tensor::TensorData;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::device::Gpu;
use sparse_core::op::{Activation, SparseBackend, SparseLayer, TILE};
use sparse_core::pattern::Pattern;

use super::clock::{Times, in_turns, ratio};
use experiments::terminal::table::{Cell, Table};

const BATCH: usize = 256;
const WIDTHS: [usize; 6] = [256, 512, 1024, 2048, 4096, 8192];
const DENSITIES: [f64; 6] = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01];
const PASSES: [&str; 3] = ["forward", "input gradient", "value gradient"];
const REPEATS: usize = 7;
/// Length of a repeat (s).
const REPEAT: f64 = 0.02;
/// Calls that are queued before they are waited for.
const QUEUED: usize = 16;

/// Measures every width, density and pass; few of them where a CPU plays the GPU.
pub(super) fn bench(name: &str) -> Result<(String, Table)> {
    let gpu = sparse_core::device::gpu(name)?;
    let mut table = Table::new(&[
        "device",
        "width",
        "pass",
        "density",
        "sparse_us",
        "dense_us",
        "sparse_gflops",
        "dense_gflops",
        "speedup",
    ]);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let (widths, densities) = if gpu.is_software {
        (&WIDTHS[..1], &DENSITIES[2..4])
    } else {
        (&WIDTHS[..], &DENSITIES[..])
    };
    for &width in widths {
        let layer = Layer::new(width, &gpu, &mut rng);
        for &density in densities {
            let nnz = (density * (width * width) as f64).round() as usize;
            let pattern = Pattern::random(width, width, nnz, &mut rng)?;
            for (pass, name) in PASSES.iter().enumerate() {
                let times = layer.time(pass, &pattern, &gpu)?;
                table.push(row(&gpu, width, name, nnz, &times));
            }
        }
    }
    let title = format!(
        "Sparse products against the dense product of `{name}`, {}: batch {BATCH}, f32.\n\
         GF/s count the weights that exist; speedup is dense time over sparse time, median of {REPEATS} turns.",
        gpu.name
    );
    Ok((title, table))
}

fn row(gpu: &Gpu, width: usize, pass: &str, nnz: usize, [sparse, dense]: &[Times; 2]) -> Vec<Cell> {
    let all = width * width;
    let call = |times: &Times| times.median() / QUEUED as f64;
    let rate = |weights: usize, times: &Times| 2e-9 * (weights * BATCH) as f64 / call(times);
    vec![
        Cell::text(&gpu.name),
        Cell::Number(width as f64, 0),
        Cell::text(pass),
        Cell::Number(nnz as f64 / all as f64, 2),
        Cell::Number(1e6 * call(sparse), 1),
        Cell::Number(1e6 * call(dense), 1),
        Cell::Number(rate(nnz, sparse), 1),
        Cell::Number(rate(all, dense), 1),
        Cell::Number(ratio(dense, sparse), 2),
    ]
}

/// A square layer with its activations and gradients, for the sparse and for the dense product.
struct Layer {
    /// `[tiles, width, TILE]`.
    x: FloatTensor<Cube>,
    dy: FloatTensor<Cube>,
    bias: FloatTensor<Cube>,
    /// `[width, width]`.
    dense: FloatTensor<Cube>,
    /// `[width, BATCH]`.
    dense_x: FloatTensor<Cube>,
    dense_dy: FloatTensor<Cube>,
}

fn upload(shape: &[usize], gpu: &Gpu, rng: &mut impl Rng) -> FloatTensor<Cube> {
    let count = shape.iter().product();
    let data: Vec<f32> = (0..count).map(|_| rng.random_range(-1.0..1.0)).collect();
    Cube::float_from_data(TensorData::new(data, shape.to_vec()), &gpu.device)
}

impl Layer {
    fn new(width: usize, gpu: &Gpu, rng: &mut impl Rng) -> Self {
        let mut tensor = |shape: &[usize]| upload(shape, gpu, rng);
        let tiles = [BATCH / TILE, width, TILE];
        Self {
            x: tensor(&tiles),
            dy: tensor(&tiles),
            bias: tensor(&[width]),
            dense: tensor(&[width, width]),
            dense_x: tensor(&[width, BATCH]),
            dense_dy: tensor(&[width, BATCH]),
        }
    }

    /// Times of [`QUEUED`] sparse products and of as many dense ones.
    fn time(&self, pass: usize, pattern: &Pattern, gpu: &Gpu) -> Result<[Times; 2]> {
        let values = vec![0.5f32; pattern.nnz()];
        let values = TensorData::new(values, [pattern.nnz()]);
        let values = Cube::float_from_data(values, &gpu.device);
        let layer = SparseLayer {
            pattern: pattern.clone(),
            activation: Activation::Identity,
            probe: None,
        };
        let sparse = || match pass {
            0 => Cube::forward(&self.x, &values, &self.bias, &layer),
            1 => Cube::input_gradient(&self.dy, &values, pattern),
            _ => Cube::value_gradient(&self.dy, &self.x, pattern),
        };
        let [w, x, dy] = [&self.dense, &self.dense_x, &self.dense_dy].map(Clone::clone);
        let dense = || {
            let (w, x, dy) = (w.clone(), x.clone(), dy.clone());
            match pass {
                0 => Cube::float_matmul(w, x),
                1 => Cube::float_matmul(Cube::float_transpose(w), dy),
                _ => Cube::float_matmul(dy, Cube::float_transpose(x)),
            }
        };
        let queue = |product: &dyn Fn() -> FloatTensor<Cube>| {
            for _ in 0..QUEUED {
                black_box(product());
            }
            Cube::sync(&gpu.device)
        };
        // What fails, fails here; the clock's calls are the same ones again.
        queue(&sparse).context("the sparse product")?;
        queue(&dense).context("the dense product")?;
        let again = |product: &dyn Fn() -> FloatTensor<Cube>| {
            let _ = queue(product);
        };
        Ok(in_turns(
            REPEATS,
            REPEAT,
            [&mut || again(&sparse), &mut || again(&dense)],
        ))
    }
}
