//! Observers of a run: the trait, and what it is given.

pub use crate::progress::{Evaluation, NetworkReport, Progress, TrainMetrics};
pub use crate::train::{Observer, Snapshot, Start};
