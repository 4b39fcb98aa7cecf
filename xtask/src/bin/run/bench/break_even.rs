//! Where compressed rows and a dense product of one layer take the same time: the table behind `Storage::Auto`.

use std::hint::black_box;

use anyhow::{Context, Result};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::kernels::Kernels;
use sparse_core::nn::{InitialMask, SparseLinear, SparseLinearConfig, Storage};

use super::clock::{in_turns, ratio};
use super::processor;
use experiments::terminal::table::{Cell, Table};

const WIDTHS: [usize; 4] = [64, 256, 1024, 2048];
const BATCHES: [usize; 4] = [1, 16, 64, 256];
/// Descending: the first at which compressed rows win, and the one before, hold the break-even between them.
const DENSITIES: [f64; 10] = [1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02];
const REPEATS: usize = 5;
/// Length of a repeat (s).
const REPEAT: f64 = 0.01;

/// Measures every width and batch.
pub(super) fn bench(device: &str) -> Result<(String, Table)> {
    let mut table = Table::new(&["width", "batch", "pass", "break_even_density"]);
    let name = device;
    let device = sparse_core::device::by_name(name)?;
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let one = one.context("no thread can be started")?;
    one.install(|| -> Result<()> {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        for batch in BATCHES {
            for width in WIDTHS {
                for training in [false, true] {
                    let density = break_even(width, batch, training, &device, &mut rng)?;
                    table.push(vec![
                        Cell::Number(width as f64, 0),
                        Cell::Number(batch as f64, 0),
                        Cell::text(if training { "training" } else { "forward" }),
                        Cell::Number(density, 2),
                    ]);
                }
            }
        }
        Ok(())
    })?;
    let title = format!(
        "Density up to which one square layer is faster in compressed rows than as a masked matrix, between\n\
         row-major batches: {name}, one thread, {:?} kernels, {}. Training is forward and backward.",
        Kernels::best().isa(),
        processor()
    );
    Ok((title, table))
}

/// The density at which both storages take the same time, by a line through the two readings around it.
fn break_even(
    width: usize,
    batch: usize,
    training: bool,
    device: &Device,
    rng: &mut ChaCha8Rng,
) -> Result<f64> {
    let mut denser: Option<(f64, f64)> = None;
    for density in DENSITIES {
        let speedup = speedup(width, batch, density, training, device, rng)?;
        if speedup >= 1.0 {
            // In logarithms, as times fall in proportion to density.
            return Ok(denser.map_or(density, |(before, slower)| {
                let share = speedup.ln() / (speedup.ln() - slower.ln());
                (density.ln() + share * (before.ln() - density.ln())).exp()
            }));
        }
        denser = Some((density, speedup));
    }
    Ok(0.0)
}

/// Time as a masked matrix over time in compressed rows.
fn speedup(
    width: usize,
    batch: usize,
    density: f64,
    training: bool,
    device: &Device,
    rng: &mut ChaCha8Rng,
) -> Result<f64> {
    let layer = SparseLinearConfig::new(width, width)
        .with_density(density)
        .with_mask(InitialMask::Random)
        .try_init(device, rng)?;
    let x = draw(batch, width, device, rng);
    let [csr, masked] = [Storage::Csr, Storage::Masked].map(|s| layer.clone().with_storage(s));
    let mut csr = || run(&csr, &x, training);
    let mut masked = || run(&masked, &x, training);
    let [csr, masked] = in_turns(REPEATS, REPEAT, [&mut csr, &mut masked]);
    Ok(ratio(&masked, &csr))
}

fn draw(batch: usize, width: usize, device: &Device, rng: &mut impl Rng) -> Tensor<2> {
    let numbers: Vec<f32> = (0..batch * width)
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    Tensor::from_data(TensorData::new(numbers, [batch, width]), device)
}

/// One pass; the result is read, so that a device that works later has worked.
fn run(layer: &SparseLinear, x: &Tensor<2>, training: bool) {
    if !training {
        black_box(layer.forward(x.clone()).into_data());
        return;
    }
    let layer = layer.clone().train();
    let x = Tensor::from_inner(x.clone()).require_grad();
    let mut gradients = layer.forward(x.clone()).sum().backward();
    black_box(x.grad_remove(&mut gradients).map(Tensor::into_data));
    black_box(
        layer
            .values()
            .grad_remove(&mut gradients)
            .map(Tensor::into_data),
    );
}
