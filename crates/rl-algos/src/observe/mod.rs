//! Observers of a run. They read and never steer; they may end the run.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::agent::{Agent, Densities};
use crate::evaluate::Returns;
use crate::train::{LoopConfig, Snapshot};

/// Where a run is, after an environment step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Environment steps so far.
    pub step: u64,
    /// Updates so far.
    pub updates: u64,
    /// Training episodes that ended.
    pub episodes: u64,
    /// Mean return of the last ten of these; NaN before the first.
    pub train_return: f64,
    /// Their mean length (environment steps).
    pub train_length: f64,
    /// Connections moved so far: the larger of the numbers dropped and grown.
    pub moved: u64,
    /// Connections dropped so far.
    pub dropped: u64,
    /// Connections grown so far.
    pub grown: u64,
    /// Hidden units drawn anew so far.
    pub recycled: u64,
    /// Shares of the weights that exist.
    pub densities: Densities,
    /// Transitions in the replay.
    pub replay_size: usize,
    /// Policy distance at the last check of the replay; NaN before the first, or without checks.
    pub policy_distance: f64,
    /// Steps of a return.
    pub n_step: usize,
}

/// Metrics of updates, averaged since the last evaluation: names and numbers in the agent's order, NaN for missing
/// ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainMetrics(pub Vec<(String, f64)>);

impl TrainMetrics {
    /// The number of this name; NaN where there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> f64 {
        let mut all = self.0.iter();
        all.find(|(own, _)| own == name)
            .map_or(f64::NAN, |(_, x)| *x)
    }
}

/// What is known of one network.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkReport {
    /// Its name, such as `actor` or `critic_1`.
    pub name: String,
    /// Density of each layer, in (0, 1].
    pub densities: Vec<f64>,
    /// Share of all possible connections that were ever active; NaN where none move.
    pub explored: f64,
    /// Share of the hidden units that are dormant on a batch; NaN before the first.
    pub dormant: f64,
}

/// An evaluation and where it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Where the run was.
    pub progress: Progress,
    /// How learning went since the last evaluation.
    pub metrics: TrainMetrics,
    /// The networks.
    pub networks: Vec<NetworkReport>,
    /// What the policy earned.
    pub returns: Returns,
}

/// A run that is about to begin, or to go on.
pub struct Start<'a> {
    /// The agent.
    pub agent: &'a dyn Agent,
    /// Settings of the loop.
    pub config: &'a LoopConfig,
    /// Where the run is: at step 0 when it begins.
    pub progress: &'a Progress,
    /// The mean return of every evaluation so far.
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

    /// An environment step was made. Called for every step, so it must be quick. `Break` ends the run after this
    /// step, with a checkpoint.
    fn on_step(&mut self, _progress: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
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

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        (**self).on_evaluation(evaluation)
    }

    fn on_checkpoint(&mut self, snapshot: &mut Snapshot<'_>) -> Result<()> {
        (**self).on_checkpoint(snapshot)
    }
}
