//! A dataset as the trainer sees it.

use rand_chacha::ChaCha8Rng;
use rl_algos::replay::{Batch, Batches, OfflineData};

use crate::config::OfflineConfig;
use crate::dataset::Dataset;
use crate::score::Reference;

/// A dataset, and what returns are measured against.
pub(super) struct Recorded<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) reference: Option<Reference>,
}

impl OfflineData for Recorded<'_> {
    fn sizes(&self) -> [usize; 2] {
        [self.dataset.observation_size(), self.dataset.action_size()]
    }

    fn sample(&self, n: usize, gamma: f32, size: usize, rng: &mut ChaCha8Rng, batch: &mut Batch) {
        self.dataset.sample(n, gamma, size, rng, batch);
    }

    fn normalise(&self, observation: &mut [f32]) {
        if let Some(normaliser) = self.dataset.normaliser() {
            normaliser.apply(observation);
        }
    }

    fn score(&self, mean_return: f64) -> Option<f64> {
        self.reference
            .map(|reference| reference.normalised(mean_return))
    }
}

/// Batches of a dataset as `config` says, drawn by `rng`.
#[must_use]
pub fn batches<'a>(config: &OfflineConfig, dataset: &'a Dataset, rng: ChaCha8Rng) -> Batches<'a> {
    let data = Recorded {
        dataset,
        reference: None,
    };
    let learning = &config.learning;
    let (n, gamma, size) = (learning.n_step, learning.gamma as f32, learning.batch_size);
    Batches::new(data, n, gamma, size, rng)
}
