//! Terminal output, and signals that end a run.
//!
//! In reading order: [`tell`] (the only place that prints), [`shell`] (commands that are printed), then, where runs are
//! made, [`table`], [`progress`] and [`interrupt`].

#[cfg(feature = "run")]
pub mod interrupt;
#[cfg(feature = "run")]
pub mod progress;
pub mod shell;
#[cfg(feature = "run")]
pub mod table;
pub mod tell;
