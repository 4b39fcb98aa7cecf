//! What watches a run. Observers read, never steer.

mod csv;

pub use csv::Csv;

use crate::Result;
use crate::algos::{Densities, Td3};
use crate::config::TrainConfig;
use crate::evaluate::Returns;

/// Where a run is, after an environment step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Environment steps so far.
    pub step: u64,
    /// Updates so far.
    pub updates: u64,
    /// Training episodes that ended.
    pub episodes: u64,
    /// Mean return of the last ten of these; NaN before the first.
    pub train_return: f64,
    /// Sum of both critics' losses, averaged since the last evaluation; NaN without updates.
    pub critic_loss: f64,
    /// The actor's loss, averaged likewise.
    pub actor_loss: f64,
    /// The targets' mean, averaged likewise.
    pub target_mean: f64,
    /// Connections moved so far.
    pub moved: u64,
    /// Shares of the weights that exist.
    pub densities: Densities,
    /// Transitions in the replay.
    pub replay_size: usize,
    /// Policy distance at the last check of the replay; NaN before the first, or without checks.
    pub policy_distance: f64,
    /// Steps of a return.
    pub n_step: usize,
}

/// An evaluation and where it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Where the run was.
    pub progress: Progress,
    /// What the policy earned.
    pub returns: Returns,
}

/// Watches a run. Every method may do nothing.
pub trait Observer: Send {
    /// The run is about to begin with this agent.
    ///
    /// # Errors
    /// Those of the observer; they end the run.
    fn on_start(&mut self, _config: &TrainConfig, _agent: &Td3) -> Result<()> {
        Ok(())
    }

    /// An environment step was made. Called for every step, so it must be quick.
    fn on_step(&mut self, _progress: &Progress) {}

    /// An evaluation was made.
    ///
    /// # Errors
    /// Those of the observer; they end the run.
    fn on_evaluation(&mut self, _evaluation: &Evaluation) -> Result<()> {
        Ok(())
    }

    /// The run has ended as it should.
    ///
    /// # Errors
    /// Those of the observer.
    fn on_finish(&mut self, _last: &Evaluation) -> Result<()> {
        Ok(())
    }
}
