//! Algorithms, one per file, and what they share.

mod gaussian;
mod policy;
mod redq;
mod sac;
#[cfg(test)]
mod slope_tests;
mod soft_actor;
pub mod td3;

use std::path::Path;

use burn::tensor::Device;
use envs::TaskInfo;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sparse_core::record::Record;
use sparse_core::trainer::StepReport;

pub use policy::Policy;
pub use redq::Redq;
pub use sac::Sac;
pub use td3::Td3;

use crate::agent::{Agent, Moves, UpdateReport};
use crate::config::{self, AgentConfig, RedqConfig, Registered, SacConfig, Td3Config, TrainConfig};
use crate::nets::{BatchShape, CriticStep, value_mean};
use crate::rng::Streams;
use crate::{Error, Result, recipes};

/// Metrics of an actor-critic agent.
pub const METRICS: [&str; 8] = [
    "critic_loss",
    "actor_loss",
    "target_mean",
    "value_mean",
    "temperature",
    "entropy",
    "actor_gradient_norm",
    "critic_gradient_norm",
];

/// Settings that an agent can be made from.
pub trait BuildAgent: AgentConfig {
    /// Draws the agent.
    ///
    /// # Errors
    /// As [`TrainConfig::validate`], or the networks' own when a layer would have no inputs.
    fn build(
        &self,
        config: &TrainConfig,
        shape: BatchShape,
        streams: &mut Streams,
    ) -> Result<Box<dyn Agent>>;
}

impl BuildAgent for Td3Config {
    fn build(
        &self,
        config: &TrainConfig,
        shape: BatchShape,
        streams: &mut Streams,
    ) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Td3::new(config, shape, streams)?))
    }
}

impl BuildAgent for SacConfig {
    fn build(
        &self,
        config: &TrainConfig,
        shape: BatchShape,
        streams: &mut Streams,
    ) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Sac::new(config, shape, streams)?))
    }
}

/// How the agent of a configuration is made.
#[derive(Clone, Copy)]
struct Builder {
    name: &'static str,
    build: fn(&TrainConfig, BatchShape, &mut Streams) -> Result<Box<dyn Agent>>,
}

impl Builder {
    const fn of<A: BuildAgent>() -> Self {
        Self {
            name: A::NAME,
            build: |config, shape, streams| match config.algo.get::<A>() {
                Some(settings) => settings.build(config, shape, streams),
                None => Err(Error::config("algo", config.algo.name(), A::NAME)),
            },
        }
    }
}

/// The agents of this crate: one line for each.
const OURS: [Builder; 3] = [
    Builder::of::<Td3Config>(),
    Builder::of::<SacConfig>(),
    Builder::of::<RedqConfig>(),
];

static REGISTERED: Registered<Builder> = Registered::new();

/// Gives an agent of one's own its name in configurations, recipes and checkpoints, in all of the process.
///
/// # Errors
/// [`Error::Config`] when the name is taken, or is none: lower case letters, digits, `_` and `-`.
pub fn register_agent<A: BuildAgent>() -> Result<()> {
    let _adding = recipes::adding();
    if config::agent_kinds()
        .iter()
        .all(|kind| kind.name != A::NAME)
    {
        recipes::check_agent(A::NAME)?;
    }
    let ours = OURS.iter().map(|builder| builder.name);
    REGISTERED.add("agent", A::NAME, Builder::of::<A>(), ours)?;
    // Last, for it is by this that others find the agent: whoever finds it can make it.
    config::register::<A>()
}

/// Draws the agent that `config` describes, for observations and actions of these sizes.
///
/// # Errors
/// As [`TrainConfig::validate`], or the networks' own when a layer would have no inputs.
pub fn build(
    config: &TrainConfig,
    observation: usize,
    action: usize,
    device: &Device,
    streams: &mut Streams,
) -> Result<Box<dyn Agent>> {
    let shape = BatchShape {
        obs_dim: observation,
        act_dim: action,
        device: device.clone(),
    };
    let mut builders = REGISTERED.after(&OURS).into_iter();
    match builders.find(|builder| builder.name == config.algo.name()) {
        Some(builder) => (builder.build)(config, shape, streams),
        None => Err(Error::config(
            "algo",
            config.algo.name(),
            "a registered agent",
        )),
    }
}

/// Whether an agent of this name was [registered](register_agent); those of this crate were not.
#[must_use]
pub fn is_registered(name: &str) -> bool {
    let registered = REGISTERED.after(&[]);
    registered.iter().any(|builder| builder.name == name)
}

/// The agent of `config` as a [checkpoint](crate::agent::Agent#method.checkpoint) has it, for acting: built anew, with
/// what the file holds.
///
/// # Errors
/// As [`build`]; [`Error::File`] when the file cannot be read, or is of another agent.
pub fn restored(
    config: &TrainConfig,
    checkpoint: &Path,
    task: &TaskInfo,
    device: &Device,
) -> Result<Box<dyn Agent>> {
    let record = Record::open(checkpoint)?;
    rebuilt(config, &record, task, device).map_err(Error::file(checkpoint))
}

fn rebuilt(
    config: &TrainConfig,
    record: &Record,
    task: &TaskInfo,
    device: &Device,
) -> Result<Box<dyn Agent>> {
    let mut streams = Streams::new(config.seed);
    let sizes = [task.observation.len(), task.action.len()];
    let mut agent = build(config, sizes[0], sizes[1], device, &mut streams)?;
    agent.restore_checkpoint(record)?;
    Ok(agent)
}

/// Observations that [`check_checkpoint`] compares actions at.
const COMPARED: usize = 4;

/// Checks that `agent` acts as the one that is [restored] from its `checkpoint`.
///
/// # Errors
/// [`Error::Config`] with both actions where they differ; as [`restored`].
pub fn check_checkpoint(
    agent: &mut dyn Agent,
    checkpoint: &[u8],
    config: &TrainConfig,
    task: &TaskInfo,
    device: &Device,
) -> Result<()> {
    let record = Record::from_bytes(checkpoint.to_vec())?;
    let mut again = rebuilt(config, &record, task, device)?;
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut observation = vec![0.0; task.observation.len()];
    let [mut own, mut other] = [(); 2].map(|()| vec![0.0; task.action.len()]);
    for _ in 0..COMPARED {
        observation.fill_with(|| rng.random_range(-1.0..=1.0));
        agent.act(&observation, &mut own);
        again.act(&observation, &mut other);
        let bits = |action: &[f32]| action.iter().map(|a| a.to_bits()).collect::<Vec<_>>();
        if bits(&own) != bits(&other) {
            let field = format!(
                "action of the agent `{}` from its checkpoint",
                config.algo.name()
            );
            let allowed = format!(
                "{own:?}, as it acts before: `parts` must name everything that `act` depends on"
            );
            return Err(Error::config(field, format!("{other:?}"), allowed));
        }
    }
    Ok(())
}

/// The report of an update of critics and an actor. Critics' losses are summed; `target_mean` is the mean of the
/// targets, `value_mean` that of the batch's values by the first critic before its step.
fn report<A>(
    critics: &[CriticStep],
    actor: Option<&StepReport<A>>,
    target_mean: f32,
) -> UpdateReport {
    let critic_loss = critics.iter().map(|step| step.loss).sum();
    let norms = critics.iter().map(|step| step.gradient_norm);
    let mut metrics = vec![
        ("critic_loss", critic_loss),
        ("target_mean", target_mean),
        ("value_mean", value_mean(critics)),
        (
            "critic_gradient_norm",
            norms.map(|norm| norm * norm).sum::<f32>().sqrt(),
        ),
    ];
    if let Some(actor) = actor {
        metrics.push(("actor_loss", actor.loss));
        metrics.push(("actor_gradient_norm", actor.gradient_norm));
    }
    UpdateReport {
        updates: 1,
        metrics,
        moves: critics
            .iter()
            .map(Moves::of)
            .chain(actor.map(Moves::of))
            .sum(),
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use sparse_core::nn::SparseMlp;
    use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig};

    use super::*;
    use crate::agent::{AgentState, Densities, Experience, Network, Parts, Resumable, Role};
    use crate::nets::{Actor, Critics};
    use crate::paths::CutOff;
    use crate::recipes;

    /// An agent that trains an actor and this many critics.
    #[derive(Debug)]
    struct Part(Vec<(&'static str, NetworkTrainer<SparseMlp>)>, u64);

    impl Part {
        fn of(count: usize) -> (Self, TrainConfig) {
            let mut config = recipes::named("static-td3", "Hopper-v5").unwrap();
            config.sparsity.actor = 0.5;
            let rows = BatchShape {
                obs_dim: 11,
                act_dim: 3,
                device: Device::flex(),
            };
            let mut streams = Streams::new(3);
            let actor = Actor::new(&config, &rows, &mut streams).unwrap();
            let critics = Critics::new(2, &config, &rows, &mut streams).unwrap();
            let [first, second] = critics.learners() else {
                panic!("two critics")
            };
            let all = [
                ("actor", actor.learner()),
                ("critic_1", first),
                ("critic_2", second),
            ];
            let again = |(name, learner): (&'static str, &NetworkTrainer<SparseMlp>)| {
                (
                    name,
                    NetworkTrainer::new(learner.net().clone(), NetworkTrainerConfig::default())
                        .unwrap(),
                )
            };
            let learners = all.into_iter().take(count).map(again).collect();
            (Self(learners, 0), config)
        }
    }

    impl Agent for Part {
        fn act(&mut self, _: &[f32], _: &mut [f32]) {}

        fn explore(&mut self, _: &[f32], _: &mut ChaCha8Rng, _: &mut [f32], _: &mut [f32]) {}

        fn learn(&mut self, _: &mut Experience<'_>, _: &mut Streams) -> Result<UpdateReport> {
            Err(Error::config("update", 0, "of another agent"))
        }

        fn metrics(&self) -> &'static [&'static str] {
            &[]
        }

        fn networks(&self) -> Vec<Network<'_>> {
            let role = |name: &str| match name {
                "actor" => Role::Actor,
                _ => Role::Critic,
            };
            let networks = self.0.iter();
            networks
                .map(|(name, learner)| Network::of(name, role(name), learner))
                .collect()
        }
    }

    impl Resumable for Part {
        fn parts(&mut self) -> Parts<'_> {
            let learners = self.0.iter_mut();
            let parts = Parts::default().counter(&mut self.1);
            learners.fold(parts, |parts, (name, learner)| parts.learner(name, learner))
        }
    }

    #[test]
    fn agents_with_any_number_of_learners_tell_what_they_have() {
        for count in 0..=3 {
            let (mut agent, config) = Part::of(count);
            let agent: &mut dyn Agent = &mut agent;
            let Densities { actor, critic } = agent.densities();
            assert_eq!(actor.is_nan(), count == 0);
            assert_eq!(critic.is_nan(), count < 2);
            assert!(actor.is_nan() || (actor - 0.5).abs() < 1e-4, "{actor}");
            let each = agent
                .networks()
                .into_iter()
                .map(|network| network.weights().active);
            assert_eq!(agent.all_weights().active, each.sum::<usize>());
            assert_eq!(agent.memory().len(), count);
            assert_eq!(agent.policy_bytes().is_err(), count == 0);
            agent.to_bytes().unwrap();
            assert_eq!(agent.cut_off(), CutOff::default());
            agent.check_paths(&config).unwrap();
            let state = AgentState::of(agent).unwrap();
            state.restore(agent).unwrap();
        }
    }
}
