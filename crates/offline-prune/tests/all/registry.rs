//! An offline agent of one's own has a name, settings in TOML, a way through pruning and the trainer, without a change
//! here; and being an agent as any other, it goes on learning in an environment.

use burn::tensor::{Device, Tensor};
use offline_prune::Result;
use offline_prune::agent::{NetworkShape, Objective, OfflineAgent};
use offline_prune::config::{
    AlgoConfig, OfflineAgentConfig, OfflineConfig, agent_kinds, register_agent,
};
use offline_prune::dataset::{Dataset, Episode};
use offline_prune::prune::PruneConfig;
use offline_prune::train::{start, train};
use offline_prune::{policy_bytes, prune_agent};
use rand::RngExt;
use rl_algos::agent::{Agent, Experience, Network, Parts, Resumable, Role, UpdateReport};
use rl_algos::config::AgentConfig;
use rl_algos::nets::{Actor, BatchShape};
use rl_algos::observe::{Evaluation, Observer};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use rl_algos::train::{LoopConfig, Trainer};
use serde::{Deserialize, Serialize};
use sparse_core::nn::SparseMlp;

const TASK: &str = "InvertedPendulum-v5";

/// Clones the data with a loss of a power of the distance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PowerConfig {
    power: f64,
}

impl Default for PowerConfig {
    fn default() -> Self {
        Self { power: 2.0 }
    }
}

impl AgentConfig for PowerConfig {
    const NAME: &'static str = "power-clone";
    const ABOUT: &'static str = "clones by a power of the distance";
    const SOURCE: &'static str = "a test";

    fn validate(&self) -> rl_algos::Result<()> {
        match self.power >= 1.0 {
            true => Ok(()),
            false => {
                let (field, allowed) = ("algo.power-clone.power", "1 or more");
                Err(rl_algos::Error::config(field, self.power, allowed))
            }
        }
    }
}

impl OfflineAgentConfig for PowerConfig {
    fn shapes(&self, config: &OfflineConfig, rows: &BatchShape) -> Vec<NetworkShape> {
        let hidden = config.networks.actor.as_slice();
        vec![NetworkShape {
            name: "actor",
            sizes: [&[rows.obs_dim], hidden, &[rows.act_dim]].concat(),
            critic: false,
        }]
    }

    fn build(
        &self,
        config: &OfflineConfig,
        rows: BatchShape,
        networks: Vec<SparseMlp>,
    ) -> Result<Box<dyn OfflineAgent>> {
        let network = networks.into_iter().next().unwrap();
        Ok(Box::new(PowerClone {
            power: self.power,
            actor: Actor::from_network(network, config.actor_learner(false))?,
            rows,
        }))
    }

    fn published(&self, base: &mut OfflineConfig) {
        base.learning.batch_size = 32;
    }
}

#[derive(Debug)]
struct PowerClone {
    power: f64,
    rows: BatchShape,
    actor: Actor,
}

/// The loss on a batch.
fn loss(actor: &SparseMlp, [seen, done]: [Tensor<2>; 2], power: f64) -> Tensor<1> {
    let [seen, done] = [seen, done].map(Tensor::from_inner);
    let distance = (actor.forward(seen).tanh() - done).abs() + 1e-6;
    distance.powf_scalar(power).mean()
}

impl PowerClone {
    fn tensors(&self, batch: &Batch) -> [Tensor<2>; 2] {
        let seen = self
            .rows
            .tensor(batch.observation.clone(), self.rows.obs_dim);
        [
            seen,
            self.rows.tensor(batch.action.clone(), self.rows.act_dim),
        ]
    }
}

impl Agent for PowerClone {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.actor.act(observation, action);
    }

    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> rl_algos::Result<UpdateReport> {
        let batch = experience.batch(&mut streams.replay)?;
        let (tensors, power) = (self.tensors(batch), self.power);
        let loss = |net: &SparseMlp, rows| loss(net, rows, power);
        let (learner, rng) = (self.actor.learner_mut(), streams.topology("actor"));
        let report = learner.minimise([tensors], loss, rng)?;
        Ok(UpdateReport {
            updates: 1,
            metrics: vec![("actor_loss", report.loss)],
            ..UpdateReport::default()
        })
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["actor_loss"]
    }

    fn networks(&self) -> Vec<Network<'_>> {
        vec![Network::of("actor", Role::Actor, self.actor.learner())]
    }
}

impl Resumable for PowerClone {
    fn parts(&mut self) -> Parts<'_> {
        Parts::default().learner("actor", self.actor.learner_mut())
    }
}

impl OfflineAgent for PowerClone {
    fn objectives(&self, batch: &Batch, _: &mut Streams) -> Result<Vec<Objective>> {
        let (tensors, power) = (self.tensors(batch), self.power);
        Ok(vec![Objective {
            networks: vec![0],
            fixed: Vec::new(),
            loss: Box::new(move |nets| loss(&nets[0], tensors.clone(), power)),
        }])
    }
}

/// Actions that are half the first number of the observation.
fn dataset() -> Dataset {
    let mut rng = Streams::new(5).exploration;
    let mut episode = |_| {
        let observations: Vec<f32> = (0..21 * 4).map(|_| rng.random_range(-1.0..1.0)).collect();
        Episode {
            actions: observations
                .chunks(4)
                .take(20)
                .map(|row| row[0] / 2.0)
                .collect(),
            rewards: vec![1.0; 20],
            observations,
            truncated: true,
            ..Episode::default()
        }
    };
    let episodes: Vec<Episode> = (0..20).map(&mut episode).collect();
    Dataset::from_episodes(4, &[[-1.0, 1.0]], episodes).unwrap()
}

fn config() -> OfflineConfig {
    // Once in the process, whichever test comes first.
    let known = agent_kinds()
        .iter()
        .any(|kind| kind.name == PowerConfig::NAME);
    if !known {
        // Another test may have been quicker.
        let _ = register_agent::<PowerConfig>();
    }
    let mut config = OfflineConfig::new("power-clone".parse().unwrap(), TASK);
    config.updates = 300;
    config.learning.actor_learning_rate = 3e-3;
    config.networks.actor = vec![32, 32];
    (config.evaluation.every, config.evaluation.episodes) = (100, 2);
    config.normalise_observations = false;
    config.pruning = Some(PruneConfig {
        sparsity: 0.5,
        ..PruneConfig::default()
    });
    config
}

#[test]
fn it_has_a_name_and_settings_of_its_own() {
    let config = config();
    assert_eq!(config.learning.batch_size, 32, "as published");
    let text = config.to_toml().unwrap();
    assert!(text.contains("[algo.power-clone]\npower = 2.0\n"), "{text}");
    assert_eq!(OfflineConfig::from_toml(&text).unwrap(), config);
    // Of default settings the name alone says as much.
    let named = text.replace("[algo.power-clone]\npower = 2.0\n", "");
    let named = OfflineConfig::from_toml(&format!("algo = \"power-clone\"\n{named}")).unwrap();
    assert_eq!(named, config);
    let error = |change: &str| {
        let text = text.replace("power = 2.0", change);
        OfflineConfig::from_toml(&text).unwrap_err().to_string()
    };
    assert_eq!(
        error("power = 0.5"),
        "algo.power-clone.power = 0.5: must be 1 or more"
    );
    assert!(error("powr = 2.0").contains("`powr`"));
    let error = "no-such".parse::<AlgoConfig>().unwrap_err().to_string();
    assert!(error.contains("bc, td3-bc, iql, awac, bcq"), "{error}");
    assert!(error.contains("power-clone"), "{error}");
    let error = register_agent::<PowerConfig>().unwrap_err().to_string();
    assert!(error.contains("a name that no other agent has"), "{error}");
    let error = register_agent::<offline_prune::config::BcqConfig>().unwrap_err();
    assert!(error.to_string().starts_with("agent = bcq"), "{error}");
}

#[test]
fn it_is_pruned_trained_and_exported() {
    #[derive(Default)]
    struct Losses(Vec<f64>);
    impl Observer for Losses {
        fn on_evaluation(&mut self, evaluation: &Evaluation) -> rl_algos::Result<()> {
            self.0.push(evaluation.metrics.get("actor_loss"));
            Ok(())
        }
    }
    let (config, dataset) = (config(), dataset());
    let mut losses = Losses::default();
    let mut trained = train(&config, &dataset, &Device::flex(), &mut [&mut losses]).unwrap();
    assert_eq!((trained.steps, trained.returns.len()), (300, 3));
    let losses = losses.0;
    assert!(losses[2] < 0.2 * losses[0], "{losses:?}");
    let agent: &mut dyn Agent = &mut *trained.agent;
    let weights = agent.all_weights();
    let density = weights.active as f64 / weights.total as f64;
    assert!((density - 0.5).abs() < 0.01, "{density}");
    assert!(policy_bytes(agent, 1, None).is_ok());
    // A file holds the network alone, so one that acts by it in another way has none.
    let error = policy_bytes(&mut Halves(trained.agent), 1, None)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("action of the agent = ["), "{error}");
    assert!(error.contains("tanh of its actor's outputs"), "{error}");
}

/// Acts by half of what another does.
#[derive(Debug)]
struct Halves(Box<dyn OfflineAgent>);

impl Resumable for Halves {
    fn parts(&mut self) -> Parts<'_> {
        self.0.parts()
    }
}

impl Agent for Halves {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.0.act(observation, action);
        action.iter_mut().for_each(|number| *number /= 2.0);
    }

    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> rl_algos::Result<UpdateReport> {
        self.0.learn(experience, streams)
    }

    fn metrics(&self) -> &'static [&'static str] {
        self.0.metrics()
    }

    fn networks(&self) -> Vec<Network<'_>> {
        self.0.networks()
    }
}

/// Of a network that the agent does not have.
impl OfflineAgent for Halves {
    fn objectives(&self, _: &Batch, _: &mut Streams) -> Result<Vec<Objective>> {
        Ok(vec![Objective {
            networks: vec![5],
            fixed: Vec::new(),
            loss: Box::new(|_| panic!("is not asked")),
        }])
    }
}

#[test]
fn objectives_of_other_networks_are_an_error_before_pruning() {
    let (mut config, dataset) = (config(), dataset());
    config.pruning = None;
    let agent = Halves(start(&config, &dataset, &Device::flex()).unwrap().agent);
    for joint_critics in [false, true] {
        let pruning = PruneConfig {
            joint_critics,
            ..PruneConfig::default()
        };
        let (mut streams, batch) = (Streams::new(0), Batch::default());
        let mut rng = Streams::new(1).init;
        let pruned = prune_agent(&agent, &[batch], &pruning, &mut streams, &mut rng);
        let error = pruned.unwrap_err().to_string();
        assert!(error.starts_with("objectives = of network 5:"), "{error}");
    }
}

/// The agent that learned from data learns on from a replay: it is one of `rl-algos`' agents.
#[test]
fn it_goes_on_in_an_environment() {
    let (config, dataset) = (config(), dataset());
    let start = start(&config, &dataset, &Device::flex()).unwrap();
    assert!(!start.pruning.is_empty());
    let before = {
        let agent: &dyn Agent = &*start.agent;
        agent.to_bytes().unwrap()
    };
    let trainer = Trainer::new(start.agent, envs::make(TASK).unwrap()).config(LoopConfig {
        steps: 60,
        random_steps: 30,
        ..config.loop_config()
    });
    let error = trainer.run().unwrap_err().to_string();
    assert!(error.starts_with("replay = none: must be kept"), "{error}");

    let start = offline_prune::train::start(&config, &dataset, &Device::flex()).unwrap();
    let trainer = Trainer::new(start.agent, envs::make(TASK).unwrap()).config(LoopConfig {
        steps: 60,
        random_steps: 30,
        replay: LoopConfig::default().replay,
        ..config.loop_config()
    });
    let trained = trainer.run().unwrap();
    let agent: &dyn Agent = &*trained.agent;
    assert_eq!(trained.steps, 60);
    assert!(agent.to_bytes().unwrap() != before);
}
