//! Layers and networks.

mod activations;
mod activity;
mod break_even;
mod gates;
mod inference;
mod linear;
mod mlp;
mod norm;
mod reach;
mod storage;
mod tape;

pub(crate) use activity::Activity;
pub use activity::ActivityProbe;
pub use gates::Gates;
pub use inference::Inference;
pub(crate) use linear::Parameters;
pub use linear::{Mask, SparseLinear, SparseLinearConfig};
pub use mlp::{SparseMlp, SparseMlpConfig, SparseModule};
pub use storage::Storage;
pub(crate) use tape::Tape;
