//! Sets of runs, read from their folders as numbers, whichever command or version made them.
//!
//! [`RunSet::read`] takes folders of runs, folders that hold runs, studies, sweeps and `metrics.csv` files. It groups runs
//! by task and by method: what a study calls its variant, else the recipe or algorithm with the settings in which runs of
//! it differ. What has one name in several studies, sweeps or datasets and is not the same is told apart.
//!
//! In reading order: this file, `find` (where runs are), `read` (a run), `label` (methods), `apart` (several studies and datasets), [`score`] (numbers of
//! runs as tables of scores), [`networks`] (the connections that a run left), [`tables`] (files for others).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::stats::Curve;
use crate::terminal::table::thousands;

mod apart;
mod find;
mod label;
pub mod networks;
mod read;
pub mod score;
pub mod tables;

pub use find::Absent;

/// The column of returns.
pub const RETURN: &str = "return_mean";

/// A run and its evaluations.
#[derive(Clone, Debug)]
pub struct Run {
    /// Name of its folder.
    pub name: String,
    /// Its folder, or its `metrics.csv` where there is nothing else.
    pub path: PathBuf,
    /// Task, by Gymnasium's name; `none` where nothing says it. Of runs on several datasets of a task, with what tells these
    /// apart in brackets behind it ([`env()`] is the task alone).
    pub task: String,
    /// What it is compared as.
    pub method: String,
    /// Its recipe or algorithm.
    pub recipe: String,
    /// Its seed; 0 where nothing says it.
    pub seed: u64,
    /// Whether it learned from a dataset: steps are updates.
    pub offline: bool,
    /// All settings, by dotted key; empty where there are none.
    pub settings: Vec<(String, String)>,
    /// Steps of its evaluations, ascending.
    pub steps: Vec<f64>,
    /// The other columns of numbers, each as long as `steps`; NaN where a cell is empty or no number.
    pub columns: Vec<(String, Vec<f64>)>,
}

impl Run {
    /// A column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        let found = self.columns.iter().find(|(column, _)| column == name);
        found.map(|(_, values)| values.as_slice())
    }

    /// A column over steps, without what is not finite; `None` where nothing is left.
    #[must_use]
    pub fn curve(&self, name: &str) -> Option<Curve> {
        let values = self.column(name)?;
        let points = self.steps.iter().copied().zip(values.iter().copied());
        Curve::new(points.filter(|(_, value)| value.is_finite()).collect()).ok()
    }

    /// A setting by its dotted key, such as `learning.gamma`.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        let found = self.settings.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }
}

/// Runs, in the order in which they were named.
#[derive(Clone, Debug)]
pub struct RunSet {
    runs: Vec<Run>,
    left_out: Vec<String>,
    absent: Vec<Absent>,
    called: apart::Called,
}

/// The task itself, of a [run's](Run::task).
#[must_use]
pub fn env(task: &str) -> &str {
    apart::env(task)
}

impl RunSet {
    /// Reads all runs at these paths. A run that is named itself must be readable; one that is found in a folder and has
    /// no evaluation yet is left out.
    ///
    /// # Errors
    /// When a path holds no run, a file cannot be read, or no run is left.
    pub fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut all = Vec::new();
        let mut left_out = Vec::new();
        let mut seen = BTreeSet::new();
        let found = find::all(paths)?;
        for place in found.places {
            if !seen.insert(find::real(&place.path)) {
                continue;
            }
            match read::run(&place)? {
                read::Read::Runs(found) => all.extend(found),
                read::Read::NoEvaluation if place.named => {
                    bail!("{}: no evaluation yet", place.path.display())
                }
                read::Read::NoEvaluation => left_out.push(place.path.display().to_string()),
            }
        }
        if all.is_empty() {
            let paths: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
            bail!("{}: no run has an evaluation yet", paths.join(", "));
        }
        apart::datasets(&mut all);
        label::methods(&mut all);
        let called = apart::studies(&mut all);
        label::twins(&mut all);
        let mut absent = found.absent;
        let mut seen = BTreeSet::new();
        absent.retain(|run| seen.insert((run.study.clone(), run.name.clone())));
        for run in &mut absent {
            if let Some(name) = called.get(&(run.study.clone(), run.method.clone())) {
                run.method.clone_from(name);
            }
        }
        Ok(Self {
            runs: all.into_iter().map(|found| found.run).collect(),
            left_out,
            absent,
            called,
        })
    }

    /// What a method of a study is called here: with the study behind it where others call another method so.
    #[must_use]
    pub fn called<'a>(&'a self, study: &Path, method: &'a str) -> &'a str {
        let key = (find::real(study), method.to_owned());
        self.called.get(&key).map_or(method, String::as_str)
    }

    /// The runs.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The set without runs that are behind others of their task and method: those that end more than one evaluation
    /// before the longest, as runs do that go on or failed. Each is told in words, with where it is.
    #[must_use]
    pub fn level(mut self) -> (Self, Vec<String>) {
        let end = |run: &Run| *run.steps.last().unwrap_or(&0.0);
        let mut longest: BTreeMap<(String, String), f64> = BTreeMap::new();
        for run in &self.runs {
            let key = (run.task.clone(), run.method.clone());
            let known = longest.entry(key).or_insert(0.0);
            *known = known.max(end(run));
        }
        let mut behind = Vec::new();
        self.runs.retain(|run| {
            let longest = longest[&(run.task.clone(), run.method.clone())];
            let every = match run.steps.as_slice() {
                [.., before, last] => last - before,
                steps => steps.iter().sum(),
            };
            let is_level = end(run) + every >= longest;
            if !is_level {
                let [at, of] = [end(run), longest].map(thousands);
                behind.push(format!("{} (at {at} of {of})", run.path.display()));
            }
            is_level
        });
        (self, behind)
    }

    /// Folders of runs without an evaluation yet.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Runs that studies plan and that have not begun, in the order of the studies.
    #[must_use]
    pub fn absent(&self) -> &[Absent] {
        &self.absent
    }

    /// Tasks, in the order of the runs.
    #[must_use]
    pub fn tasks(&self) -> Vec<&str> {
        distinct(self.runs.iter().map(|run| run.task.as_str()))
    }

    /// Methods, in the order of the runs.
    #[must_use]
    pub fn methods(&self) -> Vec<&str> {
        distinct(self.runs.iter().map(|run| run.method.as_str()))
    }

    /// The runs of a method in a task, by seed.
    #[must_use]
    pub fn of(&self, task: &str, method: &str) -> Vec<&Run> {
        let of = |run: &&Run| run.task == task && run.method == method;
        let mut runs: Vec<&Run> = self.runs.iter().filter(of).collect();
        runs.sort_by_key(|run| run.seed);
        runs
    }

    /// The curves of a column, of each method of a task that has it, with the methods' names.
    #[must_use]
    pub fn curves(&self, task: &str, column: &str) -> Vec<(&str, Vec<Curve>)> {
        let of = |method| {
            let runs = self.of(task, method);
            let curves: Vec<Curve> = runs.iter().filter_map(|run| run.curve(column)).collect();
            (!curves.is_empty()).then_some((method, curves))
        };
        self.methods().into_iter().filter_map(of).collect()
    }

    /// Columns that a run has, in the order of the first that has them.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let all = self.runs.iter().flat_map(|run| &run.columns);
        distinct(all.map(|(name, _)| name.as_str()))
    }
}

/// Each once, in the order of the first.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}

/// The name of the last part of a path.
fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
pub(crate) mod tests;
