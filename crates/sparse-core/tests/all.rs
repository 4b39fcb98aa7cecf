//! The tests that can share a process, as one program: it is linked once. A new file is named here.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod burn_optimizers;
mod burn_records;
mod common;
mod gradients;
mod learner;
mod record_kinds;
mod refusals;
mod resume;
mod rewire;
mod storages;
mod target;
mod topology;
mod updater;
