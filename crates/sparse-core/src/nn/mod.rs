//! Layers and networks.

mod activation;
mod activations;
mod activity;
mod blocks;
mod break_even;
mod config;
mod frozen_relu;
mod grad_binding;
mod held;
mod inference;
mod init;
mod linear;
mod mlp;
mod norm;
mod parameters;
mod passes;
mod reach;
mod rows;
mod storage;
mod weight;

pub use activation::Activation;
pub use activity::{Activity, ActivityProbe};
pub use blocks::Blocks;
pub use config::{SparseLinearConfig, SparseMlpConfig};
pub use frozen_relu::FrozenRelu;
pub(crate) use grad_binding::GradBinding;
pub(crate) use held::{Held, HeldNetwork};
pub use inference::Inference;
pub use init::{Fans, InitialMask, Initializer};
pub use linear::SparseLinear;
pub use mlp::{SparseMlp, SparseModule};
pub(crate) use parameters::Parameters;
pub use passes::{FrozenNetwork, FrozenPass, block_width};
pub(crate) use passes::{along, columns, goes_at_once, hold, rows_of};
pub use storage::Storage;
pub(crate) use weight::CONTAINER as SPARSE_WEIGHT;
