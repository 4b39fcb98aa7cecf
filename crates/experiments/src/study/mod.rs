//! Studies: many runs from one file, made by as many workers as there are, on as many machines as share the folder.
//!
//! In reading order: the [`roster`](crate::roster) (the list of runs and who makes them), [`mod@show`] (how far a study is);
//! where runs are made, `file` and `plan` (from a study file to the list), `listed` (the list in its folder), `cost` and
//! `foretell` (what it takes), `engine` (many processes) with `queue` (which run is next), `tries` (how often it is tried) and
//! `view` (what it shows), `worker` (one run), `submit` (the same on clusters), `jobs` (from words to a job), `reproduce` (the
//! papers' tables as studies).

pub mod show;

#[cfg(feature = "run")]
mod cost;
#[cfg(feature = "run")]
mod engine;
#[cfg(feature = "run")]
mod file;
#[cfg(feature = "run")]
mod foretell;
#[cfg(feature = "run")]
mod jobs;
#[cfg(feature = "run")]
mod listed;
#[cfg(feature = "run")]
mod plan;
#[cfg(any(feature = "run", test))]
mod queue;
#[cfg(feature = "run")]
mod reproduce;
#[cfg(any(feature = "run", test))]
mod submit;
#[cfg(any(feature = "run", test))]
mod tries;
#[cfg(feature = "run")]
mod view;
#[cfg(feature = "run")]
mod worker;

pub use crate::roster::{Planned, Source, StudyDir, claim, manifest, place, status};
#[cfg(feature = "run")]
pub(crate) use jobs::run;
#[cfg(feature = "run")]
pub(crate) use reproduce::reproduce;
