//! Writes the folder of a run while it goes on.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use envs::Settings;
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::{Dataset, Normaliser};
use offline_prune::policy_bytes;
use offline_prune::train::{State, Trained};
use rl_algos::Error;
use rl_algos::agent::Agent;
use rl_algos::observe::{Evaluation, Observer, Progress, Snapshot, Start};

use super::layers;
use super::stored::Stored;
use crate::disk::files::{Held, atomic_write, lock_dir};
use crate::disk::seal::{sealed, sealed_json};
use crate::folder::names::{
    BEST, CONFIG, DATA, DATASET, DEVICE, METRICS, NETWORKS, POLICY, PRUNING,
};
use crate::folder::offline::{check, content, remove};
use crate::folder::policies::PolicyInfo;
use crate::folder::task_files;
use crate::observe::{Csv, Layout, Metrics};
use crate::roster::claim;
use crate::version::version;

/// A run's dataset: its path, and what it is known by.
#[derive(Clone, Debug)]
pub(super) struct Data {
    pub(super) place: String,
    pub(super) content: String,
    /// The digest of all of it.
    pub(super) digest: String,
    /// The range of each number of an action, in the data's units.
    actions: Vec<[f64; 2]>,
    /// How its observations were normalised.
    normaliser: Option<Normaliser>,
}

impl Data {
    /// Of a dataset that was read from a place, whose actions were in this range: one pair for all or one for each.
    pub(super) fn of(place: &Path, dataset: &Dataset, range: &[[f64; 2]]) -> Self {
        let all = range.iter().cycle().copied();
        Self {
            place: place.display().to_string(),
            content: content(dataset),
            digest: dataset.digest(),
            actions: all.take(dataset.action_size()).collect(),
            normaliser: dataset.normaliser().cloned(),
        }
    }
}

/// The folder of a run.
pub(super) struct Folder {
    path: PathBuf,
    /// The run's settings, resolved to its data.
    config: String,
    /// Its task, and what is set of it.
    env: String,
    env_settings: Settings,
    data: Data,
    /// What `device` is to say of a run that begins.
    device: String,
    overwrite: bool,
    /// What pruning left, of a run that begins.
    pub(super) pruning: Vec<layers::Report>,
    /// What was written of a run that goes on, until it does.
    written: Option<Metrics>,
    metrics: Option<Csv>,
    /// The lock that keeps other commands out; for a new folder from its start on.
    held: Option<Held>,
    goes_on: bool,
}

impl Folder {
    /// A folder for a new run, which holds none, or one that may be replaced and is held from now on. Nothing else is
    /// touched before the run starts.
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
        Ok(Self {
            path: path.to_owned(),
            config: config.to_toml()?,
            env: config.env.clone(),
            env_settings: config.env_settings.clone(),
            data: data.clone(),
            device: format!("{device}\n"),
            overwrite,
            pruning: Vec::new(),
            written: None,
            metrics: None,
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
    pub(super) fn go_on(
        path: &Path,
        config: &OfflineConfig,
        data: &Data,
    ) -> Result<(Self, Option<State>)> {
        let held = lock_dir(path)?;
        let stored = Stored::read(path)?;
        let mut folder = Self {
            path: path.to_owned(),
            config: config.to_toml()?,
            env: config.env.clone(),
            env_settings: config.env_settings.clone(),
            data: data.clone(),
            device: String::new(),
            overwrite: false,
            pruning: Vec::new(),
            written: None,
            metrics: None,
            held: Some(held),
            goes_on: true,
        };
        let state = stored.map(|stored| {
            folder.written = Some(Metrics {
                bytes: stored.metrics.len() as u64,
                seconds: stored.seconds,
                rows: Some(stored.metrics),
            });
            stored.run
        });
        Ok((folder, state))
    }

    /// Time that the run took so far (s).
    pub(super) fn seconds(&self) -> f64 {
        self.metrics.as_ref().map_or(0.0, Csv::seconds)
    }

    /// Of a new run makes the folder, without what an old run left, and writes the settings and what pruning left.
    fn begin(&mut self) -> rl_algos::Result<()> {
        let path = self.path.clone();
        if self.held.is_none() {
            fs::create_dir_all(&path).map_err(Error::file(&path))?;
            self.held = Some(lock_dir(&path)?);
        }
        // Again, now that nobody else can write.
        check(&path, self.overwrite).map_err(told(&path))?;
        remove(&path).map_err(Error::file(&path))?;
        let Data { place, content, .. } = &self.data;
        // A line of its own, whatever the file is called.
        let place = place.replace(['\n', '\r'], " ");
        let settings = &self.config;
        let config = sealed(&format!("{DATASET}{place}\n{DATA}{content}\n{settings}"));
        self.write(CONFIG, config.as_bytes())?;
        task_files::keep(&path, &self.env, &self.env_settings)?;
        self.write(DEVICE, self.device.as_bytes())?;
        if self.pruning.is_empty() {
            return Ok(());
        }
        let csv = layers::csv(&self.pruning).map_err(told(&path))?;
        self.write(PRUNING, &csv)
    }

    /// Refuses to write over what another worker of a study writes.
    fn check_mine(&self) -> rl_algos::Result<()> {
        claim::check_mine().map_err(Error::file(&self.path))
    }

    /// Keeps the name of another device for a run that goes on with it.
    pub(super) fn keep_device(&self, name: &str) -> Result<()> {
        Ok(self.write(DEVICE, format!("{name}\n").as_bytes())?)
    }

    /// Puts a file in its place in one move.
    fn write(&self, name: &str, bytes: &[u8]) -> rl_algos::Result<()> {
        atomic_write(&self.path.join(name), |file| file.write_all(bytes))
    }

    /// Writes the policy under these names, where it is one network.
    fn keep(
        &self,
        agent: &mut dyn Agent,
        names: &[[&str; 2]],
        update: u64,
        return_mean: Option<f64>,
    ) -> rl_algos::Result<()> {
        if agent.actor().is_err() {
            return Ok(());
        }
        let Data {
            actions,
            normaliser,
            ..
        } = &self.data;
        let weights = policy_bytes(agent, actions.len(), normaliser.as_ref())?;
        let info = PolicyInfo {
            version: version(),
            update,
            return_mean,
            actions: actions.clone(),
        };
        for [file, about] in names {
            let info = serde_json::to_string_pretty(&info);
            let info = info.map_err(Error::file(&self.path.join(about)))?;
            self.write(file, &weights)?;
            self.write(about, sealed_json(&info).as_bytes())?;
        }
        Ok(())
    }

    /// Ends a run that has made all its updates: writes the networks, and what is no longer as the run wrote it.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn finish(&mut self, trained: &mut Trained) -> Result<()> {
        self.check_mine()?;
        let agent: &mut dyn Agent = &mut *trained.agent;
        if !self.path.join(POLICY[0]).exists() {
            let last = trained.returns.last().copied();
            let last = last.filter(|mean| !mean.is_nan());
            self.keep(agent, &[POLICY], trained.steps, last)?;
        }
        if let Some(metrics) = &mut self.metrics {
            metrics.written()?;
        }
        Ok(self.write(NETWORKS, &agent.to_bytes()?)?)
    }

    /// What a person should know of its files, a line each, since this was asked last.
    fn notes(&mut self) -> Vec<String> {
        self.metrics.as_mut().map_or_else(Vec::new, Csv::notes)
    }
}

impl Observer for Folder {
    fn on_start(&mut self, start: &mut Start<'_>) -> rl_algos::Result<()> {
        self.check_mine()?;
        if !self.goes_on {
            self.begin()?;
        }
        let path = self.path.join(METRICS);
        let written = self.written.take().unwrap_or_default();
        self.metrics = Some(match written.rows.as_deref() {
            None | Some("") => {
                let names = start.agent.metrics();
                Csv::begin(&path, Layout::Data, names, written.seconds)?
            }
            Some(_) => Csv::resume(&path, Layout::Data, written, start.returns)?,
        });
        for note in self.notes() {
            start.note(note);
        }
        Ok(())
    }

    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        match &mut self.metrics {
            Some(metrics) => metrics.on_step(progress),
            None => ControlFlow::Continue(()),
        }
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> rl_algos::Result<()> {
        self.check_mine()?;
        match &mut self.metrics {
            Some(metrics) => metrics.on_evaluation(evaluation),
            None => Ok(()),
        }
    }

    /// Writes the policy, the best if this evaluation is higher than all before, and what the run goes on from.
    fn on_checkpoint(&mut self, snapshot: &mut Snapshot<'_>) -> rl_algos::Result<()> {
        self.check_mine()?;
        let returns = snapshot.evaluation.and_then(|e| e.returns.as_ref());
        let mean = returns.map(|returns| returns.mean);
        let names: &[[&str; 2]] = match snapshot.is_best() {
            true => &[POLICY, BEST],
            false => &[POLICY],
        };
        let step = snapshot.progress.step;
        self.keep(snapshot.agent_mut(), names, step, mean)?;
        let written = match &mut self.metrics {
            Some(metrics) => metrics.written()?,
            None => Metrics::default(),
        };
        for note in self.notes() {
            snapshot.note(note);
        }
        let stored = Stored {
            metrics: written.rows.unwrap_or_default(),
            seconds: written.seconds,
            run: State {
                config: self.config.clone(),
                data: self.data.digest.clone(),
                train: snapshot.state()?,
            },
        };
        stored.write(&self.path)
    }
}

/// For `map_err`: what went wrong with the file at `path`, with all its causes.
fn told(path: &Path) -> impl FnOnce(anyhow::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::file(&path)(format!("{error:#}"))
}
