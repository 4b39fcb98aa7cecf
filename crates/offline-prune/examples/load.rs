//! Loads a dataset and says what it holds: `cargo run --release --example load -- PATH`.
#![allow(clippy::print_stdout, reason = "an example talks")]

use offline_prune::dataset::Dataset;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: load PATH")?;
    let start = Instant::now();
    let data = Dataset::open(path)?;
    let seconds = start.elapsed().as_secs_f64();
    let terminals = (0..data.len()).filter(|row| data.is_terminal(*row)).count();
    println!(
        "{} transitions of {} + {} numbers in {} episodes, {terminals} terminals; {:.1} MB in {seconds:.2} s",
        data.len(),
        data.observation_size(),
        data.action_size(),
        data.episodes().len(),
        data.bytes() as f64 / 1e6,
    );
    Ok(())
}
