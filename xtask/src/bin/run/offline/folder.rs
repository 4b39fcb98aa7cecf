//! A run on disk: `config.toml`, `pruning.csv`, `metrics.csv`, `policy.safetensors`, `networks.safetensors` and, when it
//! is whole, `result.json`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;
use offline_prune::train::{Evaluation, Start, Trained};
use offline_prune::{Error, Result as Offline};
use rl_algos::files::put;
use serde::{Deserialize, Serialize};
use sparse_core::record;

use super::layers;

/// The settings, which an online run has under the same name.
pub(crate) const CONFIG: &str = "config.toml";
const METRICS: &str = "metrics.csv";
const PRUNING: &str = "pruning.csv";
const NETWORKS: &str = "networks.safetensors";
/// The policy, which reads the task's own observations.
pub(crate) const POLICY: &str = "policy.safetensors";

/// What came of it. Written last, so a run that has it is whole.
const RESULT: &str = "result.json";
const FILES: [&str; 6] = [CONFIG, METRICS, PRUNING, POLICY, NETWORKS, RESULT];

/// What a run of `cargo xtask train` has in its folder.
const ONLINE: [&str; 2] = ["checkpoints", "resume"];

/// What came of a whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) updates: u64,
    /// Means of the last evaluations.
    pub(super) returns: f64,
    pub(super) score: Option<f64>,
    /// Weights that were trained, and weights of the dense networks.
    pub(super) weights: (usize, usize),
    pub(super) seconds: f64,
}

/// The folder of a run.
pub(super) struct Folder {
    path: PathBuf,
    /// What `config.toml` is to say.
    config: String,
    /// Opened with the first evaluation, which names the columns.
    metrics: Option<csv::Writer<File>>,
    begun: Instant,
}

impl Folder {
    /// A folder for a run on a dataset, which holds none, or one that may be replaced. Nothing is touched before
    /// [`start`](Self::start).
    ///
    /// # Errors
    /// When it holds a run and may not, or one of another kind.
    pub(super) fn new(
        path: &Path,
        overwrite: bool,
        config: &OfflineConfig,
        dataset: &Path,
    ) -> Result<Self> {
        check(path, overwrite)?;
        Ok(Self {
            path: path.to_owned(),
            config: settings(config, dataset)?,
            metrics: None,
            begun: Instant::now(),
        })
    }

    /// Makes the folder, without what an old run left, and writes the settings and what pruning left.
    pub(super) fn start(&mut self, start: &Start) -> Offline<()> {
        self.begun = Instant::now();
        let place = |error: std::io::Error| fault(&self.path, &error);
        fs::create_dir_all(&self.path).map_err(place)?;
        for name in FILES {
            let file = self.path.join(name);
            if file.exists() {
                fs::remove_file(&file).map_err(place)?;
            }
        }
        self.write(CONFIG, self.config.as_bytes())?;
        if start.pruning.is_empty() {
            return Ok(());
        }
        let csv = layers::csv(&start.pruning).map_err(|error| fault(&self.path, &error))?;
        self.write(PRUNING, &csv)
    }

    /// Puts a file in its place in one move.
    fn write(&self, name: &str, bytes: &[u8]) -> Offline<()> {
        Ok(put(&self.path.join(name), |file| file.write_all(bytes))?)
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
        let cell = |number: f64| match number.is_nan() {
            true => String::new(),
            false => number.to_string(),
        };
        row.push(cell(evaluation.score.unwrap_or(f64::NAN)));
        row.extend(evaluation.losses.iter().map(|(_, loss)| cell(*loss)));
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
            self.write(name, &bytes)?;
        }
        Ok(())
    }

    /// Writes what came of the run, which makes it whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn whole(&self, outcome: &Outcome) -> Result<()> {
        Ok(self.write(RESULT, &serde_json::to_vec_pretty(outcome)?)?)
    }
}

/// What `config.toml` is to say.
fn settings(config: &OfflineConfig, dataset: &Path) -> Result<String> {
    Ok(format!(
        "# dataset: {}\n{}",
        dataset.display(),
        config.to_toml()?
    ))
}

/// What came of the run in a folder, if it is whole; it must have these settings, whole or not.
///
/// # Errors
/// When it has other settings, or what is there cannot be read.
pub(super) fn kept(path: &Path, config: &OfflineConfig, dataset: &Path) -> Result<Option<Outcome>> {
    let file = path.join(CONFIG);
    if !file.exists() {
        check(path, false)?;
        return Ok(None);
    }
    let read = |file: &Path| {
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
    };
    let (there, asked) = (read(&file)?, settings(config, dataset)?);
    let mut pairs = there.lines().zip(asked.lines());
    if there != asked {
        let (there, asked) = pairs.find(|(a, b)| a != b).unwrap_or(("less", "more"));
        bail!(
            "{} holds a run with other settings: `{there}`, not `{asked}`; choose another folder, or overwrite it \
             (--overwrite)",
            path.display()
        );
    }
    let file = path.join(RESULT);
    if !file.exists() {
        return Ok(None);
    }
    let outcome = serde_json::from_str(&read(&file)?);
    outcome.with_context(|| format!("{} is damaged", file.display()))
}

/// Refuses a folder that holds a run, unless it is one that may be replaced.
///
/// # Errors
/// As [`Folder::new`].
pub(super) fn check(path: &Path, overwrite: bool) -> Result<()> {
    let place = path.display();
    if ONLINE.iter().any(|name| path.join(name).exists()) {
        bail!("{place} holds a run of `cargo xtask train`; choose another folder");
    }
    let there = FILES.iter().find(|name| path.join(name).exists());
    match there {
        Some(&CONFIG) if !overwrite => bail!(
            "{place} already holds a run; choose another folder, or overwrite it (--overwrite)"
        ),
        Some(name) if !overwrite => {
            bail!(
                "{place} holds a file {name}; choose another folder, or overwrite it (--overwrite)"
            )
        }
        _ => Ok(()),
    }
}

fn fault(file: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::File {
        path: file.to_owned(),
        message: format!("{error:#}"),
    }
}
