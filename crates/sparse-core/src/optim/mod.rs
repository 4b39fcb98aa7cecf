//! Optimizers whose state has one entry per connection and follows the connections.

mod adam;
mod moments;

pub use adam::{Adam, AdamConfig};
pub(crate) use adam::{LayerGradient, change, to_vec, vector};
