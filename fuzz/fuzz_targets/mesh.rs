//! Mesh files.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

#[path = "../inputs/mesh.rs"]
mod input;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("fuzz-mesh-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    input::run(bytes, &FOLDER);
});
