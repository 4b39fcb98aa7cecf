//! Studies: many runs from one file, made by as many workers as there are, on as many machines as share the folder.
//!
//! In reading order: [`manifest`] (the list of runs), [`place`] (the files of a study), [`claim`] (who makes a run),
//! [`status`] (how far a study is).

pub mod claim;
pub mod manifest;
pub mod place;
pub mod status;

pub use manifest::{Planned, Source};
pub use place::StudyDir;
