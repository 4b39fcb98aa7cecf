//! Prints the noise that `golden/updates/record.py` takes in: the first numbers of the stream on target actions.
#![allow(clippy::print_stdout, reason = "what it prints is what it is for")]

use rand_distr::{Distribution, StandardNormal};
use rl_algos::rng::Streams;

/// The seed of the recorded updates.
const SEED: u64 = 7;
/// More than any recorded case takes.
const COUNT: usize = 4096;

fn main() {
    let mut stream = Streams::new(SEED).target_noise;
    for _ in 0..COUNT {
        let unit: f32 = StandardNormal.sample(&mut stream);
        println!("{unit}");
    }
}
