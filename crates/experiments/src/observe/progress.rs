//! The observer that shows progress, and that ends a run on a signal.

use std::ops::ControlFlow;

use rl_algos::Result;
use rl_algos::observe::{Evaluation, Observer, Progress as At, Start, TrainMetrics};

use crate::terminal::interrupt::Interrupt;
use crate::terminal::progress::{Now, Progress};

/// Shows a run.
pub(crate) struct ProgressObserver {
    pub(crate) progress: Progress,
    interrupt: Interrupt,
    now: Now,
    /// What is said once the run has begun.
    first: Vec<String>,
    /// Steps before the first that was seen.
    began: Option<u64>,
    /// Whether the run was begun, and not refused.
    pub(crate) started: bool,
}

impl ProgressObserver {
    pub(crate) fn new(progress: Progress, interrupt: Interrupt) -> Self {
        Self {
            progress,
            interrupt,
            now: Now::default(),
            first: Vec::new(),
            began: None,
            started: false,
        }
    }

    /// Says these lines once the run has begun: a refused one says nothing else.
    pub(crate) fn say_first(&mut self, lines: impl IntoIterator<Item = String>) {
        self.first.extend(lines);
    }

    /// Steps that the run had behind it when it began or went on; `None` before the first that was seen.
    pub(crate) fn began(&self) -> Option<u64> {
        self.began
    }

    /// What was found last.
    pub(crate) fn now(&self) -> &Now {
        &self.now
    }

    fn see(&mut self, at: &At) {
        self.now.updates = at.updates;
        self.now.training = (!at.train_return.is_nan()).then_some(at.train_return);
        self.now.densities = (at.densities.actor, at.densities.critic);
        self.now.replay = at.replay_size;
    }
}

impl Observer for ProgressObserver {
    fn on_start(&mut self, start: &mut Start<'_>) -> Result<()> {
        self.started = true;
        self.now.of_data = start.is_offline;
        for line in std::mem::take(&mut self.first) {
            self.progress.line(&line);
        }
        Ok(())
    }

    fn on_note(&mut self, note: &str) {
        self.progress.line(&format!("note     {note}"));
    }

    fn on_step(&mut self, at: &At) -> ControlFlow<()> {
        if self.began.is_none() {
            self.began = Some(at.step - 1);
            self.progress.begin(at.step - 1, at.updates);
        }
        if self.progress.is_due(at.step) {
            self.see(at);
            self.progress.step(at.step, self.now.updates, &self.now);
        }
        if self.interrupt.is_set() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn wants_end(&self) -> bool {
        self.interrupt.is_set()
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        self.see(&evaluation.progress);
        let returns = evaluation.returns.as_ref();
        self.now.evaluation = returns.map(|returns| returns.mean);
        self.now.score = evaluation.score;
        self.now.losses = losses(&evaluation.metrics);
        let step = evaluation.progress.step;
        let spread = returns.map(|returns| format!("  spread {:.0}", returns.std));
        let said = format!("{}{}", self.now, spread.unwrap_or_default());
        self.progress.evaluated(step, self.now.updates, &said);
        Ok(())
    }
}

/// What is reported where there is no return.
fn losses(metrics: &TrainMetrics) -> String {
    let known = metrics.0.iter().filter(|(_, number)| !number.is_nan());
    let known = known.map(|(name, number)| format!("{} {number:.4}", name.replace('_', " ")));
    known.collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_on_until_its_end_is_asked_for() {
        let interrupt = Interrupt::default();
        let mut observer = ProgressObserver::new(Progress::start(10), interrupt.clone());
        let at = |step| At {
            step,
            ..At::default()
        };
        assert_eq!(observer.on_step(&at(6)), ControlFlow::Continue(()));
        interrupt.set();
        assert_eq!(observer.on_step(&at(7)), ControlFlow::Break(()));
        assert_eq!(observer.began(), Some(5));
    }
}
