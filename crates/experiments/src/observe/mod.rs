//! Observers that write files: [`Csv`] (`metrics.csv`), [`TensorBoard`] (events, whose numbers `scalars` names and whose
//! bytes [`EventFile`] writes).

mod csv;
mod event_file;
mod scalars;
mod tensorboard;

pub use csv::Csv;
pub(crate) use csv::Metrics;
pub use event_file::{EventFile, PREFIX as EVENTS};
pub use tensorboard::TensorBoard;
