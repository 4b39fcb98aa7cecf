//! How far a run of a study is, from its folder alone.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::Result;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::claim::{self, Beat};
use super::manifest::Planned;
use super::place::StudyDir;
use crate::disk::whole::replace;

/// What is kept of a run that is whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Steps or updates.
    pub length: u64,
    /// Time that it took, over all its parts (s).
    pub seconds: f64,
}

/// What is kept of a run that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// How often it was tried.
    pub tries: u32,
    /// What its command said last.
    pub error: String,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Nothing is there.
    Missing,
    /// It was begun, and nobody makes it; with the steps that it has behind it.
    CutOff(u64),
    /// A worker makes it.
    Going(Beat),
    /// It failed as often as it may.
    Failed(Failed),
    /// It is whole.
    Done(Done),
}

impl State {
    /// Of a run.
    #[must_use]
    pub fn of(study: &StudyDir, run: &Planned) -> Self {
        let folder = study.run_path(&run.name);
        let begun = folder.join("config.toml").exists();
        if let Some(done) = read(&study.done_path(&run.name)).filter(|_| begun) {
            return Self::Done(done);
        }
        if let Some(beat) = claim::holder(study, &run.name) {
            return Self::Going(beat);
        }
        match read(&study.failed_path(&run.name)) {
            Some(failed) => Self::Failed(failed),
            None if begun => Self::CutOff(steps(&folder.join("metrics.csv"))),
            None => Self::Missing,
        }
    }
}

/// A file of JSON; nothing where there is none or it is damaged.
fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// The first number in the last whole row of a run's metrics; 0 where there is none.
fn steps(metrics: &Path) -> u64 {
    let tail = || -> std::io::Result<String> {
        let mut file = fs::File::open(metrics)?;
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length.saturating_sub(4096)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let tail = tail().unwrap_or_default();
    let whole = tail.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let last = whole.rsplit('\n').next().unwrap_or_default();
    let first = last.split(',').next().unwrap_or_default();
    first.parse().unwrap_or(0)
}

/// Writes what is kept of a run that is whole or failed, in one move.
///
/// # Errors
/// When it cannot be written.
pub fn keep(path: &Path, value: &impl Serialize) -> Result<()> {
    replace(path, &(serde_json::to_string(value)? + "\n"))
}
