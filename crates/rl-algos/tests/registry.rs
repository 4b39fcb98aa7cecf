//! An agent and a recipe of one's own have names, settings in TOML, and a way through the trainer, without a change here.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod endless;

use burn::tensor::Device;
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rl_algos::agent::{Agent, Experience, Network, Part, Parts, Resumable, UpdateReport};
use rl_algos::algos::{self, BuildAgent, Policy, check_checkpoint, register_agent};
use rl_algos::config::{AgentConfig, AgentShape, AlgoConfig, TrainConfig};
use rl_algos::nets::BatchShape;
use rl_algos::recipes::{self, Recipe, register_recipe};
use rl_algos::rng::Streams;
use rl_algos::train::{LoopConfig, Trainer};
use rl_algos::{Error, Result};
use serde::{Deserialize, Serialize};
use sparse_core::nn::SparseMlpConfig;
use sparse_core::record::{self, Record, RecordWriter};

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
    // Names that another recipe has, with an agent or without, would never be found.
    for (name, hidden) in [
        ("dense-td3", "dense-td3"),
        ("rlx2-dense", "rlx2-dense"),
        ("rlx2", "rlx2"),
    ] {
        let error = register_recipe(Recipe { name, ..recipe })
            .unwrap_err()
            .to_string();
        let said = format!("recipe = {name}: must be a name that no other recipe has: `{hidden}");
        assert!(error.starts_with(&said), "{error}");
    }
    let error = register_agent::<HidesConfig>().unwrap_err().to_string();
    assert!(
        error.contains("`rlx2-dense-td3` is there already"),
        "{error}"
    );
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
        (
            "[algo.chance]\nrange = nan\n",
            "algo.chance.range = NaN: must be a finite number",
        ),
        (
            "algo = \"ddpg\"\n",
            "unknown agent `ddpg`; known agents: td3, sac, redq",
        ),
        ("algo = 3\n", "algo must be one of td3, sac, redq"),
        (
            "[topology.rule.redo]\nthreshold = nan\n",
            "topology.rule.redo.threshold = NaN: must be",
        ),
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

/// Its name with `rlx2` would be that of `rlx2-dense` with TD3.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct HidesConfig {}

impl AgentConfig for HidesConfig {
    const NAME: &'static str = "dense-td3";
    const ABOUT: &'static str = "hides";
    const SOURCE: &'static str = "a test";

    fn validate(&self) -> Result<()> {
        Ok(())
    }
}

impl BuildAgent for HidesConfig {
    fn build(&self, _: &TrainConfig, _: BatchShape, _: &mut Streams) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Chance {
            range: 0.0,
            steps: 0,
        }))
    }
}

/// Acts by a dense layer of its own, clamped, on observations less their mean: nothing that a list of networks could hold.
#[derive(Debug)]
struct Own {
    layer: Layer,
    mean: f64,
    /// A number that `parts` forgets.
    forgotten: f32,
}

#[derive(Debug)]
struct Layer([f32; 4]);

impl Part for Layer {
    fn save(&self, record: &mut RecordWriter, name: &str) {
        record.floats(name, &self.0);
    }

    fn restore(&mut self, record: &Record, name: &str) -> sparse_core::Result<()> {
        self.0.copy_from_slice(&record.floats(name)?);
        Ok(())
    }
}

impl Resumable for Own {
    fn parts(&mut self) -> Parts<'_> {
        Parts::default()
            .learner("layer", &mut self.layer)
            .numbers([&mut self.mean])
    }
}

impl Agent for Own {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        let rows = observation.iter().zip(self.layer.0);
        let sum: f32 = rows.map(|(o, w)| w * (o - self.mean as f32)).sum();
        action.fill((sum + self.forgotten).clamp(-1.0, 1.0));
    }

    fn learn(&mut self, _: &mut Experience<'_>, _: &mut Streams) -> Result<UpdateReport> {
        Ok(UpdateReport::default())
    }

    fn metrics(&self) -> &'static [&'static str] {
        &[]
    }

    fn networks(&self) -> Vec<Network<'_>> {
        Vec::new()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OwnConfig {}

impl AgentConfig for OwnConfig {
    const NAME: &'static str = "own";
    const ABOUT: &'static str = "acts by no network of ours";
    const SOURCE: &'static str = "a test";

    fn validate(&self) -> Result<()> {
        Ok(())
    }
}

impl BuildAgent for OwnConfig {
    fn build(&self, _: &TrainConfig, _: BatchShape, _: &mut Streams) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Own {
            layer: Layer([0.0; 4]),
            mean: 0.0,
            forgotten: 0.0,
        }))
    }
}

/// A checkpoint holds what an agent names; who plays it is the agent itself.
#[test]
fn an_agent_is_played_by_its_checkpoint_whatever_it_acts_by() {
    register_agent::<OwnConfig>().unwrap();
    assert!(algos::is_registered("own") && !algos::is_registered("redq"));
    assert!(!algos::is_registered("nonsense"));
    let device = Device::flex();
    let mut agent = Own {
        layer: Layer([0.3, -0.2, 0.5, 0.1]),
        mean: 0.25,
        forgotten: 0.0,
    };
    let task = envs::make("InvertedPendulum-v5").unwrap().info().clone();
    let config = recipes::named("dense-own", task.id).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latest.safetensors");
    let bytes = (&mut agent as &mut dyn Agent).checkpoint().unwrap();
    std::fs::write(&path, &bytes).unwrap();
    let mut again = algos::restored(&config, &path, &task, &device).unwrap();
    let (seen, mut own, mut other) = ([0.3, -0.2, 0.1, 0.5], [0.0], [0.0]);
    agent.act(&seen, &mut own);
    again.act(&seen, &mut other);
    assert_eq!(own, other);
    assert_ne!(own, [0.0]);
    check_checkpoint(&mut agent, &bytes, &config, &task, &device).unwrap();
    // What it forgets to name shows.
    agent.forgotten = 0.5;
    let error = check_checkpoint(&mut agent, &bytes, &config, &task, &device).unwrap_err();
    let said = "action of the agent `own` from its checkpoint = [";
    assert!(error.to_string().starts_with(said), "{error}");
    assert!(
        error
            .to_string()
            .contains("as it acts before: `parts` must name"),
        "{error}"
    );
    // A checkpoint of another agent, or an older one.
    let net = SparseMlpConfig::new(vec![4, 3]);
    let net = net
        .try_init(&device, &mut ChaCha8Rng::seed_from_u64(0))
        .unwrap();
    std::fs::write(&path, record::to_bytes(&[("actor", &net)]).unwrap()).unwrap();
    let error = algos::restored(&config, &path, &task, &device)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("latest.safetensors: record: `layer`"),
        "{error}"
    );
    let error = Policy::open(&path, &task, &device).unwrap_err().to_string();
    assert!(error.contains("gives 3"), "{error}");
}

/// The checkpoint of an agent of this crate is played by its actor alone, and by the agent, alike.
#[test]
fn agents_of_this_crate_act_from_their_checkpoints_as_they_are() {
    let device = Device::flex();
    for recipe in ["rlx2-td3", "rlx2-sac", "dense-redq"] {
        let config = recipes::named(recipe, "InvertedPendulum-v5").unwrap();
        let task = envs::make(&config.env).unwrap().info().clone();
        let mut streams = Streams::new(7);
        let mut agent = algos::build(&config, 4, 1, &device, &mut streams).unwrap();
        let bytes = agent.checkpoint().unwrap();
        check_checkpoint(&mut *agent, &bytes, &config, &task, &device).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latest.safetensors");
        std::fs::write(&path, &bytes).unwrap();
        let (seen, mut own, mut other) = ([0.3, -0.2, 0.1, 0.5], [0.0], [0.0]);
        agent.act(&seen, &mut own);
        let mut policy = Policy::open(&path, &task, &device).unwrap();
        policy.act(&seen, &mut other);
        assert_eq!(own, other, "{recipe}");
    }
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
