//! An agent and a recipe of one's own have names, settings in TOML, and a way through the trainer, without a change here.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use burn::tensor::Device;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rl_algos::agent::{Agent, Experience, Network, Parts, Resumable, UpdateReport};
use rl_algos::algos::{self, BuildAgent, register_agent};
use rl_algos::config::{AgentConfig, AgentShape, AlgoConfig, TrainConfig};
use rl_algos::nets::BatchShape;
use rl_algos::recipes::{self, Recipe, register_recipe};
use rl_algos::rng::Streams;
use rl_algos::train::{LoopConfig, Trainer};
use rl_algos::{Error, Result};
use serde::{Deserialize, Serialize};

/// Acts by chance within a range, and counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ChanceConfig {
    range: f64,
}

impl Default for ChanceConfig {
    fn default() -> Self {
        Self { range: 0.5 }
    }
}

impl AgentConfig for ChanceConfig {
    const NAME: &'static str = "chance";
    const ABOUT: &'static str = "acts by chance";
    const SOURCE: &'static str = "a test";

    fn validate(&self) -> Result<()> {
        match (0.0..=1.0).contains(&self.range) {
            true => Ok(()),
            false => Err(Error::Config {
                field: "algo.chance.range".into(),
                value: self.range.to_string(),
                allowed: "in [0, 1]".into(),
            }),
        }
    }

    fn shape(&self) -> AgentShape {
        AgentShape {
            actor_outputs: 1,
            critics: 0,
            updates_per_step: 1,
            policy_delay: 1,
            actor_target: false,
        }
    }
}

impl BuildAgent for ChanceConfig {
    fn build(&self, _: &TrainConfig, _: BatchShape, _: &mut Streams) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Chance {
            range: self.range as f32,
            steps: 0,
        }))
    }
}

#[derive(Debug)]
struct Chance {
    range: f32,
    steps: u64,
}

impl Resumable for Chance {
    fn parts(&mut self) -> Parts<'_> {
        Parts::default().counter(&mut self.steps)
    }
}

impl Agent for Chance {
    fn act(&mut self, _: &[f32], action: &mut [f32]) {
        action.fill(0.0);
    }

    fn explore(
        &mut self,
        observation: &[f32],
        rng: &mut ChaCha8Rng,
        mean: &mut [f32],
        action: &mut [f32],
    ) {
        self.act(observation, mean);
        action.fill_with(|| rng.random_range(-self.range..=self.range));
    }

    fn learn(&mut self, experience: &mut Experience<'_>, _: &mut Streams) -> Result<UpdateReport> {
        let step = experience.transition().unwrap();
        assert!(step.action.iter().all(|a| a.abs() <= self.range));
        self.steps += 1;
        Ok(UpdateReport {
            updates: 1,
            metrics: vec![("reward", step.reward)],
            ..UpdateReport::default()
        })
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["reward"]
    }

    fn networks(&self) -> Vec<Network<'_>> {
        Vec::new()
    }
}

#[test]
fn an_agent_and_a_recipe_of_ones_own_are_found_by_name() {
    assert!(AlgoConfig::named("chance").is_none());
    register_agent::<ChanceConfig>().unwrap();
    let taken = register_agent::<ChanceConfig>().unwrap_err().to_string();
    assert!(taken.contains("chance"), "{taken}");
    let recipe = Recipe {
        name: "brief",
        about: "a short run",
        source: "a test",
        settings: |base, _| TrainConfig { steps: 50, ..base },
    };
    register_recipe(recipe).unwrap();
    let taken = register_recipe(recipe).unwrap_err().to_string();
    assert!(taken.contains("brief"), "{taken}");
    assert!(recipes::names().any(|name| name == "brief-chance"));

    let mut config = recipes::named("brief-chance", "InvertedPendulum-v5").unwrap();
    let config = {
        config.evaluation.episodes = 1;
        config.merged("[algo.chance]\nrange = 0.25\n").unwrap()
    };
    assert_eq!(config.algo.get::<ChanceConfig>().unwrap().range, 0.25);
    let text = config.to_toml().unwrap();
    assert_eq!(TrainConfig::from_toml(&text).unwrap(), config);
    for (change, said) in [
        (
            "[algo.chance]\nrang = 0.2\n",
            "did you mean `algo.chance.range`?",
        ),
        (
            "[algo.chance]\nrange = 2.0\n",
            "algo.chance.range = 2: must be in [0, 1]",
        ),
        ("[algo.chance]\nrange = \"far\"\n", "in `algo.chance.range`"),
    ] {
        let line = config.merged(change).unwrap_err().to_string();
        assert!(line.contains(said), "{line}");
    }

    let env = envs::make(&config.env).unwrap();
    let mut streams = Streams::new(config.seed);
    let agent = algos::build(&config, 4, 1, &Device::flex(), &mut streams).unwrap();
    let trained = Trainer::new(agent, env)
        .config(LoopConfig::from(&config))
        .run()
        .unwrap();
    // The first eighth of the steps is random.
    assert_eq!((trained.steps, trained.returns.len()), (50, 1));
    let mut agent = trained.agent;
    assert_eq!(*agent.parts().counters[0], 50 - config.random_steps());
}
