//! One ranking for the whole network: a layer has as many weights as are among the best of all layers.

use crate::error::{Error, Result};
use crate::pattern::{Largest, key};

/// How many of the `keep` highest scores lie in each layer; 0 is possible. Of equal scores those of the earlier layer,
/// and within a layer the earlier ones, win. NaN ranks by its sign beyond infinity.
///
/// # Errors
/// [`Error::Config`] when there are 2³² scores or more.
pub fn counts(scores: &[Vec<f32>], keep: usize) -> Result<Vec<usize>> {
    let total: usize = scores.iter().map(Vec::len).sum();
    if total > u32::MAX as usize {
        let allowed = "of a network with less than 2^32 weights";
        return Err(Error::config("scores", total, allowed));
    }
    let mut best = Largest::new(keep);
    for (at, score) in (0..).zip(scores.iter().flatten()) {
        best.push(key(*score, at));
    }
    let best = best.finish();
    let mut start = 0;
    let count = |layer: &Vec<f32>| {
        let end = start + layer.len();
        let before = |limit: usize| best.partition_point(|&at| (at as usize) < limit);
        let count = before(end) - before(start);
        start = end;
        count
    };
    Ok(scores.iter().map(count).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Allocation;

    #[test]
    fn the_best_of_all_layers_are_counted_where_they_lie() {
        let scores = [vec![0.1, 0.9, 0.8, 0.2], vec![0.7, 0.2]];
        assert_eq!(counts(&scores, 3).unwrap(), [2, 1]);
        assert_eq!(counts(&scores, 4).unwrap(), [3, 1]);
        assert_eq!(counts(&scores, 6).unwrap(), [4, 2]);
        assert_eq!(counts(&scores, 0).unwrap(), [0, 0]);
        let shapes = [(2, 2), (1, 2)];
        let by_score = |sparsity| Allocation::Global.counts_by_score(&shapes, sparsity, &scores);
        // Six weights of which half are kept.
        assert_eq!(by_score(0.5).unwrap(), [2, 1]);
        let error = by_score(0.8).unwrap_err();
        assert!(error.is_budget() && error.to_string().contains("layer 1"));
        assert!(
            Allocation::Global
                .counts(&shapes, 0.5)
                .unwrap_err()
                .is_config()
        );
    }
}
