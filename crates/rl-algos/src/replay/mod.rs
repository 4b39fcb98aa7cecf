//! Experience: a ring of transitions, returns over several steps, eviction by policy distance, slots as bytes, and recorded
//! transitions.

mod adaptive;
mod batch;
mod chunk;
mod offline;
mod ring;
mod stream;
#[cfg(test)]
mod stream_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod window_tests;

pub use adaptive::{AdaptiveCapacity, policy_distance};
pub use batch::Batch;
pub use offline::{Batches, OfflineData};
pub use ring::{Replay, Transition};
pub use stream::ReplayState;
