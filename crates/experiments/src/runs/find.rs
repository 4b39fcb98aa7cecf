//! Where runs are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::folder::names::{CONFIG, METRICS, TABLE};
use crate::folder::places;
use crate::roster::StudyDir;

/// Folders below a named one, at most, down to a run's.
const DEPTH: usize = 3;

/// A place of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The folder, or a `metrics.csv`.
    pub(super) path: PathBuf,
    /// Whether it was named itself, not found in a folder.
    pub(super) named: bool,
    /// The study that it is of.
    pub(super) of: Option<OfStudy>,
}

/// What a study says of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OfStudy {
    /// The study's folder.
    pub(super) folder: PathBuf,
    /// What it calls what the run is compared as.
    pub(super) method: String,
    /// What it sets, by key.
    pub(super) set: BTreeMap<String, String>,
}

/// The places of all runs that paths name: folders of runs and `metrics.csv` files, studies, and folders that hold runs.
///
/// # Errors
/// When a path holds none, or cannot be read.
pub(super) fn all(paths: &[PathBuf]) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for path in paths {
        let place = |path: PathBuf, named, of| Place { path, named, of };
        if path.is_file() || path.join(CONFIG).is_file() {
            places.push(place(path.clone(), true, None));
            continue;
        }
        let study = StudyDir::at(path);
        if study.manifest_path().is_file() {
            for planned in study.runs()? {
                let folder = study.run_path(&planned.name);
                if folder.join(CONFIG).is_file() {
                    let set = planned.settings.into_iter();
                    let of = OfStudy {
                        folder: real(path),
                        method: planned.method,
                        set: set.map(|(key, value)| (key, value.to_string())).collect(),
                    };
                    places.push(place(folder, false, Some(of)));
                }
            }
            continue;
        }
        let found = below(path, DEPTH)?;
        if found.is_empty() {
            places::run(path)?;
        }
        places.extend(found.into_iter().map(|path| place(path, false, None)));
    }
    Ok(places)
}

/// A folder by the one path that leads there without links, where it can be told.
pub(super) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Folders of runs below a folder, by name.
fn below(folder: &Path, depth: usize) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if depth == 0 || !folder.is_dir() {
        return Ok(found);
    }
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        match path.join(CONFIG).is_file() && is_run(&path) {
            true => found.push(path),
            false => found.extend(below(&path, depth - 1)?),
        }
    }
    Ok(found)
}

/// Whether settings are a run's, not another program's: beside them are its metrics, or it has begun with none.
fn is_run(folder: &Path) -> bool {
    let made = [METRICS, TABLE, "checkpoints", "resume"];
    made.iter().any(|name| folder.join(name).exists())
}
