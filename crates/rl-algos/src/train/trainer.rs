//! The loop: act, step, store, learn; now and then forget and evaluate. Observers hear of it.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use envs::{Env, TaskInfo, VecEnv};
use sparse_core::nn::SparseModule;
use sparse_core::topology::dormant_units;

use super::averages::Averages;
use super::collector::Collector;
use super::observer::{Observer, Start};
use super::settings::LoopConfig;
use super::state::{Snapshot, TrainState};
use crate::agent::{Agent, Experience, Network, Role, Windows};
use crate::evaluate::evaluate;
use crate::nets::BatchShape;
use crate::progress::{Evaluation, NetworkReport, Progress};
use crate::replay::{Batch, Replay, policy_distance};
use crate::rng::Streams;
use crate::{ActiveRunGuard, Error, Result, keep_workers_awake};

/// Units whose mean activation is at most this share of their layer's count as dormant (Sokar et al. 2023, arXiv
/// 2302.12902, §3).
const DORMANT: f64 = 0.025;

/// What a run came to.
#[derive(Debug)]
pub struct Trained<A = Box<dyn Agent>> {
    /// The agent at the end.
    pub agent: A,
    /// Environment steps that were made.
    pub steps: u64,
    /// The mean return of every evaluation, in order.
    pub returns: Vec<f64>,
    /// Whether an observer stopped it before its last step.
    pub stopped: bool,
}

/// Trains an agent in an environment. Nothing is written but by observers.
///
/// The same agent, environment and settings give the same run, whatever the number of threads, and for sparse networks
/// in compressed rows on every CPU ([`sparse_core::kernels`]).
///
/// ```no_run
/// use rl_algos::train::{LoopConfig, Trainer};
/// use rl_algos::{algos, recipes, rng::Streams};
/// use sparse_core::device;
///
/// let config = recipes::named("dense-td3", "InvertedPendulum-v5")?;
/// let env = envs::make(&config.env)?;
/// let [observation, action] = [env.info().observation.len(), env.info().action.len()];
/// let mut streams = Streams::new(config.seed);
/// let agent = algos::build(&config, observation, action, &device::by_name("flex")?, &mut streams)?;
/// let trained = Trainer::new(agent, env).config(LoopConfig::from(&config)).streams(streams).run()?;
/// println!("{:.0?}", trained.returns.last());
/// # Ok::<(), rl_algos::Error>(())
/// ```
pub struct Trainer<'a, A> {
    agent: A,
    env: Box<dyn Env>,
    config: LoopConfig,
    streams: Option<Streams>,
    observers: Vec<Box<dyn Observer + 'a>>,
    resumed: Option<(TrainState, Option<Replay>)>,
}

impl<'a, A: Agent> Trainer<'a, A> {
    /// Trains `agent` in `env`, with the default [`LoopConfig`].
    pub fn new(agent: A, env: impl Into<Box<dyn Env>>) -> Self {
        Self {
            agent,
            env: env.into(),
            config: LoopConfig::default(),
            streams: None,
            observers: Vec::new(),
            resumed: None,
        }
    }

    /// With these settings.
    #[must_use]
    pub fn config(self, config: LoopConfig) -> Self {
        Self { config, ..self }
    }

    /// With these streams of random numbers, such as those that the agent was drawn by; otherwise those of the
    /// settings' seed.
    #[must_use]
    pub fn streams(self, streams: Streams) -> Self {
        Self {
            streams: Some(streams),
            ..self
        }
    }

    /// Tells an observer of the run, after those that were given before. A `&mut` to one is one too.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer + 'a) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Goes on from a state that a run with the same settings was [kept in](Snapshot::state), as if it had not stopped.
    /// A run that is over makes no step.
    #[must_use]
    pub fn resume(self, state: TrainState, replay: Option<Replay>) -> Self {
        Self {
            resumed: Some((state, replay)),
            ..self
        }
    }

    /// Makes all steps, or as many as observers let it.
    ///
    /// # Errors
    /// [`Error::Diverged`] when a loss, a reward, an observation or the physics is not finite; [`Error::Config`] as
    /// [`LoopConfig::validate`], and when the agent's networks were drawn for another task; [`Error::ActionRange`] of an action without a finite range. Those of the agent, the
    /// environment and the observers.
    pub fn run(self) -> Result<Trained<A>> {
        // Inside the pool a fork costs one wake-up; from outside it would cost three.
        let _training = ActiveRunGuard::begin();
        rayon::scope(|_| {
            self.config.validate()?;
            let streams = self.streams.unwrap_or(Streams::new(self.config.seed));
            let mut session = Session::new(self.agent, &*self.env, self.config, streams)?;
            if let Some((state, replay)) = self.resumed {
                session.restore(state, replay)?;
            }
            session.run(self.observers)
        })
    }
}

/// Everything that a run is made of.
struct Session<A> {
    config: LoopConfig,
    agent: A,
    streams: Streams,
    collector: Collector,
    evaluation_envs: VecEnv,
    replay: Option<Replay>,
    batch: Batch,
    averages: Averages,
    progress: Progress,
    returns: Vec<f64>,
    /// Lines on networks without a way through: all that were found.
    cut_off: Vec<String>,
    /// Lines that observers are not told yet.
    notes: Vec<String>,
}

impl<A: Agent> Session<A> {
    /// A run before its first step.
    fn new(agent: A, env: &dyn Env, config: LoopConfig, mut streams: Streams) -> Result<Self> {
        let copies = |count: usize| VecEnv::from_envs(vec![env.clone_env(); count]);
        let collector = Collector::new(copies(1)?, &mut streams)?;
        let [observation, action] = collector.sizes();
        check_sizes(&agent, env.info())?;
        let replay = config.replay.as_ref();
        Ok(Self {
            evaluation_envs: copies(config.evaluation.episodes)?,
            replay: replay.map(|replay| Replay::new(observation, action, replay.capacity)),
            batch: Batch::default(),
            averages: Averages::new(agent.metrics()),
            progress: Progress {
                train_return: f64::NAN,
                train_length: f64::NAN,
                policy_distance: f64::NAN,
                densities: (&agent as &dyn Agent).densities(),
                ..Progress::default()
            },
            returns: Vec::new(),
            cut_off: Vec::new(),
            notes: Vec::new(),
            config,
            streams,
            agent,
            collector,
        })
    }

    fn agent(&self) -> &dyn Agent {
        &self.agent
    }

    /// Goes on to the last step.
    fn run(mut self, mut observers: Vec<Box<dyn Observer + '_>>) -> Result<Trained<A>> {
        for observer in &mut observers {
            observer.on_start(&mut Start {
                agent: &self.agent,
                config: &self.config,
                progress: &self.progress,
                returns: &self.returns,
                notes: &mut self.notes,
            })?;
        }
        self.look_for_ways();
        self.tell(&mut observers);
        let mut stopped = false;
        while self.progress.step < self.config.steps && !stopped {
            self.progress.step += 1;
            let step = self.progress.step;
            self.step().map_err(|error| at_step(error, step))?;
            for observer in &mut observers {
                stopped |= observer.on_step(&self.progress) == ControlFlow::Break(());
            }
            let over = step >= self.config.steps;
            if over || step.is_multiple_of(self.config.evaluation.every) {
                let evaluation = self.evaluate().map_err(|error| at_step(error, step))?;
                for observer in &mut observers {
                    observer.on_evaluation(&evaluation)?;
                }
                self.checkpoint(Some(&evaluation), &mut observers)?;
            } else if stopped {
                self.checkpoint(None, &mut observers)?;
            }
            self.tell(&mut observers);
        }
        Ok(Trained {
            agent: self.agent,
            steps: self.progress.step,
            returns: self.returns,
            stopped,
        })
    }

    /// Tells observers what a person should know.
    fn tell(&mut self, observers: &mut [Box<dyn Observer + '_>]) {
        for note in self.notes.drain(..) {
            for observer in observers.iter_mut() {
                observer.on_note(&note);
            }
        }
    }

    /// Lets observers keep the run as it is.
    fn checkpoint(
        &mut self,
        evaluation: Option<&Evaluation>,
        observers: &mut [Box<dyn Observer + '_>],
    ) -> Result<()> {
        for observer in observers {
            observer.on_checkpoint(&mut Snapshot {
                evaluation,
                progress: &self.progress,
                returns: &self.returns,
                replay: self.replay.as_ref(),
                agent: &mut self.agent,
                streams: &self.streams,
                collector: &self.collector,
                averages: &self.averages,
                notes: &mut self.notes,
            })?;
        }
        Ok(())
    }

    /// One step of the environment, and what follows from it.
    fn step(&mut self) -> Result<()> {
        let random = self.progress.step <= self.config.random_steps;
        self.collector
            .step(&mut self.agent, random, &mut self.streams)?;
        if let Some(replay) = &mut self.replay {
            replay.push(&self.collector.transition());
        }
        if !random {
            self.learn()?;
        }
        self.evict();
        self.progress.replay_size = self.replay.as_ref().map_or(0, Replay::len);
        self.progress.episodes = self.collector.episodes;
        [self.progress.train_return, self.progress.train_length] = self.collector.recent();
        self.collector.go_on();
        Ok(())
    }

    /// Lets the agent learn.
    fn learn(&mut self) -> Result<()> {
        let config = &self.config;
        let newest = self.collector.transition();
        let mut experience = match &self.replay {
            Some(replay) => {
                let windows = Windows {
                    size: config.batch_size,
                    gamma: config.gamma as f32,
                    n: config.n_step.n,
                    delay: config.n_step.delay,
                    updates: self.progress.updates,
                };
                Experience::replayed(replay, windows, &mut self.batch).with_newest(newest)
            }
            None => Experience::newest(newest),
        };
        let (agent, streams) = (&mut self.agent, &mut self.streams);
        let report = keep_workers_awake(|| agent.learn(&mut experience, streams))?;
        let n_step = experience.n_step();
        let progress = &mut self.progress;
        progress.n_step = n_step.unwrap_or(progress.n_step);
        progress.updates += report.updates;
        progress.moved += report.moves.moved as u64;
        progress.dropped += report.moves.dropped as u64;
        progress.grown += report.moves.grown as u64;
        progress.recycled += report.moves.recycled as u64;
        self.averages.add(&report)?;
        if report.moves.moved > 0 {
            self.progress.densities = self.agent().densities();
            self.look_for_ways();
        }
        Ok(())
    }

    /// Forgets what an old policy did, when that is to be looked at.
    fn evict(&mut self) {
        let adaptive = self.config.replay.as_ref();
        let adaptive = adaptive.and_then(|replay| replay.adaptive.as_ref());
        if let (Some(adaptive), Some(replay)) = (adaptive, &mut self.replay)
            && self.progress.step.is_multiple_of(adaptive.every)
        {
            let policy = |seen: &[f32], action: &mut [f32]| self.agent.act(seen, action);
            let distance = policy_distance(policy, replay, adaptive.check);
            self.progress.policy_distance = distance;
            adaptive.evict(distance, replay);
        }
    }

    /// Notes what of the networks no connection leads to any more, each thing once.
    fn look_for_ways(&mut self) {
        let updates = self.progress.updates;
        for line in self.agent().cut_off().lines() {
            if !self.cut_off.contains(&line) {
                self.notes.push(match updates {
                    0 => line.clone(),
                    _ => format!("after update {updates} {line}"),
                });
                self.cut_off.push(line);
            }
        }
    }

    /// Plays episodes without noise and looks at the networks.
    fn evaluate(&mut self) -> Result<Evaluation> {
        let policy = |seen: &[f32], action: &mut [f32]| self.agent.act(seen, action);
        let seeds = &mut self.streams.evaluation;
        let returns = evaluate(&mut self.evaluation_envs, seeds, policy)?;
        self.returns.push(returns.mean);
        let networks = self.agent.networks();
        let networks = networks.iter().map(|network| self.report(network));
        let networks = networks.collect();
        Ok(Evaluation {
            progress: self.progress.clone(),
            metrics: self.averages.take(),
            networks,
            returns,
        })
    }

    /// What is known of a network; its dormant units are counted on the last batch.
    fn report(&self, network: &Network<'_>) -> NetworkReport {
        let explored = network.learner.and_then(|learner| learner.explored());
        NetworkReport {
            name: network.name.to_owned(),
            densities: network.densities(),
            explored: explored.map_or(f64::NAN, |e| e.rate()),
            dormant: self.dormant(network),
        }
    }

    /// The share of a network's hidden units that are dormant on the last batch; NaN without one.
    fn dormant(&self, network: &Network<'_>) -> f64 {
        let batch = &self.batch;
        if batch.size == 0 || network.role == Role::Other {
            return f64::NAN;
        }
        let [observation, action] = self.collector.sizes();
        let rows = BatchShape {
            obs_dim: observation,
            act_dim: action,
            device: network.device(),
        };
        let seen: Tensor<2> = match network.role {
            Role::Critic => rows.critic_input(&batch.observation, &batch.action),
            _ => rows.observations(&batch.observation, &(0..batch.size)),
        };
        dormant_units(network.net, seen, DORMANT)
    }

    /// Goes on from a state.
    fn restore(&mut self, state: TrainState, replay: Option<Replay>) -> Result<()> {
        state.agent.restore(&mut self.agent)?;
        self.collector.set_state(state.collector)?;
        self.streams = state.streams;
        self.replay = replay;
        self.averages.set(state.averages);
        self.progress = state.progress;
        self.returns = state.returns;
        Ok(())
    }
}

/// Refuses an agent whose networks were drawn for another task.
fn check_sizes(agent: &dyn Agent, task: &TaskInfo) -> Result<()> {
    let (observation, action) = (task.observation.len(), task.action.len());
    for network in agent.networks() {
        let expected = match network.role {
            Role::Actor | Role::Value => observation,
            Role::Critic => observation + action,
            Role::Other => continue,
        };
        let layers = network.net.sparse_layers();
        let inputs = layers.first().map_or(0, |layer| layer.pattern().inputs());
        if inputs != expected {
            let field = format!("inputs of the agent's network `{}`", network.name);
            let allowed = format!(
                "{expected}: {} observes {observation} numbers and takes {action}",
                task.id
            );
            return Err(Error::config(field, inputs, &allowed));
        }
    }
    Ok(())
}

/// An update or an environment that is no longer finite, with the environment step at which it happened.
fn at_step(error: Error, step: u64) -> Error {
    use envs::Error::{Diverged, Gave, NotFinite};
    let what = error.to_string();
    match error {
        Error::Sparse(error) if error.is_diverged() => Error::Diverged { step, what },
        Error::Env(Diverged { .. } | NotFinite { .. } | Gave { .. }) => {
            Error::Diverged { step, what }
        }
        other => other,
    }
}
