//! Terminal output, and signals that end a run.
//!
//! In reading order: [`tell`] (the only place that prints), [`shell`] (commands that are printed), [`table`], then, where runs
//! are made, [`progress`] and [`interrupt`].

#[cfg(feature = "run")]
pub mod interrupt;
#[cfg(feature = "run")]
pub mod progress;
pub mod shell;
pub mod table;
pub mod tell;
