//! Learning from a fixed dataset with networks that were pruned once, before training.
//!
//! ```no_run
//! use offline_prune::dataset::Dataset;
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//! use rl_algos::replay::Batch;
//!
//! let mut data = Dataset::open("hopper_medium-v2.hdf5")?;
//! let normaliser = data.normalise();
//! let mut batch = Batch::default();
//! data.sample(1, 0.99, 256, &mut ChaCha8Rng::seed_from_u64(0), &mut batch);
//! # Ok::<(), offline_prune::Error>(())
//! ```
//!
//! In reading order: [`dataset`] (what a policy did, from D4RL's, Minari's and NumPy's files), [`score`]
//! (returns on D4RL's scale).
//!
//! It knows `rl-algos` and `sparse-core`, and nothing of how online data is collected.

pub mod dataset;
mod error;
pub mod score;

pub use error::{Error, Result};
