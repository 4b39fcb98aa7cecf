//! What the crate promises, in one program: each would take ten seconds to build.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod recorded;
mod redq;
mod runs;
