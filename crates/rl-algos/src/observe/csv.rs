//! `metrics.csv`: a row per evaluation.
//!
//! All columns but the last two are the same for the same seed and device, whatever else the machine does.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Evaluation, NetworkReport, Observer};
use crate::{Error, Result};

/// The columns, in order.
pub(super) const COLUMNS: [&str; 31] = [
    "step",
    "updates",
    "episodes",
    "return_mean",
    "return_std",
    "return_min",
    "return_max",
    "length_mean",
    "train_return",
    "train_length",
    "critic_loss",
    "actor_loss",
    "target_mean",
    "value_mean",
    "temperature",
    "entropy",
    "actor_gradient_norm",
    "critic_gradient_norm",
    "moved",
    "dropped",
    "grown",
    "actor_density",
    "critic_density",
    "explored",
    "dormant",
    "replay_size",
    "policy_distance",
    "n_step",
    "seed",
    "seconds",
    "steps_per_second",
];

/// Writes `metrics.csv`; each row is on disk when the evaluation is over.
#[derive(Debug)]
pub struct Csv {
    path: PathBuf,
    writer: csv::Writer<File>,
    seed: u64,
    /// When the last row was written, and its step.
    last: (Instant, u64),
    start: Instant,
}

impl Csv {
    /// Begins the file at `path` with the names of the columns.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written.
    pub fn create(path: &Path, seed: u64) -> Result<Self> {
        let mut writer = csv::Writer::from_path(path).map_err(Error::file(path))?;
        writer.write_record(COLUMNS).map_err(Error::file(path))?;
        writer.flush().map_err(Error::file(path))?;
        let now = Instant::now();
        Ok(Self {
            path: path.to_owned(),
            writer,
            seed,
            last: (now, 0),
            start: now,
        })
    }
}

impl Observer for Csv {
    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        let Evaluation {
            progress,
            learning,
            networks,
            returns,
        } = evaluation;
        let mean = |of: fn(&NetworkReport) -> f64| {
            networks.iter().map(of).sum::<f64>() / networks.len() as f64
        };
        let now = Instant::now();
        let pace = (progress.step - self.last.1) as f64 / (now - self.last.0).as_secs_f64();
        self.last = (now, progress.step);
        let row: [String; COLUMNS.len()] = [
            progress.step.to_string(),
            progress.updates.to_string(),
            progress.episodes.to_string(),
            returns.mean.to_string(),
            returns.std.to_string(),
            returns.min.to_string(),
            returns.max.to_string(),
            returns.length.to_string(),
            progress.train_return.to_string(),
            progress.train_length.to_string(),
            learning.critic_loss.to_string(),
            learning.actor_loss.to_string(),
            learning.target_mean.to_string(),
            learning.value_mean.to_string(),
            learning.temperature.to_string(),
            learning.entropy.to_string(),
            learning.actor_gradient_norm.to_string(),
            learning.critic_gradient_norm.to_string(),
            progress.moved.to_string(),
            progress.dropped.to_string(),
            progress.grown.to_string(),
            progress.densities.actor.to_string(),
            progress.densities.critic.to_string(),
            mean(|network| network.explored).to_string(),
            mean(|network| network.dormant).to_string(),
            progress.replay_size.to_string(),
            progress.policy_distance.to_string(),
            progress.n_step.to_string(),
            self.seed.to_string(),
            format!("{:.1}", (now - self.start).as_secs_f64()),
            format!("{pace:.0}"),
        ];
        self.writer
            .write_record(row)
            .map_err(Error::file(&self.path))?;
        self.writer.flush().map_err(Error::file(&self.path))
    }
}
