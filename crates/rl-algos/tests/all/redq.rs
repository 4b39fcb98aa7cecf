//! REDQ learns: ten critics and twenty updates a step balance a pendulum within fifteen hundred steps.

use burn::tensor::Device;
use rl_algos::agent::Agent;
use rl_algos::rng::Streams;
use rl_algos::train::{LoopConfig, Trainer};
use rl_algos::{algos, recipes};

#[test]
fn redq_balances_a_pendulum() {
    let mut config = recipes::named("dense-redq", "InvertedPendulum-v5").unwrap();
    (config.networks.actor, config.networks.critic) = (vec![64, 64], vec![64, 64]);
    (config.steps, config.exploration.random_steps) = (1_500, 200);
    (config.evaluation.every, config.evaluation.episodes) = (200, 3);
    (
        config.learning.batch_size,
        config.learning.actor_learning_rate,
    ) = (64, 1e-3);
    config.learning.critic_learning_rate = 1e-3;
    let env = envs::make(&config.env).unwrap();
    let mut streams = Streams::new(config.seed);
    let agent = algos::build(&config, 4, 1, &Device::flex(), &mut streams).unwrap();
    assert_eq!(agent.networks().len(), 11);
    let trainer = Trainer::new(agent, env).config(LoopConfig::from(&config));
    let trained = trainer.streams(streams).run().unwrap();
    let best = trained.returns.iter().copied().fold(f64::NAN, f64::max);
    assert!(best > 100.0, "{:?}", trained.returns);
}
