//! What the crate promises, in one program: each would take twenty seconds to build.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

#[path = "../common/mod.rs"]
mod common;

mod burn_optimizers;
mod burn_records;
mod descend;
mod gradients;
mod learner;
mod record_kinds;
mod refusals;
mod resume;
mod rewire;
mod rules;
mod storages;
mod target;
mod topology;
mod updater;
