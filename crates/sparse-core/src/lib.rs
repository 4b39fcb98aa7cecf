//! Sparse training layers for Burn that store, move and multiply only the weights that exist.
//!
//! A sparse layer keeps a [`Pattern`](pattern::Pattern) of connections and one value per connection. Its gradient, its
//! optimizer state and its target copy have that length too, so memory and arithmetic fall with density. In compressed
//! rows nothing of shape outputs × inputs exists in a training step; a layer so dense that a masked matrix is faster
//! runs as one by default.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//! use sparse_core::{trainer::{NetworkTrainer, NetworkTrainerConfig}, nn::{SparseMlp, SparseMlpConfig}};
//!
//! let device = Device::flex();
//! let mut rng = ChaCha8Rng::seed_from_u64(0);
//! let net = SparseMlpConfig::new(vec![3, 64, 1]).with_sparsity(0.8).try_init(&device, &mut rng)?;
//! let mut trainer = NetworkTrainer::new(net, NetworkTrainerConfig::default())?;
//!
//! let x = Tensor::<2>::from_data([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], &device);
//! let y = Tensor::<2>::from_data([[1.0], [2.0]], &device);
//! let loss = |net: &SparseMlp, (x, y)| (net.forward(x) - y).square().mean();
//! let first = trainer.minimise([(x.clone(), y.clone())], loss, &mut rng)?;
//! let second = trainer.minimise([(x, y)], loss, &mut rng)?;
//! assert!(second.loss < first.loss);
//! # Ok::<(), sparse_core::Error>(())
//! ```
//!
//! In reading order: [`pattern`] (which connections), [`budget`] (how many per layer), [`kernels`] (the arithmetic),
//! [`op`] (the same as differentiable Burn operations), [`nn`] (layers and networks), [`optim`], [`topology`] (rules
//! that move connections), [`trainer`] (all of it in one step), [`cost`] (bytes and FLOPs), [`record`] (files),
//! [`device`] (backends by name), [`testing`] (checks for your own rules). [`kernels::Recycler`] is a global allocator
//! that makes training faster.

#![cfg_attr(
    feature = "ndarray",
    allow(
        deprecated,
        reason = "`burn-ndarray` stays selectable for as long as Burn has it"
    )
)]

pub mod budget;
pub mod cost;
pub mod device;
mod error;
pub mod kernels;
pub mod nn;
pub mod op;
pub mod optim;
pub mod pattern;
pub mod record;
pub mod testing;
pub mod topology;
pub mod trainer;

pub use error::{Error, Result};

/// The book's page on your own rules, allocations and storages, so that its examples are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/src/extending.md")]
struct Extending;
