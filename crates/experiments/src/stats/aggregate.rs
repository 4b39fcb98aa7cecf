//! One number of all scores of a method (Agarwal et al. 2021, section 4).

use super::{Scores, mean_of};

/// Share of the scores that the interquartile mean leaves out at either end.
const TRIMMED: f64 = 0.25;

/// Mean of the tasks' means.
#[must_use]
pub fn mean(scores: &Scores) -> f64 {
    mean_of(&scores.means())
}

/// Median of the tasks' means.
#[must_use]
pub fn median(scores: &Scores) -> f64 {
    let mut means = scores.means();
    means.sort_by(f64::total_cmp);
    let half = means.len() / 2;
    match means.len() % 2 {
        1 => means[half],
        _ => f64::midpoint(means[half - 1], means[half]),
    }
}

/// Interquartile mean: the mean of the middle half of all scores, runs of all tasks together. A quarter, rounded down, is
/// left out at either end. A task with more runs weighs more.
#[must_use]
pub fn iqm(scores: &Scores) -> f64 {
    iqm_of(scores.all().collect())
}

/// The interquartile mean of numbers.
pub(crate) fn iqm_of(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let out = (TRIMMED * values.len() as f64) as usize;
    mean_of(&values[out..values.len() - out])
}

/// By how much all scores miss `target` on the mean; a score above it counts as `target`. Scores are normalised so that
/// `target`, mostly 1, is what one would have. Lower is better.
#[must_use]
pub fn optimality_gap(scores: &Scores, target: f64) -> f64 {
    let reached: Vec<f64> = scores.all().map(|score| score.min(target)).collect();
    target - mean_of(&reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregates_of_a_table_that_one_can_do_by_hand() {
        let scores = Scores::new(vec![vec![0.0, 1.0], vec![2.0, 4.0], vec![8.0, 0.0]]).unwrap();
        assert_eq!(mean(&scores), (0.5 + 3.0 + 4.0) / 3.0);
        assert_eq!(median(&scores), 3.0);
        // 0 0 | 1 2 | 4 8: six scores, one left out at either end.
        assert_eq!(iqm(&scores), (0.0 + 1.0 + 2.0 + 4.0) / 4.0);
        assert_eq!(optimality_gap(&scores, 1.0), 1.0 - 4.0 / 6.0);
        let even = Scores::new(vec![vec![1.0], vec![3.0]]).unwrap();
        assert_eq!(median(&even), 2.0);
    }
}
