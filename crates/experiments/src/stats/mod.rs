//! Statistics of scores over tasks and seeds, as the field has them: Agarwal et al. 2021, "Deep Reinforcement Learning at
//! the Edge of the Statistical Precipice" (arXiv:2108.13264), and its library rliable.
//!
//! All functions are pure; intervals are deterministic given the seed of their [`Bootstrap`].
//!
//! ```
//! use experiments::stats::{Bootstrap, Scores, iqm};
//!
//! // Two tasks, three seeds each.
//! let scores = Scores::new(vec![vec![0.9, 1.1, 1.0], vec![0.4, 0.5, 0.3]])?;
//! let estimate = Bootstrap::default().of(&scores, iqm);
//! assert!(estimate.low <= estimate.value && estimate.value <= estimate.high);
//! # Ok::<(), experiments::stats::Error>(())
//! ```
//!
//! In reading order: this file (scores), [`aggregate`] (one number of many), [`summary`] (one number of a run),
//! [`bootstrap`] (intervals), [`compare`] (two methods), [`claim`] (whether one keeps a share of another's score), [`curve`]
//! (along training), [`mod@profile`] (over thresholds).

pub mod aggregate;
pub mod bootstrap;
pub mod claim;
pub mod compare;
pub mod curve;
pub mod profile;
pub mod summary;

#[cfg(test)]
mod recorded;

pub use aggregate::{iqm, mean, median, optimality_gap};
pub use bootstrap::{Bootstrap, Estimate};
pub use compare::{paired, probability_of_improvement, shares};
pub use curve::Curve;
pub use profile::profile;
pub use summary::Summary;

/// What a statistic cannot be made of.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// Scores without a task, or a task without a run.
    #[error("{what} has no scores; give at least one run of each task")]
    Empty {
        /// Which task, or all scores.
        what: String,
    },
    /// A score that is no finite number.
    #[error("task {task}, run {run}: a score of {value} is no finite number")]
    NotFinite {
        /// Index of the task.
        task: usize,
        /// Index of the run.
        run: usize,
        /// The score.
        value: f64,
    },
    /// Two methods that were run in different numbers of tasks.
    #[error("{left} tasks against {right}: compare methods in the same tasks")]
    Tasks {
        /// Tasks of the first.
        left: usize,
        /// Tasks of the second.
        right: usize,
    },
    /// A baseline of which no share can be told.
    #[error("task {task}: the baseline's mean score is {mean}; a share needs one above 0")]
    Baseline {
        /// Index of the task.
        task: usize,
        /// Its mean over runs.
        mean: f64,
    },
    /// Methods that share no seed in a task.
    #[error(
        "task {task}: the methods have no seed in common, so nothing pairs; compare them unpaired"
    )]
    Unpaired {
        /// Index of the task.
        task: usize,
    },
    /// A setting out of its range.
    #[error("{name} is {value}; {allowed}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        allowed: &'static str,
    },
    /// A curve that has no line.
    #[error("{0}")]
    Curve(&'static str),
}

/// The scores of a method: `[tasks]`, and of each task one score per run. Tasks may have different numbers of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores(Vec<Vec<f64>>);

impl Scores {
    /// From a list of runs per task.
    ///
    /// # Errors
    /// [`Error::Empty`] without a task or with a task without runs; [`Error::NotFinite`].
    pub fn new(tasks: Vec<Vec<f64>>) -> Result<Self, Error> {
        let empty = |what: String| Err(Error::Empty { what });
        if tasks.is_empty() {
            return empty("a method".to_owned());
        }
        for (task, runs) in tasks.iter().enumerate() {
            if runs.is_empty() {
                return empty(format!("task {task}"));
            }
            if let Some(run) = runs.iter().position(|score| !score.is_finite()) {
                let value = runs[run];
                return Err(Error::NotFinite { task, run, value });
            }
        }
        Ok(Self(tasks))
    }

    /// The scores of each task.
    #[must_use]
    pub fn tasks(&self) -> &[Vec<f64>] {
        &self.0
    }

    /// All scores, task after task.
    pub fn all(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().flatten().copied()
    }

    /// Runs of each task.
    #[must_use]
    pub fn counts(&self) -> Vec<usize> {
        self.0.iter().map(Vec::len).collect()
    }

    /// Mean of each task.
    #[must_use]
    pub fn means(&self) -> Vec<f64> {
        self.0.iter().map(|runs| mean_of(runs)).collect()
    }

    /// The runs at these indices, a list per task.
    pub(crate) fn pick(&self, indices: &[Vec<usize>]) -> Self {
        let task = |(runs, indices): (&Vec<f64>, &Vec<usize>)| {
            indices.iter().map(|&index| runs[index]).collect()
        };
        Self(self.0.iter().zip(indices).map(task).collect())
    }
}

/// The mean of numbers; NaN of none.
pub(crate) fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation of a sample; NaN of fewer than two.
pub(crate) fn deviation_of(values: &[f64]) -> f64 {
    let mean = mean_of(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_table_of_scores_is_told() {
        let said = |tasks: Vec<Vec<f64>>| Scores::new(tasks).unwrap_err().to_string();
        assert!(said(vec![]).starts_with("a method has no scores"));
        assert!(said(vec![vec![1.0], vec![]]).starts_with("task 1 has no scores"));
        let wrong = said(vec![vec![1.0, f64::NAN]]);
        assert_eq!(wrong, "task 0, run 1: a score of NaN is no finite number");
    }
}
