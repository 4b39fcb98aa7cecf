//! Datasets: HDF5 in D4RL's layout and in Minari's, and NumPy's archives.
#![no_main]

use std::fs;
use std::sync::LazyLock;

#[path = "../inputs/dataset.rs"]
mod input;

/// One folder without, and one with the description that stands beside Minari's files.
static FOLDERS: LazyLock<[tempfile::TempDir; 2]> = LazyLock::new(|| {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let description =
        include_bytes!("../../crates/offline-prune/tests/data/minari/data/metadata.json");
    fs::write(folders[1].path().join("metadata.json"), description).unwrap();
    folders
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for folder in FOLDERS.iter() {
        let path = folder.path().join("main_data.hdf5");
        fs::write(&path, bytes).unwrap();
        input::open(&path);
    }
});
