//! The tests that can share a process, as one program: it is linked once. A new file is named here.
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
