//! Learning from a fixed dataset with networks that were pruned once, before training.
//!
//! A criterion scores every weight of dense networks by the algorithm's own loss (SNIP, GraSP, SynFlow and their
//! kin, one file each), the best few per cent are kept, and those are what is trained, as Single-Shot Pruning for
//! Offline RL does (Arnob et al. 2021, arXiv:2112.15579). Pruned weights are gone, not masked: the networks are
//! those of `sparse-core`.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use offline_prune::prune::{Group, Loss, PruneConfig, prune};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//! use sparse_core::nn::{SparseMlp, SparseMlpConfig};
//!
//! let device = Device::flex();
//! let mut rng = ChaCha8Rng::seed_from_u64(0);
//! let net = SparseMlpConfig::new([2, 64, 64, 1]).init(&device, &mut rng)?;
//!
//! // One mini-batch: two inputs and what the network should say.
//! let x = Tensor::<2>::from_data([[0.1, 0.2], [0.3, -0.4]], &device);
//! let y = Tensor::<2>::from_data([[1.0], [2.0]], &device);
//! let loss: Box<Loss> = Box::new(move |nets: &[SparseMlp]| {
//!     let [x, y] = [&x, &y].map(|t| Tensor::from_inner(t.clone()));
//!     (nets[0].forward(x) - y).square().mean()
//! });
//! let config = PruneConfig { criterion: "snip".parse()?, sparsity: 0.9, ..PruneConfig::default() };
//! let losses = [loss];
//! let pruned = prune(&Group::new(&[&net], &losses)?, &config, &mut rng)?;
//! assert_eq!(pruned.report.kept(), 429); // of 4288
//! # Ok::<(), offline_prune::Error>(())
//! ```
//!
//! In reading order: [`dataset`] (what a policy did, from D4RL's, Minari's and NumPy's files), [`collect`] (episodes of a
//! policy of one's own, to make such files), [`prune`] (networks in,
//! sparse networks and a report out), [`criteria`] (what a weight is worth), [`score`] (returns on D4RL's scale).
//!
//! It knows `rl-algos`, `sparse-core` and `envs`, and nothing of how an agent learns online.

pub mod collect;
pub mod criteria;
pub mod dataset;
mod error;
pub mod prune;
pub mod score;

pub use error::{Error, Result};
