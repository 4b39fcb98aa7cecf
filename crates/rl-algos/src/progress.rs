//! Where a run is and how it goes: what the loop reports and observers read.

use serde::{Deserialize, Serialize};

use crate::agent::Densities;
use crate::evaluate::Returns;

/// Where a run is, after a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps so far: in the environment, or with recorded transitions.
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
    /// What the policy earned; `None` without a task to evaluate in.
    pub returns: Option<Returns>,
    /// The mean return on the [scale](crate::replay::OfflineData::score) of recorded transitions, where they have one.
    pub score: Option<f64>,
}
