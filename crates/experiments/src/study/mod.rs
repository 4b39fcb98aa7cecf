//! Studies: many runs from one file, made by as many workers as there are, on as many machines as share the folder.
//!
//! In reading order: [`manifest`] (the list of runs), [`place`] (the files of a study), [`claim`] (who makes a run),
//! [`status`] and [`mod@show`] (how far a study is); where runs are made, `file` and `plan` (from a study file to the list),
//! `cost` (what it takes), `engine` (many processes) with `view` (what it shows), `worker` (one run),
//! `reproduce` (the papers' tables as studies).

pub mod claim;
pub mod manifest;
pub mod place;
pub mod show;
pub mod status;

#[cfg(feature = "run")]
mod cost;
#[cfg(feature = "run")]
mod engine;
#[cfg(feature = "run")]
mod file;
#[cfg(feature = "run")]
mod jobs;
#[cfg(feature = "run")]
mod plan;
#[cfg(feature = "run")]
mod reproduce;
#[cfg(feature = "run")]
mod view;
#[cfg(feature = "run")]
pub(crate) mod worker;

#[cfg(feature = "run")]
pub(crate) use jobs::{plan_of, run};
pub use manifest::{Planned, Source};
pub use place::StudyDir;
#[cfg(feature = "run")]
pub(crate) use reproduce::reproduce;
