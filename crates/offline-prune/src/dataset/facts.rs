//! What a reader found that is worth a word, though it is no error.

use std::fmt;

/// Where the range of actions is from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RangeFrom {
    /// The caller gave it.
    Given,
    /// The file, its metadata or its attributes.
    File,
    /// This task.
    Task(String),
    /// Nobody says one, so it is [-1, 1].
    #[default]
    Assumed,
}

impl fmt::Display for RangeFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("as given"),
            Self::File => f.write_str("as the dataset says"),
            Self::Task(task) => write!(f, "as {task} has it"),
            Self::Assumed => {
                f.write_str("which is assumed, as neither the dataset nor a task says one")
            }
        }
    }
}

/// The actions of a dataset, in its own units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actions {
    /// The range that was moved to [-1, 1]: one pair for all numbers of an action or a pair for each.
    pub range: Vec<[f64; 2]>,
    /// Where it is from.
    pub from: RangeFrom,
    /// The task's own range, where the dataset says another.
    pub of_task: Option<Vec<[f64; 2]>>,
    /// Smallest and largest number in the dataset.
    pub reach: Option<[f64; 2]>,
    /// Largest distance from the middle of the range, in halves of it: 1 is all of the range.
    pub used: f64,
    /// Numbers outside the range that were cut off to it.
    pub clipped: usize,
}

/// What was found beside the transitions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The actions.
    pub actions: Actions,
    /// Rows that are flagged both as terminal and as time-out; they count as terminals.
    pub both_flags: usize,
    /// Length at which episodes were cut, where one was given or there are no time-outs.
    pub cut_at: Option<usize>,
    /// Whether the length is the task's, as the file has neither time-outs nor next observations.
    pub timeouts_missing: bool,
    /// Episodes that were cut by that length alone.
    pub cut: usize,
    /// Rows of the longest episode.
    pub longest: usize,
    /// Episodes with more rows than the task has steps.
    pub too_long: usize,
    /// Episodes that were left out.
    pub left_out: usize,
    /// What was wrong with the first of them.
    pub first_fault: Option<String>,
}
