//! `resume/state.bin`: what a stopped run goes on from.

use std::fs;
use std::path::Path;

use crate::disk::packed::{Kind, pack, unframe};
use crate::folder::checkpoint::legacy::OldStreams;
use anyhow::{Context, Result, anyhow};
use offline_prune::config::OfflineConfig;
use offline_prune::train::{Averages, Evaluation, State};
use rand_chacha::ChaCha8Rng;
use rl_algos::agent::AgentState;
use rl_algos::files::{atomic_write, sync_dir};
use serde::{Deserialize, Serialize};

use crate::folder::names::{RESUME, STATE};

/// What the file begins with: its kind and the version of its layout.
const KIND: &Kind = b"SRLOFF 2";
/// As version 0.1.0 wrote it, without names of generators.
const KIND_1: &Kind = b"SRLOFF 1";

/// A run between two updates, and what it has written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stored {
    /// `metrics.csv` so far: the run's own record, whatever became of the file.
    pub(super) metrics: String,
    /// Time that the run took so far (s).
    pub(super) seconds: f64,
    pub(super) run: State,
}

impl Stored {
    /// Puts it in its place in the folder of a run, in one move.
    ///
    /// # Errors
    /// [`rl_algos::Error::File`] when it cannot be written; what was there stays then.
    pub(super) fn write(&self, run: &Path) -> rl_algos::Result<()> {
        let (folder, file) = (run.join(RESUME), run.join(STATE));
        let fault = |path: &Path, message: String| rl_algos::Error::File {
            path: path.to_owned(),
            message,
        };
        fs::create_dir_all(&folder).map_err(|error| fault(&folder, error.to_string()))?;
        let bytes = pack(KIND, self).map_err(|error| fault(&file, error))?;
        atomic_write(&file, |file| std::io::Write::write_all(file, &bytes))?;
        sync_dir(&folder)
    }

    /// Reads it from the folder of a run; `None` where none was written.
    ///
    /// # Errors
    /// When the file is damaged, of another version, or cannot be read.
    pub(super) fn read(run: &Path) -> Result<Option<Self>> {
        let file = run.join(STATE);
        if !file.exists() {
            return Ok(None);
        }
        let place = || file.display().to_string();
        let bytes = fs::read(&file).with_context(place)?;
        let stored = decode(&bytes).map_err(|error| anyhow!("{error}"));
        stored.with_context(place).map(Some)
    }
}

/// A state of this version, or of the one before.
fn decode(bytes: &[u8]) -> Result<Stored, String> {
    let (version, body) = unframe(&[KIND, KIND_1], bytes)?;
    let stored = match version {
        0 => postcard::from_bytes(body),
        _ => postcard::from_bytes(body).map(OldStored::into),
    };
    stored.map_err(|error| error.to_string())
}

#[derive(Deserialize)]
struct OldStored {
    metrics: String,
    seconds: f64,
    run: OldState,
}

#[derive(Deserialize)]
struct OldState {
    config: String,
    data: String,
    updates: u64,
    streams: OldStreams,
    batches: ChaCha8Rng,
    averages: Averages,
    evaluations: Vec<Evaluation>,
    agent: OldAgent,
}

#[derive(Deserialize)]
struct OldAgent {
    record: Vec<u8>,
    numbers: Vec<f64>,
}

impl From<OldStored> for Stored {
    fn from(old: OldStored) -> Self {
        let run = old.run;
        let seed = OfflineConfig::from_toml(&run.config).map_or(0, |config| config.seed);
        Self {
            metrics: old.metrics,
            seconds: old.seconds,
            run: State {
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
        }
    }
}
