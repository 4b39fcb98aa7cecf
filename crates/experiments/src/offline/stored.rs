//! `resume/state.bin`: what a stopped run goes on from.

mod legacy;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use offline_prune::train::State;
use rl_algos::Error;
use serde::{Deserialize, Serialize};

use crate::disk::files::{atomic_write, sync_dir};
use crate::disk::packed::{Kind, pack, unframe};
use crate::folder::names::{RESUME, STATE};

/// What the file begins with: its kind and the version of its layout.
const KIND: &Kind = b"SRLOFF 3";

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
    /// [`Error::File`] when it cannot be written; what was there stays then.
    pub(super) fn write(&self, run: &Path) -> rl_algos::Result<()> {
        let (folder, file) = (run.join(RESUME), run.join(STATE));
        fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        let bytes = pack(KIND, self).map_err(Error::file(&file))?;
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

/// A state of this version, or of an earlier one.
fn decode(bytes: &[u8]) -> Result<Stored, String> {
    let (version, body) = unframe(&[KIND, legacy::KIND_2, legacy::KIND_1], bytes)?;
    let stored = match version {
        0 => postcard::from_bytes(body),
        1 => legacy::read_2(body),
        _ => legacy::read_1(body),
    };
    stored.map_err(|error| error.to_string())
}
