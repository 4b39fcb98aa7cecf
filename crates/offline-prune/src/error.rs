//! What can go wrong, with the file, the array and the row, the value, and what is allowed.

use std::path::{Path, PathBuf};

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder cannot be read or written.
    #[error("{}: {message}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system or the parser said.
        message: String,
    },
    /// A file or folder is of no kind that can be read.
    #[error("{} is no dataset: {found}; it may be D4RL's HDF5 file, a NumPy archive (.npz) of the same arrays, or Minari's folder with main_data.hdf5", .path.display())]
    UnknownKind {
        /// The file or folder.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// An array that a dataset needs is not there.
    #[error("{}: array `{key}` is missing{hint}", .path.display())]
    MissingArray {
        /// The file.
        path: PathBuf,
        /// Name of the array.
        key: String,
        /// What is there instead, or what helps; may be empty.
        hint: String,
    },
    /// An array has a shape that does not fit.
    #[error("{}: array `{key}` has shape {shape:?}: must be {allowed}", .path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Name of the array.
        key: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The shapes that it may have.
        allowed: String,
    },
    /// An array holds something other than numbers or truth values.
    #[error("{}: array `{key}` holds {found}: must be {allowed}", .path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// Name of the array.
        key: String,
        /// What it holds.
        found: String,
        /// What it may hold.
        allowed: &'static str,
    },
    /// A number is outside what is allowed.
    #[error("{}: array `{key}`, row {row}: {value}: must be {allowed}", .path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Name of the array.
        key: String,
        /// Row, from 0.
        row: usize,
        /// The number.
        value: f32,
        /// The numbers that may stand there.
        allowed: String,
    },
    /// An array claims more bytes than its file can hold, even compressed.
    #[error("{}: array `{key}` claims {bytes} bytes: at most {most} fit into a file of this size", .path.display())]
    Claim {
        /// The file.
        path: PathBuf,
        /// Name of the array.
        key: String,
        /// Bytes that the array would take.
        bytes: u128,
        /// Bytes that there can be.
        most: u64,
    },
    /// An episode has no transition.
    #[error("{}: `{episode}` has no transition: must have 1 or more", .path.display())]
    EmptyEpisode {
        /// The file.
        path: PathBuf,
        /// Name of the episode.
        episode: String,
    },
    /// No transition of a file can be learned from.
    #[error("{} holds no transition with a known end: must hold 1 or more", .path.display())]
    NoTransitions {
        /// The file.
        path: PathBuf,
    },
    /// D4RL gives no reference returns for a task.
    #[error("no reference returns for task `{task}`; known tasks: {known}")]
    NoReference {
        /// The task.
        task: String,
        /// The tasks that have them.
        known: String,
    },
    /// A loss that no weight can be scored by.
    #[error("loss {index}: {what}")]
    Loss {
        /// Its place in the list of losses.
        index: usize,
        /// What is wrong with it.
        what: String,
    },
    /// Scores that rank nothing.
    #[error("criterion {criterion}: {what}")]
    Scores {
        /// The criterion that gave them.
        criterion: &'static str,
        /// What is wrong with them.
        what: String,
    },
    /// A layer that would keep nothing.
    #[error(
        "layer {layer} of network {network} would keep none of its {total} weights: \
         the sparsity must be lower, or min_inputs_per_unit 1 or more"
    )]
    Collapse {
        /// Place of the network in the list.
        network: usize,
        /// Place of the layer in the network.
        layer: usize,
        /// Weights of the layer.
        total: usize,
    },
    /// A stored run is not one that can go on here.
    #[error("the run cannot go on: {what}")]
    Resume {
        /// What does not fit.
        what: String,
    },
    /// A network or its connections refused.
    #[error(transparent)]
    Sparse(#[from] sparse_core::Error),
    /// A setting is outside what is allowed, or what is shared with online learning refused.
    #[error(transparent)]
    Learning(#[from] rl_algos::Error),
    /// An environment refused.
    #[error(transparent)]
    Env(#[from] envs::Error),
}

impl Error {
    /// A setting outside what is allowed.
    pub(crate) fn config(
        field: &'static str,
        value: impl ToString,
        allowed: impl Into<String>,
    ) -> Self {
        rl_algos::Error::config(field, value, allowed).into()
    }

    /// An array that is not there, and what helps.
    pub(crate) fn missing(path: &Path, key: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::MissingArray {
            path: path.to_owned(),
            key: key.into(),
            hint: hint.into(),
        }
    }

    /// What is wrong with TOML, on one line.
    pub(crate) fn toml(error: impl std::fmt::Display) -> Self {
        let message = error.to_string().trim_end().replace('\n', ", ");
        rl_algos::Error::Toml { message }.into()
    }

    /// For `map_err`: what went wrong with the file at `path`.
    pub(crate) fn file<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |error| Self::File {
            path,
            message: error.to_string(),
        }
    }
}

/// What this crate's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// For observers of runs, whose errors are those of learning.
impl From<Error> for rl_algos::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Learning(error) => error,
            Error::Sparse(error) => error.into(),
            Error::Env(error) => error.into(),
            Error::File { path, message } => Self::File { path, message },
            other => Self::Custom {
                name: "learning from data",
                error: Box::new(other),
            },
        }
    }
}
