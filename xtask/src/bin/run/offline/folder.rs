//! A run on disk: `config.toml`, `pruning.csv`, `metrics.csv`, `policy.safetensors` and `networks.safetensors`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;
use offline_prune::train::{Evaluation, Start, Trained};
use offline_prune::{Error, Result as Offline};
use sparse_core::record;

use super::layers;

const CONFIG: &str = "config.toml";
const METRICS: &str = "metrics.csv";
const PRUNING: &str = "pruning.csv";
const NETWORKS: &str = "networks.safetensors";
/// The policy, which reads the task's own observations.
pub(super) const POLICY: &str = "policy.safetensors";

/// The folder of a run.
pub(super) struct Folder {
    path: PathBuf,
    /// Opened with the first evaluation, which names the columns.
    metrics: Option<csv::Writer<File>>,
    begun: Instant,
}

impl Folder {
    /// A folder that holds no run, or one that may be replaced. Nothing is touched yet.
    ///
    /// # Errors
    /// When it holds a run and may not.
    pub(super) fn new(path: &Path, overwrite: bool) -> Result<Self> {
        if path.join(CONFIG).exists() && !overwrite {
            bail!(
                "{} already holds a run; choose another folder, or overwrite it (--overwrite)",
                path.display()
            );
        }
        Ok(Self {
            path: path.to_owned(),
            metrics: None,
            begun: Instant::now(),
        })
    }

    /// Makes the folder, without what an old run left, and writes the settings.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn create(self, config: &OfflineConfig, dataset: &Path) -> Result<Self> {
        let place = || self.path.display().to_string();
        fs::create_dir_all(&self.path).with_context(place)?;
        for name in [METRICS, PRUNING, POLICY, NETWORKS] {
            let file = self.path.join(name);
            if file.exists() {
                fs::remove_file(&file).with_context(place)?;
            }
        }
        let text = format!("# dataset: {}\n{}", dataset.display(), config.to_toml()?);
        fs::write(self.path.join(CONFIG), text).with_context(place)?;
        Ok(self)
    }

    /// Writes what pruning left.
    pub(super) fn start(&mut self, start: &Start) -> Offline<()> {
        self.begun = Instant::now();
        if start.pruning.is_empty() {
            return Ok(());
        }
        let file = self.path.join(PRUNING);
        let bytes = layers::csv(&start.pruning).map_err(|error| fault(&file, &error))?;
        fs::write(&file, bytes).map_err(|error| fault(&file, &error))
    }

    /// Adds a row.
    pub(super) fn evaluated(&mut self, evaluation: &Evaluation) -> Offline<()> {
        let file = self.path.join(METRICS);
        self.row(&file, evaluation)
            .map_err(|error| fault(&file, &error))
    }

    fn row(&mut self, file: &Path, evaluation: &Evaluation) -> Result<()> {
        let csv = match &mut self.metrics {
            Some(csv) => csv,
            none => {
                let mut csv = csv::Writer::from_path(file)?;
                let fixed = ["update", "seconds", "return_mean", "return_std"];
                let fixed = fixed.into_iter().chain(["episode_length", "score"]);
                csv.write_record(fixed.chain(evaluation.losses.iter().map(|(name, _)| *name)))?;
                none.insert(csv)
            }
        };
        let returns = &evaluation.returns;
        let mut row = vec![evaluation.update.to_string()];
        row.push(format!("{:.2}", self.begun.elapsed().as_secs_f64()));
        row.extend([returns.mean, returns.std, returns.length].map(|n| n.to_string()));
        row.push(evaluation.score.map_or_else(String::new, |s| s.to_string()));
        row.extend(evaluation.losses.iter().map(|(_, loss)| loss.to_string()));
        csv.write_record(row)?;
        Ok(csv.flush()?)
    }

    /// Writes the networks and, where it is one network, the policy.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn finish(&self, trained: &Trained, dataset: &Dataset) -> Result<()> {
        let mut files = vec![(NETWORKS, record::to_bytes(&trained.agent.networks())?)];
        if trained.agent.policy().is_ok() {
            files.push((POLICY, trained.policy(dataset)?));
        }
        for (name, bytes) in files {
            let file = self.path.join(name);
            fs::write(&file, bytes).with_context(|| file.display().to_string())?;
        }
        Ok(())
    }
}

fn fault(file: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::File {
        path: file.to_owned(),
        message: format!("{error:#}"),
    }
}
