//! The loop: act, step, store, sample, update; now and then forget, evaluate, save.

use std::collections::VecDeque;

use burn::tensor::Device;
use envs::VecEnv;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::algos::{Td3, UpdateReport};
use crate::config::TrainConfig;
use crate::evaluate::evaluate;
use crate::observe::{Csv, Evaluation, Observer, Progress};
use crate::replay::{Batch, Replay, Transition, policy_distance};
use crate::rng::Streams;
use crate::run_dir::{Checkpoint, CheckpointInfo, RunDir};
use crate::scale::{ActionRange, to_agent};
use crate::{Error, Result};

/// Training episodes whose mean return is reported.
const RECENT_EPISODES: usize = 10;

/// What a run came to.
#[derive(Debug)]
pub struct Trained {
    /// The agent at the end.
    pub agent: Td3,
    /// The last evaluation.
    pub last: Evaluation,
    /// The mean return of every evaluation, in order.
    pub returns: Vec<f64>,
}

/// Trains as `config` says, writes metrics and checkpoints to `run`, and tells `observers`.
///
/// The same configuration and device give the same run, whatever the number of threads.
///
/// # Errors
/// [`Error::Diverged`] when a loss or the physics is no longer finite; the last good checkpoint stays. Those of
/// the configuration, the environment and the files.
pub fn train(
    config: &TrainConfig,
    device: &Device,
    run: &RunDir,
    observers: &mut [&mut dyn Observer],
) -> Result<Trained> {
    // Inside the pool a fork costs one wake-up; from outside it would cost three.
    rayon::scope(|_| learn(config, device, run, observers))
}

/// The loop itself.
fn learn(
    config: &TrainConfig,
    device: &Device,
    run: &RunDir,
    observers: &mut [&mut dyn Observer],
) -> Result<Trained> {
    let mut streams = Streams::new(config.seed);
    let mut evaluation_envs = VecEnv::new(&config.env, config.evaluation.episodes)?;
    let mut world = World::new(config, &mut streams)?;
    let (observations, actions) = (world.observation.len(), world.action.len());
    let mut agent = Td3::new(config, observations, actions, device, &mut streams)?;
    let mut replay = Replay::new(observations, actions, config.replay.capacity);
    let mut batch = Batch::default();
    let mut averages = Averages::default();
    let mut progress = Progress {
        train_return: f64::NAN,
        policy_distance: f64::NAN,
        densities: agent.densities(),
        ..Progress::default()
    };
    let mut csv = Csv::create(&run.metrics_path(), config.seed)?;
    let mut returns = Vec::new();
    let random_steps = config.random_steps();
    for observer in observers.iter_mut() {
        observer.on_start(config, &agent)?;
    }
    loop {
        progress.step += 1;
        let step = progress.step;
        let here = |error| at_step(error, step);
        let random = step <= random_steps;
        let acted = world.step(config, &agent, random, &mut streams, &mut replay);
        acted.map_err(here)?;
        if !random {
            let delayed = agent.updates() < config.n_step.delay;
            progress.n_step = if delayed { 1 } else { config.n_step.n };
            let gamma = config.td3.gamma as f32;
            let size = config.td3.batch_size;
            replay.sample(
                progress.n_step,
                gamma,
                size,
                &mut streams.replay,
                &mut batch,
            );
            let report = agent.update(&batch, &mut streams);
            averages.add(&report.map_err(here)?);
        }
        if let Some(adaptive) = &config.replay.adaptive
            && progress.step.is_multiple_of(adaptive.every)
        {
            progress.policy_distance = policy_distance(|o| agent.act(o), &replay, adaptive.check);
            adaptive.forget(progress.policy_distance, &mut replay);
        }
        progress.updates = agent.updates();
        progress.moved = averages.moved;
        progress.replay_size = replay.len();
        (progress.episodes, progress.train_return) = (world.episodes, world.recent_return());
        for observer in observers.iter_mut() {
            observer.on_step(&progress);
        }
        let over = progress.step >= config.steps;
        if !over && !progress.step.is_multiple_of(config.evaluation.every) {
            continue;
        }
        averages.report(&mut progress);
        let policy = |observation: &[f32]| agent.act(observation);
        let earned = evaluate(&mut evaluation_envs, &mut streams.evaluation, policy);
        let earned = earned.map_err(here)?;
        let last = Evaluation {
            progress,
            returns: earned,
        };
        save(run, &agent, &last, &returns)?;
        returns.push(last.returns.mean);
        csv.on_evaluation(&last)?;
        for observer in observers.iter_mut() {
            observer.on_evaluation(&last)?;
        }
        if over {
            for observer in observers.iter_mut() {
                observer.on_finish(&last)?;
            }
            return Ok(Trained {
                agent,
                last,
                returns,
            });
        }
    }
}

/// Writes the latest checkpoint, and the best if this evaluation is higher than all `before`.
fn save(run: &RunDir, agent: &Td3, evaluation: &Evaluation, before: &[f64]) -> Result<()> {
    let weights = agent.to_bytes()?;
    let mean = evaluation.returns.mean;
    let info = CheckpointInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        step: evaluation.progress.step,
        updates: evaluation.progress.updates,
        return_mean: mean,
    };
    run.save(Checkpoint::Latest, &weights, &info)?;
    if before.iter().all(|earlier| mean > *earlier) {
        run.save(Checkpoint::Best, &weights, &info)?;
    }
    Ok(())
}

/// An update or a world that is no longer finite, with the environment step at which it happened.
fn at_step(error: Error, step: u64) -> Error {
    use envs::Error::{Diverged, NotFinite};
    let what = error.to_string();
    match error {
        Error::Sparse(error) if error.is_diverged() => Error::Diverged { step, what },
        Error::Env(Diverged { .. } | NotFinite { .. }) => Error::Diverged { step, what },
        other => other,
    }
}

/// The training environment and the episode under way.
struct World {
    /// One environment, which begins its next episode by itself.
    env: VecEnv,
    range: ActionRange,
    /// What the environment is told.
    told: Vec<f64>,
    /// What the agent sees and does.
    observation: Vec<f32>,
    action: Vec<f32>,
    next_observation: Vec<f32>,
    /// Return and length of the episode under way, and returns of the last ones.
    sum: f64,
    length: usize,
    recent: VecDeque<f64>,
    episodes: u64,
}

impl World {
    fn new(config: &TrainConfig, streams: &mut Streams) -> Result<Self> {
        let env = VecEnv::new(&config.env, 1)?;
        let info = env.info();
        let (observations, actions) = (info.observation.len(), info.action.len());
        let mut world = Self {
            range: ActionRange::of(&info.action),
            env,
            told: vec![0.0; actions],
            observation: vec![0.0; observations],
            action: vec![0.0; actions],
            next_observation: vec![0.0; observations],
            sum: 0.0,
            length: 0,
            recent: VecDeque::with_capacity(RECENT_EPISODES),
            episodes: 0,
        };
        let seen = world.env.reset(streams.environment.random())?;
        to_agent(seen, &mut world.observation);
        Ok(world)
    }

    /// Acts once, at random or by the policy with noise, and stores what came of it.
    fn step(
        &mut self,
        config: &TrainConfig,
        agent: &Td3,
        random: bool,
        streams: &mut Streams,
        replay: &mut Replay,
    ) -> Result<()> {
        let rng = &mut streams.exploration;
        let mean_action = if random {
            self.action.fill_with(|| rng.random_range(-1.0..=1.0));
            self.action.clone()
        } else {
            let mean = agent.act(&self.observation);
            for (action, mean) in self.action.iter_mut().zip(&mean) {
                let unit: f32 = StandardNormal.sample(rng);
                *action = (mean + config.exploration.noise as f32 * unit).clamp(-1.0, 1.0);
            }
            mean
        };
        self.range.to_task(&self.action, &mut self.told);
        let step = self.env.step(&self.told)?[0];
        if self.env.diverged() > 0 {
            return Err(Error::Env(envs::Error::Diverged {
                task: self.env.info().id,
                elapsed_steps: self.length,
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
            mean_action: &mean_action,
            reward: step.reward as f32,
            next_observation: &self.next_observation,
            terminated: step.terminated,
            truncated: step.truncated,
        });
        self.sum += step.reward;
        self.length += 1;
        if step.terminated || step.truncated {
            self.episodes += 1;
            self.recent.truncate(RECENT_EPISODES - 1);
            self.recent.push_front(self.sum);
            (self.sum, self.length) = (0.0, 0);
        }
        to_agent(self.env.observations(), &mut self.observation);
        Ok(())
    }

    fn recent_return(&self) -> f64 {
        self.recent.iter().sum::<f64>() / self.recent.len() as f64
    }
}

/// Averages of what updates report, since the last evaluation.
#[derive(Default)]
struct Averages {
    updates: f64,
    actor_updates: f64,
    critic_loss: f64,
    actor_loss: f64,
    target_mean: f64,
    moved: u64,
}

impl Averages {
    fn add(&mut self, report: &UpdateReport) {
        self.updates += 1.0;
        self.critic_loss += f64::from(report.critic_loss);
        self.target_mean += f64::from(report.target_mean);
        if let Some(loss) = report.actor_loss {
            self.actor_updates += 1.0;
            self.actor_loss += f64::from(loss);
        }
        self.moved += report.moved as u64;
    }

    /// Writes the averages and begins anew.
    fn report(&mut self, progress: &mut Progress) {
        progress.critic_loss = self.critic_loss / self.updates;
        progress.target_mean = self.target_mean / self.updates;
        progress.actor_loss = self.actor_loss / self.actor_updates;
        *self = Self {
            moved: self.moved,
            ..Self::default()
        };
    }
}
