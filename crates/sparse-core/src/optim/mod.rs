//! Optimizers whose state has one entry per connection and follows the connections.

mod adam;
mod moments;

pub(crate) use adam::LayerGradient;
pub use adam::{Adam, AdamConfig};
