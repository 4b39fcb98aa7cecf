//! Online reinforcement learning with networks that are sparse from the first step to the last.
//!
//! ```no_run
//! use rl_algos::{recipes, run_dir::RunDir, train::train};
//! use sparse_core::device;
//!
//! let mut config = recipes::named("rlx2", "HalfCheetah-v5")?;
//! config.steps = 50_000;
//! let run = RunDir::create("runs/mine".as_ref(), &config, false)?;
//! let trained = train(&config, &device::by_name("flex")?, &run, &mut [])?;
//! println!("{:.0?}", trained.returns.last());
//! # Ok::<(), rl_algos::Error>(())
//! ```
//!
//! In reading order: [`train`] (the loop), [`algos`] (TD3 and SAC), [`paths`] (what of an agent is cut off), [`replay`], [`evaluate`],
//! [`config`] (every setting), [`recipes`] (the settings of the papers), [`run_dir`] (a run on disk),
//! [`observe`] (what watches a run), [`rng`] (where randomness comes from), [`files`], [`ledger`], [`packed`] and [`seal`] (files
//! that are whole, and that tell when they are not as they were written).

pub mod agent;
pub mod algos;
mod checkpoint;
pub mod config;
mod error;
pub mod evaluate;
pub mod files;
pub mod ledger;
pub mod nets;
pub mod observe;
pub mod packed;
pub mod paths;
pub mod recipes;
pub mod replay;
pub mod rng;
pub mod run_dir;
pub mod scale;
pub mod seal;
pub mod target;
pub mod train;
mod workers;

pub use error::{Error, Result};
pub use workers::{ActiveRunGuard, keep_workers_awake};
