//! The tests that can share a process, as one program: it is linked once. A new file is named here.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;
mod criteria;
mod files;
mod goes_on;
mod grasp;
mod minari;
mod prune;
mod reading;
mod refusals;
mod train;
