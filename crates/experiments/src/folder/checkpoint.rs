//! A run between two steps, on disk: everything that later steps depend on.
//!
//! `resume/state.bin` holds all but the replay: the networks, the generators, the world, the counters, and the list of
//! the replay's files beside it. It is written beside its place and moved there, so a process may be killed at any
//! moment: the last whole state stays, and so do the files that it names.

pub(crate) mod legacy;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::disk::files::{atomic_write, sync_dir};
use crate::disk::packed::{Kind, frame, unframe};
use crate::disk::replay::{Manifest, ReplayLog};
use rl_algos::config::TrainConfig;
use rl_algos::replay::Replay;
use rl_algos::train::TrainState;
use rl_algos::{Error, Result};

use super::names::{REPLAY, STATE_NAME};
use crate::observe::Metrics;

/// What the file begins with: its kind and the version of its layout.
const MAGIC: &Kind = b"SRLRUN 5";

/// A run as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredRun {
    /// The configuration, as TOML.
    pub(crate) config: String,
    pub(crate) metrics: Metrics,
    /// `None` where the loop keeps no replay.
    pub(crate) replay: Option<Manifest>,
    pub(crate) state: TrainState,
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
        let state = folder.join(STATE_NAME);
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
    ) -> Result<Option<(Self, StoredRun, Option<Replay>)>> {
        let path = folder.join(STATE_NAME);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).map_err(Error::file(&path))?;
        let state = decode(&bytes).map_err(Error::file(&path))?;
        same_config(&state.config, config).map_err(Error::file(&path))?;
        let place = folder.join(REPLAY);
        let (log, replay) = match &state.replay {
            Some(manifest) => {
                let (log, replay) = ReplayLog::open(&place, manifest)?;
                (log, Some(replay))
            }
            None => (ReplayLog::create(&place)?, None),
        };
        let checkpoints = Self {
            folder: folder.to_owned(),
            replay: log,
        };
        Ok(Some((checkpoints, state, replay)))
    }

    /// Whether the last state in `folder` was written under `config`, or what differs; `None` where that cannot be known.
    pub(crate) fn is_of(folder: &Path, config: &TrainConfig) -> Option<Result<(), String>> {
        let bytes = fs::read(folder.join(STATE_NAME)).ok()?;
        let state = decode(&bytes).ok()?;
        Some(same_config(&state.config, config))
    }

    /// Puts the last state in `folder` under other settings of the same run, without another change; whether there is one.
    ///
    /// # Errors
    /// [`Error::File`] when it is damaged, of an earlier version, or of neither of both settings.
    pub(crate) fn put_under(folder: &Path, from: &TrainConfig, to: &TrainConfig) -> Result<bool> {
        let path = folder.join(STATE_NAME);
        if !path.exists() {
            return Ok(false);
        }
        let bytes = fs::read(&path).map_err(Error::file(&path))?;
        let mut state = decode(&bytes).map_err(Error::file(&path))?;
        // A command that was killed meanwhile may have put it there already.
        if same_config(&state.config, to).is_ok() {
            return Ok(true);
        }
        same_config(&state.config, from).map_err(Error::file(&path))?;
        if state.metrics.rows.is_none() {
            let message = "of an earlier version: go on with the run once, without --steps, before it is made longer";
            return Err(Error::file(&path)(message));
        }
        state.config = to.to_toml()?;
        let bytes = encode(&state).map_err(Error::file(&path))?;
        atomic_write(&path, |file| std::io::Write::write_all(file, &bytes))?;
        sync_dir(folder)?;
        Ok(true)
    }

    /// Writes what is new of the replay, then the state that `state` makes with its list of files, then removes what
    /// only the state before needed.
    pub(crate) fn save(
        &mut self,
        replay: Option<&Replay>,
        state: impl FnOnce(Option<Manifest>) -> StoredRun,
    ) -> Result<()> {
        let staged = replay.map(|replay| self.replay.stage(replay)).transpose()?;
        let state = state(staged);
        let path = self.folder.join(STATE_NAME);
        let bytes = encode(&state).map_err(Error::file(&path))?;
        atomic_write(&path, |file| std::io::Write::write_all(file, &bytes))?;
        sync_dir(&self.folder)?;
        match replay {
            Some(_) => self.replay.commit(),
            None => Ok(()),
        }
    }
}

fn encode(state: &StoredRun) -> Result<Vec<u8>, postcard::Error> {
    let rows = state.metrics.rows.as_deref().unwrap_or_default();
    let body = [postcard::to_allocvec(state)?, postcard::to_allocvec(rows)?].concat();
    Ok(frame(MAGIC, &body))
}

fn decode(bytes: &[u8]) -> Result<StoredRun, String> {
    let kinds = [MAGIC, legacy::MAGIC_4, legacy::MAGIC_3, legacy::MAGIC_2];
    let (version, body) = unframe(&kinds, bytes)?;
    let wrong = |error: postcard::Error| error.to_string();
    let (mut state, rest): (StoredRun, _) = match version {
        0 => postcard::take_from_bytes(body).map_err(wrong)?,
        1 => legacy::read_4(body).map_err(wrong)?,
        _ => legacy::read(body).map_err(wrong)?,
    };
    if version < 3 {
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
    use rl_algos::recipes;

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
