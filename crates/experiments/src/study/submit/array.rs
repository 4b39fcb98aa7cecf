//! An array of jobs: which part of a study each of its elements makes, and with what.

use std::path::PathBuf;
use std::time::Duration;

/// What is submitted, whatever the cluster.
#[derive(Clone, Debug)]
pub(super) struct Array {
    /// Its name in the queue.
    pub(super) name: String,
    /// The program that makes runs.
    pub(super) program: PathBuf,
    /// The folder of the study.
    pub(super) study: PathBuf,
    /// The folder of what is written here: the script, what elements say.
    pub(super) folder: PathBuf,
    /// The folder that runs are started in, from which paths of datasets count.
    pub(super) started_in: PathBuf,
    /// Into how many slices the study is cut.
    pub(super) slices: usize,
    /// Slices in which something is left to be made, ascending.
    pub(super) open: Vec<usize>,
    /// Cores of an element, each of which makes a run at a time.
    pub(super) cores: u64,
    /// Time that an element may take.
    pub(super) time: Option<Duration>,
    /// Further options of the program that submits.
    pub(super) options: Vec<String>,
    pub(super) keep_resume: bool,
}

impl Array {
    /// The words of `study run` after its slice and its runs at a time, of which each has a core.
    pub(super) fn rest(&self) -> &'static str {
        match self.keep_resume {
            true => " --threads 1 --keep-resume",
            false => " --threads 1",
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn array() -> Array {
        Array {
            name: "a table".to_owned(),
            program: "/opt/it's/run".into(),
            study: "/data/studies/a table".into(),
            folder: "/data/studies/a table/submit".into(),
            started_in: "/srv/me".into(),
            slices: 6,
            open: vec![0, 1, 2, 4],
            cores: 8,
            time: Some(Duration::from_secs(36 * 3600 + 5 * 60 + 7)),
            options: vec!["--partition=short".to_owned()],
            keep_resume: false,
        }
    }
}
