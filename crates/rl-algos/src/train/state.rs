//! A run between two steps, as observers see it and as plain data.

use serde::{Deserialize, Serialize};

use super::averages::Averages;
use super::source::{Source, SourceState};
use crate::Result;
use crate::agent::{Agent, AgentState};
use crate::progress::{Evaluation, Progress};
use crate::replay::Replay;
use crate::rng::Streams;

/// Everything that a run's later steps depend on, but its settings and its replay.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrainState {
    /// The generators.
    pub streams: Streams,
    /// Where its experience comes from.
    pub source: SourceState,
    /// Where the run is.
    pub progress: Progress,
    /// What updates told since the last evaluation.
    pub averages: Averages,
    /// The mean return of every evaluation; NaN without a task.
    pub returns: Vec<f64>,
    /// The agent.
    pub agent: AgentState,
}

/// A run after an evaluation, or when it is stopped in between, to be stored.
pub struct Snapshot<'a> {
    /// The evaluation that was just made; `None` where a run is stopped in between.
    pub evaluation: Option<&'a Evaluation>,
    /// Where the run is.
    pub progress: &'a Progress,
    /// The mean return of every evaluation; NaN without a task.
    pub returns: &'a [f64],
    pub(super) agent: &'a mut dyn Agent,
    pub(super) streams: &'a Streams,
    pub(super) source: &'a Source<'a>,
    pub(super) averages: &'a Averages,
    pub(super) notes: &'a mut Vec<String>,
}

impl Snapshot<'_> {
    /// The agent.
    #[must_use]
    pub fn agent(&self) -> &dyn Agent {
        self.agent
    }

    /// The agent, to be asked how it acts; what it learns is the loop's.
    pub fn agent_mut(&mut self) -> &mut dyn Agent {
        self.agent
    }

    /// Stored transitions, where the loop keeps them.
    #[must_use]
    pub fn replay(&self) -> Option<&Replay> {
        self.source.replay()
    }

    /// Whether an evaluation in a task was just made, and is higher than all before.
    #[must_use]
    pub fn is_best(&self) -> bool {
        let Some((last, before)) = self.returns.split_last() else {
            return false;
        };
        let evaluated = self.evaluation.is_some() && !last.is_nan();
        evaluated && before.iter().all(|earlier| last > earlier)
    }

    /// What [`Trainer::resume`](super::Trainer::resume) goes on from, together with [the replay](Self::replay).
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when the format cannot hold the agent.
    pub fn state(&mut self) -> Result<TrainState> {
        Ok(TrainState {
            streams: self.streams.clone(),
            source: self.source.state()?,
            progress: self.progress.clone(),
            averages: self.averages.clone(),
            returns: self.returns.to_vec(),
            agent: AgentState::of(self.agent)?,
        })
    }

    /// Sends a note to all observers.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Trained<A = Box<dyn Agent>> {
    /// The agent at the end.
    pub agent: A,
    /// Steps that were made: in the environment, or with recorded transitions.
    pub steps: u64,
    /// The mean return of every evaluation, in order; NaN without a task to evaluate in.
    pub returns: Vec<f64>,
    /// Whether an observer stopped it before its last evaluation.
    pub stopped: bool,
}
