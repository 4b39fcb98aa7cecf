//! Training: an agent, an environment, the loop over both, and what a run between two steps is.
//!
//! In reading order: `trainer.rs` (the loop), `collector.rs` (steps in the environment), `settings.rs` (what the loop is
//! told), `state.rs` (what is kept of a run), `in_folder.rs` (a run that is kept in a folder).

mod averages;
mod collector;
mod in_folder;
mod settings;
mod state;
mod trainer;

pub use averages::{Average, Averages};
pub use collector::{CollectorState, Episode};
pub use in_folder::{resume, train};
pub use settings::LoopConfig;
pub use state::{Snapshot, TrainState};
pub use trainer::{Trained, Trainer};
