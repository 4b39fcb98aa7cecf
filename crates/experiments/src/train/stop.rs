//! The observer that ends a run early: at a return, without improvement, after a time.

use std::ops::ControlFlow;
use std::time::Instant;

use rl_algos::observe::{Evaluation, Observer, Progress, Start};

use crate::args::train::TrainArgs;
use crate::terminal::table::{span, thousands};

/// Ends a run early, where the options ask for it.
#[derive(Debug)]
pub(super) struct Stop {
    at_return: Option<f64>,
    patience: Option<u64>,
    budget: Option<(Instant, std::time::Duration)>,
    best: f64,
    /// Evaluations since the best.
    since: u64,
    /// Why the run ends.
    pub(super) why: Option<String>,
}

impl Stop {
    /// Of a run that begins or goes on now.
    pub(super) fn new(args: &TrainArgs) -> Self {
        Self {
            at_return: args.stop_at_return,
            patience: args.patience,
            budget: args.budget.map(|budget| (Instant::now(), budget)),
            best: f64::NEG_INFINITY,
            since: 0,
            why: None,
        }
    }

    fn see(&mut self, mean: f64, step: u64) {
        if mean > self.best {
            (self.best, self.since) = (mean, 0);
        } else {
            self.since += 1;
        }
        let mean = thousands(mean);
        if let Some(at) = self.at_return.filter(|at| self.best >= *at) {
            self.why = Some(format!(
                "a return of {mean} after step {step} reached {}",
                thousands(at)
            ));
        } else if self.patience.is_some_and(|most| self.since >= most) {
            let best = thousands(self.best);
            self.why = Some(format!(
                "no return above {best} in the last {} evaluations",
                self.since
            ));
        }
    }
}

impl Observer for Stop {
    fn on_start(&mut self, start: &mut Start<'_>) -> rl_algos::Result<()> {
        // What was reached before is no reason to end a run that is asked to go on.
        for mean in start.returns {
            if *mean > self.best {
                self.best = *mean;
            }
        }
        Ok(())
    }

    fn on_step(&mut self, _: &Progress) -> ControlFlow<()> {
        if let Some((began, budget)) = self.budget
            && self.why.is_none()
            && began.elapsed() >= budget
        {
            self.why = Some(format!("the time of {} is over", span(budget)));
        }
        match self.why {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> rl_algos::Result<()> {
        if let Some(returns) = &evaluation.returns {
            self.see(returns.mean, evaluation.progress.step);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn stop(args: TrainArgs, returns: &[f64]) -> Option<(usize, String)> {
        let mut stop = Stop::new(&args);
        for (index, mean) in returns.iter().enumerate() {
            stop.see(*mean, 10 * index as u64);
            if stop.on_step(&Progress::default()) == ControlFlow::Break(()) {
                return Some((index, stop.why.unwrap()));
            }
        }
        None
    }

    #[test]
    fn runs_end_at_a_return_without_improvement_or_in_time() {
        let returns = [5.0, 9.0, 7.0, 9.0, 8.0, 20.0];
        assert_eq!(stop(TrainArgs::default(), &returns), None);
        let at = TrainArgs {
            stop_at_return: Some(9.0),
            ..TrainArgs::default()
        };
        let (index, why) = stop(at, &returns).unwrap();
        assert_eq!(
            (index, why.as_str()),
            (1, "a return of 9 after step 10 reached 9")
        );
        let patient = TrainArgs {
            patience: Some(3),
            ..TrainArgs::default()
        };
        let (index, why) = stop(patient, &returns).unwrap();
        assert_eq!(
            (index, why.as_str()),
            (4, "no return above 9 in the last 3 evaluations")
        );
        let timed = TrainArgs {
            budget: Some(Duration::ZERO),
            ..TrainArgs::default()
        };
        assert_eq!(stop(timed, &returns).unwrap().0, 0);
    }
}
