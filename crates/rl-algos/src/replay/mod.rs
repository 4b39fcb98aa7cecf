//! Experience: a ring of transitions, returns over several steps, eviction by policy distance, and a log on disk.

mod adaptive;
mod batch;
mod chunk;
mod log;
#[cfg(test)]
mod log_tests;
mod manifest;
mod ring;
mod stream;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod window_tests;

pub use adaptive::{AdaptiveCapacity, policy_distance};
pub use batch::Batch;
pub use log::ReplayLog;
pub use log::is_of_log;
pub use manifest::{Manifest, Segment};
pub use ring::{Replay, Transition};
pub use stream::ReplayState;
