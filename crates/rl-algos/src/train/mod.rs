//! Training: an agent, its experience, the loop over both, and what a run between two steps is.
//!
//! In reading order: `trainer.rs` (how a run is set up), `session.rs` (the loop), `source.rs` (an environment or recorded
//! transitions), `collector.rs` (steps in the environment), `settings.rs` (what the loop is told), `observer.rs` (who
//! watches it), `state.rs` (what is kept of a run).

mod averages;
mod collector;
mod observer;
mod session;
mod settings;
mod source;
mod state;
mod trainer;

pub use averages::{Average, Averages};
pub use collector::{CollectorState, Episode};
pub use observer::{Observer, Start};
pub use settings::LoopConfig;
pub use source::SourceState;
pub use state::{Snapshot, TrainState, Trained};
pub use trainer::Trainer;
