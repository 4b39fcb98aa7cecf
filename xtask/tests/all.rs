//! The tests of the command line, as one program: it is linked once. A new file is named here.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod collect;
mod common;
mod data;
mod goes_on;
mod kill;
mod offline;
mod offline_resume;
mod operators;
mod study;
mod train;
