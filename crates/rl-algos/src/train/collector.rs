//! Steps in the training environment: the agent acts, an episode goes on.

use std::collections::VecDeque;

use envs::{EnvState, VecEnv};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::replay::Transition;
use crate::rng::Streams;
use crate::scale::{ActionRange, reward_to_agent, to_agent};
use crate::{Error, Result};

/// Training episodes whose mean return is reported.
const RECENT_EPISODES: usize = 10;

/// Return and length (steps) of an episode.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Episode {
    /// Its return so far.
    pub sum: f64,
    /// Its length so far (environment steps).
    pub length: usize,
}

/// What of a collector goes on after a checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CollectorState {
    /// The environment.
    pub env: EnvState,
    /// What the agent sees, `[observation]`.
    pub observation: Vec<f32>,
    /// The episode under way.
    pub episode: Episode,
    /// The last episodes, the newest first.
    pub recent: VecDeque<Episode>,
    /// Episodes that ended.
    pub episodes: u64,
}

/// The training environment and the episode under way.
pub(crate) struct Collector {
    /// One environment, which begins its next episode by itself.
    env: VecEnv,
    range: ActionRange,
    /// The action in the environment's own range.
    env_action: Vec<f64>,
    /// What the agent sees and does, and what it would have done without noise.
    observation: Vec<f32>,
    action: Vec<f32>,
    mean_action: Vec<f32>,
    next_observation: Vec<f32>,
    /// The step made last.
    reward: f32,
    terminated: bool,
    truncated: bool,
    episode: Episode,
    /// The last episodes, the newest first.
    recent: VecDeque<Episode>,
    pub(super) episodes: u64,
}

impl Collector {
    /// One environment whose first episode is drawn from the streams.
    pub(super) fn new(env: VecEnv, streams: &mut Streams) -> Result<Self> {
        let info = env.info();
        let (observations, actions) = (info.observation.len(), info.action.len());
        let mut collector = Self {
            range: ActionRange::of(&info.action)?,
            env,
            env_action: vec![0.0; actions],
            observation: vec![0.0; observations],
            action: vec![0.0; actions],
            mean_action: vec![0.0; actions],
            next_observation: vec![0.0; observations],
            reward: 0.0,
            terminated: false,
            truncated: false,
            episode: Episode::default(),
            recent: VecDeque::with_capacity(RECENT_EPISODES),
            episodes: 0,
        };
        let seen = collector.env.reset(streams.environment.random())?;
        to_agent(seen, &mut collector.observation)?;
        Ok(collector)
    }

    /// Numbers in an observation and in an action.
    pub(super) fn sizes(&self) -> [usize; 2] {
        [self.observation.len(), self.action.len()]
    }

    /// Acts once, at random or as the agent explores. The observation that follows becomes the present one when the
    /// collector is to [go on](Self::go_on).
    pub(super) fn step(
        &mut self,
        agent: &mut impl Agent,
        random: bool,
        streams: &mut Streams,
    ) -> Result<()> {
        let rng = &mut streams.exploration;
        if random {
            self.action.fill_with(|| rng.random_range(-1.0..=1.0));
            self.mean_action.copy_from_slice(&self.action);
        } else {
            let (mean, action) = (&mut self.mean_action, &mut self.action);
            agent.explore(&self.observation, rng, mean, action);
        }
        self.range.to_task(&self.action, &mut self.env_action);
        let step = self.env.step(&self.env_action)?[0];
        if self.env.diverged() > 0 {
            return Err(Error::Env(envs::Error::Diverged {
                task: self.env.info().id,
                elapsed_steps: self.episode.length,
            }));
        }
        let ended = self.env.final_observation(0);
        to_agent(
            ended.unwrap_or(self.env.observations()),
            &mut self.next_observation,
        )?;
        self.reward = reward_to_agent(step.reward)?;
        (self.terminated, self.truncated) = (step.terminated, step.truncated);
        self.episode.sum += step.reward;
        self.episode.length += 1;
        if step.terminated || step.truncated {
            self.episodes += 1;
            self.recent.truncate(RECENT_EPISODES - 1);
            self.recent.push_front(std::mem::take(&mut self.episode));
        }
        Ok(())
    }

    /// The step that was made last.
    pub(super) fn transition(&self) -> Transition<'_> {
        Transition {
            observation: &self.observation,
            action: &self.action,
            mean_action: &self.mean_action,
            reward: self.reward,
            next_observation: &self.next_observation,
            terminated: self.terminated,
            truncated: self.truncated,
        }
    }

    /// Turns to the next step.
    ///
    /// # Errors
    /// [`Error::Overflow`] of the first observation of an episode.
    pub(super) fn go_on(&mut self) -> Result<()> {
        to_agent(self.env.observations(), &mut self.observation)
    }

    /// Mean return and length of the last episodes; NaN before the first.
    pub(super) fn recent(&self) -> [f64; 2] {
        let count = self.recent.len() as f64;
        let sum: f64 = self.recent.iter().map(|episode| episode.sum).sum();
        let steps: usize = self.recent.iter().map(|episode| episode.length).sum();
        [sum / count, steps as f64 / count]
    }

    /// What goes on after a checkpoint.
    pub(super) fn state(&self) -> Result<CollectorState> {
        Ok(CollectorState {
            env: self.env.env(0).state()?,
            observation: self.observation.clone(),
            episode: self.episode,
            recent: self.recent.clone(),
            episodes: self.episodes,
        })
    }

    /// Goes on from there.
    pub(super) fn set_state(&mut self, state: CollectorState) -> Result<()> {
        if state.observation.len() != self.observation.len() {
            let allowed = format!("{} numbers", self.observation.len());
            let found = state.observation.len();
            return Err(Error::config("observation", found, &allowed));
        }
        self.env.set_state(0, &state.env)?;
        self.observation = state.observation;
        self.episode = state.episode;
        self.recent = state.recent;
        self.episodes = state.episodes;
        Ok(())
    }
}
