//! States of earlier versions. Those of version 0.1.0 and before: streams, averages and the agent's numbers had places
//! instead of names.

use std::collections::{BTreeMap, VecDeque};

use envs::{EnvState, NumpyRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::StoredRun;
use crate::disk::packed::Kind;
use crate::disk::replay::Manifest;
use crate::observe::Metrics;
use rl_algos::agent::AgentState;
use rl_algos::config::TrainConfig;
use rl_algos::observe::Progress;
use rl_algos::rng::Streams;
use rl_algos::train::{Average, Averages, CollectorState, Episode, SourceState, TrainState};

/// Knows of no experience but an environment's.
pub(super) const MAGIC_4: &Kind = b"SRLRUN 4";
/// Has the rows of `metrics.csv` after all else.
pub(super) const MAGIC_3: &Kind = b"SRLRUN 3";
/// Does not.
pub(super) const MAGIC_2: &Kind = b"SRLRUN 2";

/// What updates reported, in their order then.
const METRICS: [&str; 8] = [
    "critic_loss",
    "actor_loss",
    "target_mean",
    "value_mean",
    "temperature",
    "entropy",
    "actor_gradient_norm",
    "critic_gradient_norm",
];

#[derive(Deserialize)]
struct Run4 {
    config: String,
    metrics: Metrics,
    replay: Option<Manifest>,
    state: State4,
}

#[derive(Deserialize)]
struct State4 {
    streams: Streams,
    collector: OldCollector,
    progress: Progress,
    averages: Averages,
    returns: Vec<f64>,
    agent: AgentState,
}

/// The collector of all these.
#[derive(Deserialize)]
struct OldCollector {
    env: OldEnv,
    observation: Vec<f32>,
    episode: Episode,
    recent: VecDeque<Episode>,
    episodes: u64,
}

/// The environment, when actuators had no activations.
#[derive(Deserialize)]
struct OldEnv {
    qpos: Vec<f64>,
    qvel: Vec<f64>,
    qacc_warmstart: Vec<f64>,
    elapsed_steps: usize,
    pre_step: Option<[f64; 3]>,
    rng: Option<NumpyRng>,
}

impl From<OldCollector> for CollectorState {
    fn from(old: OldCollector) -> Self {
        let env = EnvState {
            qpos: old.env.qpos,
            qvel: old.env.qvel,
            qacc_warmstart: old.env.qacc_warmstart,
            act: Vec::new(),
            elapsed_steps: old.env.elapsed_steps,
            pre_step: old.env.pre_step,
            rng: old.env.rng,
        };
        Self {
            env,
            observation: old.observation,
            episode: old.episode,
            recent: old.recent,
            episodes: old.episodes,
        }
    }
}

/// Reads a state of the version before, and gives what follows it.
pub(super) fn read_4(body: &[u8]) -> Result<(StoredRun, &[u8]), postcard::Error> {
    let (old, rest): (Run4, _) = postcard::take_from_bytes(body)?;
    let state = old.state;
    let run = StoredRun {
        config: old.config,
        metrics: old.metrics,
        replay: old.replay,
        state: TrainState {
            streams: state.streams,
            source: SourceState::Environment(state.collector.into()),
            progress: state.progress,
            averages: state.averages,
            returns: state.returns,
            agent: state.agent,
        },
    };
    Ok((run, rest))
}

#[derive(Deserialize)]
struct OldRun {
    config: String,
    streams: OldStreams,
    world: OldCollector,
    progress: Progress,
    /// A sum and a count each.
    averages: [(f64, f64); METRICS.len()],
    returns: Vec<f64>,
    metrics: Metrics,
    agent: OldAgent,
    replay: Manifest,
}

/// The generators of such a run.
#[derive(Deserialize)]
pub(crate) struct OldStreams {
    init: ChaCha8Rng,
    exploration: ChaCha8Rng,
    replay: ChaCha8Rng,
    target_noise: ChaCha8Rng,
    /// Of the actor and both critics.
    topology: [ChaCha8Rng; 3],
    environment: ChaCha8Rng,
    evaluation: ChaCha8Rng,
}

/// The agent of such a run.
#[derive(Deserialize)]
pub(super) struct OldAgent {
    record: Vec<u8>,
    updates: u64,
    numbers: Vec<f64>,
}

/// Reads such a state, and gives what follows it.
pub(super) fn read(body: &[u8]) -> Result<(StoredRun, &[u8]), postcard::Error> {
    let (old, rest): (OldRun, _) = postcard::take_from_bytes(body)?;
    let seed = TrainConfig::from_toml(&old.config).map_or(0, |config| config.seed);
    let average = |(name, (sum, count)): (&str, (f64, f64))| Average {
        name: name.to_owned(),
        sum,
        count,
    };
    let run = StoredRun {
        config: old.config,
        metrics: old.metrics,
        replay: Some(old.replay),
        state: TrainState {
            streams: old.streams.named(seed),
            source: SourceState::Environment(old.world.into()),
            progress: old.progress,
            averages: Averages(METRICS.into_iter().zip(old.averages).map(average).collect()),
            returns: old.returns,
            agent: AgentState {
                record: old.agent.record,
                counters: vec![old.agent.updates],
                numbers: old.agent.numbers,
            },
        },
    };
    Ok((run, rest))
}

impl OldStreams {
    /// The same by name.
    pub(crate) fn named(self, seed: u64) -> Streams {
        let names = ["actor", "critic_1", "critic_2"].map(|name| format!("topology/{name}"));
        Streams {
            seed,
            init: self.init,
            exploration: self.exploration,
            replay: self.replay,
            target_noise: self.target_noise,
            environment: self.environment,
            evaluation: self.evaluation,
            named: BTreeMap::from_iter(names.into_iter().zip(self.topology)),
        }
    }
}
