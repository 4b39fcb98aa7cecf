//! Sparse training layers for Burn that store, move and multiply only the weights that exist.
//!
//! A sparse layer keeps a [`Pattern`](pattern::Pattern) of connections and one value per connection. Its gradient, its
//! optimizer state and its target copy have that length too, so memory and arithmetic fall with density. In compressed
//! rows nothing of shape outputs × inputs exists in a training step; a layer so dense that a masked matrix is faster
//! runs as one by default.
//!
//! Layers are Burn modules: they stand in a module of your own, train under Burn's optimizers and are saved by Burn, with
//! their connections:
//!
//! ```
//! use burn::module::Module;
//! use burn::nn::{Linear, LinearConfig};
//! use burn::optim::{AdamWConfig, GradientsParams};
//! use burn::tensor::{Device, Tensor, activation::relu};
//! use sparse_core::nn::{SparseLinear, SparseLinearConfig};
//!
//! #[derive(Module, Debug)]
//! struct Model {
//!     hidden: SparseLinear,
//!     output: Linear,
//! }
//!
//! let device = Device::flex().autodiff();
//! let mut model = Model {
//!     hidden: SparseLinearConfig::new(3, 64).with_density(0.2).init(&device),
//!     output: LinearConfig::new(64, 1).init(&device),
//! };
//! let mut optimizer = AdamWConfig::new().init();
//! let x = Tensor::<2>::from_data([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], &device);
//! let y = Tensor::<2>::from_data([[1.0], [2.0]], &device);
//! for _ in 0..10 {
//!     let output = model.output.forward(relu(model.hidden.forward(x.clone())));
//!     let gradients = (output - y.clone()).square().mean().backward();
//!     let gradients = GradientsParams::from_grads(gradients, &model);
//!     model = optimizer.step(0.01, model, gradients);
//! }
//! ```
//!
//! A [`NetworkTrainer`](trainer::NetworkTrainer) is faster where all layers are sparse, moves connections, and keeps a target
//! network:
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
//! let loss = |net: &SparseMlp, (x, y): (Tensor<2>, Tensor<2>)| (net.forward(x) - y).square().mean();
//! let first = trainer.minimise([(x.clone(), y.clone())], loss, &mut rng)?;
//! let second = trainer.minimise([(x, y)], loss, &mut rng)?;
//! assert!(second.loss < first.loss);
//! # Ok::<(), sparse_core::Error>(())
//! ```
//!
//! In a module of your own, beside dense layers and convolutions, a [`TopologyUpdater`](topology::TopologyUpdater) moves the
//! connections of the sparse ones under Burn's optimizers: see its example.
//!
//! In reading order: [`pattern`] (which connections), [`budget`] (how many per layer), [`kernels`] (the arithmetic),
//! [`math`] (smooth functions), [`op`] (the same as differentiable Burn operations), [`nn`] (layers and networks), [`optim`], [`topology`] (rules
//! that move connections), [`trainer`] (all of it in one step), [`cost`] (bytes and FLOPs), [`record`] (files),
//! [`device`] (backends by name), [`testing`] (checks for your own rules). [`memory::CachingAllocator`] is a
//! global allocator that makes training faster.

pub mod budget;
pub mod cost;
pub mod device;
mod error;
pub mod kernels;
pub mod math;
pub mod memory;
pub mod nn;
pub mod op;
pub mod optim;
pub mod pattern;
pub mod record;
pub mod testing;
pub mod topology;
pub mod trainer;

pub use error::{Error, Result};
