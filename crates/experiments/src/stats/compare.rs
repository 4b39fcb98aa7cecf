//! Two methods beside each other.

use super::bootstrap::same_tasks;
use super::{Error, Scores, mean_of};

/// How probable it is that a run of `x` has a higher score than one of `y`, mean over tasks (Agarwal et al. 2021, section
/// 4.3): of each task the Mann-Whitney statistic over the number of pairs, a tie counting one half. In [0, 1]; one half is
/// no improvement.
///
/// # Errors
/// [`Error::Tasks`] for different numbers of tasks.
pub fn probability_of_improvement(x: &Scores, y: &Scores) -> Result<f64, Error> {
    same_tasks(x, y)?;
    let task = |(x, y): (&Vec<f64>, &Vec<f64>)| {
        let won = |x: f64, y: f64| match x.total_cmp(&y) {
            _ if x == y => 0.5,
            std::cmp::Ordering::Greater => 1.0,
            _ => 0.0,
        };
        let wins: f64 = x
            .iter()
            .flat_map(|&x| y.iter().map(move |&y| won(x, y)))
            .sum();
        wins / (x.len() * y.len()) as f64
    };
    let tasks: Vec<f64> = x.tasks().iter().zip(y.tasks()).map(task).collect();
    Ok(mean_of(&tasks))
}

/// The scores of `x` as shares of the baseline's mean score of the same task. In a bootstrap of two, the baseline's runs
/// are drawn too, so its uncertainty is in the interval.
///
/// # Errors
/// [`Error::Tasks`] for different numbers of tasks; [`Error::Baseline`] where the baseline's mean is not above 0.
pub fn shares(x: &Scores, baseline: &Scores) -> Result<Scores, Error> {
    same_tasks(x, baseline)?;
    let means = baseline.means();
    if let Some(task) = means.iter().position(|mean| *mean <= 0.0) {
        let mean = means[task];
        return Err(Error::Baseline { task, mean });
    }
    let share = |(runs, mean): (&Vec<f64>, f64)| runs.iter().map(|run| run / mean).collect();
    Scores::new(x.tasks().iter().zip(means).map(share).collect())
}

/// The scores of two methods, of each task those of the seeds that both have, in the order of seeds. `x` and `y` have
/// seeds and scores per task.
///
/// # Errors
/// [`Error::Tasks`] for different numbers of tasks; [`Error::Unpaired`] where a task has no common seed;
/// [`Error::NotFinite`].
pub fn paired(x: &[Vec<(u64, f64)>], y: &[Vec<(u64, f64)>]) -> Result<[Scores; 2], Error> {
    let (left, right) = (x.len(), y.len());
    if left != right {
        return Err(Error::Tasks { left, right });
    }
    let mut both = [Vec::new(), Vec::new()];
    for (task, (x, y)) in x.iter().zip(y).enumerate() {
        let mut pairs: Vec<(u64, f64, f64)> = Vec::new();
        for &(seed, score) in x {
            let other = y.iter().find(|(other, _)| *other == seed);
            pairs.extend(other.map(|&(_, other)| (seed, score, other)));
        }
        if pairs.is_empty() {
            return Err(Error::Unpaired { task });
        }
        pairs.sort_by_key(|pair| pair.0);
        both[0].push(pairs.iter().map(|pair| pair.1).collect());
        both[1].push(pairs.iter().map(|pair| pair.2).collect());
    }
    let [x, y] = both;
    Ok([Scores::new(x)?, Scores::new(y)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(tasks: &[&[f64]]) -> Scores {
        Scores::new(tasks.iter().map(|runs| runs.to_vec()).collect()).unwrap()
    }

    #[test]
    fn improvement_counts_pairs_and_halves_ties() {
        let x = scores(&[&[1.0, 3.0], &[5.0]]);
        let y = scores(&[&[1.0, 2.0, 2.0], &[5.0]]);
        // Of six pairs three are won and one is a tie; the other task is a tie.
        let expected = (3.5 / 6.0 + 0.5) / 2.0;
        assert_eq!(probability_of_improvement(&x, &y), Ok(expected));
        let back = probability_of_improvement(&y, &x).unwrap();
        assert!((back + expected - 1.0).abs() < 1e-15);
        assert!(probability_of_improvement(&x, &scores(&[&[1.0]])).is_err());
    }

    #[test]
    fn a_share_is_of_the_mean_baseline() {
        let x = scores(&[&[10.0, 20.0], &[3.0]]);
        let shared = shares(&x, &scores(&[&[10.0, 30.0], &[2.0, 4.0]])).unwrap();
        assert_eq!(shared, scores(&[&[0.5, 1.0], &[1.0]]));
        let error = shares(&x, &scores(&[&[1.0], &[1.0, -1.0]])).unwrap_err();
        assert_eq!(error, Error::Baseline { task: 1, mean: 0.0 });
    }

    #[test]
    fn seeds_pair_where_both_have_them() {
        let x = [vec![(3, 30.0), (0, 1.0), (7, 70.0)]];
        let y = [vec![(0, 2.0), (3, 31.0), (4, 9.0)]];
        let [x, y] = paired(&x, &y).unwrap();
        assert_eq!((x, y), (scores(&[&[1.0, 30.0]]), scores(&[&[2.0, 31.0]])));
        let none = paired(&[vec![(1, 1.0)]], &[vec![(2, 1.0)]]);
        assert_eq!(none, Err(Error::Unpaired { task: 0 }));
    }
}
