//! The interface of an agent, which the [trainer](crate::train) drives and files and observers read.
//!
//! In reading order: this file (the interface), [`Experience`] (transitions and batches), [`UpdateReport`] (metrics of
//! an update), [`Network`] (networks by name), [`Parts`] (state to resume from).

mod experience;
mod network;
mod report;
mod state;

use std::fmt::Debug;

use rand_chacha::ChaCha8Rng;

pub use experience::{Experience, Windows};
pub use network::{Densities, Network, Role, Weights};
pub use report::{Moves, UpdateReport};
pub use state::{AgentState, Part, Parts, Resumable, adopt};

use crate::replay::{Batch, Batches};
use crate::rng::Streams;
use crate::{Result, keep_workers_awake};

/// An agent: it acts, explores and learns. Actions are in [-1, 1] per component.
///
/// [`act`](Self::act) depends on nothing that is not among its [parts](Resumable::parts): a checkpoint is played by an agent that
/// was built anew and got these back.
///
/// An off-policy agent asks [`Experience::batch`] for transitions of the replay, or of a dataset; an on-policy one keeps
/// what [`Experience::transition`] shows it and learns when it has enough.
pub trait Agent: Resumable + Debug + Send {
    /// Writes the action for `observation` `[observation]`, without noise, to `action` `[action]`.
    ///
    /// # Panics
    /// When the observation or the action has another size than the agent was built for.
    fn act(&mut self, observation: &[f32], action: &mut [f32]);

    /// Writes an action that explores to `action`, and the one without noise to `mean`, `[action]` both. Default: both
    /// are without noise, as of an agent that learns from recorded transitions.
    ///
    /// # Panics
    /// As [`act`](Self::act).
    fn explore(
        &mut self,
        observation: &[f32],
        rng: &mut ChaCha8Rng,
        mean: &mut [f32],
        action: &mut [f32],
    ) {
        let _ = rng;
        self.act(observation, mean);
        action.copy_from_slice(mean);
    }

    /// Learns from experience; called after every environment step, but for the random ones at the start, and again and
    /// again with recorded transitions. An agent that waits for more experience returns an empty report.
    ///
    /// # Errors
    /// [`sparse_core::Error::Diverged`] when a loss or a gradient is NaN or infinite;
    /// [`Error::Config`](crate::Error::Config) when the experience is not made for this agent.
    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> Result<UpdateReport>;

    /// Names of the metrics that its reports carry, in the order of columns.
    fn metrics(&self) -> &'static [&'static str];

    /// The sparse networks being trained; the actor first. For columns of metrics, checks and other runs that begin with
    /// them; an agent may act by anything else, which its [parts](Resumable::parts) name.
    fn networks(&self) -> Vec<Network<'_>>;
}

impl<A: Agent + ?Sized> Agent for Box<A> {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        (**self).act(observation, action);
    }

    fn explore(
        &mut self,
        observation: &[f32],
        rng: &mut ChaCha8Rng,
        mean: &mut [f32],
        action: &mut [f32],
    ) {
        (**self).explore(observation, rng, mean, action);
    }

    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> Result<UpdateReport> {
        (**self).learn(experience, streams)
    }

    fn metrics(&self) -> &'static [&'static str] {
        (**self).metrics()
    }

    fn networks(&self) -> Vec<Network<'_>> {
        (**self).networks()
    }
}

impl<A: Resumable + ?Sized> Resumable for Box<A> {
    fn parts(&mut self) -> Parts<'_> {
        (**self).parts()
    }
}

impl dyn Agent + '_ {
    /// Learns from one batch.
    ///
    /// # Errors
    /// As [`Agent::learn`].
    pub fn update(&mut self, batch: &Batch, streams: &mut Streams) -> Result<UpdateReport> {
        self.learn(&mut Experience::of(batch), streams)
    }

    /// Learns from recorded transitions, while the batch after is drawn; `batch` becomes the one that was learned from.
    ///
    /// # Errors
    /// As [`Agent::learn`].
    pub fn learn_from(
        &mut self,
        batches: &Batches<'_>,
        batch: &mut Batch,
        streams: &mut Streams,
    ) -> Result<UpdateReport> {
        batches.next(batch);
        let learn = || self.learn(&mut Experience::recorded(batches, batch), streams);
        let (report, ()) = keep_workers_awake(|| rayon::join(learn, || batches.prefetch()));
        report
    }
}
