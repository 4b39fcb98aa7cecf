//! The observer that shows progress, and that ends a run on a signal.

use std::ops::ControlFlow;

use rl_algos::observe::{Evaluation, Observer, Progress as At, Start};

use crate::terminal::interrupt::Interrupt;
use crate::terminal::progress::{Now, Progress};

/// Shows a run.
pub(super) struct ProgressObserver {
    pub(super) progress: Progress,
    interrupt: Interrupt,
    now: Now,
    /// Steps before the first that was seen.
    began: Option<u64>,
    /// Whether the run was begun, and not refused.
    pub(super) started: bool,
}

impl ProgressObserver {
    pub(super) fn new(progress: Progress, interrupt: Interrupt) -> Self {
        Self {
            progress,
            interrupt,
            now: Now::default(),
            began: None,
            started: false,
        }
    }

    /// Steps that the run had behind it when it began or went on; `None` before the first that was seen.
    pub(super) fn began(&self) -> Option<u64> {
        self.began
    }

    fn see(&mut self, at: &At) {
        self.now.updates = at.updates;
        self.now.training = (!at.train_return.is_nan()).then_some(at.train_return);
        self.now.densities = (at.densities.actor, at.densities.critic);
        self.now.replay = at.replay_size;
    }
}

impl Observer for ProgressObserver {
    fn on_start(&mut self, _: &mut Start<'_>) -> rl_algos::Result<()> {
        self.started = true;
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

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> rl_algos::Result<()> {
        self.see(&evaluation.progress);
        self.now.evaluation = Some(evaluation.returns.mean);
        let step = evaluation.progress.step;
        let said = format!("{}  spread {:.0}", self.now, evaluation.returns.std);
        self.progress.evaluated(step, self.now.updates, &said);
        Ok(())
    }
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
