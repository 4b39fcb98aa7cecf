//! What tests of learning from a dataset share.
#![allow(dead_code, reason = "each test uses its part")]

use std::path::Path;
use std::process::{Command, Output};

use offline_prune::dataset::Episode;
use offline_prune::dataset::minari::{Description, write};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Random actions in InvertedPendulum.
pub(crate) fn dataset(folder: &Path) {
    dataset_of(folder, 3);
}

/// The same with a seed of its own.
pub(crate) fn dataset_of(folder: &Path, seed: u64) {
    let mut env = envs::make("InvertedPendulum-v5").unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut seen = vec![0.0; 4];
    let mut episode = |seed: u64| {
        let mut episode = Episode::default();
        env.reset(seed, &mut seen).unwrap();
        while !episode.terminated {
            episode.observations.extend(seen.iter().map(|x| *x as f32));
            let action = rng.random_range(-3.0..3.0);
            let step = env.step(&[action], &mut seen).unwrap();
            episode.actions.push(action as f32);
            episode.rewards.push(step.reward as f32);
            episode.terminated = step.terminated;
        }
        episode.observations.extend(seen.iter().map(|x| *x as f32));
        episode
    };
    let episodes: Vec<Episode> = (0..200).map(&mut episode).collect();
    let description = Description {
        id: "invertedpendulum/random-v0".to_owned(),
        observation_size: 4,
        action_bounds: vec![[-3.0, 3.0]],
        reference: None,
        replace: false,
        entries: serde_json::Map::new(),
    };
    write(folder, &description, episodes).unwrap();
}

pub(crate) fn run(folder: &Path, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_run"))
        .current_dir(folder)
        .args(words.split_whitespace())
        .output()
        .unwrap()
}

/// What a command says, which must succeed.
pub(crate) fn says(folder: &Path, words: &str) -> String {
    let output = run(folder, words);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}: {said}{error}");
    said
}

/// The error of a command that must fail, one line.
pub(crate) fn refuses(folder: &Path, words: &str) -> String {
    let output = run(folder, words);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{words}");
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    error
}

/// Rows without the column of the time.
pub(crate) fn timeless(text: &str) -> Vec<String> {
    timeless_at(text, 1)
}

/// Rows without a column.
pub(crate) fn timeless_at(text: &str, column: usize) -> Vec<String> {
    let row = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        [&cells[..column], &cells[column + 1..]].concat().join(",")
    };
    text.lines().map(row).collect()
}
