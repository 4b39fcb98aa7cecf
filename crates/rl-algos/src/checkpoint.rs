//! A run between two steps, on disk: everything that its later steps depend on.
//!
//! `resume/state.bin` holds all but the replay: the networks, the generators, the world, the counters, and the list of
//! the replay's files beside it. It is written beside its place and moved there, so a process may be killed at any
//! moment: the last whole state stays, and so do the files that it names.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sparse_core::record::{Record, RecordWriter};

use crate::algos::{Agent, Extra};
use crate::config::TrainConfig;
use crate::files::{put, settle};
use crate::observe::Progress;
use crate::packed::{Kind, frame, unframe};
use crate::replay::{Manifest, Replay, ReplayLog};
use crate::rng::Streams;
use crate::train::{Averages, WorldState};
use crate::{Error, Result};

/// What the file begins with: its kind and the version of its layout.
const MAGIC: &Kind = b"SRLRUN 3";

/// The version before, which does not have the rows of `metrics.csv` after all else.
const MAGIC_2: &Kind = b"SRLRUN 2";
pub(crate) const STATE: &str = "state.bin";
pub(crate) const REPLAY: &str = "replay";

/// All of a run but its replay.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunState {
    /// The configuration, as TOML.
    pub(crate) config: String,
    pub(crate) streams: Streams,
    pub(crate) world: WorldState,
    pub(crate) progress: Progress,
    pub(crate) averages: Averages,
    /// The mean return of every evaluation.
    pub(crate) returns: Vec<f64>,
    pub(crate) metrics: Metrics,
    pub(crate) agent: AgentState,
    pub(crate) replay: Manifest,
}

/// What was written to `metrics.csv`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Metrics {
    /// Bytes of the file.
    pub(crate) bytes: u64,
    /// Time that the run took so far (s).
    pub(crate) seconds: f64,
    /// All of the file, which counts where the file says otherwise; `None` in a state of the version before.
    #[serde(skip)]
    pub(crate) rows: Option<String>,
}

/// An agent's learners as a record, and what it keeps beside them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AgentState {
    record: Vec<u8>,
    updates: u64,
    numbers: Vec<f64>,
}

impl AgentState {
    /// What the agent goes on from.
    pub(crate) fn of(agent: &mut dyn Agent) -> Result<Self> {
        let mut record = RecordWriter::new();
        for (name, learner) in agent.learners() {
            learner.save(&mut record, name);
        }
        let Extra {
            updates, numbers, ..
        } = agent.extra();
        Ok(Self {
            updates: *updates,
            numbers: numbers.into_iter().map(|number| *number).collect(),
            record: record.finish()?,
        })
    }

    /// Makes `agent`, which must have been built from the same configuration, go on from here.
    pub(crate) fn restore(self, agent: &mut dyn Agent) -> Result<()> {
        let record = Record::from_bytes(self.record)?;
        let names: Vec<_> = agent.learners().iter().map(|(name, _)| *name).collect();
        let Extra {
            learners,
            updates,
            numbers,
        } = agent.extra();
        for (learner, name) in learners.into_iter().zip(names) {
            learner.restore(&record, name)?;
        }
        if numbers.len() != self.numbers.len() {
            let (stored, own) = (self.numbers.len(), numbers.len());
            let reason = format!("{stored} numbers are stored beside the networks: must be {own}");
            return Err(sparse_core::Error::Record { reason }.into());
        }
        *updates = self.updates;
        for (number, stored) in numbers.into_iter().zip(self.numbers) {
            *number = stored;
        }
        Ok(())
    }
}

/// The folder with what a run goes on from.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
    replay: ReplayLog,
}

impl Checkpoints {
    /// Begins anew in `folder`.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        let state = folder.join(STATE);
        if state.exists() {
            fs::remove_file(&state).map_err(Error::file(&state))?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            replay: ReplayLog::create(&folder.join(REPLAY))?,
        })
    }

    /// Reads the last state and its replay; `None` where none was written.
    ///
    /// # Errors
    /// [`Error::File`] with the file that is missing, damaged or of another configuration.
    pub(crate) fn open(
        folder: &Path,
        config: &TrainConfig,
    ) -> Result<Option<(Self, RunState, Replay)>> {
        let path = folder.join(STATE);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).map_err(Error::file(&path))?;
        let state = decode(&bytes).map_err(Error::file(&path))?;
        same_config(&state.config, config).map_err(Error::file(&path))?;
        let (log, replay) = ReplayLog::open(&folder.join(REPLAY), &state.replay)?;
        let checkpoints = Self {
            folder: folder.to_owned(),
            replay: log,
        };
        Ok(Some((checkpoints, state, replay)))
    }

    /// Whether the last state in `folder` was written under `config`, or what differs; `None` where that cannot be known.
    pub(crate) fn is_of(folder: &Path, config: &TrainConfig) -> Option<Result<(), String>> {
        let bytes = fs::read(folder.join(STATE)).ok()?;
        let state = decode(&bytes).ok()?;
        Some(same_config(&state.config, config))
    }

    /// Writes what is new of the replay, then the state that `state` makes with its list of files, then removes what
    /// only the state before needed.
    pub(crate) fn save(
        &mut self,
        replay: &Replay,
        state: impl FnOnce(Manifest) -> Result<RunState>,
    ) -> Result<()> {
        let state = state(self.replay.stage(replay)?)?;
        let path = self.folder.join(STATE);
        let bytes = encode(&state).map_err(Error::file(&path))?;
        put(&path, |file| std::io::Write::write_all(file, &bytes))?;
        settle(&self.folder)?;
        self.replay.commit()
    }
}

fn encode(state: &RunState) -> Result<Vec<u8>, postcard::Error> {
    let rows = state.metrics.rows.as_deref().unwrap_or_default();
    let body = [postcard::to_allocvec(state)?, postcard::to_allocvec(rows)?].concat();
    Ok(frame(MAGIC, &body))
}

fn decode(bytes: &[u8]) -> Result<RunState, String> {
    let (version, body) = unframe(&[MAGIC, MAGIC_2], bytes)?;
    let wrong = |error: postcard::Error| error.to_string();
    let (mut state, rest): (RunState, _) = postcard::take_from_bytes(body).map_err(wrong)?;
    if version == 0 {
        state.metrics.rows = Some(postcard::from_bytes(rest).map_err(wrong)?);
    }
    Ok(state)
}

/// Whether a state was written under this configuration; else the first line that differs. What was written before a key
/// was known has its default.
fn same_config(stored: &str, config: &TrainConfig) -> Result<(), String> {
    let then = TrainConfig::from_toml(stored).map_err(|error| error.to_string())?;
    match difference(&then, config).map_err(|error| error.to_string())? {
        None => Ok(()),
        Some([then, now]) => Err(format!(
            "written under `{then}`, but config.toml now says `{now}`; set it back, or begin a new run"
        )),
    }
}

/// The first line in which two configurations differ, as each has it.
///
/// # Errors
/// As [`TrainConfig::to_toml`].
pub(crate) fn difference(one: &TrainConfig, other: &TrainConfig) -> Result<Option<[String; 2]>> {
    if one == other {
        return Ok(None);
    }
    let (one, other) = (one.to_toml()?, other.to_toml()?);
    let longest = one.lines().count().max(other.lines().count());
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().chain(std::iter::repeat("nothing more"));
        lines.take(longest).map(str::to_owned).collect()
    };
    let mut pairs = lines(&one).into_iter().zip(lines(&other));
    Ok(pairs.find(|(a, b)| a != b).map(|(a, b)| [a, b]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes;

    #[test]
    fn damaged_states_say_what_is_wrong() {
        let message = |bytes: &[u8]| decode(bytes).unwrap_err();
        assert!(message(b"").contains("cut off"));
        assert!(message(b"SRLRUN 2abc").contains("cut off"));
        assert!(message(b"something else entirely").contains("not the state"));
        assert!(message(b"SRLRUN 2\0\0\0\0body").contains("checksum"));
    }

    #[test]
    fn another_configuration_is_named() {
        let config = recipes::named("rlx2", "Hopper-v5").unwrap();
        let stored = config.to_toml().unwrap();
        assert_eq!(same_config(&stored, &config), Ok(()));
        let mut other = config.clone();
        other.learning.gamma = 0.98;
        let message = same_config(&stored, &other).unwrap_err();
        let named = message.contains("gamma = 0.99") && message.contains("gamma = 0.98");
        assert!(named, "{message}");
        let mut other = config;
        other.n_step.n = 1;
        other.replay.adaptive = None;
        assert!(same_config(&stored, &other).is_err());
    }

    #[test]
    fn keys_that_were_not_known_then_have_their_defaults() {
        let config = recipes::named("rlx2", "Hopper-v5").unwrap();
        let stored = config.to_toml().unwrap();
        let old = stored.replace("keep_policies = false\n", "");
        assert_ne!(old, stored);
        assert_eq!(same_config(&old, &config), Ok(()));
    }
}
