//! Random actions in a task: `cargo run --example random_rollout -- Hopper 3`.

use rand::distr::Uniform;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let id = words.next().unwrap_or_else(|| "HalfCheetah-v5".into());
    let episodes: u64 = words.next().map_or(Ok(3), |word| word.parse())?;

    let mut env = envs::make(&id)?;
    let info = env.info().clone();
    let mut observation = vec![0.0; info.observation.len()];
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let controls: Vec<_> = info
        .action
        .iter()
        .map(|q| Uniform::new(q.low, q.high))
        .collect::<Result<_, _>>()?;
    let mut out = std::io::stdout().lock();
    for seed in 0..episodes {
        env.reset(seed, &mut observation)?;
        let (mut total, mut steps) = (0.0, 0);
        loop {
            let action: Vec<f64> = controls
                .iter()
                .map(|control| control.sample(&mut rng))
                .collect();
            let step = env.step(&action, &mut observation)?;
            total += step.reward;
            steps += 1;
            if step.terminated || step.truncated {
                break;
            }
        }
        writeln!(
            out,
            "{} seed {seed}: {steps} steps, return {total:.1}",
            info.id
        )?;
    }
    Ok(())
}
