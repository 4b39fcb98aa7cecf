//! Where runs are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::folder::names::{CONFIG, METRICS, TABLE};
use crate::folder::places;
use crate::roster::{StudyDir, manifest};

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

/// The runs that paths name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Of those that have begun.
    pub(super) places: Vec<Place>,
    /// Of those of studies that have not, in the order of the studies.
    pub(super) absent: Vec<Absent>,
}

/// A run of a study that has not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// The study's folder.
    pub study: PathBuf,
    /// Its name in the study.
    pub name: String,
    /// Its dataset, as the study names it, else its task.
    pub learns_from: String,
    /// What it is to be compared as.
    pub method: String,
}

/// All runs that paths name: in folders of runs and `metrics.csv` files, studies, and folders that hold either.
///
/// # Errors
/// When a path holds none, or cannot be read.
pub(super) fn all(paths: &[PathBuf]) -> Result<Found> {
    let mut found = Found::default();
    for path in paths {
        if path.is_file() || path.join(CONFIG).is_file() {
            found.places.push(Place {
                path: path.clone(),
                named: true,
                of: None,
            });
            continue;
        }
        let study = StudyDir::at(path);
        if study.manifest_path().is_file() {
            of_study(&study, &mut found)?;
            continue;
        }
        let before = found.places.len();
        below(path, DEPTH, &mut found)?;
        if found.places.len() == before {
            places::run(path)?;
        }
    }
    Ok(found)
}

/// The runs of a study.
fn of_study(study: &StudyDir, found: &mut Found) -> Result<()> {
    let folder = real(study.path());
    for planned in study.runs()? {
        let path = study.run_path(&planned.name);
        if !path.join(CONFIG).is_file() {
            found.absent.push(Absent {
                study: folder.clone(),
                learns_from: planned.learns_from().to_owned(),
                name: planned.name,
                method: planned.method,
            });
            continue;
        }
        let set = planned.settings.into_iter();
        let of = OfStudy {
            folder: folder.clone(),
            method: planned.method,
            set: set.map(|(key, value)| (key, value.to_string())).collect(),
        };
        found.places.push(Place {
            path,
            named: false,
            of: Some(of),
        });
    }
    Ok(())
}

/// A folder by the one path that leads there without links, where it can be told.
pub(super) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Runs and studies below a folder, by name.
fn below(folder: &Path, depth: usize, found: &mut Found) -> Result<()> {
    if depth == 0 || !folder.is_dir() {
        return Ok(());
    }
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let study = StudyDir::at(&path);
        if path.join(CONFIG).is_file() && is_run(&path) {
            found.places.push(Place {
                path,
                named: false,
                of: None,
            });
        } else if manifest::first(&study.manifest_path()).is_some() {
            of_study(&study, found)?;
        } else {
            // A run whose settings were lost is an error, as it is where it is named: its seed must not go without a word.
            if path.join(METRICS).is_file() && path.join("checkpoints").is_dir() {
                places::run(&path)?;
            }
            below(&path, depth - 1, found)?;
        }
    }
    Ok(())
}

/// Whether settings are a run's, not another program's: beside them are its metrics, or it has begun with none.
fn is_run(folder: &Path) -> bool {
    let made = [METRICS, TABLE, "checkpoints", "resume"];
    made.iter().any(|name| folder.join(name).exists())
}
