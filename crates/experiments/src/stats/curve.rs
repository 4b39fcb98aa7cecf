//! Scores along training: sample-efficiency curves, whose runs are drawn as a whole.

use super::aggregate::iqm_of;
use super::bootstrap::{Bootstrap, Estimate};
use super::{Error, mean_of};

/// A number of a run over steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    steps: Vec<f64>,
    values: Vec<f64>,
}

/// What the runs of a curve become at each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Centre {
    /// Their mean.
    Mean,
    /// Their interquartile mean.
    Iqm,
}

impl Centre {
    fn of(self, values: Vec<f64>) -> f64 {
        match self {
            Self::Mean => mean_of(&values),
            Self::Iqm => iqm_of(values),
        }
    }
}

/// A curve of several runs with its band.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Steps, ascending.
    pub steps: Vec<f64>,
    /// The centre and the ends of the band at each.
    pub estimates: Vec<Estimate>,
}

impl Curve {
    /// From steps and values.
    ///
    /// # Errors
    /// [`Error::Curve`] without a point, or where steps do not ascend or a number is not finite.
    pub fn new(points: Vec<(f64, f64)>) -> Result<Self, Error> {
        if points.is_empty() {
            return Err(Error::Curve("a curve has at least one point"));
        }
        let (steps, values): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        if !steps.iter().chain(&values).all(|number| number.is_finite()) {
            return Err(Error::Curve(
                "a curve's steps and values are finite numbers",
            ));
        }
        if !steps.is_sorted_by(|left, right| left < right) {
            return Err(Error::Curve("a curve's steps ascend"));
        }
        Ok(Self { steps, values })
    }

    /// Steps, ascending.
    #[must_use]
    pub fn steps(&self) -> &[f64] {
        &self.steps
    }

    /// The number at each of them.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The last step.
    #[must_use]
    pub fn last_step(&self) -> f64 {
        self.steps[self.steps.len() - 1]
    }

    /// With other values at the same steps.
    #[must_use]
    pub fn map(&self, value: impl Fn(f64) -> f64) -> Self {
        Self {
            steps: self.steps.clone(),
            values: self.values.iter().map(|&v| value(v)).collect(),
        }
    }

    /// The value at a step, linear between two that are known, the nearest beyond them.
    #[must_use]
    pub fn at(&self, step: f64) -> f64 {
        let after = self.steps.partition_point(|known| *known < step);
        match after {
            0 => self.values[0],
            after if after == self.steps.len() => self.values[after - 1],
            after if self.steps[after] == step => self.values[after],
            after => {
                let [from, to] = [after - 1, after];
                let share = (step - self.steps[from]) / (self.steps[to] - self.steps[from]);
                self.values[from] + share * (self.values[to] - self.values[from])
            }
        }
    }
}

/// The steps that curves have in common: all that any has, from where the last begins to where the first ends.
#[must_use]
pub fn common_steps<'a>(curves: impl Iterator<Item = &'a Curve> + Clone) -> Vec<f64> {
    let first = curves.clone().map(|c| c.steps[0]);
    let first = first.fold(f64::NEG_INFINITY, f64::max);
    let last = curves
        .clone()
        .map(Curve::last_step)
        .fold(f64::INFINITY, f64::min);
    let all = curves.flat_map(|curve| curve.steps.iter().copied());
    let mut steps: Vec<f64> = all.filter(|step| (first..=last).contains(step)).collect();
    steps.sort_by(f64::total_cmp);
    steps.dedup();
    steps
}

/// The centre of all runs of all tasks at each common step, with the band of `by`: runs are drawn within their task, each
/// with its whole curve. `tasks` has a list of runs per task.
///
/// # Errors
/// [`Error::Empty`] for a task without runs; [`Error::Curve`] where no step is common to all.
pub fn sample_efficiency(
    tasks: &[Vec<Curve>],
    centre: Centre,
    by: &Bootstrap,
) -> Result<Band, Error> {
    if let Some(task) = tasks.iter().position(Vec::is_empty) {
        let what = format!("task {task}");
        return Err(Error::Empty { what });
    }
    let steps = common_steps(tasks.iter().flatten());
    if steps.is_empty() {
        return Err(Error::Curve("the runs have no step in common"));
    }
    let at = |run: &Curve| steps.iter().map(|step| run.at(*step)).collect();
    let runs = |task: &Vec<Curve>| task.iter().map(at).collect();
    let values: Vec<Vec<Vec<f64>>> = tasks.iter().map(runs).collect();
    let counts = tasks.iter().map(Vec::len).collect();
    let of = |picked: &[Vec<usize>]| {
        let picked = || {
            let runs = values.iter().zip(picked);
            runs.flat_map(|(task, runs)| runs.iter().map(move |run| &task[*run]))
        };
        let centre = |step| centre.of(picked().map(|run| run[step]).collect());
        (0..steps.len()).map(centre).collect::<Vec<f64>>()
    };
    let drawn = by.each(&[&counts], |drawn| of(&drawn[0]));
    let whole: Vec<Vec<usize>> = counts.iter().map(|&count| (0..count).collect()).collect();
    let estimates = drawn.with(of(&whole));
    Ok(Band { steps, estimates })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(f64, f64)]) -> Curve {
        Curve::new(points.to_vec()).unwrap()
    }

    #[test]
    fn a_curve_is_linear_between_its_points() {
        let run = curve(&[(10.0, 1.0), (20.0, 3.0)]);
        for (step, value) in [
            (0.0, 1.0),
            (10.0, 1.0),
            (15.0, 2.0),
            (20.0, 3.0),
            (99.0, 3.0),
        ] {
            assert_eq!(run.at(step), value, "{step}");
        }
        assert!(Curve::new(vec![]).is_err());
        assert!(Curve::new(vec![(1.0, f64::NAN)]).is_err());
        assert!(Curve::new(vec![(1.0, 0.0), (1.0, 2.0)]).is_err());
    }

    #[test]
    fn runs_that_were_evaluated_at_other_steps_meet_where_both_have_values() {
        let tasks = [vec![
            curve(&[(10.0, 0.0), (20.0, 10.0), (30.0, 20.0)]),
            curve(&[(15.0, 5.0), (25.0, 15.0)]),
        ]];
        let band = sample_efficiency(&tasks, Centre::Mean, &Bootstrap::default()).unwrap();
        assert_eq!(band.steps, [15.0, 20.0, 25.0]);
        let values: Vec<f64> = band.estimates.iter().map(|e| e.value).collect();
        assert_eq!(values, [5.0, 10.0, 15.0]);
        let apart = [vec![curve(&[(1.0, 0.0)]), curve(&[(2.0, 0.0)])]];
        assert!(sample_efficiency(&apart, Centre::Iqm, &Bootstrap::default()).is_err());
    }

    /// As for final scores: no run takes the place of one of another task.
    #[test]
    fn curves_are_drawn_within_their_task() {
        let flat = |value: f64| curve(&[(1.0, value), (2.0, value)]);
        let tasks = [vec![flat(0.0), flat(0.0)], vec![flat(9.0), flat(9.0)]];
        let band = sample_efficiency(&tasks, Centre::Iqm, &Bootstrap::default()).unwrap();
        for estimate in band.estimates {
            assert_eq!([estimate.low, estimate.high], [estimate.value; 2]);
        }
    }
}
