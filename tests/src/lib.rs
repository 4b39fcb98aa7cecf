//! What the whole-system tests share: recordings of other programs, and errors against them.
//!
//! The promises themselves are in `tests/tests/`, one file each. Recordings lie in `tests/golden/`, each
//! with its origin; the environment variable `PARITY_DATA` names another folder of them.
//!
//! The examples of the book's pages on extending are compiled and run as tests of this package (`book`), where the published
//! crates need not have the pages.
//!
//! In reading order: [`recording`] (the files), [`actions`] (what was done in them), [`errors`] (how far off),
//! [`isa`] (which vector instructions), [`models`] (compiled models side by side), [`python`] (other programs that read what is written here), [`random`] (random models beside MuJoCo), [`report`] (the
//! table of the docs), [`small`] (runs that take seconds), [`updates`] (recorded updates of agents).

#[cfg(doctest)]
mod book;

pub mod actions;
pub mod errors;
pub mod isa;
pub mod models;
pub mod python;
pub mod random;
pub mod recording;
pub mod report;
pub mod small;
pub mod updates;

pub use actions::Actions;
pub use errors::Errors;
pub use recording::{Array, Recording};
