//! Which connections are dropped.

use serde::{Deserialize, Serialize};

use super::LayerState;
use crate::pattern::{Pattern, candidate, key};

/// How a rule chooses the connections that it drops, by their scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropCriterion {
    /// Those of the smallest score, whatever their sign (RigL; RLx2; Grooten et al. 2023).
    #[default]
    Magnitude,
    /// Half of them from the smallest positive values and half from the negative ones nearest zero (DS-TD3, Sokar
    /// et al. 2022, Algorithm 2; its code, and SET itself, take the same share of either sign instead). The
    /// positive half is the larger when their number is odd, and where a sign has too few the other gives more.
    /// Zeros count as positive.
    SignBalanced,
}

impl DropCriterion {
    /// Positions of the `count` connections of a layer to drop by their `scores` `[nnz]`, ascending. Of equal scores the
    /// higher position goes. A unit keeps its `floor` best connections, or all if it has no more; so fewer go where the
    /// floor allows no more.
    #[must_use]
    pub fn lowest(
        self,
        layer: &LayerState,
        scores: &[f32],
        count: usize,
        floor: usize,
    ) -> Vec<u32> {
        let dropped = self.choose(&layer.pattern, &layer.values, scores, count, floor);
        let positions = layer.pattern.position_list();
        dropped.iter().map(|k| positions[*k as usize]).collect()
    }

    /// Their indices, ascending.
    fn choose(
        self,
        pattern: &Pattern,
        values: &[f32],
        scores: &[f32],
        count: usize,
        floor: usize,
    ) -> Vec<u32> {
        let mut keys = droppable(pattern, scores, floor);
        let mut dropped = match self {
            Self::Magnitude => smallest(&mut keys, count),
            Self::SignBalanced => {
                let negative = |key: &u64| values[candidate(*key) as usize] < 0.0;
                let (mut negative, mut positive): (Vec<u64>, Vec<u64>) =
                    keys.into_iter().partition(negative);
                let positive_half = count.div_ceil(2).max(count.saturating_sub(negative.len()));
                let mut dropped = smallest(&mut positive, positive_half);
                dropped.extend(smallest(&mut negative, count - dropped.len()));
                dropped
            }
        };
        dropped.sort_unstable();
        dropped
    }
}

/// Keys of the connections that may go.
fn droppable(pattern: &Pattern, scores: &[f32], floor: usize) -> Vec<u64> {
    let keys = (0..).zip(scores).map(|(k, score)| key(*score, k));
    if floor == 0 {
        return keys.collect();
    }
    let keys: Vec<u64> = keys.collect();
    let mut free = Vec::new();
    let mut row = Vec::new();
    for range in pattern.row_ptr().windows(2) {
        row.clear();
        row.extend_from_slice(&keys[range[0] as usize..range[1] as usize]);
        if row.len() > floor {
            row.select_nth_unstable_by(floor - 1, |a, b| b.cmp(a));
            free.extend_from_slice(&row[floor..]);
        }
    }
    free
}

/// The candidates of the `count` smallest keys, in no order; all where there are no more.
fn smallest(keys: &mut Vec<u64>, count: usize) -> Vec<u32> {
    if count < keys.len() {
        keys.select_nth_unstable(count);
        keys.truncate(count);
    }
    keys.iter().map(|key| candidate(*key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(drop: DropCriterion, values: &[f32], count: usize) -> Vec<u32> {
        let pattern = Pattern::full(1, values.len());
        let scores: Vec<f32> = values.iter().map(|v| v.abs()).collect();
        drop.choose(&pattern, values, &scores, count, 0)
    }

    #[test]
    fn magnitude_takes_the_smallest_and_the_later_of_equals() {
        let values = [0.1, -0.2, 0.3, -0.1, 5.0];
        assert_eq!(choose(DropCriterion::Magnitude, &values, 1), [3]);
        assert_eq!(choose(DropCriterion::Magnitude, &values, 3), [0, 1, 3]);
        assert_eq!(choose(DropCriterion::Magnitude, &values, 9).len(), 5);
    }

    #[test]
    fn sign_balanced_takes_from_both_ends_of_zero() {
        let values = [0.1, 0.2, 0.3, -4.0, -3.0, -5.0, 0.0];
        assert_eq!(
            choose(DropCriterion::SignBalanced, &values, 4),
            [0, 3, 4, 6]
        );
        // The odd one is positive.
        assert_eq!(choose(DropCriterion::SignBalanced, &values, 3), [0, 4, 6]);
        // Either sign gives what it has.
        assert_eq!(
            choose(DropCriterion::SignBalanced, &[1.0, 2.0, -1.0, 3.0], 4).len(),
            4
        );
        assert_eq!(
            choose(DropCriterion::SignBalanced, &[-1.0, -2.0, -3.0, 3.0], 3),
            [0, 1, 3]
        );
    }

    #[test]
    fn a_unit_keeps_its_best_inputs() {
        let pattern = Pattern::from_positions(3, 4, &[0, 1, 2, 4, 8, 9, 10, 11]).unwrap();
        let values = [0.1, 0.3, 0.2, 0.01, 9.0, 8.0, 7.0, 6.0];
        let drop = |count, floor| {
            DropCriterion::Magnitude.choose(&pattern, &values, &values, count, floor)
        };
        assert_eq!(drop(3, 0), [0, 2, 3]);
        assert_eq!(drop(3, 1), [0, 2, 7]);
        assert_eq!(drop(8, 1), [0, 2, 5, 6, 7]);
        assert_eq!(drop(8, 3), [7]);
        assert_eq!(drop(8, 4), [0; 0]);
    }
}
