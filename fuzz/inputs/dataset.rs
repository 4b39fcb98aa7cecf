//! A dataset's bytes, of any format: a dataset, or an error.

use std::path::Path;

use offline_prune::dataset::{Dataset, Peek, Reading};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rl_algos::replay::Batch;

/// What holds in every dataset.
fn check(data: &Dataset) {
    let (rows, seen, done) = (data.len(), data.observation_size(), data.action_size());
    assert!(rows > 0 && seen > 0 && done > 0);
    assert_eq!(data.observations().len(), rows * seen);
    assert_eq!(data.actions().len(), rows * done);
    assert!(data.observations().iter().all(|x| x.is_finite()));
    assert!(data.rewards().iter().all(|x| x.is_finite()));
    assert!(data.actions().iter().all(|x| x.abs() <= 1.0));
    assert_eq!(data.episodes().map(|rows| rows.len()).sum::<usize>(), rows);
    let mut batch = Batch::default();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    data.sample(3, 0.9, 16, &mut rng, &mut batch);
    assert_eq!(batch.next_observation.len(), 16 * seen);
    let mut data = data.clone();
    assert!(data.normalise().std.iter().all(|std| *std > 0.0));
}

/// Opens a file, and tells whether it is a dataset. It is read without its bad episodes, too.
pub(crate) fn open(path: &Path) -> bool {
    let _ = Peek::at(path);
    let lenient = Reading {
        clip_actions: true,
        episode_length: Some(5),
        skip_bad_episodes: true,
        ..Reading::default()
    };
    if let Ok((data, facts)) = lenient.open(path, None) {
        check(&data);
        assert!(facts.longest <= 5);
    }
    match Dataset::open(path) {
        Ok(data) => {
            check(&data);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}
