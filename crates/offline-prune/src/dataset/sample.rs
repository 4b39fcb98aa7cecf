//! Windows of transitions, drawn at random.

use rand::{Rng, RngExt};
use rl_algos::replay::Batch;

use super::{Boundary, Dataset};

impl Dataset {
    /// Fills `batch` with windows of `n_step` transitions (0 counts as 1), shorter where an episode ends;
    /// `size` rows, or none while there is no transition. Starts are uniform over the transitions, with
    /// replacement.
    ///
    /// The sum of a window's rewards is discounted from its start; after a terminal no value follows, and
    /// after a cut that of the observation there, as in [`rl_algos::replay::Replay::sample`]. Where a file
    /// has no observation after a terminal, the one before it stands in, with discount 0. What windows of several steps
    /// pass is left out ([`Batch::skip_intermediate`]).
    pub fn sample(
        &self,
        n_step: usize,
        gamma: f32,
        size: usize,
        rng: &mut impl Rng,
        batch: &mut Batch,
    ) {
        batch.clear();
        batch.skip_intermediate = n_step > 1;
        if self.is_empty() {
            return;
        }
        let starts = (0..size).map(|_| rng.random_range(0..self.len()));
        let starts: Vec<usize> = starts.collect();
        self.push_windows(&starts, n_step, gamma, batch);
    }

    /// Adds the windows from `starts` to a batch, one array after the other: rows lie anywhere in memory, and a
    /// processor waits for many of them at a time where nothing else stands between.
    fn push_windows(&self, starts: &[usize], n_step: usize, gamma: f32, batch: &mut Batch) {
        let windows = starts
            .iter()
            .map(|&start| self.window(start, n_step, gamma));
        let windows: Vec<Window> = windows.collect();
        let (size, action_size) = (self.observation_size, self.action_size);
        let observation = |row: usize| &self.observations[row * size..(row + 1) * size];
        batch.size += starts.len();
        for &start in starts {
            batch.observation.extend_from_slice(observation(start));
        }
        for &start in starts {
            let action = &self.actions[start * action_size..(start + 1) * action_size];
            batch.action.extend_from_slice(action);
        }
        for window in &windows {
            batch.return_n.push(window.sum);
            batch.discount.push(window.discount);
            let next = self.next_observation(window.last);
            let next = next.unwrap_or_else(|| observation(window.last));
            batch.next_observation.extend_from_slice(next);
        }
    }

    /// What lies between a window's start and what follows it.
    fn window(&self, start: usize, n_step: usize, gamma: f32) -> Window {
        let (mut sum, mut discount, mut last) = (0.0, 1.0, start);
        loop {
            sum += discount * self.rewards[last];
            discount *= gamma;
            if self.follows[last] != Boundary::Next || last + 1 - start >= n_step {
                break;
            }
            last += 1;
        }
        if self.follows[last] == Boundary::Terminal {
            discount = 0.0;
        }
        Window {
            sum,
            discount,
            last,
        }
    }
}

/// A window's discounted rewards, the discount of what follows, and its last transition.
struct Window {
    sum: f32,
    discount: f32,
    last: usize,
}
