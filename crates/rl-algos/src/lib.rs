//! Online reinforcement learning with networks that are sparse from the first step to the last.
//!
//! ```no_run
//! use rl_algos::recipes;
//! use rl_algos::train::Trainer;
//! use sparse_core::device;
//!
//! let mut config = recipes::named("rlx2", "HalfCheetah-v5")?;
//! config.steps = 50_000;
//! let trained = Trainer::from_config(&config, config.make_env()?, &device::by_name("flex")?)?.run()?;
//! println!("{:.0?}", trained.returns.last());
//! # Ok::<(), rl_algos::Error>(())
//! ```
//!
//! In reading order: [`train`] (the loop), [`agent`] (what an agent is), [`algos`] (TD3, SAC and REDQ), [`nets`] (their networks),
//! [`target`], [`paths`] (unreachable outputs of an agent), [`replay`], [`evaluate`], [`config`] (every setting), [`recipes`] (the settings of the papers), [`observe`]
//! (observers of a run), [`rng`] (random streams). Nothing here knows how a run lies on disk.

pub mod agent;
pub mod algos;
pub mod config;
mod error;
pub mod evaluate;
pub mod nets;
pub mod observe;
pub mod paths;
mod progress;
pub mod recipes;
pub mod replay;
pub mod rng;
pub mod scale;
pub mod target;
pub mod train;
mod workers;

pub use error::{Error, Result};
pub use workers::{ActiveRunGuard, keep_workers_awake};
