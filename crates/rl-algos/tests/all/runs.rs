//! What a run takes: an agent whose networks are modules of its own, and its own state to go on from.

use burn::module::Module;
use burn::tensor::Device;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rl_algos::agent::{Agent, Experience, Network, Parts, Resumable, Role, UpdateReport};
use rl_algos::observe::{Observer, Snapshot};
use rl_algos::replay::Replay;
use rl_algos::rng::Streams;
use rl_algos::train::{LoopConfig, TrainState, Trainer};
use rl_algos::{Result, recipes};
use sparse_core::nn::{SparseLinear, SparseLinearConfig, SparseMlp, SparseMlpConfig, SparseModule};
use sparse_core::record::Record;
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig};

/// Two layers beside each other.
#[derive(Module, Debug)]
struct Beside {
    left: SparseLinear,
    right: SparseLinear,
}

impl SparseModule for Beside {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        vec![&self.left, &self.right]
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        vec![&mut self.left, &mut self.right]
    }
}

/// An agent whose critic is a module of its own.
#[derive(Debug)]
struct Modular {
    actor: NetworkTrainer<SparseMlp>,
    critic: NetworkTrainer<Beside>,
}

impl Modular {
    fn new() -> Self {
        let (device, mut rng) = (Device::flex(), ChaCha8Rng::seed_from_u64(0));
        let actor = SparseMlpConfig::new(vec![4, 8, 1]).with_sparsity(0.5);
        let mut layer = || {
            let layer = SparseLinearConfig::new(5, 6).with_density(0.2);
            layer.try_init(&device, &mut rng).unwrap()
        };
        let (left, right) = (layer(), layer());
        let actor = actor.try_init(&device, &mut rng).unwrap();
        let config = NetworkTrainerConfig::default();
        Self {
            actor: NetworkTrainer::new(actor, config.clone()).unwrap(),
            critic: NetworkTrainer::new(Beside { left, right }, config).unwrap(),
        }
    }
}

impl Resumable for Modular {
    fn parts(&mut self) -> Parts<'_> {
        Parts::default()
            .learner("actor", &mut self.actor)
            .learner("critic", &mut self.critic)
    }
}

impl Agent for Modular {
    fn act(&mut self, _: &[f32], action: &mut [f32]) {
        action.fill(0.0);
    }

    fn learn(&mut self, _: &mut Experience<'_>, _: &mut Streams) -> Result<UpdateReport> {
        Ok(UpdateReport::default())
    }

    fn metrics(&self) -> &'static [&'static str] {
        &[]
    }

    fn networks(&self) -> Vec<Network<'_>> {
        vec![
            Network::of("actor", Role::Actor, &self.actor),
            Network::of("critic", Role::Critic, &self.critic),
            Network::part("left", Role::Other, &self.critic.net().left),
        ]
    }
}

/// What a run was kept in, and what it told of its networks.
#[derive(Default)]
struct Kept {
    state: Option<TrainState>,
    replay: Option<Replay>,
    densities: Vec<Vec<f64>>,
}

impl Observer for Kept {
    fn on_checkpoint(&mut self, snapshot: &mut Snapshot<'_>) -> Result<()> {
        self.state = Some(snapshot.state()?);
        self.replay = snapshot.replay().cloned();
        if let Some(evaluation) = snapshot.evaluation {
            let networks = evaluation.networks.iter();
            self.densities = networks.map(|network| network.densities.clone()).collect();
        }
        Ok(())
    }
}

fn short() -> LoopConfig {
    let mut config = LoopConfig {
        steps: 12,
        random_steps: 4,
        batch_size: 4,
        ..LoopConfig::default()
    };
    (config.evaluation.every, config.evaluation.episodes) = (6, 1);
    config
}

/// A network of an agent is any module: it has densities, weights and memory, and lies in files; what asks for a plain network
/// says so.
#[test]
fn networks_may_be_modules_of_ones_own() {
    let mut agent = Modular::new();
    let agent: &mut dyn Agent = &mut agent;
    let networks = agent.networks();
    assert_eq!(networks[1].densities(), [0.2, 0.2]);
    assert!(networks[1].mlp().is_none() && networks[0].mlp().is_some());
    assert!(
        networks[1].learner::<Beside>().is_some() && networks[1].learner::<SparseMlp>().is_none()
    );
    let said = networks[1].plain("to be pruned").unwrap_err().to_string();
    assert_eq!(
        said,
        "networks = `critic`, a module of its own: must be a SparseMlp, to be pruned"
    );
    drop(networks);
    assert_eq!(
        (agent.critic_weights().active, agent.critic_weights().total),
        (12, 60)
    );
    assert_eq!(agent.memory().len(), 2);
    let record = Record::from_bytes(agent.to_bytes().unwrap()).unwrap();
    assert!(record.has_network("critic").unwrap() && record.has_network("left").unwrap());
    let bytes = agent.checkpoint().unwrap();
    agent
        .restore_checkpoint(&Record::from_bytes(bytes).unwrap())
        .unwrap();

    let mut kept = Kept::default();
    let env = envs::make("InvertedPendulum-v5").unwrap();
    Trainer::new(Modular::new(), env)
        .config(short())
        .observe(&mut kept)
        .run()
        .unwrap();
    assert_eq!(kept.densities[1..], [vec![0.2, 0.2], vec![0.2]]);
}

#[test]
fn a_run_goes_on_from_its_own_state_alone() {
    let config = |recipe: &str, task: &str| {
        let mut config = recipes::named(recipe, task).unwrap();
        (config.networks.actor, config.networks.critic) = (vec![8], vec![8]);
        (config.sparsity.actor, config.sparsity.critic) = (0.2, 0.2);
        config
    };
    let trainer = |recipe: &str, task: &str| {
        let config = config(recipe, task);
        let env = config.make_env().unwrap();
        let trainer = Trainer::from_config(&config, env, &Device::flex());
        trainer.unwrap().config(short())
    };
    let (recipe, task) = ("static-td3", "InvertedPendulum-v5");
    let mut kept = Kept::default();
    trainer(recipe, task).observe(&mut kept).run().unwrap();
    let (state, replay) = (kept.state.unwrap(), kept.replay.unwrap());
    trainer(recipe, task)
        .resume(state.clone(), Some(replay.clone()))
        .run()
        .unwrap();
    let mut other = short();
    other.replay.as_mut().unwrap().capacity = 7;
    for (trainer, replay, said) in [
        (
            trainer(recipe, task),
            None,
            "replay = none: must be one of 1000000 transitions at most",
        ),
        (
            trainer(recipe, task).config(other),
            Some(replay.clone()),
            "with 4 observed numbers and 1 of an action: must be one of 7 transitions at most",
        ),
        (trainer(recipe, "Hopper-v5"), Some(replay.clone()), "actor"),
        (
            trainer("static-sac", task),
            Some(replay),
            "stored beside the networks: must be 4",
        ),
    ] {
        let error = trainer
            .resume(state.clone(), replay)
            .run()
            .unwrap_err()
            .to_string();
        assert!(error.contains(said) && !error.contains('\n'), "{error}");
    }
}
