//! Where connections may be grown, and which of those places are chosen.

use rand::Rng;
use rand::seq::index;

use crate::op::DenseGradient;
use crate::pattern::{Largest, NONE, Pattern};

/// Gradient values that are computed at a time: a quarter of a mebibyte.
const BLOCK: usize = 1 << 16;

/// The positions of a layer where connections may be grown: all that are not excluded. Memory does not grow with their
/// number.
#[derive(Clone, Debug)]
pub struct Candidates {
    possible: usize,
    /// Ascending.
    excluded: Vec<u32>,
}

impl Candidates {
    /// All positions of a layer that has no connection there.
    #[must_use]
    pub fn of(pattern: &Pattern) -> Self {
        Self::without(pattern, &[])
    }

    /// As [`of`](Self::of), and the connections at `dropped`, ascending positions: a step may grow what it drops.
    #[must_use]
    pub fn without(pattern: &Pattern, dropped: &[u32]) -> Self {
        let mut dropped = dropped.iter().peekable();
        let mut excluded = pattern.position_list();
        excluded.retain(|position| dropped.next_if_eq(&position).is_none());
        Self {
            possible: pattern.outputs() * pattern.inputs(),
            excluded,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.possible - self.excluded.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `count` of them, or all where there are no more, uniformly without replacement, ascending.
    #[must_use]
    pub fn random(&self, count: usize, rng: &mut (impl Rng + ?Sized)) -> Vec<u32> {
        let ranks = index::sample(rng, self.len(), count.min(self.len()));
        let mut ranks: Vec<usize> = ranks.into_vec();
        ranks.sort_unstable();
        // The place of a rank lies as many positions further as there are excluded ones before it.
        let mut before = 0;
        let place = |rank: usize| {
            while before < self.excluded.len() && self.excluded[before] as usize <= rank + before {
                before += 1;
            }
            (rank + before) as u32
        };
        ranks.into_iter().map(place).collect()
    }

    /// The `count` of highest score, or all where there are no more, ascending. `score` turns entries of the dense gradient
    /// into scores, in place; of equal scores the lower position wins, and NaN ranks above all numbers. Blocks of rows are
    /// computed, scored and forgotten.
    #[must_use]
    pub fn highest(
        &self,
        count: usize,
        gradient: &DenseGradient,
        score: impl FnMut(&mut [f32]),
    ) -> Vec<u32> {
        self.highest_by_blocks(count, gradient, score, BLOCK)
    }

    fn highest_by_blocks(
        &self,
        count: usize,
        gradient: &DenseGradient,
        mut score: impl FnMut(&mut [f32]),
        block: usize,
    ) -> Vec<u32> {
        let mut best = Largest::new(count);
        if count == 0 {
            return Vec::new();
        }
        let (outputs, inputs) = (gradient.outputs(), gradient.inputs());
        let rows = (block / inputs.max(1)).max(1);
        let mut excluded = self.excluded.as_slice();
        for first in (0..outputs).step_by(rows) {
            let last = outputs.min(first + rows);
            let mut scores = gradient.rows(first..last);
            score(&mut scores);
            let (start, end) = (first * inputs, last * inputs);
            let here = excluded.partition_point(|&position| (position as usize) < end);
            let (inside, after) = excluded.split_at(here);
            excluded = after;
            for position in inside {
                scores[*position as usize - start] = NONE;
            }
            best.extend(start as u32, &scores);
        }
        best.finish()
    }
}

/// Scores entries of the dense gradient by their magnitude.
pub(super) fn by_magnitude(entries: &mut [f32]) {
    entries.iter_mut().for_each(|entry| *entry = entry.abs());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    proptest! {
        #[test]
        fn blocks_of_any_size_choose_as_a_sort_does(
            outputs in 1..20usize,
            inputs in 1..20usize,
            share in 0.0..=1.0f64,
            block in 1..500usize,
            seed in any::<u64>(),
        ) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let possible = outputs * inputs;
            let barred: Vec<u32> = (0..possible as u32).filter(|_| rng.random_bool(0.3)).collect();
            let gradient: Vec<f32> = (0..possible)
                .map(|_| match rng.random_range(0..12) {
                    0 => f32::NAN,
                    1 => -f32::INFINITY,
                    2 => -0.0,
                    n => f32::from(n as u8) - 7.0,
                })
                .collect();
            let count = ((possible - barred.len()) as f64 * share) as usize;
            let mut expected: Vec<u32> =
                (0..possible as u32).filter(|p| !barred.contains(p)).collect();
            expected.sort_by(|a, b| {
                let score = |p: u32| gradient[p as usize].abs();
                score(*b).total_cmp(&score(*a))
            });
            expected.truncate(count);
            expected.sort_unstable();
            let candidates = Candidates { possible, excluded: barred };
            let dense = DenseGradient::from_dense(outputs, inputs, gradient).unwrap();
            let found = candidates.highest_by_blocks(count, &dense, by_magnitude, block);
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(candidates.highest(count, &dense, by_magnitude), expected);
        }

        #[test]
        fn random_places_are_free_and_distinct(
            possible in 1..300usize,
            density in 0.0..=1.0f64,
            share in 0.0..=1.0f64,
            seed in any::<u64>(),
        ) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let barred: Vec<u32> =
                (0..possible as u32).filter(|_| rng.random_bool(density)).collect();
            let places: Vec<u32> = (0..possible as u32).filter(|p| !barred.contains(p)).collect();
            let candidates = Candidates { possible, excluded: barred };
            let count = (candidates.len() as f64 * share) as usize;
            let chosen = candidates.random(count, &mut rng.clone());
            prop_assert_eq!(chosen.len(), count);
            prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
            // By listing the places.
            let mut expected: Vec<u32> =
                index::sample(&mut rng, places.len(), count).into_iter().map(|at| places[at]).collect();
            expected.sort_unstable();
            prop_assert_eq!(chosen, expected);
        }
    }
}
