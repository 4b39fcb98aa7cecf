//! What the whole system promises, in one program: each would take ten seconds to build.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod bad_input;
mod determinism;
mod fuzz_inputs;
mod learning;
mod offline;
mod options;
mod own_models;
mod random_found;
mod resume;
mod rlx2;
mod task_pages;
