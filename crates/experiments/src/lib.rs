//! Experiments on disk and across runs: the jobs of an experimenter's command line.
//!
//! [`cli::run`] is a whole command line: train, evaluate, film, plot, collect datasets, learn from them, many runs at a
//! time. Without the feature `run` it is only the definition of its options ([`args`]), which links no tensor library; with `figures`
//! also what reads runs that are there.
//!
//! ```no_run
//! use experiments::{RunDir, observe::TensorBoard, train};
//! use rl_algos::recipes;
//! use sparse_core::device;
//!
//! let mut config = recipes::named("rlx2", "HalfCheetah-v5")?;
//! config.steps = 50_000;
//! let run = RunDir::create("runs/mine".as_ref(), &config, false)?;
//! let mut board = TensorBoard::new(run.path(), &config);
//! let trained = train(&config, &device::by_name("flex")?, &run, &mut [&mut board])?;
//! println!("{:.0?}", trained.returns.last());
//! # Ok::<(), experiments::Error>(())
//! ```
//!
//! In reading order: [`args`] (options), [`catalogue`] (names), [`terminal`] (output), `cli` (from options to a job); the jobs `train`,
//! `recipes`, `play`, `collect` and `offline`; [`study`] (many runs from one file), [`roster`] (which, and who makes them); what reads runs: `runs` (sets of them),
//! `stats`, `charts`, `report` and `export`; what they share: `settings` (from options and files to settings), `folder` (the
//! folders of runs, of which [`RunDir`] is one), [`observe`] (observers that write files), [`parallel`] (several runs at a
//! time), [`disk`] (files that are complete), `paths` (one name of a place).

pub mod args;
pub mod catalogue;
#[cfg(feature = "figures")]
pub mod charts;
#[cfg(feature = "run")]
pub mod cli;
#[cfg(feature = "run")]
mod collect;
pub mod disk;
#[cfg(feature = "run")]
mod error;
#[cfg(feature = "run")]
mod export;
#[cfg(feature = "figures")]
mod folder;
#[cfg(feature = "run")]
pub mod observe;
#[cfg(feature = "run")]
mod offline;
#[cfg(feature = "run")]
pub mod parallel;
mod paths;
#[cfg(feature = "run")]
mod play;
#[cfg(feature = "run")]
mod recipes;
#[cfg(feature = "run")]
mod registry;
#[cfg(feature = "figures")]
pub mod report;
pub mod roster;
#[cfg(feature = "figures")]
pub mod runs;
#[cfg(feature = "run")]
mod settings;
#[cfg(feature = "figures")]
pub mod stats;
pub mod study;
pub mod terminal;
#[cfg(feature = "run")]
mod train;
#[cfg(feature = "run")]
pub mod version;

#[cfg(feature = "run")]
pub use error::{Error, Result};
#[cfg(feature = "run")]
pub use folder::learn::{resume, train};
#[cfg(feature = "run")]
pub use folder::run_dir::{Checkpoint, CheckpointInfo, RunDir};
#[cfg(feature = "run")]
pub use registry::Registry;
