//! Numbers of each weight of a group of networks: losses and their gradients, scores, what is kept.
//!
//! Criteria score by it and pruning selects by it; both are public through [`prune`](crate::prune).

mod budget;
mod floor;
mod group;
mod keep_mask;
mod per_weight;

pub use budget::{Budget, MinConnectivity, Selection};
pub use group::{Group, LayerShape, Loss, Smooth};
pub use keep_mask::KeepMask;
#[cfg(test)]
pub(crate) use keep_mask::follows;
pub use per_weight::PerWeight;
