//! Windows of transitions, drawn at random.

use rand::{Rng, RngExt};
use rl_algos::replay::Batch;

use super::{Dataset, Follows};

impl Dataset {
    /// Fills `batch` with windows of `n_step` transitions (0 counts as 1), shorter where an episode ends;
    /// `size` rows, or none while there is no transition. Starts are uniform over the transitions, with
    /// replacement.
    ///
    /// The sum of a window's rewards is discounted from its start; after a terminal no value follows, and
    /// after a cut that of the observation there, as in [`rl_algos::replay::Replay::sample`]. Where a file
    /// has no observation after a terminal, the one before it stands in, with discount 0.
    pub fn sample(
        &self,
        n_step: usize,
        gamma: f32,
        size: usize,
        rng: &mut impl Rng,
        batch: &mut Batch,
    ) {
        batch.clear();
        if self.is_empty() {
            return;
        }
        for _ in 0..size {
            let start = rng.random_range(0..self.len());
            self.push_window(start, n_step, gamma, batch);
        }
    }

    /// Adds the window from `start` to a batch.
    fn push_window(&self, start: usize, n_step: usize, gamma: f32, batch: &mut Batch) {
        let (mut sum, mut discount, mut row) = (0.0, 1.0, start);
        loop {
            sum += discount * self.rewards[row];
            discount *= gamma;
            if self.follows[row] != Follows::Next || row + 1 - start >= n_step {
                break;
            }
            row += 1;
        }
        if self.follows[row] == Follows::Terminal {
            discount = 0.0;
        }
        let (seen, done) = (self.observation_size, self.action_size);
        let observation = |row: usize| &self.observations[row * seen..(row + 1) * seen];
        let next = self.next_observation(row);
        batch.size += 1;
        batch.observation.extend_from_slice(observation(start));
        batch
            .action
            .extend_from_slice(&self.actions[start * done..(start + 1) * done]);
        batch.return_n.push(sum);
        batch.discount.push(discount);
        batch
            .next_observation
            .extend_from_slice(next.unwrap_or(observation(row)));
    }
}
