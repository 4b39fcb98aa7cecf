//! Broken files: whatever the bytes, a dataset or an error, soon, in little memory, and never a panic.
//!
//! Two seconds by default; `FUZZ_SECONDS=600 cargo test --release -p offline-prune --test fuzz_datasets` for
//! longer, and `FUZZ_SEED` for other mutations. Inputs that coverage-guided fuzzing found (`fuzz/`) are run again.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;
#[path = "../../../fuzz/inputs/dataset.rs"]
#[allow(unreachable_pub, reason = "the fuzz target includes the same file")]
mod input;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use common::sample;
use input::open;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

/// Longest time for one file.
const BOUND: Duration = Duration::from_secs(10);

/// Most memory for one file, in bytes; the files are smaller than 64 kB, and a deflated byte may stand for a
/// thousand.
const MOST_BYTES: usize = 256 << 20;

/// The files, and whether a folder with a description goes with it.
const SEEDS: [(&str, bool); 12] = [
    ("d4rl.hdf5", false),
    ("d4rl_next.hdf5", false),
    ("d4rl.npz", false),
    ("d4rl_compressed.npz", false),
    ("minari/data/main_data.hdf5", true),
    ("minari04/data/main_data.hdf5", false),
    ("half.hdf5", false),
    ("half.npz", false),
    ("lzf.hdf5", false),
    ("external_link.hdf5", false),
    ("soft_link.hdf5", false),
    ("new_soft_link.hdf5", false),
];

/// Lengths, addresses and versions that stress a reader where they land.
const NUMBERS: [u64; 14] = [
    0,
    1,
    2,
    7,
    8,
    255,
    256,
    65_535,
    1 << 20,
    u32::MAX as u64,
    1 << 31,
    1 << 40,
    u64::MAX - 1,
    u64::MAX,
];

/// One change to bytes. Most keep the length, so that addresses further on stay what they were.
fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    if bytes.len() < 16 {
        return;
    }
    // The structure is in what is not zero, and mostly in the front.
    let mut at = rng.random_range(0..bytes.len());
    for _ in 0..rng.random_range(0..20) {
        if bytes[at] != 0 {
            break;
        }
        at = rng.random_range(0..bytes.len());
    }
    let end = (at + rng.random_range(1..40)).min(bytes.len());
    match rng.random_range(0..12) {
        0..=2 => bytes[at] = rng.random(),
        3 => bytes[at] ^= 1 << rng.random_range(0..8),
        4 => {
            bytes[at] = bytes[at]
                .wrapping_add(rng.random_range(0..5))
                .wrapping_sub(2)
        }
        5..=7 => {
            let number = NUMBERS.choose(rng).copied().unwrap_or_default();
            let width = *[1, 2, 4, 8].choose(rng).unwrap_or(&1);
            let end = (at + width).min(bytes.len());
            bytes[at..end].copy_from_slice(&number.to_le_bytes()[..end - at]);
        }
        8 => bytes[at..end].fill(rng.random()),
        9 => {
            let copy = bytes[at..end].to_vec();
            let to = rng.random_range(0..=bytes.len() - copy.len());
            bytes[to..to + copy.len()].copy_from_slice(&copy);
        }
        10 => drop(bytes.drain(at..end)),
        _ => bytes.truncate(at.max(16)),
    }
}

/// A broken file in `folder`: what to open.
fn mutant(folder: &Path, rng: &mut ChaCha8Rng) -> std::path::PathBuf {
    let (name, described) = *SEEDS.choose(rng).unwrap_or(&SEEDS[0]);
    let mut bytes = std::fs::read(sample(name)).unwrap();
    let description = folder.join("metadata.json");
    let _ = std::fs::remove_file(&description);
    if described {
        let mut text = std::fs::read(sample("minari/data/metadata.json")).unwrap();
        if rng.random_bool(0.2) {
            (0..rng.random_range(1..4)).for_each(|_| mutate(&mut text, rng));
        }
        std::fs::write(&description, text).unwrap();
    }
    for _ in 0..rng.random_range(0..8) {
        mutate(&mut bytes, rng);
    }
    let path = folder.join("main_data.hdf5");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn kept_inputs_neither_panic_nor_hang_nor_fill_memory() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/dataset");
    let folder = tempfile::tempdir().unwrap();
    let description = sample("minari/data/metadata.json");
    let path = folder.path().join("main_data.hdf5");
    let mut inputs = 0;
    for entry in std::fs::read_dir(kept).unwrap() {
        let input = entry.unwrap().path();
        std::fs::copy(&input, &path).unwrap();
        let beside = folder.path().join("metadata.json");
        for described in [false, true] {
            let _ = std::fs::remove_file(&beside);
            if described {
                std::fs::copy(&description, &beside).unwrap();
            }
            let begun = Instant::now();
            let call = || catch_unwind(AssertUnwindSafe(|| open(&path)));
            let (result, peak, _) = common::counting::measure(call);
            let name = input.display();
            assert!(result.is_ok(), "{name} panics");
            assert!(begun.elapsed() < BOUND, "{name} takes long");
            assert!(peak < MOST_BYTES, "{name} takes {peak} bytes");
        }
        inputs += 1;
    }
    assert!(inputs > 50, "{inputs} inputs");
}

#[test]
fn mutants_neither_panic_nor_hang_nor_fill_memory() {
    let number = |name: &str, default| {
        let text = std::env::var(name).ok();
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let time = Duration::from_secs(number("FUZZ_SECONDS", 2));
    let seed = number("FUZZ_SEED", 0);
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let (mut files, mut datasets, mut most) = (number("FUZZ_FIRST", 0), 0_u64, 0);
    while start.elapsed() < time {
        // Each file has a seed of its own, so that one can be made again.
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(files);
        let path = mutant(folder.path(), &mut rng);
        let begun = Instant::now();
        let call = || catch_unwind(AssertUnwindSafe(|| open(&path)));
        let (result, peak, _) = common::counting::measure(call);
        match result {
            Ok(is_dataset) => datasets += u64::from(is_dataset),
            Err(_) => panic!("file {files} of seed {seed} panics"),
        }
        let took = begun.elapsed();
        assert!(took < BOUND, "file {files} of seed {seed} takes {took:?}");
        let what = format!("file {files} of seed {seed} takes {peak} bytes");
        assert!(peak < MOST_BYTES, "{what}");
        most = most.max(peak);
        files += 1;
    }
    assert!(datasets > 0, "none of {files} files was a dataset");
    if time > Duration::from_secs(2) {
        use std::io::Write;
        let what = format!("{files} files, {datasets} datasets, at most {most} bytes");
        let _ = writeln!(std::io::stderr(), "{what}");
    }
}
