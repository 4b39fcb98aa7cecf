//! An agent and a recipe of one's own have names, settings in TOML, and a way through the trainer, without a change here.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use burn::tensor::Device;
use envs::{Env, Info, SpaceDim, Step, TaskInfo};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rl_algos::agent::{Agent, Experience, Network, Parts, Resumable, UpdateReport};
use rl_algos::algos::{self, BuildAgent, Policy, register_agent};
use rl_algos::config::{AgentConfig, AgentShape, AlgoConfig, TrainConfig};
use rl_algos::nets::BatchShape;
use rl_algos::recipes::{self, Recipe, register_recipe};
use rl_algos::rng::Streams;
use rl_algos::train::{LoopConfig, Trainer};
use rl_algos::{Error, Result};
use serde::{Deserialize, Serialize};
use sparse_core::nn::{Inference, SparseMlpConfig};
use sparse_core::record;

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

    fn action(&self, outputs: &[f32], action: &mut [f32]) {
        action.fill(outputs[2]);
    }

    fn shape(&self) -> AgentShape {
        AgentShape {
            actor_outputs: 3,
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

/// A checkpoint holds the network; what its outputs mean is the agent's to say.
#[test]
fn a_policy_acts_as_its_agent_says() {
    let config = SparseMlpConfig::new(vec![4, 3]);
    let device = Device::flex();
    let net = config
        .try_init(&device, &mut ChaCha8Rng::seed_from_u64(0))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("actor.safetensors");
    std::fs::write(&path, record::to_bytes(&[("actor", &net)]).unwrap()).unwrap();
    let task = envs::make("InvertedPendulum-v5").unwrap().info().clone();
    let algo = AlgoConfig::new(ChanceConfig::default());
    let mut policy = Policy::of(&algo, &path, &task, &device).unwrap();
    let (seen, mut action) = ([0.3, -0.2, 0.1, 0.5], [0.0]);
    policy.act(&seen, &mut action);
    let outputs = Inference::of(&net).forward(&seen).unwrap().to_vec();
    assert_eq!(action[0], outputs[2]);
    assert_ne!(action[0], outputs[0].tanh());
    let error = Policy::open(&path, &task, &device).unwrap_err().to_string();
    assert!(error.contains("gives 3"), "{error}");
}

#[test]
fn an_agent_for_another_task_is_refused_by_its_network() {
    let mut config = recipes::named("dense-td3", "Hopper-v5").unwrap();
    config.steps = 10;
    let agent = |sizes: [usize; 2]| {
        let mut streams = Streams::new(0);
        algos::build(&config, sizes[0], sizes[1], &Device::flex(), &mut streams).unwrap()
    };
    for (sizes, said) in [
        (
            [10, 3],
            "inputs of the agent's network `actor` = 10: must be 11: Hopper-v5 observes 11 numbers and takes 3",
        ),
        (
            [11, 2],
            "inputs of the agent's network `critic_1` = 13: must be 14",
        ),
    ] {
        let trainer = Trainer::new(agent(sizes), envs::make("hopper").unwrap());
        let error = trainer.config(LoopConfig::from(&config)).run().unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
    }
}

#[test]
fn names_that_could_not_be_written_are_refused() {
    for name in ["", "Brief", "a b", "a.b"] {
        let recipe = Recipe {
            name,
            about: "",
            source: "",
            settings: |base, _| base,
        };
        let error = register_recipe(recipe).unwrap_err().to_string();
        let said = format!("recipe = `{name}`: must be a name of lower case letters");
        assert!(error.starts_with(&said), "{error}");
    }
}

/// An environment that forgets its time limit.
#[derive(Clone)]
struct Forgets(TaskInfo);

impl Env for Forgets {
    fn info(&self) -> &TaskInfo {
        &self.0
    }

    fn reset(&mut self, _: u64, observation: &mut [f64]) -> envs::Result<()> {
        self.reset_next(observation)
    }

    fn reset_next(&mut self, observation: &mut [f64]) -> envs::Result<()> {
        observation.fill(0.0);
        Ok(())
    }

    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> envs::Result<Step> {
        self.0.check_step(action, observation)?;
        Ok(Step {
            reward: 0.0,
            terminated: false,
            truncated: false,
            info: Info::default(),
        })
    }
}

#[test]
fn an_episode_without_an_end_is_an_error() {
    let info = TaskInfo {
        id: "Forgets-v0",
        observation: vec![SpaceDim::unbounded("x", "m")],
        action: vec![SpaceDim::bounded("v", "m/s", 1.0)],
        max_episode_steps: 20,
        ..TaskInfo::default()
    };
    let agent = Chance {
        range: 0.5,
        steps: 0,
    };
    let config = LoopConfig {
        steps: 10,
        random_steps: 5,
        ..LoopConfig::default()
    };
    let trainer = Trainer::new(agent, Forgets(info)).config(config);
    let error = trainer.run().unwrap_err().to_string();
    assert!(
        error.starts_with("Forgets-v0 went on after 20 steps"),
        "{error}"
    );
}

/// A metric that `metrics` does not name would be lost.
#[test]
fn a_metric_without_a_name_is_an_error() {
    #[derive(Debug)]
    struct Tells(Chance);

    impl Resumable for Tells {
        fn parts(&mut self) -> Parts<'_> {
            self.0.parts()
        }
    }

    impl Agent for Tells {
        fn act(&mut self, observation: &[f32], action: &mut [f32]) {
            self.0.act(observation, action);
        }

        fn explore(
            &mut self,
            observation: &[f32],
            rng: &mut ChaCha8Rng,
            mean: &mut [f32],
            action: &mut [f32],
        ) {
            self.0.explore(observation, rng, mean, action);
        }

        fn learn(&mut self, _: &mut Experience<'_>, _: &mut Streams) -> Result<UpdateReport> {
            Ok(UpdateReport {
                metrics: vec![("rewart", 1.0)],
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

    let agent = Tells(Chance {
        range: 0.5,
        steps: 0,
    });
    let config = LoopConfig {
        steps: 10,
        random_steps: 5,
        ..LoopConfig::default()
    };
    let env = envs::make("InvertedPendulum-v5").unwrap();
    let error = Trainer::new(agent, env).config(config).run().unwrap_err();
    let said = "metric = rewart: must be one of the agent's `metrics`: reward";
    assert_eq!(error.to_string(), said);
}
