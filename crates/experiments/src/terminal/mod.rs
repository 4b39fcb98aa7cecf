//! What a person at a terminal reads, and how they ask for the end.
//!
//! In reading order: [`tell`] (the one place that prints), [`shell`] (commands that are printed), then, where runs are made,
//! [`table`], [`progress`] and [`interrupt`].

#[cfg(feature = "run")]
pub mod interrupt;
#[cfg(feature = "run")]
pub mod progress;
pub mod shell;
#[cfg(feature = "run")]
pub mod table;
pub mod tell;
