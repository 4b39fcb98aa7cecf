//! One action at a time: an actor of the papers' size through `Inference`, and through tensors.

use std::hint::black_box;

use anyhow::Result;
use burn::tensor::{Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::kernels::Kernels;
use sparse_core::nn::{Inference, SparseMlpConfig};

use super::clock::{in_turns, ratio};
use super::processor;
use experiments::terminal::table::{Cell, Table};

/// HalfCheetah's actor.
const SIZES: [usize; 4] = [17, 256, 256, 6];
const SPARSITIES: [f64; 4] = [0.0, 0.8, 0.9, 0.95];
const REPEATS: usize = 9;
/// Length of a repeat (s).
const REPEAT: f64 = 0.02;

/// Measures every sparsity.
pub(super) fn bench() -> Result<(String, Table)> {
    let mut table = Table::new(&["density", "inference_us", "tensors_us", "speedup"]);
    let device = sparse_core::device::by_name("flex")?;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let seen = [0.5; SIZES[0]];
    for sparsity in SPARSITIES {
        let net = SparseMlpConfig::new(SIZES.to_vec())
            .with_sparsity(sparsity)
            .try_init(&device, &mut rng)?;
        let mut actor = Inference::of(&net);
        let mut failed = None;
        let mut inference = || match actor.forward(&seen) {
            Ok(action) => {
                black_box(action);
            }
            Err(error) => failed = Some(error),
        };
        let mut tensors = || {
            let rows = TensorData::new(seen.to_vec(), [1, SIZES[0]]);
            black_box(
                net.forward(Tensor::<2>::from_data(rows, &device))
                    .into_data(),
            );
        };
        let [inference, tensors] = in_turns(REPEATS, REPEAT, [&mut inference, &mut tensors]);
        if let Some(error) = failed {
            return Err(error.into());
        }
        table.push(vec![
            Cell::Number(1.0 - sparsity, 2),
            Cell::Number(1e6 * inference.median(), 2),
            Cell::Number(1e6 * tensors.median(), 2),
            Cell::Number(ratio(&tensors, &inference), 1),
        ]);
    }
    let title = format!(
        "One observation through an actor of {SIZES:?}: without tensors, and through Burn's; {:?} kernels, {}.\n\
         Medians of {REPEATS} turns.",
        Kernels::best().isa(),
        processor()
    );
    Ok((title, table))
}
