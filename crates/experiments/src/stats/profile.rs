//! Performance profiles: which share of the runs reaches each score (Agarwal et al. 2021, section 4.2, "score
//! distributions").

use super::bootstrap::{Bootstrap, Estimate};
use super::{Scores, mean_of};

/// The share of all scores that lie above each threshold; tasks weigh by their runs.
#[must_use]
pub fn profile(scores: &Scores, thresholds: &[f64]) -> Vec<f64> {
    let all: Vec<f64> = scores.all().collect();
    above(&all, thresholds)
}

/// The share of the tasks whose mean lies above each threshold.
#[must_use]
pub fn profile_of_means(scores: &Scores, thresholds: &[f64]) -> Vec<f64> {
    above(&scores.means(), thresholds)
}

fn above(values: &[f64], thresholds: &[f64]) -> Vec<f64> {
    let share = |threshold: &f64| {
        let hits: Vec<f64> = values.iter().map(|v| f64::from(v > threshold)).collect();
        mean_of(&hits)
    };
    thresholds.iter().map(share).collect()
}

/// The profile with its intervals, which hold at each threshold for itself.
#[must_use]
pub fn with_intervals(scores: &Scores, thresholds: &[f64], by: &Bootstrap) -> Vec<Estimate> {
    by.of_many(scores, |scores| profile(scores, thresholds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_falls_from_all_to_none() {
        let scores = Scores::new(vec![vec![0.1, 0.5], vec![0.5, 0.9]]).unwrap();
        let thresholds = [0.0, 0.1, 0.5, 0.6, 1.0];
        assert_eq!(profile(&scores, &thresholds), [1.0, 0.75, 0.25, 0.25, 0.0]);
        let means = profile_of_means(&scores, &thresholds);
        assert_eq!(means, [1.0, 1.0, 0.5, 0.5, 0.0]);
        let drawn = with_intervals(&scores, &thresholds, &Bootstrap::default());
        assert!(drawn.iter().all(|e| e.low <= e.value && e.value <= e.high));
    }
}
