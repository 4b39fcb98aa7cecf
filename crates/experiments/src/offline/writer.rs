//! Writes the folder of a run while it goes on.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::disk::ledger::Ledger;
use crate::disk::seal::{sealed, sealed_json};
use anyhow::Result;
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;
use offline_prune::train::{Evaluation, Run, Start, Trained};
use offline_prune::{Error, Result as Offline};
use rl_algos::files::{Held, atomic_write, lock_dir};
use sparse_core::record;

use super::board::Board;
use super::layers;
use super::stored::Stored;
use crate::folder::kind::DATA;
use crate::folder::names::CONFIG;
use crate::folder::names::{BEST, DEVICE, METRICS, NETWORKS, POLICY, PRUNING};
use crate::folder::offline::{DATASET, check, content, remove};
use crate::folder::policies::PolicyInfo;
use crate::roster::claim;

/// A run's dataset: its path, and its digest.
#[derive(Clone, Debug)]
pub(super) struct Data {
    pub(super) place: String,
    pub(super) content: String,
    /// The digest of all of it.
    pub(super) digest: String,
}

impl Data {
    /// Of a dataset that was read from a place.
    pub(super) fn of(place: &Path, dataset: &Dataset) -> Self {
        Self {
            place: place.display().to_string(),
            content: content(dataset),
            digest: dataset.digest(),
        }
    }
}

/// The folder of a run.
pub(super) struct Folder {
    path: PathBuf,
    /// What `config.toml` and `device` are to say of a run that begins.
    texts: [String; 2],
    overwrite: bool,
    /// `metrics.csv` so far, where the run goes on.
    rows: String,
    /// The file; begun with the first evaluation, which names the columns.
    metrics: Option<Ledger>,
    board: Board,
    begun: Instant,
    /// Time that the run took before this session (s).
    before: f64,
    /// The lock that keeps other commands out; for a new folder from its start on.
    held: Option<Held>,
    goes_on: bool,
}

impl Folder {
    /// A folder for a new run, which holds none, or one that may be replaced and is held from now on. Nothing else is
    /// touched before [`start`](Self::start).
    ///
    /// # Errors
    /// When it holds a run and may not, or one of another kind, or when another command writes there.
    pub(super) fn new(
        path: &Path,
        overwrite: bool,
        config: &OfflineConfig,
        data: &Data,
        device: &str,
    ) -> Result<Self> {
        check(path, overwrite)?;
        let settings = config.to_toml()?;
        let Data { place, content, .. } = data;
        // A line of its own, whatever the file is called.
        let place = place.replace(['\n', '\r'], " ");
        let config = sealed(&format!("{DATASET}{place}\n{DATA}{content}\n{settings}"));
        Ok(Self {
            path: path.to_owned(),
            texts: [config, format!("{device}\n")],
            overwrite,
            rows: String::new(),
            metrics: None,
            board: Board::new(path, 0),
            begun: Instant::now(),
            before: 0.0,
            held: match path.join(CONFIG).exists() {
                true => Some(lock_dir(path)?),
                false => None,
            },
            goes_on: false,
        })
    }

    /// The folder of a run that goes on, which is held from now on, and the state that it goes on from; none where it was
    /// stopped before the first.
    ///
    /// # Errors
    /// When another command writes there, or the state is damaged.
    pub(super) fn go_on(path: &Path) -> Result<(Self, Option<Stored>)> {
        let held = lock_dir(path)?;
        let stored = Stored::read(path)?;
        let folder = Self {
            path: path.to_owned(),
            texts: Default::default(),
            overwrite: false,
            rows: stored
                .as_ref()
                .map_or_else(String::new, |s| s.metrics.clone()),
            metrics: None,
            board: Board::new(path, stored.as_ref().map_or(0, |s| s.run.updates)),
            begun: Instant::now(),
            before: stored.as_ref().map_or(0.0, |s| s.seconds),
            held: Some(held),
            goes_on: true,
        };
        Ok((folder, stored))
    }

    /// Time that the run took so far (s).
    pub(super) fn seconds(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }

    /// Of a new run makes the folder, without what an old run left, and writes the settings and what pruning left; of one
    /// that goes on makes `metrics.csv` what it was.
    pub(super) fn start(&mut self, start: &Start) -> Offline<()> {
        self.begun = Instant::now();
        self.check_mine()?;
        if self.goes_on {
            let rows = std::mem::take(&mut self.rows);
            if !rows.is_empty() {
                self.metrics = Some(Ledger::resume(&self.path.join(METRICS), rows)?);
            }
            return Ok(());
        }
        let place = |error: std::io::Error| fault(&self.path, &error);
        if self.held.is_none() {
            fs::create_dir_all(&self.path).map_err(place)?;
            self.held = Some(lock_dir(&self.path)?);
        }
        // Again, now that nobody else can write.
        check(&self.path, self.overwrite).map_err(|error| fault(&self.path, &error))?;
        remove(&self.path).map_err(place)?;
        let [config, device] = &self.texts;
        self.write(CONFIG, config.as_bytes())?;
        self.write(DEVICE, device.as_bytes())?;
        if start.pruning.is_empty() {
            return Ok(());
        }
        let csv = layers::csv(&start.pruning).map_err(|error| fault(&self.path, &error))?;
        self.write(PRUNING, &csv)
    }

    /// Refuses to write over what another worker of a study writes.
    fn check_mine(&self) -> Offline<()> {
        claim::check_mine().map_err(|what| fault(&self.path, &what))
    }

    /// Keeps the name of another device for a run that goes on with it.
    pub(super) fn keep_device(&self, name: &str) -> Result<()> {
        Ok(self.write(DEVICE, format!("{name}\n").as_bytes())?)
    }

    /// Puts a file in its place in one move.
    fn write(&self, name: &str, bytes: &[u8]) -> Offline<()> {
        Ok(atomic_write(&self.path.join(name), |file| {
            file.write_all(bytes)
        })?)
    }

    /// Adds a row to the metrics, and the points of TensorBoard.
    pub(super) fn evaluated(&mut self, evaluation: &Evaluation) -> Offline<()> {
        self.check_mine()?;
        let row = row(evaluation, self.seconds());
        let ledger = match &mut self.metrics {
            Some(ledger) => ledger,
            none => {
                let path = self.path.join(METRICS);
                none.insert(Ledger::create(&path, &columns(evaluation))?)
            }
        };
        ledger.push(&row)?;
        let seconds = self.begun.elapsed().as_secs_f64();
        Ok(self.board.evaluated(evaluation, seconds)?)
    }

    /// Writes the policy, the best if this evaluation is higher than all before, and what the run goes on from.
    pub(super) fn checkpoint(&mut self, run: &mut Run) -> Offline<()> {
        self.check_mine()?;
        if run.agent().policy().is_ok() {
            let weights = run.policy()?;
            let returns = run.evaluated().and_then(|e| e.returns.as_ref());
            let info = info(run.updates(), returns.map(|returns| returns.mean));
            self.keep(POLICY, &weights, &info)?;
            if run.is_best() {
                self.keep(BEST, &weights, &info)?;
            }
        }
        let mut metrics = String::new();
        if let Some(ledger) = &mut self.metrics {
            ledger.sync()?;
            ledger.rows().clone_into(&mut metrics);
        }
        let stored = Stored {
            metrics,
            seconds: self.seconds(),
            run: run.state()?,
        };
        Ok(stored.write(&self.path)?)
    }

    fn keep(&self, names: [&str; 2], weights: &[u8], info: &PolicyInfo) -> Offline<()> {
        let [file, about] = names;
        let fault = |error: serde_json::Error| fault(&self.path.join(about), &error);
        let info = serde_json::to_string_pretty(info).map_err(fault)?;
        self.write(file, weights)?;
        self.write(about, sealed_json(&info).as_bytes())
    }

    /// Ends a run that has made all its updates: writes the networks, and what is no longer as the run wrote it.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn finish(&mut self, trained: &Trained, dataset: &Dataset) -> Result<()> {
        self.check_mine()?;
        if trained.agent.policy().is_ok() && !self.path.join(POLICY[0]).exists() {
            let last = trained.evaluations.last();
            let returns = last.and_then(|e| Some(e.returns.as_ref()?.mean));
            let info = info(trained.updates, returns);
            self.keep(POLICY, &trained.policy(dataset)?, &info)?;
        }
        self.metrics.as_mut().map_or(Ok(()), Ledger::sync)?;
        let networks = record::to_bytes(&trained.agent.networks())?;
        Ok(self.write(NETWORKS, &networks)?)
    }

    /// What a person should know of its files, a line each, since this was asked last.
    pub(super) fn notes(&mut self) -> Vec<String> {
        let ledger = self.metrics.as_mut();
        ledger.map_or_else(Vec::new, Ledger::notes)
    }
}

fn info(update: u64, return_mean: Option<f64>) -> PolicyInfo {
    PolicyInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        update,
        return_mean,
    }
}

/// The names of the columns.
fn columns(evaluation: &Evaluation) -> Vec<&str> {
    let fixed = ["update", "seconds", "return_mean", "return_std"];
    let fixed = fixed.into_iter().chain(["episode_length", "score"]);
    let losses = evaluation.losses.iter().map(|(name, _)| name.as_str());
    fixed.chain(losses).collect()
}

/// The row of an evaluation; an empty cell where there is no number.
fn row(evaluation: &Evaluation, seconds: f64) -> Vec<String> {
    let returns = evaluation.returns.as_ref();
    let returns = returns.map_or([f64::NAN; 3], |r| [r.mean, r.std, r.length]);
    let mut row = vec![evaluation.update.to_string(), format!("{seconds:.2}")];
    let cell = |number: f64| match number.is_nan() {
        true => String::new(),
        false => number.to_string(),
    };
    row.extend(returns.map(cell));
    row.push(cell(evaluation.score.unwrap_or(f64::NAN)));
    row.extend(evaluation.losses.iter().map(|(_, loss)| cell(*loss)));
    row
}

fn fault(file: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::File {
        path: file.to_owned(),
        message: format!("{error:#}"),
    }
}
