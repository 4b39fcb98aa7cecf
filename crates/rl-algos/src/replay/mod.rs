//! Experience: a ring of transitions, returns over several steps, and forgetting by policy distance.

mod adaptive;
mod batch;
mod ring;
#[cfg(test)]
mod tests;

pub use adaptive::{AdaptiveCapacity, policy_distance};
pub use batch::Batch;
pub use ring::{Replay, Transition};
