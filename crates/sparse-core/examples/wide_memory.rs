//! Memory of a network of 4,096-wide layers in training: proportional to the weights that exist.
//!
//! `cargo run --release -p sparse-core --example wide_memory -- 0.99`, and with 0 for the dense one; each prints the
//! largest size that its process had.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use burn::tensor::{Device, Distribution, Tensor};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use sparse_core::nn::{SparseMlp, SparseMlpConfig};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig, TargetConfig};

const WIDTH: usize = 4096;
const BATCH: usize = 64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sparsity: f64 = std::env::args().nth(1).unwrap_or("0.99".into()).parse()?;
    let device = Device::flex();
    let before = peak_memory();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let config = SparseMlpConfig::new(vec![WIDTH; 4]).with_sparsity(sparsity);
    let net = config.try_init(&device, &mut rng)?;
    let target = TargetConfig::new(0.005, 1);
    let config = NetworkTrainerConfig {
        target: Some(target),
        ..NetworkTrainerConfig::default()
    };
    let mut learner = NetworkTrainer::new(net, config)?;
    let x = Tensor::<2>::random([BATCH, WIDTH], Distribution::Default, &device);
    for _ in 0..5 {
        let x = Tensor::from_inner(x.clone());
        let loss = |net: &SparseMlp, x: Tensor<2>| (net.forward(x.clone()) - x).square().mean();
        learner.minimise([x], loss, &mut rng)?;
    }
    let memory = learner.memory();
    let held = memory.parameters + memory.moments + memory.target + memory.pattern;
    println!(
        "sparsity {sparsity}: {:.1} MB held by the learner",
        mega(held)
    );
    match (before, peak_memory()) {
        (Some(before), Some(peak)) => {
            println!(
                "peak of the process: {:.1} MB above the start",
                mega(peak - before)
            );
        }
        _ => println!("this system does not tell the peak of a process"),
    }
    Ok(())
}

fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// The largest resident size of this process so far, in bytes (Linux).
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: usize = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(1024 * kilobytes)
}
