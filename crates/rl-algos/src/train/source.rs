//! Where a run's experience comes from: steps in an environment, or recorded transitions.

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::collector::{Collector, CollectorState};
use super::settings::LoopConfig;
use crate::agent::{Agent, Experience, UpdateReport, Windows};
use crate::progress::Progress;
use crate::replay::{Batch, Batches, Replay, policy_distance};
use crate::rng::Streams;
use crate::{Error, Result, keep_workers_awake};

/// What of a source goes on after a checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SourceState {
    /// The environment and the episode under way.
    Environment(CollectorState),
    /// The generator that draws the next batch of recorded transitions.
    Recorded(ChaCha8Rng),
}

/// A source of experience, and the batch that was drawn last.
pub(crate) enum Source<'a> {
    Environment(Box<Environment>),
    Recorded(Box<Recorded<'a>>),
}

/// Steps in an environment, and those that are kept.
pub(crate) struct Environment {
    collector: Collector,
    replay: Option<Replay>,
    batch: Batch,
}

/// Recorded transitions.
pub(crate) struct Recorded<'a> {
    batches: Batches<'a>,
    batch: Batch,
}

impl<'a> Source<'a> {
    pub(super) fn environment(collector: Collector, config: &LoopConfig) -> Self {
        let [observation, action] = collector.sizes();
        let replay = config.replay.as_ref();
        Self::Environment(Box::new(Environment {
            replay: replay.map(|replay| Replay::new(observation, action, replay.capacity)),
            batch: Batch::default(),
            collector,
        }))
    }

    pub(super) fn recorded(batches: Batches<'a>) -> Self {
        let batch = Batch::default();
        Self::Recorded(Box::new(Recorded { batches, batch }))
    }

    /// Numbers in an observation and in an action.
    pub(super) fn sizes(&self) -> [usize; 2] {
        match self {
            Self::Environment(own) => own.collector.sizes(),
            Self::Recorded(own) => own.batches.data().sizes(),
        }
    }

    /// The batch that was drawn last; empty before the first.
    pub(super) fn batch(&self) -> &Batch {
        match self {
            Self::Environment(own) => &own.batch,
            Self::Recorded(own) => &own.batch,
        }
    }

    /// Stored transitions, where they are kept.
    pub(super) fn replay(&self) -> Option<&Replay> {
        match self {
            Self::Environment(own) => own.replay.as_ref(),
            Self::Recorded(_) => None,
        }
    }

    /// Does to an observation of the task what was done to those that the agent learns from.
    pub(super) fn normalise(&self, observation: &mut [f32]) {
        if let Self::Recorded(own) = self {
            own.batches.data().normalise(observation);
        }
    }

    /// A mean return on the scale of recorded transitions, where they have one.
    pub(super) fn score(&self, mean_return: f64) -> Option<f64> {
        match self {
            Self::Environment(_) => None,
            Self::Recorded(own) => own.batches.data().score(mean_return),
        }
    }

    /// One step of the run, and what the agent learned; nothing in the random steps at the start.
    pub(super) fn step(
        &mut self,
        agent: &mut impl Agent,
        config: &LoopConfig,
        progress: &mut Progress,
        streams: &mut Streams,
    ) -> Result<UpdateReport> {
        match self {
            Self::Environment(own) => own.step(agent, config, progress, streams),
            Self::Recorded(own) => {
                progress.n_step = config.n_step.n;
                let agent: &mut dyn Agent = agent;
                agent.learn_from(&own.batches, &mut own.batch, streams)
            }
        }
    }

    /// Turns to the next step.
    pub(super) fn go_on(
        &mut self,
        agent: &mut impl Agent,
        config: &LoopConfig,
        progress: &mut Progress,
    ) -> Result<()> {
        match self {
            Self::Environment(own) => own.go_on(agent, config, progress),
            Self::Recorded(_) => Ok(()),
        }
    }

    /// What goes on after a checkpoint.
    pub(super) fn state(&self) -> Result<SourceState> {
        Ok(match self {
            Self::Environment(own) => SourceState::Environment(own.collector.state()?),
            Self::Recorded(own) => SourceState::Recorded(own.batches.rng()),
        })
    }

    /// Goes on from there.
    pub(super) fn restore(&mut self, state: SourceState, replay: Option<Replay>) -> Result<()> {
        match (self, state) {
            (Self::Environment(own), SourceState::Environment(state)) => {
                let expected = own.replay.as_ref().map(Replay::shape);
                let found = replay.as_ref().map(Replay::shape);
                if found != expected {
                    let allowed = format!("{}, as the run's own", told(expected));
                    return Err(Error::config("replay", told(found), allowed));
                }
                own.replay = replay;
                own.collector.set_state(state)
            }
            (Self::Recorded(own), SourceState::Recorded(rng)) => {
                own.batches.set_rng(rng);
                Ok(())
            }
            (Self::Environment(_), _) => Err(other_source("recorded transitions")),
            (Self::Recorded(_), _) => Err(other_source("an environment")),
        }
    }
}

/// A replay of this shape, in words.
fn told(shape: Option<[usize; 3]>) -> String {
    let told = |[observation, action, capacity]: [usize; 3]| {
        format!(
            "one of {capacity} transitions at most, with {observation} observed numbers and {action} of an action"
        )
    };
    shape.map_or("none".to_owned(), told)
}

/// The error of a state of a run on something else.
fn other_source(stored: &str) -> Error {
    Error::config("state", stored, "of a run with experience of the same kind")
}

impl Environment {
    fn step(
        &mut self,
        agent: &mut impl Agent,
        config: &LoopConfig,
        progress: &mut Progress,
        streams: &mut Streams,
    ) -> Result<UpdateReport> {
        let random = progress.step <= config.random_steps;
        self.collector.step(agent, random, streams)?;
        if let Some(replay) = &mut self.replay {
            replay.push(&self.collector.transition());
        }
        if random {
            return Ok(UpdateReport::default());
        }
        let newest = self.collector.transition();
        let mut experience = match &self.replay {
            Some(replay) => {
                let windows = Windows {
                    size: config.batch_size,
                    gamma: config.gamma as f32,
                    n: config.n_step.n,
                    delay: config.n_step.delay,
                    updates: progress.updates,
                };
                Experience::replayed(replay, windows, &mut self.batch).with_newest(newest)
            }
            None => Experience::newest(newest),
        };
        let report = keep_workers_awake(|| agent.learn(&mut experience, streams))?;
        progress.n_step = experience.n_step().unwrap_or(progress.n_step);
        Ok(report)
    }

    fn go_on(
        &mut self,
        agent: &mut impl Agent,
        config: &LoopConfig,
        progress: &mut Progress,
    ) -> Result<()> {
        self.evict(agent, config, progress);
        progress.replay_size = self.replay.as_ref().map_or(0, Replay::len);
        progress.episodes = self.collector.episodes;
        [progress.train_return, progress.train_length] = self.collector.recent();
        self.collector.go_on()
    }

    /// Forgets what an old policy did, when that is to be looked at.
    fn evict(&mut self, agent: &mut impl Agent, config: &LoopConfig, progress: &mut Progress) {
        let adaptive = config.replay.as_ref();
        let adaptive = adaptive.and_then(|replay| replay.adaptive.as_ref());
        if let (Some(adaptive), Some(replay)) = (adaptive, &mut self.replay)
            && progress.step.is_multiple_of(adaptive.every)
        {
            let policy = |seen: &[f32], action: &mut [f32]| agent.act(seen, action);
            let distance = policy_distance(policy, replay, adaptive.check);
            progress.policy_distance = distance;
            adaptive.evict(distance, replay);
        }
    }
}
