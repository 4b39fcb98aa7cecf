//! Experiments on disk and across runs: the jobs of an experimenter's command line.
//!
//! [`cli::run`] is a whole command line: train, evaluate, film, plot, collect datasets, learn from them, many runs at a
//! time. Without the feature `run` it is only the definition of its options ([`args`]), which links no tensor library.
//!
//! In reading order: [`args`] (options), [`catalogue`] (names), [`terminal`] (output), `cli` (from options to a job); the jobs `train`,
//! `recipes`, `play`, `charts`, `collect` and `offline`; what they share: `settings` (from options and files to settings),
//! `folder` (the folders of runs), [`parallel`] (several runs at a time), `disk`.

pub mod args;
pub mod catalogue;
#[cfg(feature = "run")]
mod charts;
#[cfg(feature = "run")]
pub mod cli;
#[cfg(feature = "run")]
mod collect;
#[cfg(feature = "run")]
pub mod disk;
#[cfg(feature = "run")]
mod folder;
#[cfg(feature = "run")]
pub mod observe;
#[cfg(feature = "run")]
mod offline;
#[cfg(feature = "run")]
pub mod parallel;
#[cfg(feature = "run")]
mod play;
#[cfg(feature = "run")]
mod recipes;
#[cfg(feature = "run")]
mod registry;
#[cfg(feature = "run")]
mod settings;
pub mod terminal;
#[cfg(feature = "run")]
mod train;

#[cfg(feature = "run")]
pub use folder::learn::{resume, train};
#[cfg(feature = "run")]
pub use folder::run_dir::{Checkpoint, CheckpointInfo, RunDir};
#[cfg(feature = "run")]
pub use registry::Registry;
