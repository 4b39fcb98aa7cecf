//! One linear layer, forward and backward, beside what Python users have: PyTorch's dense layer, SparseProp's and
//! PyTorch's compressed rows. One thread each, in turns.

use std::hint::black_box;
use std::path::Path;

use anyhow::{Context, Result};
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use sparse_core::kernels::{AlignedBuf, Kernels, bias_gradient, sddmm, spmm, spmm_t};
use sparse_core::nn::{InitialMask, SparseLinear, SparseLinearConfig, Storage};

use super::clock::{Times, in_turns, ratio};
use super::peer::Peer;
use super::processor;
use experiments::terminal::table::{Cell, Table};

const SCRIPT: &str = include_str!("../../../../peers/sparse_layer.py");
const BATCH: usize = 256;
/// Columns of a tile of activations.
const TILE: usize = 64;
const WIDTHS: [usize; 2] = [256, 1024];
const DENSITIES: [f64; 3] = [0.1, 0.05, 0.02];
const REPEATS: usize = 7;
/// Length of a repeat (s).
const REPEAT: f64 = 0.05;

/// What the script answers first.
#[derive(Deserialize)]
struct Versions {
    torch: String,
}

/// A layer to measure.
#[derive(Serialize)]
struct Request {
    width: usize,
    batch: usize,
    density: f64,
    seconds: f64,
}

/// Seconds of a pass.
#[derive(Deserialize)]
struct Answer {
    dense: f64,
    sparseprop: Option<f64>,
    csr: f64,
}

/// Measures every width and density.
pub(super) fn bench(python: &Path) -> Result<(String, Table)> {
    let mut table = Table::new(&[
        "width",
        "density",
        "kernels_us",
        "layer_us",
        "loss_us",
        "torch_dense_us",
        "sparseprop_us",
        "torch_csr_us",
        "kernels_vs_sparseprop",
        "kernels_vs_csr",
        "layer_vs_sparseprop",
        "layer_vs_kernels",
    ]);
    let mut peer = Peer::start(python, SCRIPT, &[])?;
    let versions: Versions = peer
        .hear()
        .context("PyTorch's side said nothing; it needs: pip install torch")?;
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let one = one.context("no thread can be started")?;
    one.install(|| -> Result<()> {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        for width in WIDTHS {
            for density in DENSITIES {
                let mut work = Work::new(width, density, &mut rng)?;
                table.push(work.row(&mut peer, density)?);
            }
        }
        Ok(())
    })?;
    let title = format!(
        "Forward and backward through one linear layer, batch {BATCH}, one thread, PyTorch {}, {:?} kernels, {}.\n\
         Kernels are the three products and the bias's gradient on tiles, as inside a network; layer is the same\n\
         between row-major batches, through Burn's autodiff, with a sum as its loss; loss is that sum of a batch alone, and\n\
         layer_vs_kernels is (layer - loss) / kernels. Medians of {REPEATS} turns, and of the turns' ratios.",
        versions.torch,
        Kernels::best().isa(),
        processor()
    );
    Ok((title, table))
}

/// A layer and its batch.
struct Work {
    width: usize,
    layer: SparseLinear,
    rows: Tensor<2>,
    values: Vec<f32>,
    bias: Vec<f32>,
    x: AlignedBuf,
    dy: AlignedBuf,
}

impl Work {
    fn new(width: usize, density: f64, rng: &mut ChaCha8Rng) -> Result<Self> {
        let device = sparse_core::device::by_name("flex")?;
        let layer = SparseLinearConfig::new(width, width)
            .with_density(density)
            .with_mask(InitialMask::Random)
            .with_storage(Storage::Csr)
            .try_init(&device, rng)?;
        let mut draw = |n: usize| {
            let mut buffer = AlignedBuf::zeroed(n);
            let floats = buffer.as_mut_slice().iter_mut();
            floats.for_each(|float| *float = rng.random_range(-1.0..1.0));
            buffer
        };
        let (x, dy) = (draw(width * BATCH), draw(width * BATCH));
        let rows = TensorData::new(x.as_slice().to_vec(), [BATCH, width]);
        Ok(Self {
            width,
            values: layer.values().into_data().iter::<f32>().collect(),
            bias: vec![0.0; width],
            rows: Tensor::from_data(rows, &device),
            layer,
            x,
            dy,
        })
    }

    fn row(&mut self, peer: &mut Peer, density: f64) -> Result<Vec<Cell>> {
        let request = Request {
            width: self.width,
            batch: BATCH,
            density,
            seconds: REPEAT,
        };
        let mut theirs = [const { Times::new() }; 3];
        let mut ours = [const { Times::new() }; 3];
        let mut apart = Times::new();
        for _ in 0..REPEATS {
            let answer: Answer = peer.ask(&request)?;
            let seconds = [Some(answer.dense), answer.sparseprop, Some(answer.csr)];
            for (times, seconds) in theirs.iter_mut().zip(seconds) {
                times.push(seconds.unwrap_or(f64::NAN));
            }
            let turn = self.turn().map(|times| times.median());
            for (times, median) in ours.iter_mut().zip(turn) {
                times.push(median);
            }
            let [kernels, layer, loss] = turn;
            apart.push((layer - loss) / kernels);
        }
        let [kernels, layer, loss] = &ours;
        let [dense, sparseprop, csr] = &theirs;
        let micro = |times: &Times| Cell::Number(1e6 * times.median(), 0);
        Ok(vec![
            Cell::Number(self.width as f64, 0),
            Cell::Number(density, 2),
            micro(kernels),
            micro(layer),
            micro(loss),
            micro(dense),
            micro(sparseprop),
            micro(csr),
            Cell::Number(ratio(sparseprop, kernels), 2),
            Cell::Number(ratio(csr, kernels), 2),
            Cell::Number(ratio(sparseprop, layer), 2),
            Cell::Number(apart.median(), 2),
        ])
    }

    /// One turn of the kernels, of the layer and of its loss.
    fn turn(&mut self) -> [Times; 3] {
        let pattern = self.layer.pattern().clone();
        let (x, dy) = (self.x.as_slice(), self.dy.as_slice());
        let mut y = AlignedBuf::zeroed(x.len());
        let mut dx = AlignedBuf::zeroed(x.len());
        let mut dv = vec![0.0; pattern.nnz()];
        let mut db = vec![0.0; self.width];
        let mut kernels = || {
            spmm(
                &pattern,
                &self.values,
                &self.bias,
                false,
                x,
                TILE,
                y.as_mut_slice(),
            );
            bias_gradient(dy, TILE, &mut db);
            sddmm(&pattern, dy, x, TILE, &mut dv[..]);
            spmm_t(&pattern, &self.values, dy, TILE, dx.as_mut_slice());
        };
        let mut layer = || {
            let layer = self.layer.clone().train();
            let x = Tensor::from_inner(self.rows.clone()).require_grad();
            let mut gradients = layer.forward(x.clone()).sum().backward();
            black_box(x.grad_remove(&mut gradients));
            black_box(layer.values().grad_remove(&mut gradients));
            black_box(layer.bias().map(|bias| bias.grad_remove(&mut gradients)));
        };
        let mut loss = || {
            let x = Tensor::from_inner(self.rows.clone()).require_grad();
            let mut gradients = x.clone().sum().backward();
            black_box(x.grad_remove(&mut gradients));
        };
        in_turns(1, REPEAT, [&mut kernels, &mut layer, &mut loss])
    }
}
