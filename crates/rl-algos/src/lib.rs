//! Online reinforcement learning with networks that are sparse from the first step to the last.
//!
//! ```no_run
//! use rl_algos::train::{LoopConfig, Trainer};
//! use rl_algos::{algos, recipes, rng::Streams};
//! use sparse_core::device;
//!
//! let mut config = recipes::named("rlx2", "HalfCheetah-v5")?;
//! config.steps = 50_000;
//! let env = config.make_env()?;
//! let [observation, action] = [env.info().observation.len(), env.info().action.len()];
//! let mut streams = Streams::new(config.seed);
//! let device = device::by_name("flex")?;
//! let agent = algos::build(&config, observation, action, &device, &mut streams)?;
//! let trained = Trainer::new(agent, env).config(LoopConfig::from(&config)).streams(streams).run()?;
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
