//! The training environment and the episode under way.

use std::collections::VecDeque;

use envs::{EnvState, VecEnv};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::algos::Agent;
use crate::config::TrainConfig;
use crate::replay::{Replay, Transition};
use crate::rng::Streams;
use crate::scale::{ActionRange, to_agent};
use crate::{Error, Result};

/// Training episodes whose mean return is reported.
const RECENT_EPISODES: usize = 10;

/// Return and length (steps) of an episode.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Episode {
    sum: f64,
    length: usize,
}

/// What of a world goes on after a checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WorldState {
    env: EnvState,
    observation: Vec<f32>,
    episode: Episode,
    recent: VecDeque<Episode>,
    episodes: u64,
}

/// The training environment and the episode under way.
pub(super) struct World {
    /// One environment, which begins its next episode by itself.
    env: VecEnv,
    range: ActionRange,
    /// What the environment is told.
    told: Vec<f64>,
    /// What the agent sees and does, and what it would have done without noise.
    observation: Vec<f32>,
    action: Vec<f32>,
    mean_action: Vec<f32>,
    next_observation: Vec<f32>,
    episode: Episode,
    /// The last episodes, the newest first.
    recent: VecDeque<Episode>,
    pub(super) episodes: u64,
}

impl World {
    /// A world whose first episode is drawn from the streams.
    pub(super) fn new(config: &TrainConfig, streams: &mut Streams) -> Result<Self> {
        let env = VecEnv::new(&config.env, 1)?;
        let info = env.info();
        let (observations, actions) = (info.observation.len(), info.action.len());
        let mut world = Self {
            range: ActionRange::of(&info.action)?,
            env,
            told: vec![0.0; actions],
            observation: vec![0.0; observations],
            action: vec![0.0; actions],
            mean_action: vec![0.0; actions],
            next_observation: vec![0.0; observations],
            episode: Episode::default(),
            recent: VecDeque::with_capacity(RECENT_EPISODES),
            episodes: 0,
        };
        let seen = world.env.reset(streams.environment.random())?;
        to_agent(seen, &mut world.observation);
        Ok(world)
    }

    /// Numbers in an observation and in an action.
    pub(super) fn sizes(&self) -> [usize; 2] {
        [self.observation.len(), self.action.len()]
    }

    /// Acts once, at random or as the agent explores, and stores what came of it.
    pub(super) fn step(
        &mut self,
        agent: &mut dyn Agent,
        random: bool,
        streams: &mut Streams,
        replay: &mut Replay,
    ) -> Result<()> {
        let rng = &mut streams.exploration;
        if random {
            self.action.fill_with(|| rng.random_range(-1.0..=1.0));
            self.mean_action.copy_from_slice(&self.action);
        } else {
            let (mean, action) = (&mut self.mean_action, &mut self.action);
            agent.explore(&self.observation, rng, mean, action);
        }
        self.range.to_task(&self.action, &mut self.told);
        let step = self.env.step(&self.told)?[0];
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
        );
        replay.push(&Transition {
            observation: &self.observation,
            action: &self.action,
            mean_action: &self.mean_action,
            reward: step.reward as f32,
            next_observation: &self.next_observation,
            terminated: step.terminated,
            truncated: step.truncated,
        });
        self.episode.sum += step.reward;
        self.episode.length += 1;
        if step.terminated || step.truncated {
            self.episodes += 1;
            self.recent.truncate(RECENT_EPISODES - 1);
            self.recent.push_front(std::mem::take(&mut self.episode));
        }
        to_agent(self.env.observations(), &mut self.observation);
        Ok(())
    }

    /// Mean return and length of the last episodes; NaN before the first.
    pub(super) fn recent(&self) -> [f64; 2] {
        let count = self.recent.len() as f64;
        let sum: f64 = self.recent.iter().map(|episode| episode.sum).sum();
        let steps: usize = self.recent.iter().map(|episode| episode.length).sum();
        [sum / count, steps as f64 / count]
    }

    /// What goes on after a checkpoint.
    pub(super) fn state(&self) -> Result<WorldState> {
        Ok(WorldState {
            env: self.env.env(0).state()?,
            observation: self.observation.clone(),
            episode: self.episode,
            recent: self.recent.clone(),
            episodes: self.episodes,
        })
    }

    /// Goes on from there.
    pub(super) fn set_state(&mut self, state: WorldState) -> Result<()> {
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
