//! `metrics.csv`: a row per evaluation.
//!
//! For the same seed and device (and, of dense networks, instruction set), all columns except the last two are the same.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use crate::disk::ledger::Ledger;
use rl_algos::algos::METRICS;
use rl_algos::observe::{Evaluation, Observer, Progress};
use rl_algos::{Error, Result};
use serde::{Deserialize, Serialize};

use super::rows::{Layout, Time};

/// What was written to `metrics.csv`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Metrics {
    /// Bytes of the file.
    pub(crate) bytes: u64,
    /// Time that the run took so far (s).
    pub(crate) seconds: f64,
    /// All of the file, which counts where the file says otherwise; `None` in a state of the version before.
    #[serde(skip)]
    pub(crate) rows: Option<String>,
}

/// Writes `metrics.csv`; each row is in the file when the evaluation is over. Changes to the file lose no row: see
/// [`Ledger`].
#[derive(Debug)]
pub struct Csv {
    ledger: Ledger,
    layout: Layout,
    /// When the last row was written, and its step; before the first, the step before the first that was seen.
    last: (Instant, Option<u64>),
    start: Instant,
    /// Time that the run took before this session (s).
    before: f64,
}

impl Csv {
    /// Begins the file at `path` with the names of the columns, for an agent with these metrics in a task.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written; [`Error::Config`] when a metric cannot be a column.
    pub fn create(path: &Path, seed: u64, metrics: &[&'static str]) -> Result<Self> {
        Self::begin(path, Layout::Task { seed }, metrics, 0.0)
    }

    /// Begins the file at `path` with these columns, for a run that took `before` (s) already.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written.
    pub(crate) fn begin(
        path: &Path,
        layout: Layout,
        metrics: &[&'static str],
        before: f64,
    ) -> Result<Self> {
        layout.check(metrics)?;
        let ledger = Ledger::create(path, &layout.columns(metrics))?;
        Ok(Self::new(ledger, layout, before))
    }

    /// Continues the file at `path` after the rows of a checkpoint, which has these mean returns.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written, or a checkpoint without rows does not fit it.
    pub(crate) fn resume(
        path: &Path,
        layout: Layout,
        written: Metrics,
        returns: &[f64],
    ) -> Result<Self> {
        let rows = match written.rows {
            Some(rows) => rows,
            None => rows_of(path, written.bytes, returns)?,
        };
        Ok(Self::new(
            Ledger::resume(path, rows)?,
            layout,
            written.seconds,
        ))
    }

    fn new(ledger: Ledger, layout: Layout, before: f64) -> Self {
        let now = Instant::now();
        Self {
            ledger,
            layout,
            last: (now, None),
            start: now,
            before,
        }
    }

    /// Time that the run took so far (s).
    pub(crate) fn seconds(&self) -> f64 {
        self.before + self.start.elapsed().as_secs_f64()
    }

    /// Notes on the file since the last call, a line each.
    pub fn notes(&mut self) -> Vec<String> {
        self.ledger.notes()
    }

    /// Rows of the file at `path`, without the header; 0 where there is no file.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read.
    pub(crate) fn rows(path: &Path) -> Result<usize> {
        if !path.exists() {
            return Ok(0);
        }
        let text = fs::read(path).map_err(Error::file(path))?;
        let ends = text.iter().filter(|byte| **byte == b'\n').count();
        Ok(ends.saturating_sub(1))
    }

    /// The rows so far, which are on the disk.
    ///
    /// # Errors
    /// [`Error::File`] when they cannot be.
    pub(crate) fn written(&mut self) -> Result<Metrics> {
        self.ledger.sync()?;
        let rows = self.ledger.rows();
        Ok(Metrics {
            bytes: rows.len() as u64,
            rows: Some(rows.to_owned()),
            seconds: self.seconds(),
        })
    }
}

impl Observer for Csv {
    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.last.1.get_or_insert(progress.step - 1);
        ControlFlow::Continue(())
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        let step = evaluation.progress.step;
        let now = Instant::now();
        let before = self.last.1.unwrap_or(0);
        let time = Time {
            seconds: self.seconds(),
            pace: (step - before) as f64 / (now - self.last.0).as_secs_f64(),
        };
        self.last = (now, Some(step));
        self.ledger.push(&self.layout.row(evaluation, &time))
    }
}

/// The columns of the version before; the seed counts for rows only.
const OLD: Layout = Layout::Task { seed: 0 };

/// The first `bytes` bytes of the file at `path`, as a checkpoint of the version before left them, which did not keep the
/// rows itself but the mean return of each.
///
/// # Errors
/// [`Error::File`] with the line that is not such a row.
fn rows_of(path: &Path, bytes: u64, returns: &[f64]) -> Result<String> {
    let text = fs::read(path).map_err(Error::file(path))?;
    let rows = usize::try_from(bytes).ok().and_then(|n| text.get(..n));
    let Some(rows) = rows else {
        let message = format!("{} bytes long: the checkpoint has {bytes}", text.len());
        return Err(Error::file(path)(message));
    };
    let rows = String::from_utf8_lossy(rows).into_owned();
    let mut means = returns.iter();
    let columns = OLD.columns(&METRICS);
    let mut good = |row: &str, index: usize| {
        let cells: Vec<&str> = row
            .strip_suffix('\n')
            .unwrap_or_default()
            .split(',')
            .collect();
        let mean = || cells.get(3).and_then(|cell| cell.parse::<f64>().ok());
        match index {
            0 => cells == columns,
            _ => {
                let expected = means.next().map(|mean| mean.to_bits());
                cells.len() == columns.len() && mean().map(f64::to_bits) == expected
            }
        }
    };
    let mut lines = rows.split_inclusive('\n').zip(0..);
    let wrong = lines.find(|(row, index)| !good(row, *index));
    let short = means.len() > 0;
    match wrong.map(|(_, index)| index + 1) {
        None if !short => Ok(rows),
        line => Err(Error::file(path)(format!(
            "line {} is not as the run wrote it, in a version that kept it nowhere else; put the file back as it was",
            line.unwrap_or(rows.lines().count() + 1)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_version_before_are_compared_with_what_it_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        let row = |mean: f64| {
            let mut cells = vec!["0".to_owned(); OLD.columns(&METRICS).len()];
            cells[3] = mean.to_string();
            cells.join(",") + "\n"
        };
        let head = OLD.columns(&METRICS).join(",") + "\n";
        let good = [head, row(1.5), row(f64::NAN)].concat();
        let read = |text: &str| {
            fs::write(&path, text).unwrap();
            rows_of(&path, good.len() as u64, &[1.5, f64::NAN]).map_err(|e| e.to_string())
        };
        assert_eq!(read(&good).as_ref(), Ok(&good));
        assert_eq!(read(&format!("{good}7,")).as_ref(), Ok(&good));
        for (text, said) in [
            (good.replace('\n', "\r\n"), "line 1 is not"),
            (good.replace("1.5", "1.6"), "line 2 is not"),
            (good.replacen("NaN", "0.1", 1), "line 3 is not"),
            (good[..good.len() - 9].to_owned(), "bytes long"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(
                error.contains("metrics.csv") && error.contains(said),
                "{error}"
            );
        }
    }

    #[test]
    fn a_metric_that_can_be_no_column_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        for (metrics, said) in [
            (
                &["seconds"][..],
                "metric = seconds: must be a name that no other",
            ),
            (&["loss", "loss"], "metric = loss: must be"),
            (&["a,b"], "metric = \"a,b\": must be a name without commas"),
        ] {
            let error = Csv::create(&path, 0, metrics).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
        assert!(!path.exists());
    }
}
