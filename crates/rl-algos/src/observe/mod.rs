//! What watches a run. Observers read, never steer; they may ask for its end.

mod csv;
mod event_file;
mod scalars;
mod tensorboard;

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

pub use csv::Csv;
pub use event_file::{EventFile, PREFIX as EVENTS};
pub use tensorboard::TensorBoard;

use crate::Result;
use crate::algos::{Agent, Densities};
use crate::config::TrainConfig;
use crate::evaluate::Returns;

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
    /// Connections moved so far: the larger of those that went and those that came.
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

/// What updates reported, averaged since the last evaluation; NaN of what there was none of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Learning {
    /// Sum of both critics' losses.
    pub critic_loss: f64,
    /// The actor's loss.
    pub actor_loss: f64,
    /// The targets' mean.
    pub target_mean: f64,
    /// Mean value of the batches by the first critic.
    pub value_mean: f64,
    /// SAC's weight of the entropy.
    pub temperature: f64,
    /// SAC's entropy of the policy (nats).
    pub entropy: f64,
    /// Euclidean norm of the actor's gradient.
    pub actor_gradient_norm: f64,
    /// Euclidean norm of both critics' gradients together.
    pub critic_gradient_norm: f64,
}

/// What is known of one network.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkReport {
    /// `actor`, `critic_1` or `critic_2`.
    pub name: &'static str,
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
    pub learning: Learning,
    /// The networks.
    pub networks: Vec<NetworkReport>,
    /// What the policy earned.
    pub returns: Returns,
}

/// Watches a run. Every method may do nothing.
pub trait Observer: Send {
    /// The run is about to begin, or to go on, with this agent.
    ///
    /// # Errors
    /// Those of the observer; they end the run.
    fn on_start(&mut self, _config: &TrainConfig, _agent: &dyn Agent) -> Result<()> {
        Ok(())
    }

    /// Something came up that a person should know, in one line: a file of the run that somebody changed, a network that
    /// lost its connections to what it sees.
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
}
