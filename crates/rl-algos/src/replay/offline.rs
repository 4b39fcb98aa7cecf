//! Recorded transitions, and batches of them, one ahead.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use rand_chacha::ChaCha8Rng;

use super::Batch;

/// Transitions that were recorded before a run, which learns from them alone.
pub trait OfflineData: Send + Sync {
    /// Numbers in an observation and in an action.
    fn sizes(&self) -> [usize; 2];

    /// Makes `batch` one of `size` windows of up to `n` transitions, drawn at random, with rewards that are discounted
    /// by `gamma` per step.
    fn sample(&self, n: usize, gamma: f32, size: usize, rng: &mut ChaCha8Rng, batch: &mut Batch);

    /// Does to an observation `[observation]` of the task what was done to those of the data. Default: nothing.
    fn normalise(&self, observation: &mut [f32]) {
        let _ = observation;
    }

    /// A mean return on the scale of the data's task: 0 is a random policy, 100 an expert. Default: `None`, without a
    /// scale.
    fn score(&self, mean_return: f64) -> Option<f64> {
        let _ = mean_return;
        None
    }
}

impl<D: OfflineData + ?Sized> OfflineData for &D {
    fn sizes(&self) -> [usize; 2] {
        (**self).sizes()
    }

    fn sample(&self, n: usize, gamma: f32, size: usize, rng: &mut ChaCha8Rng, batch: &mut Batch) {
        (**self).sample(n, gamma, size, rng, batch);
    }

    fn normalise(&self, observation: &mut [f32]) {
        (**self).normalise(observation);
    }

    fn score(&self, mean_return: f64) -> Option<f64> {
        (**self).score(mean_return)
    }
}

/// Batches of recorded transitions. One can be drawn while an agent learns from the one before: transitions are
/// scattered in memory, so drawing waits more than it computes.
pub struct Batches<'a> {
    data: Box<dyn OfflineData + 'a>,
    /// Steps of a window, discount per step, windows per batch.
    windows: (usize, f32, usize),
    ahead: Mutex<Ahead>,
}

/// The next batch.
#[derive(Debug)]
struct Ahead {
    rng: ChaCha8Rng,
    /// The generator before the batch was drawn.
    before: ChaCha8Rng,
    batch: Batch,
    is_drawn: bool,
}

impl<'a> Batches<'a> {
    /// Batches of `size` windows of up to `n` transitions with a discount of `gamma` per step, drawn by `rng`.
    #[must_use]
    pub fn new(
        data: impl OfflineData + 'a,
        n: usize,
        gamma: f32,
        size: usize,
        rng: ChaCha8Rng,
    ) -> Self {
        Self::boxed(Box::new(data), n, gamma, size, rng)
    }

    /// As [`new`](Self::new).
    pub(crate) fn boxed(
        data: Box<dyn OfflineData + 'a>,
        n: usize,
        gamma: f32,
        size: usize,
        rng: ChaCha8Rng,
    ) -> Self {
        Self {
            data,
            windows: (n, gamma, size),
            ahead: Mutex::new(Ahead {
                before: rng.clone(),
                rng,
                batch: Batch::default(),
                is_drawn: false,
            }),
        }
    }

    /// The transitions.
    #[must_use]
    pub fn data(&self) -> &dyn OfflineData {
        &*self.data
    }

    /// Makes `batch` the next batch. Batches follow each other in the same order, whether they were drawn ahead or not.
    pub fn next(&self, batch: &mut Batch) {
        self.with(|ahead| {
            ahead.draw(&*self.data, self.windows);
            std::mem::swap(&mut ahead.batch, batch);
            ahead.is_drawn = false;
        });
    }

    /// Draws the next batch ahead, if it was not.
    pub fn prefetch(&self) {
        self.with(|ahead| ahead.draw(&*self.data, self.windows));
    }

    /// The generator that draws the next batch and those behind it.
    #[must_use]
    pub fn rng(&self) -> ChaCha8Rng {
        self.with(|ahead| match ahead.is_drawn {
            true => ahead.before.clone(),
            false => ahead.rng.clone(),
        })
    }

    /// Draws the next batch by another generator, such as one of [`rng`](Self::rng).
    pub fn set_rng(&mut self, rng: ChaCha8Rng) {
        self.with(|ahead| (ahead.rng, ahead.is_drawn) = (rng, false));
    }

    fn with<T>(&self, act: impl FnOnce(&mut Ahead) -> T) -> T {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut ahead)
    }
}

impl Ahead {
    fn draw(&mut self, data: &dyn OfflineData, (n, gamma, size): (usize, f32, usize)) {
        if !self.is_drawn {
            self.before = self.rng.clone();
            data.sample(n, gamma, size, &mut self.rng, &mut self.batch);
            self.is_drawn = true;
        }
    }
}

impl fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Batches");
        fields
            .field("windows", &self.windows)
            .finish_non_exhaustive()
    }
}
