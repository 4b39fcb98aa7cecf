//! A dataset takes its own size of memory, and at most a fifth more while it is read.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use hdf5_pure::{FileBuilder, MaxExtent};
use offline_prune::Error;
use offline_prune::dataset::minari::{self, Description};
use offline_prune::dataset::{Dataset, Episode};

const SEEN: usize = 11;
const DONE: usize = 3;

/// The share of its own size that reading a dataset takes at most at a time.
fn check(path: &std::path::Path, rows: usize) {
    let (data, peak, _) = common::counting::measure(|| Dataset::open(path).unwrap());
    assert_eq!(data.len(), rows);
    let own = data.bytes();
    assert!(
        own < rows * (4 * (SEEN + DONE + 1) + 1) * 101 / 100,
        "{own} bytes"
    );
    assert!(peak * 10 < own * 12, "{peak} bytes for {own}");
}

/// One test, for the counters are the process's.
#[test]
fn reading_takes_at_most_a_fifth_more_than_the_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let description = Description {
        id: "memory-v0".to_owned(),
        observation_size: SEEN,
        action_bounds: vec![[-1.0, 1.0]; DONE],
        reference: None,
        replace: false,
        entries: Default::default(),
    };
    let episode = |number: usize| Episode {
        observations: vec![number as f32; 1001 * SEEN],
        actions: vec![0.5; 1000 * DONE],
        rewards: vec![1.0; 1000],
        terminated: false,
        truncated: true,
    };
    // Episodes are written as they come, not kept.
    let (written, peak, _) = common::counting::measure(|| {
        minari::write(folder.path(), &description, (0..1000).map(episode)).unwrap()
    });
    assert!(peak < 60_000_000, "{peak} bytes");
    check(&written.folder, 1_000_000);

    let rows = 1_000_001;
    let path = folder.path().join("d4rl.hdf5");
    let mut file = FileBuilder::new();
    let mut array = |key: &str, numbers: Vec<f32>, shape: &[u64], chunks: &[u64]| {
        let array = file.create_dataset(key);
        array.with_f32_data(&numbers).with_shape(shape);
        array.with_chunks(chunks).with_deflate(1);
    };
    let counted = |width: usize| (0..rows * width).map(|i| (i / 7) as f32).collect();
    array(
        "observations",
        counted(SEEN),
        &[rows as u64, SEEN as u64],
        &[15_625, 1],
    );
    array(
        "actions",
        vec![0.5; rows * DONE],
        &[rows as u64, DONE as u64],
        &[15_625, 1],
    );
    array("rewards", counted(1), &[rows as u64], &[7813]);
    array("terminals", vec![0.0; rows], &[rows as u64], &[15_625]);
    array("timeouts", vec![0.0; rows], &[rows as u64], &[15_625]);
    file.write(&path).unwrap();
    check(&path, rows - 1);
    claims(&path);
}

/// An array that claims too much is refused before memory is taken.
fn claims(path: &std::path::Path) {
    // Never written, so the file stays small: all rows are the fill value.
    let mut file = FileBuilder::new();
    file.create_dataset("observations")
        .with_f32_data(&[])
        .with_shape(&[0, 1 << 40])
        .with_chunks(&[1, 1 << 20])
        .with_maxshape(&[MaxExtent::Unlimited, MaxExtent::Fixed(1 << 40)]);
    file.write(path).unwrap();
    let (error, peak, _) = common::counting::measure(|| Dataset::open(path).unwrap_err());
    assert!(matches!(error, Error::Claim { .. }), "{error}");
    assert!(peak < 1 << 22, "{peak} bytes");
}
