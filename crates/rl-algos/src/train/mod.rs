//! Training: an agent, an environment, the loop over both, and what a run between two steps is.
//!
//! In reading order: `trainer.rs` (the loop), `collector.rs` (steps in the environment), `settings.rs` (what the loop is
//! told), `observer.rs` (who watches it), `state.rs` (what is kept of a run).

mod averages;
mod collector;
mod observer;
mod settings;
mod state;
mod trainer;

pub use averages::{Average, Averages};
pub use collector::{CollectorState, Episode};
pub use observer::{Observer, Start};
pub use settings::LoopConfig;
pub use state::{Snapshot, TrainState};
pub use trainer::{Trained, Trainer};
