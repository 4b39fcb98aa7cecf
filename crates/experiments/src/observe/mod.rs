//! Observers of runs, in tasks and on datasets: [`Csv`] (`metrics.csv`, whose columns are in `rows`), [`TensorBoard`]
//! (events, whose numbers `scalars` names and whose bytes [`EventFile`] writes), `progress` (what a person watches).

mod csv;
mod event_file;
mod progress;
mod rows;
mod scalars;
mod tensorboard;

pub use csv::Csv;
pub(crate) use csv::Metrics;
pub use event_file::{EventFile, PREFIX as EVENTS};
pub(crate) use progress::ProgressObserver;
pub(crate) use rows::Layout;
pub use tensorboard::TensorBoard;
