//! Trains SAC with 90 % sparse networks on environments of a user's own, and fails where it does not learn:
//! `cargo run --release -p outside --example train`.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use envs::Env;
use outside::CartPole;
use rl_algos::observe::{Evaluation, Observer};
use rl_algos::train::Trainer;
use rl_algos::{Result, recipes};
use sparse_core::device;

/// Prints each evaluation.
struct Print(&'static str);

impl Observer for Print {
    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        if let (step, Some(returns)) = (evaluation.progress.step, &evaluation.returns) {
            let [mean, std] = [returns.mean, returns.std];
            println!("{} {step}: {mean:.1} ± {std:.1}", self.0);
        }
        Ok(())
    }
}

/// The highest mean return of ten episodes while training by the recipe `rigl-sac`.
fn train(env: Box<dyn Env>, steps: u64) -> Result<f64> {
    let info = env.info().clone();
    let mut config = recipes::named("rigl-sac", info.id)?;
    config.steps = steps;
    config.networks.actor = vec![128, 128];
    config.networks.critic = vec![128, 128];
    config.learning.actor_learning_rate = 1e-3;
    config.learning.critic_learning_rate = 1e-3;
    config.evaluation.every = 1000;
    config.sparsity.actor = 0.9;
    config.sparsity.critic = 0.9;
    config.validate()?;
    let trained = Trainer::from_config(&config, env, &device::by_name("flex")?)?
        .observe(Print(info.id))
        .run()?;
    Ok(trained.returns.into_iter().fold(f64::MIN, f64::max))
}

fn main() -> Result<()> {
    outside::register()?;
    let cart = train(CartPole::new().into(), 5_000)?;
    let puck = train(envs::make("puck")?, 5_000)?;
    println!("best: CartPole-v0 {cart:.1}, Puck-v0 {puck:.1}");
    // Of 200 steps; a random policy keeps the pole up for some 20.
    assert!(cart > 150.0, "CartPole-v0 was not learnt");
    // Metres from the middle, summed over an episode; a random policy is at some -100.
    assert!(puck > -30.0, "Puck-v0 was not learnt");
    Ok(())
}
