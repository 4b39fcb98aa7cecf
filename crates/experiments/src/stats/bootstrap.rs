//! Intervals by the stratified bootstrap (Agarwal et al. 2021, section 4.1): runs are drawn anew, with replacement, within
//! each task, so that every resample has each task as often as the data have it. The interval lies between percentiles
//! of the statistic over resamples.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Error, Scores};

/// How intervals are made. The default: 2,000 resamples, 95 %, seed 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    resamples: usize,
    level: f64,
    seed: u64,
}

/// A statistic and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Of the data as they are.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            resamples: 2_000,
            level: 0.95,
            seed: 0,
        }
    }
}

impl Bootstrap {
    /// With so many resamples (rliable: 50,000 for aggregates, 2,000 for profiles), for an interval that holds `level` of
    /// them, drawn with `seed`.
    ///
    /// # Errors
    /// [`Error::Setting`] without a resample or with a level outside (0, 1).
    pub fn new(resamples: usize, level: f64, seed: u64) -> Result<Self, Error> {
        if resamples == 0 {
            return Err(Error::Setting {
                name: "resamples",
                value: 0.0,
                allowed: "at least 1 is needed",
            });
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::Setting {
                name: "level",
                value: level,
                allowed: "it lies between 0 and 1, such as 0.95",
            });
        }
        Ok(Self {
            resamples,
            level,
            seed,
        })
    }

    /// Share of the resamples that an interval holds.
    #[must_use]
    pub fn level(&self) -> f64 {
        self.level
    }

    /// A statistic of a method.
    pub fn of(&self, scores: &Scores, statistic: impl Fn(&Scores) -> f64) -> Estimate {
        self.each(&[&scores.counts()], |drawn| {
            vec![statistic(&scores.pick(&drawn[0]))]
        })
        .one(statistic(scores))
    }

    /// Several statistics of a method at once, such as a profile's at all thresholds.
    pub fn of_many(
        &self,
        scores: &Scores,
        statistics: impl Fn(&Scores) -> Vec<f64>,
    ) -> Vec<Estimate> {
        self.each(&[&scores.counts()], |drawn| {
            statistics(&scores.pick(&drawn[0]))
        })
        .with(statistics(scores))
    }

    /// A statistic of two methods whose runs have nothing to do with each other: either is drawn anew, the second, mostly a
    /// baseline, too.
    ///
    /// # Errors
    /// [`Error::Tasks`] for different numbers of tasks.
    pub fn of_two(
        &self,
        x: &Scores,
        y: &Scores,
        statistic: impl Fn(&Scores, &Scores) -> f64,
    ) -> Result<Estimate, Error> {
        same_tasks(x, y)?;
        let drawn = self.each(&[&x.counts(), &y.counts()], |drawn| {
            vec![statistic(&x.pick(&drawn[0]), &y.pick(&drawn[1]))]
        });
        Ok(drawn.one(statistic(x, y)))
    }

    /// A statistic of two methods of which run `i` of a task is of the same seed in either: pairs are drawn, so what a seed
    /// does to both leaves the interval. See [`paired`](super::paired).
    ///
    /// # Errors
    /// [`Error::Tasks`] for different numbers of tasks; [`Error::Unpaired`] where a task has different numbers of runs.
    pub fn of_pairs(
        &self,
        x: &Scores,
        y: &Scores,
        statistic: impl Fn(&Scores, &Scores) -> f64,
    ) -> Result<Estimate, Error> {
        same_tasks(x, y)?;
        let counts = x.counts();
        let mut both = counts.iter().zip(y.counts());
        if let Some(task) = both.position(|(x, y)| *x != y) {
            return Err(Error::Unpaired { task });
        }
        let drawn = self.each(&[&counts], |drawn| {
            vec![statistic(&x.pick(&drawn[0]), &y.pick(&drawn[0]))]
        });
        Ok(drawn.one(statistic(x, y)))
    }

    /// What statistics are over resamples. `counts` has the runs per task of each sample; `statistics` gets indices of
    /// runs per sample and task.
    pub(crate) fn each(
        &self,
        counts: &[&Vec<usize>],
        mut statistics: impl FnMut(&[Vec<Vec<usize>>]) -> Vec<f64>,
    ) -> Resampled {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let blank = |counts: &&Vec<usize>| counts.iter().map(|&n| vec![0; n]).collect();
        let mut drawn: Vec<Vec<Vec<usize>>> = counts.iter().map(blank).collect();
        let mut values: Vec<Vec<f64>> = Vec::new();
        for _ in 0..self.resamples {
            for runs in drawn.iter_mut().flatten() {
                let count = runs.len();
                runs.fill_with(|| rng.random_range(0..count));
            }
            for (at, value) in statistics(&drawn).into_iter().enumerate() {
                if values.len() == at {
                    values.push(Vec::with_capacity(self.resamples));
                }
                values[at].push(value);
            }
        }
        let tail = (1.0 - self.level) / 2.0;
        let ends = values.into_iter().map(|mut values| {
            values.sort_by(f64::total_cmp);
            [percentile(&values, tail), percentile(&values, 1.0 - tail)]
        });
        Resampled(ends.collect())
    }
}

/// The interval of each statistic.
pub(crate) struct Resampled(Vec<[f64; 2]>);

impl Resampled {
    /// With the statistics of the data.
    pub(crate) fn with(self, values: Vec<f64>) -> Vec<Estimate> {
        let estimate = |(value, [low, high]): (f64, [f64; 2])| Estimate { value, low, high };
        values.into_iter().zip(self.0).map(estimate).collect()
    }

    fn one(self, value: f64) -> Estimate {
        let [low, high] = self.0.first().copied().unwrap_or([value; 2]);
        Estimate { value, low, high }
    }
}

pub(super) fn same_tasks(x: &Scores, y: &Scores) -> Result<(), Error> {
    let (left, right) = (x.tasks().len(), y.tasks().len());
    match left == right {
        true => Ok(()),
        false => Err(Error::Tasks { left, right }),
    }
}

/// The value below which a share of sorted values lies, interpolated linearly (`numpy.percentile`'s default).
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor();
    let [low, high] = [below as usize, place.ceil() as usize].map(|at| sorted[at]);
    match low == high {
        // Also where both are infinite.
        true => low,
        false => low + (high - low) * (place - below),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{iqm, mean, shares};
    use super::*;

    /// Every resample has each task as often as the data: a method without spread within tasks has an interval without
    /// width. Drawn across tasks, seeds would make these intervals wide.
    #[test]
    fn seeds_are_never_drawn_across_tasks() {
        let scores = Scores::new(vec![vec![0.0; 5], vec![1.0; 5], vec![7.0; 3]]).unwrap();
        let bootstrap = Bootstrap::default();
        for statistic in [mean, iqm] {
            let estimate = bootstrap.of(&scores, statistic);
            assert_eq!(
                [estimate.low, estimate.high],
                [estimate.value; 2],
                "seeds were drawn across tasks"
            );
        }
        let baseline = Scores::new(vec![vec![1.0; 2], vec![10.0; 2], vec![3.5; 4]]).unwrap();
        let share = |x: &Scores, y: &Scores| shares(x, y).map_or(f64::NAN, |s| mean(&s));
        let estimate = bootstrap.of_two(&scores, &baseline, share).unwrap();
        assert!((estimate.value - 0.7).abs() < 1e-12);
        assert_eq!([estimate.low, estimate.high], [estimate.value; 2]);
    }

    #[test]
    fn runs_within_a_task_are_drawn() {
        let scores = Scores::new(vec![vec![0.0, 1.0, 2.0, 3.0], vec![5.0]]).unwrap();
        let drawn = Bootstrap::default().of(&scores, mean);
        assert!(drawn.low < drawn.value && drawn.value < drawn.high);
        // Four draws of the lowest, once in 256 resamples, are the least there is.
        assert!(drawn.low >= 2.5 && drawn.high <= 4.0);
        let again = Bootstrap::default().of(&scores, mean);
        assert_eq!(drawn, again);
        let other = Bootstrap::new(2_000, 0.5, 1).unwrap().of(&scores, mean);
        assert!(other.high - other.low < drawn.high - drawn.low);
    }

    /// Where the seed moves both methods by much and their difference is always the same, pairs know it.
    #[test]
    fn pairs_leave_out_what_a_seed_does_to_both() {
        let y = Scores::new(vec![vec![10.0, 50.0, 200.0, 3.0]]).unwrap();
        let x = Scores::new(vec![vec![11.0, 51.0, 201.0, 4.0]]).unwrap();
        let difference = |x: &Scores, y: &Scores| mean(x) - mean(y);
        let bootstrap = Bootstrap::default();
        let pairs = bootstrap.of_pairs(&x, &y, difference).unwrap();
        assert!((pairs.high - pairs.low).abs() < 1e-9 && (pairs.value - 1.0).abs() < 1e-9);
        let apart = bootstrap.of_two(&x, &y, difference).unwrap();
        assert!(apart.high - apart.low > 50.0);
        let short = Scores::new(vec![vec![1.0]]).unwrap();
        assert_eq!(
            bootstrap.of_pairs(&x, &short, difference),
            Err(Error::Unpaired { task: 0 })
        );
    }

    #[test]
    fn settings_have_ranges() {
        assert!(Bootstrap::new(0, 0.95, 0).is_err());
        for level in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(Bootstrap::new(1, level, 0).is_err(), "{level}");
        }
    }

    #[test]
    fn percentiles_are_numpys() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for (share, value) in [(0.0, 1.0), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!(
                (percentile(&sorted, share) - value).abs() < 1e-12,
                "{share}"
            );
        }
        assert_eq!(percentile(&[f64::INFINITY; 2], 0.3), f64::INFINITY);
    }
}
