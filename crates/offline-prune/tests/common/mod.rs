//! What several tests of datasets share.
#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod counting;

use std::path::{Path, PathBuf};

/// A file written by `make.py`.
pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}
