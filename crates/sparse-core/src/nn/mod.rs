//! Layers and networks.

mod activations;
mod linear;
mod mlp;

pub use linear::{Mask, SparseLinear, SparseLinearConfig, Storage};
pub use mlp::{SparseMlp, SparseMlpConfig, SparseModule};
