//! What can go wrong with the folder of a run.

use std::path::{Path, PathBuf};

/// Errors of runs in folders.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder for a run holds one already.
    #[error("{} already holds a run; choose another folder, or overwrite it (--overwrite)", .path.display())]
    RunExists {
        /// The folder.
        path: PathBuf,
    },
    /// The folder does not hold a run.
    #[error("{} holds no run: {missing} is missing", .path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
        /// The file that a run would have.
        missing: &'static str,
    },
    /// A file, the settings, the agent or the environment refused.
    #[error(transparent)]
    Learning(#[from] rl_algos::Error),
}

impl Error {
    /// For `map_err`: what went wrong with the file at `path`.
    pub(crate) fn file<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> Self {
        let fault = rl_algos::Error::file(path);
        move |error| Self::Learning(fault(error))
    }
}

/// For observers of runs, whose errors are those of learning.
impl From<Error> for rl_algos::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Learning(error) => error,
            other => Self::Custom {
                name: "run folder",
                error: Box::new(other),
            },
        }
    }
}

impl From<envs::Error> for Error {
    fn from(error: envs::Error) -> Self {
        Self::Learning(error.into())
    }
}

impl From<sparse_core::Error> for Error {
    fn from(error: sparse_core::Error) -> Self {
        Self::Learning(error.into())
    }
}

/// What functions on the folders of runs return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
