//! What can go wrong, with the value and what is allowed.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is outside what is allowed.
    #[error("{field} = {value}: must be {allowed}")]
    Config {
        /// Path of the setting in the configuration, such as `learning.gamma`.
        field: Cow<'static, str>,
        /// Its value.
        value: String,
        /// The values that it may have.
        allowed: String,
    },
    /// A configuration is not the TOML that is expected; the message names the key or the line.
    #[error("configuration: {message}")]
    Toml {
        /// What the parser found.
        message: String,
    },
    /// A configuration has a key that none has.
    #[error("unknown key `{key}`; {hint}")]
    UnknownKey {
        /// Path of the key, such as `learning.gama`.
        key: String,
        /// The key that was probably meant, or the existing ones.
        hint: String,
    },
    /// No recipe has this name.
    #[error("unknown recipe `{name}`; known recipes: {known}")]
    UnknownRecipe {
        /// The name that was asked for.
        name: String,
        /// The known names.
        known: String,
    },
    /// A loss or an environment is no longer finite. The last good checkpoint is kept.
    #[error("diverged at step {step}: {what}")]
    Diverged {
        /// Environment step.
        step: u64,
        /// What is not finite.
        what: String,
    },
    /// A file or folder cannot be read or written.
    #[error("{}: {message}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system or the parser said.
        message: String,
    },
    /// Stored experience cannot be what was written.
    #[error("replay: {reason}")]
    Replay {
        /// What is wrong, with the value and what is allowed.
        reason: String,
    },
    /// An action has no finite range, so an agent's action cannot be scaled to it.
    #[error(
        "action[{index}] `{name}` ranges from {low} to {high}: agents act in [-1, 1] and need a finite range; give the actuator a ctrlrange"
    )]
    ActionRange {
        /// Number of the action, which is the actuator's.
        index: usize,
        /// What the actuator drives.
        name: String,
        /// Lowest value.
        low: f64,
        /// Highest value.
        high: f64,
    },
    /// A number of an environment is beyond what agents read.
    #[error(
        "{what} = {value:e}: must be within ±3.4e38, the range of the f32 numbers that agents read"
    )]
    Overflow {
        /// The number: `reward`, or `observation[2]`.
        what: String,
        /// Its value.
        value: f64,
    },
    /// An environment or an agent refused in the course of a run.
    #[error("step {step}: {error}")]
    AtStep {
        /// The step of the run, counted from 1.
        step: u64,
        /// What was refused. It is in the message, so it is no `source`: who prints a chain would print it twice.
        error: Box<Error>,
    },
    /// What an agent or an observer of a user's met.
    #[error("{name}: {error}")]
    Custom {
        /// Who met it.
        name: &'static str,
        /// What it met; in the message, as in [`AtStep`](Self::AtStep).
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An environment refused.
    #[error(transparent)]
    Env(#[from] envs::Error),
    /// A network or its connections refused.
    #[error(transparent)]
    Sparse(#[from] sparse_core::Error),
}

impl Error {
    /// A setting outside what is allowed, in words that go on from "must be".
    pub fn config(
        field: impl Into<Cow<'static, str>>,
        value: impl ToString,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Config {
            field: field.into(),
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }

    /// Stored experience that cannot be what was written.
    pub(crate) fn replay(reason: impl ToString) -> Self {
        Self::Replay {
            reason: reason.to_string(),
        }
    }

    /// For `map_err`: what went wrong with the file at `path`.
    pub fn file<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |error| Self::File {
            path,
            message: error.to_string(),
        }
    }
}

/// What this crate's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_errors_says_each_thing_once() {
        let name = "agent";
        let error = "too warm".into();
        let error = Box::new(Error::Custom { name, error });
        let error = Error::AtStep { step: 5, error };
        assert_eq!(error.to_string(), "step 5: agent: too warm");
        assert!(std::error::Error::source(&error).is_none());
    }
}
