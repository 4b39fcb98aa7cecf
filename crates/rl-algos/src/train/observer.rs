//! Observers of a run. They read and never steer; they may end the run.

use std::ops::ControlFlow;

use super::settings::LoopConfig;
use super::state::Snapshot;
use crate::Result;
use crate::agent::Agent;
use crate::progress::{Evaluation, Progress};

/// A run that is about to begin, or to go on.
pub struct Start<'a> {
    /// The agent.
    pub agent: &'a dyn Agent,
    /// Settings of the loop.
    pub config: &'a LoopConfig,
    /// Whether it learns from recorded transitions, and not in an environment.
    pub is_offline: bool,
    /// Where the run is: at step 0 when it begins.
    pub progress: &'a Progress,
    /// The mean return of every evaluation so far; NaN without a task.
    pub returns: &'a [f64],
    pub(crate) notes: &'a mut Vec<String>,
}

impl Start<'_> {
    /// Sends a note to all observers.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

/// Watches a run. Every method may do nothing.
pub trait Observer: Send {
    /// The run is about to begin, or to go on.
    ///
    /// # Errors
    /// Those of the observer; they end the run.
    fn on_start(&mut self, _start: &mut Start<'_>) -> Result<()> {
        Ok(())
    }

    /// A note of one line: a file of the run was changed, a network lost its connections to its observations.
    fn on_note(&mut self, _note: &str) {}

    /// A step was made, in the environment or with recorded transitions. Called for every step, so it must be quick. `Break` ends the run after this
    /// step, with a checkpoint.
    fn on_step(&mut self, _progress: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Whether the run is to end at once. Asked at each step of an evaluation in a task without a time limit, which may
    /// never end by itself; the run goes on from its last checkpoint then. Elsewhere [`on_step`](Self::on_step) ends a run.
    fn wants_end(&self) -> bool {
        false
    }

    /// An evaluation was made.
    ///
    /// # Errors
    /// Those of the observer; they end the run.
    fn on_evaluation(&mut self, _evaluation: &Evaluation) -> Result<()> {
        Ok(())
    }

    /// The run can be stored as it is: after each evaluation, once all observers have seen it, and when a run is
    /// stopped in between.
    ///
    /// # Errors
    /// Those of the observer; they end the run.
    fn on_checkpoint(&mut self, _snapshot: &mut Snapshot<'_>) -> Result<()> {
        Ok(())
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn on_start(&mut self, start: &mut Start<'_>) -> Result<()> {
        (**self).on_start(start)
    }

    fn on_note(&mut self, note: &str) {
        (**self).on_note(note);
    }

    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        (**self).on_step(progress)
    }

    fn wants_end(&self) -> bool {
        (**self).wants_end()
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        (**self).on_evaluation(evaluation)
    }

    fn on_checkpoint(&mut self, snapshot: &mut Snapshot<'_>) -> Result<()> {
        (**self).on_checkpoint(snapshot)
    }
}
