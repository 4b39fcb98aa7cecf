//! Batches of a dataset, one ahead.

use rand_chacha::ChaCha8Rng;
use rl_algos::keep_workers_awake;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;

use crate::Result;
use crate::algos::OfflineAgent;
use crate::config::OfflineConfig;
use crate::dataset::Dataset;

/// Batches of a dataset, of which one is drawn while an agent learns from the one before: transitions are scattered in
/// memory, so drawing waits more than it computes.
#[derive(Debug)]
pub struct Batches<'a> {
    config: &'a OfflineConfig,
    dataset: &'a Dataset,
    rng: ChaCha8Rng,
    /// The generator before the next batch was drawn.
    before: ChaCha8Rng,
    next: Batch,
    spare: Batch,
}

impl<'a> Batches<'a> {
    /// Draws the first batch as `config` says, from its stream.
    #[must_use]
    pub fn new(config: &'a OfflineConfig, dataset: &'a Dataset, streams: &Streams) -> Self {
        Self::from(config, dataset, streams.replay.clone())
    }

    /// Draws the first by a generator, such as that of [`state`](Self::state).
    pub(super) fn from(config: &'a OfflineConfig, dataset: &'a Dataset, rng: ChaCha8Rng) -> Self {
        let mut batches = Self {
            config,
            dataset,
            before: rng.clone(),
            rng,
            next: Batch::default(),
            spare: Batch::default(),
        };
        batches.draw();
        batches
    }

    /// The next batch.
    pub fn take(&mut self) -> Batch {
        let next = std::mem::take(&mut self.next);
        self.draw();
        next
    }

    /// Lets an agent learn from the next batch while the one after it is drawn.
    ///
    /// # Errors
    /// As [`OfflineAgent::update`].
    pub fn update(
        &mut self,
        agent: &mut dyn OfflineAgent,
        streams: &mut Streams,
    ) -> Result<Vec<(&'static str, f32)>> {
        let batch = std::mem::replace(&mut self.next, std::mem::take(&mut self.spare));
        let learn = || rayon::join(|| agent.update(&batch, streams), || self.draw());
        let (learned, ()) = keep_workers_awake(learn);
        self.spare = batch;
        learned
    }

    /// The generator that draws the next batch and those behind it.
    pub(super) fn state(&self) -> &ChaCha8Rng {
        &self.before
    }

    fn draw(&mut self) {
        self.before = self.rng.clone();
        let learning = &self.config.learning;
        let (n, gamma, size) = (learning.n_step, learning.gamma as f32, learning.batch_size);
        self.dataset
            .sample(n, gamma, size, &mut self.rng, &mut self.next);
    }
}
