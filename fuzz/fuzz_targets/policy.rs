//! Policies.
#![no_main]

use std::sync::LazyLock;

#[path = "../inputs/policy.rs"]
mod input;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    input::run(bytes, FOLDER.path());
});
