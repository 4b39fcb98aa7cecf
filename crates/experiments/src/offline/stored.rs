//! `resume/state.bin`: what a stopped run goes on from.

use std::fs;
use std::path::Path;

use crate::disk::packed::{pack, unpack};
use anyhow::{Context, Result, anyhow};
use offline_prune::train::State;
use rl_algos::files::{put, settle};
use serde::{Deserialize, Serialize};

use crate::folder::offline::{RESUME, STATE};

/// What the file begins with: its kind and the version of its layout.
const KIND: &[u8; 8] = b"SRLOFF 1";

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
        put(&file, |file| std::io::Write::write_all(file, &bytes))?;
        settle(&folder)
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
        let stored = unpack(KIND, &bytes).map_err(|error| anyhow!("{error}"));
        stored.with_context(place).map(Some)
    }
}
