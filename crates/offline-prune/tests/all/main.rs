//! What the crate promises, in one program: each would take ten seconds to build.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

#[path = "../common/mod.rs"]
mod common;

mod criteria;
mod files;
mod goes_on;
mod grasp;
mod minari;
mod prune;
mod reading;
mod refusals;
mod registry;
mod train;
