//! What can go wrong, with the place, the value and what is allowed.

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The XML of a model cannot be read or asks for something that the engine does not do.
    #[error("{file}:{line}: <{element}>: {message}")]
    Mjcf {
        /// File, or the name under which a string was given.
        file: String,
        /// Line of the element, from 1.
        line: u32,
        /// Name of the element.
        element: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// No task has this name.
    #[error("unknown task `{id}`; known tasks: {known}")]
    UnknownTask {
        /// The name that was asked for.
        id: String,
        /// The known names.
        known: String,
    },
    /// A vector has the wrong length.
    #[error("{what} has {got} entries, expected {expected}")]
    Length {
        /// What the vector is.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The length it should have.
        expected: usize,
    },
    /// A number is NaN or infinite.
    #[error("{what}[{index}] is {value}; it must be finite")]
    NotFinite {
        /// What the vector is.
        what: &'static str,
        /// Position of the number.
        index: usize,
        /// The number.
        value: f64,
    },
    /// The physics met a number that is not finite.
    #[error(
        "{task} diverged after {elapsed_steps} steps: a position, velocity or acceleration is not finite"
    )]
    Diverged {
        /// The task.
        task: &'static str,
        /// Steps since the episode began.
        elapsed_steps: usize,
    },
}
