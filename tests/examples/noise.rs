//! Prints the noise that `record.py` in `golden/updates` and `golden/offline` takes in: the first numbers of the stream on
//! target actions, or with the argument `exploration` of that one.
#![allow(clippy::print_stdout, reason = "what it prints is what it is for")]

use rand_distr::{Distribution, StandardNormal};
use rl_algos::rng::Streams;

/// The seed of the recorded updates.
const SEED: u64 = 7;
/// More than any recorded case takes.
const COUNT: usize = 4096;

fn main() {
    let streams = Streams::new(SEED);
    let mut stream = match std::env::args().nth(1).as_deref() {
        Some("exploration") => streams.exploration,
        _ => streams.target_noise,
    };
    for _ in 0..COUNT {
        let unit: f32 = StandardNormal.sample(&mut stream);
        println!("{unit}");
    }
}
