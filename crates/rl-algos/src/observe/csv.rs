//! `metrics.csv`: a row per evaluation.
//!
//! All columns but the last two are the same for the same seed and device, whatever else the machine does.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Evaluation, NetworkReport, Observer, Progress};
use crate::checkpoint::Metrics;
use crate::{Error, Result};

/// The columns, in order.
pub(super) const COLUMNS: [&str; 32] = [
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
    "recycled",
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
    /// When the last row was written, and its step; before the first, the step before the first that was seen.
    last: (Instant, Option<u64>),
    start: Instant,
    /// Time that the run took before this session (s).
    before: f64,
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
            last: (now, None),
            start: now,
            before: 0.0,
        })
    }

    /// Goes on with the file at `path` where a checkpoint left it; rows that were written after that go.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written, or ends before that.
    pub(crate) fn resume(path: &Path, seed: u64, written: &Metrics) -> Result<Self> {
        let file = File::options().read(true).write(true).open(path);
        let mut file = file.map_err(Error::file(path))?;
        let length = file.metadata().map_err(Error::file(path))?.len();
        if length < written.bytes {
            let message = format!("{length} bytes long: the checkpoint has {}", written.bytes);
            return Err(Error::file(path)(message));
        }
        file.set_len(written.bytes).map_err(Error::file(path))?;
        file.seek(SeekFrom::End(0)).map_err(Error::file(path))?;
        let now = Instant::now();
        Ok(Self {
            path: path.to_owned(),
            writer: csv::WriterBuilder::new()
                .has_headers(false)
                .from_writer(file),
            seed,
            last: (now, None),
            start: now,
            before: written.seconds,
        })
    }

    /// Rows of the file at `path`, without the names of the columns; 0 where there is none.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read.
    pub(crate) fn rows(path: &Path) -> Result<usize> {
        if !path.exists() {
            return Ok(0);
        }
        let text = std::fs::read(path).map_err(Error::file(path))?;
        let ends = text.iter().filter(|byte| **byte == b'\n').count();
        Ok(ends.saturating_sub(1))
    }

    /// How far the file is written; it is on the disk so far.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be.
    pub(crate) fn written(&mut self) -> Result<Metrics> {
        self.writer.flush().map_err(Error::file(&self.path))?;
        let file = self.writer.get_ref();
        file.sync_data().map_err(Error::file(&self.path))?;
        let length = file.metadata().map_err(Error::file(&self.path))?.len();
        Ok(Metrics {
            bytes: length,
            seconds: self.before + self.start.elapsed().as_secs_f64(),
        })
    }
}

impl Observer for Csv {
    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.last.1.get_or_insert(progress.step - 1);
        ControlFlow::Continue(())
    }

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
        let before = self.last.1.unwrap_or(0);
        let pace = (progress.step - before) as f64 / (now - self.last.0).as_secs_f64();
        self.last = (now, Some(progress.step));
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
            progress.recycled.to_string(),
            progress.densities.actor.to_string(),
            progress.densities.critic.to_string(),
            mean(|network| network.explored).to_string(),
            mean(|network| network.dormant).to_string(),
            progress.replay_size.to_string(),
            progress.policy_distance.to_string(),
            progress.n_step.to_string(),
            self.seed.to_string(),
            format!("{:.1}", self.before + (now - self.start).as_secs_f64()),
            format!("{pace:.0}"),
        ];
        self.writer
            .write_record(row)
            .map_err(Error::file(&self.path))?;
        self.writer.flush().map_err(Error::file(&self.path))
    }
}
