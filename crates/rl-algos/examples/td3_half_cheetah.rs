//! Trains a recipe for some steps and prints each evaluation:
//! `cargo run --release -p rl-algos --example td3_half_cheetah -- rlx2 50000 0`.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::time::Instant;

use rl_algos::observe::{Evaluation, Observer};
use rl_algos::train::Trainer;
use rl_algos::{Result, recipes};

struct Print(Instant);

impl Observer for Print {
    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        let Evaluation {
            progress,
            metrics,
            returns,
            ..
        } = evaluation;
        let Some(returns) = returns else {
            return Ok(());
        };
        println!(
            "{:>7} steps  return {:>7.0} ± {:<5.0} target mean {:>6.1}  {:>6.1} s",
            progress.step,
            returns.mean,
            returns.std,
            metrics.get("target_mean"),
            self.0.elapsed().as_secs_f64()
        );
        Ok(())
    }
}

#[global_allocator]
static MEMORY: sparse_core::memory::CachingAllocator = sparse_core::memory::CachingAllocator::new();

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |i: usize, default: &str| words.get(i).map_or(default.to_owned(), Clone::clone);
    let mut config = recipes::named(&word(0, "rlx2"), "HalfCheetah-v5")?;
    config.steps = word(1, "50000").parse().unwrap_or(50_000);
    config.seed = word(2, "0").parse().unwrap_or(0);
    let device = sparse_core::device::by_name("flex")?;
    Trainer::from_config(&config, config.make_env()?, &device)?
        .observe(Print(Instant::now()))
        .run()?;
    Ok(())
}
