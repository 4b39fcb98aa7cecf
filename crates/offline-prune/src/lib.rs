//! Learning from a fixed dataset with networks that were pruned once, before training.
//!
//! A criterion scores every weight of dense networks by the algorithm's own loss (SNIP, GraSP, SynFlow and their
//! kin, one file each), the best few per cent are kept, and those are what is trained, as Single-Shot Pruning for
//! Offline RL does (Arnob et al. 2021, arXiv:2112.15579). Pruned weights are gone, not masked: the networks are
//! those of `sparse-core`.
//!
//! ```no_run
//! use offline_prune::config::OfflineConfig;
//! use offline_prune::dataset::Dataset;
//! use offline_prune::policy_bytes;
//! use offline_prune::prune::PruneConfig;
//! use offline_prune::train::train;
//!
//! let mut dataset = Dataset::open("hopper-medium-v2.hdf5")?; // or Minari's folder, or an .npz
//! dataset.normalise();
//! let mut config = OfflineConfig::new("td3-bc".parse()?, "Hopper-v5");
//! config.updates = 100_000;
//! config.pruning = Some(PruneConfig { criterion: "snip".parse()?, sparsity: 0.95, ..PruneConfig::default() });
//! let mut trained = train(&config, &dataset, &sparse_core::device::by_name("flex")?, &mut [])?;
//! println!("return {:.0?}", trained.returns.last());
//! let policy = policy_bytes(&mut *trained.agent, dataset.action_size(), dataset.normaliser())?;
//! std::fs::write("policy.safetensors", policy)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Networks of your own are pruned by any loss, see [`prune::prune`]. Agents are those of [`rl_algos::agent`], and so are
//! the loop, its observers and evaluations; an agent of your own gets a name by [`config::register_agent`].
//!
//! In reading order: [`train`](mod@train) (a run), [`dataset`] (what a policy did, from D4RL's, Minari's and NumPy's
//! files), [`collect`] (episodes of your own policy, to make such files), [`agent`] (what pruning needs of an agent),
//! [`algos`] (algorithms and their losses), [`mod@prune`] (networks in, sparse networks and a report out), [`criteria`]
//! (what a weight is worth), [`config`] (every setting), [`score`] (returns on D4RL's scale).

pub mod agent;
pub mod algos;
pub mod collect;
pub mod config;
pub mod criteria;
pub mod dataset;
mod error;
mod export;
mod limits;
pub mod prune;
mod prune_agent;
pub mod score;
pub mod train;
mod weights;

pub use error::{Error, Result};
pub use export::{fold_normaliser, policy_bytes};
pub use prune_agent::{PrunedAgent, prune_agent};
