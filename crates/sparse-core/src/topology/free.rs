//! Where connections may be grown, and which of those places are chosen.

use rand::Rng;
use rand::seq::index;

use super::Rule;
use crate::op::DenseGradient;
use crate::pattern::{Largest, key};

/// Gradient values that are computed at a time: a quarter of a mebibyte.
const BLOCK: usize = 1 << 16;

/// The positions of a layer that are not barred. Nothing of their number is stored.
pub(super) struct Free<'a> {
    /// Positions of the layer.
    pub(super) possible: usize,
    /// Positions that may not be chosen, ascending.
    pub(super) barred: &'a [u32],
}

impl Free<'_> {
    fn len(&self) -> usize {
        self.possible - self.barred.len()
    }

    /// `count` of them, uniformly without replacement, ascending.
    pub(super) fn random(&self, count: usize, rng: &mut (impl Rng + ?Sized)) -> Vec<u32> {
        let mut ranks: Vec<usize> = index::sample(rng, self.len(), count).into_vec();
        ranks.sort_unstable();
        // The place of a rank lies as many positions further as there are barred ones before it.
        let mut before = 0;
        let place = |rank: usize| {
            while before < self.barred.len() && self.barred[before] as usize <= rank + before {
                before += 1;
            }
            (rank + before) as u32
        };
        ranks.into_iter().map(place).collect()
    }

    /// The `count` of highest score by gradient, ascending. Blocks of rows are computed, scored and forgotten.
    pub(super) fn best(
        &self,
        count: usize,
        gradient: &DenseGradient,
        rule: &(impl Rule + ?Sized),
    ) -> Vec<u32> {
        self.best_by_blocks(count, gradient, rule, BLOCK)
    }

    fn best_by_blocks(
        &self,
        count: usize,
        gradient: &DenseGradient,
        rule: &(impl Rule + ?Sized),
        block: usize,
    ) -> Vec<u32> {
        let mut best = Largest::new(count);
        if count == 0 {
            return Vec::new();
        }
        let (outputs, inputs) = (gradient.outputs(), gradient.inputs());
        let rows = (block / inputs.max(1)).max(1);
        let mut barred = self.barred;
        for first in (0..outputs).step_by(rows) {
            let last = outputs.min(first + rows);
            let mut scores = gradient.rows(first..last);
            rule.grow_scores(&mut scores);
            let (start, end) = (first * inputs, last * inputs);
            let here = barred.partition_point(|&position| (position as usize) < end);
            let (inside, after) = barred.split_at(here);
            barred = after;
            // What lies between two barred positions is free.
            let mut from = start;
            for stop in inside.iter().map(|&b| b as usize).chain([end]) {
                for (position, score) in (from as u32..).zip(&scores[from - start..stop - start]) {
                    best.push(key(*score, position));
                }
                from = stop + 1;
            }
        }
        best.finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::topology::RigL;

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
            let free = Free { possible, barred: &barred };
            let dense = DenseGradient::from_dense(outputs, inputs, gradient).unwrap();
            let found = free.best_by_blocks(count, &dense, &RigL::default(), block);
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(free.best(count, &dense, &RigL::default()), expected);
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
            let free = Free { possible, barred: &barred };
            let count = (free.len() as f64 * share) as usize;
            let chosen = free.random(count, &mut rng.clone());
            prop_assert_eq!(chosen.len(), count);
            prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
            // By listing the places.
            let places: Vec<u32> = (0..possible as u32).filter(|p| !barred.contains(p)).collect();
            let mut expected: Vec<u32> =
                index::sample(&mut rng, places.len(), count).into_iter().map(|at| places[at]).collect();
            expected.sort_unstable();
            prop_assert_eq!(chosen, expected);
        }
    }
}
