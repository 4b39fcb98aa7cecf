//! States of earlier versions: runs on datasets had a loop and averages of their own, and kept whole evaluations.

use offline_prune::config::OfflineConfig;
use offline_prune::train::State;
use rand_chacha::ChaCha8Rng;
use rl_algos::agent::AgentState;
use rl_algos::evaluate::Returns;
use rl_algos::observe::Progress;
use rl_algos::rng::Streams;
use rl_algos::train::{Average, Averages, SourceState, TrainState};
use serde::Deserialize;

use super::Stored;
use crate::disk::packed::Kind;
use crate::folder::checkpoint::legacy::OldStreams;

/// Has names of generators.
pub(super) const KIND_2: &Kind = b"SRLOFF 2";
/// As version 0.1.0 wrote it, without them.
pub(super) const KIND_1: &Kind = b"SRLOFF 1";

#[derive(Deserialize)]
struct Old<R> {
    metrics: String,
    seconds: f64,
    run: R,
}

#[derive(Deserialize)]
struct Run2 {
    config: String,
    data: String,
    updates: u64,
    streams: Streams,
    batches: ChaCha8Rng,
    averages: OldAverages,
    evaluations: Vec<OldEvaluation>,
    agent: AgentState,
}

#[derive(Deserialize)]
struct Run1 {
    config: String,
    data: String,
    updates: u64,
    streams: OldStreams,
    batches: ChaCha8Rng,
    averages: OldAverages,
    evaluations: Vec<OldEvaluation>,
    agent: OldAgent,
}

/// Names, sums and counts.
type OldAverages = Vec<(String, f64, u64)>;

#[derive(Deserialize)]
#[allow(dead_code, reason = "postcard tells fields by their places")]
struct OldEvaluation {
    update: u64,
    returns: Option<Returns>,
    score: Option<f64>,
    losses: Vec<(String, f64)>,
}

#[derive(Deserialize)]
struct OldAgent {
    record: Vec<u8>,
    numbers: Vec<f64>,
}

/// A state of the version before.
pub(super) fn read_2(body: &[u8]) -> Result<Stored, postcard::Error> {
    postcard::from_bytes::<Old<Run2>>(body).map(stored)
}

/// A state of version 0.1.0.
pub(super) fn read_1(body: &[u8]) -> Result<Stored, postcard::Error> {
    let old: Old<Run1> = postcard::from_bytes(body)?;
    let run = old.run;
    let seed = OfflineConfig::from_toml(&run.config).map_or(0, |config| config.seed);
    Ok(stored(Old {
        metrics: old.metrics,
        seconds: old.seconds,
        run: Run2 {
            config: run.config,
            data: run.data,
            updates: run.updates,
            streams: run.streams.named(seed),
            batches: run.batches,
            averages: run.averages,
            evaluations: run.evaluations,
            agent: AgentState {
                record: run.agent.record,
                counters: Vec::new(),
                numbers: run.agent.numbers,
            },
        },
    }))
}

fn stored(old: Old<Run2>) -> Stored {
    let run = old.run;
    let average = |(name, sum, count): (String, f64, u64)| Average {
        name,
        sum,
        count: count as f64,
    };
    let mean = |evaluation: &OldEvaluation| match &evaluation.returns {
        Some(returns) => returns.mean,
        None => f64::NAN,
    };
    Stored {
        metrics: old.metrics,
        seconds: old.seconds,
        run: State {
            config: run.config,
            data: run.data,
            train: TrainState {
                streams: run.streams,
                source: SourceState::Recorded(run.batches),
                progress: Progress {
                    step: run.updates,
                    updates: run.updates,
                    train_return: f64::NAN,
                    train_length: f64::NAN,
                    policy_distance: f64::NAN,
                    ..Progress::default()
                },
                averages: Averages(run.averages.into_iter().map(average).collect()),
                returns: run.evaluations.iter().map(mean).collect(),
                agent: run.agent,
            },
        },
    }
}
