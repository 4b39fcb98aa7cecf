//! The loop: act, step, store, sample, update; now and then forget, evaluate, save.

mod averages;
mod world;

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use envs::VecEnv;
use sparse_core::nn::SparseMlp;
use sparse_core::topology::dormant_units;

use crate::algos::{self, Agent, parts::Rows};
use crate::checkpoint::{AgentState, Checkpoints, Metrics, RunState, STATE, difference};
use crate::config::TrainConfig;
use crate::evaluate::evaluate;
use crate::files::hold;
use crate::observe::{Csv, Evaluation, NetworkReport, Observer, Progress};
use crate::replay::{Batch, Replay, policy_distance};
use crate::rng::Streams;
use crate::run_dir::{Checkpoint, CheckpointInfo, RunDir};
use crate::{Error, Result, Training, attended};
pub(crate) use averages::Averages;
use world::World;
pub(crate) use world::WorldState;

/// Units whose mean activation is at most this share of their layer's count as dormant (Sokar et al. 2023, arXiv
/// 2302.12902, §3).
const DORMANT: f64 = 0.025;

/// What a run came to.
#[derive(Debug)]
pub struct Trained {
    /// The agent at the end.
    pub agent: Box<dyn Agent>,
    /// Environment steps that were made.
    pub steps: u64,
    /// The mean return of every evaluation, in order.
    pub returns: Vec<f64>,
    /// Whether an observer stopped it before its last step.
    pub stopped: bool,
}

/// Trains as `config` says, writes metrics and checkpoints to `run`, and tells `observers`.
///
/// The same configuration, device and instruction set of the CPU give the same run, whatever the number of threads:
/// kernels for AVX-512, AVX2 and others round differently ([`sparse_core::kernels`]).
///
/// # Errors
/// [`Error::RunExists`] when the folder has metrics or a state to go on from: [`RunDir::create`] makes one without.
/// [`Error::File`] when its `config.toml` has other settings. [`Error::Config`] when a network is drawn without a way
/// from what it sees to what it does.
/// [`Error::Diverged`] when a loss or the physics is no longer finite; the last good checkpoint stays. Those of
/// the configuration, the environment and the files.
pub fn train(
    config: &TrainConfig,
    device: &Device,
    run: &RunDir,
    observers: &mut [&mut dyn Observer],
) -> Result<Trained> {
    let _held = hold(run.path())?;
    // What another command made there since the folder was.
    if run.metrics_path().exists() || run.resume_path().join(STATE).exists() {
        let path = run.path().to_owned();
        return Err(Error::RunExists { path });
    }
    let (_, written) = RunDir::open(run.path())?;
    if let Some([then, now]) = difference(&written, config)? {
        let message = format!("says `{then}`, but the run is to begin with `{now}`");
        return Err(Error::file(&run.config_path())(message));
    }
    begin(config, device, run, observers)
}

/// A run from its first step, in a folder that is held.
fn begin(
    config: &TrainConfig,
    device: &Device,
    run: &RunDir,
    observers: &mut [&mut dyn Observer],
) -> Result<Trained> {
    // Inside the pool a fork costs one wake-up; from outside it would cost three.
    let _training = Training::begin();
    rayon::scope(|_| {
        let session = Session::new(config, device)?;
        session.agent.check_paths(config)?;
        let csv = Csv::create(&run.metrics_path(), config.seed)?;
        let checkpoints = Checkpoints::create(&run.resume_path())?;
        session.run(
            Files {
                run,
                csv,
                checkpoints,
            },
            observers,
        )
    })
}

/// Goes on with a run that was stopped or killed, as if it had not stopped: the rows of `metrics.csv` become those of
/// a run without a break, but for the columns that tell the time (with the instruction set that the run had). A
/// `metrics.csv` that was changed meanwhile is kept under another name, and made anew. A run that was killed before its
/// first checkpoint begins anew; one that is over makes no step. `config` is the run's, as [`RunDir::open`] gives it.
///
/// # Errors
/// [`Error::File`] with the file when a checkpoint is missing, damaged, or of another configuration; nothing has
/// changed then. Otherwise as [`train`].
pub fn resume(
    config: &TrainConfig,
    device: &Device,
    run: &RunDir,
    observers: &mut [&mut dyn Observer],
) -> Result<Trained> {
    let _held = hold(run.path())?;
    let Some((checkpoints, state, replay)) = Checkpoints::open(&run.resume_path(), config)? else {
        check_unbegun(run)?;
        return begin(config, device, run, observers);
    };
    let _training = Training::begin();
    rayon::scope(|_| {
        let mut session = Session::new(config, device)?;
        let metrics = session.restore(state, replay)?;
        let csv = Csv::resume(&run.metrics_path(), config.seed, metrics, &session.returns)?;
        session.run(
            Files {
                run,
                csv,
                checkpoints,
            },
            observers,
        )
    })
}

/// Refuses to begin anew where something would be lost. A run makes the folder of its checkpoints before its first step,
/// and writes one after every evaluation: it was killed before the first only where that folder is there and there is one row
/// at most.
fn check_unbegun(run: &RunDir) -> Result<()> {
    let rows = Csv::rows(&run.metrics_path())?;
    let evaluated = rows > 0 || run.weights_path(Checkpoint::Latest).exists();
    if rows < 2 && (run.resume_path().exists() || !evaluated) {
        return Ok(());
    }
    let missing = run.resume_path().join(STATE);
    let message = format!(
        "missing, so a run of {rows} evaluations cannot go on; begin another in a folder of its own"
    );
    Err(Error::file(&missing)(message))
}

/// Where a run writes.
struct Files<'a> {
    run: &'a RunDir,
    csv: Csv,
    checkpoints: Checkpoints,
}

/// Everything that a run is made of.
struct Session<'a> {
    config: &'a TrainConfig,
    rows: Rows,
    streams: Streams,
    agent: Box<dyn Agent>,
    world: World,
    evaluation_envs: VecEnv,
    replay: Replay,
    batch: Batch,
    averages: Averages,
    progress: Progress,
    returns: Vec<f64>,
    /// Lines on networks without a way through: all that were found, and those that observers are not told yet.
    cut_off: Vec<String>,
    untold: Vec<String>,
}

impl<'a> Session<'a> {
    /// A run before its first step.
    fn new(config: &'a TrainConfig, device: &Device) -> Result<Self> {
        let mut streams = Streams::new(config.seed);
        let world = World::new(config, &mut streams)?;
        let [observation, action] = world.sizes();
        let agent = algos::build(config, observation, action, device, &mut streams)?;
        let rows = Rows {
            observation,
            action,
            device: device.clone(),
        };
        Ok(Self {
            config,
            rows,
            evaluation_envs: VecEnv::new(&config.env, config.evaluation.episodes)?,
            replay: Replay::new(observation, action, config.replay.capacity),
            batch: Batch::of(&config.algo),
            averages: Averages::default(),
            progress: Progress {
                train_return: f64::NAN,
                train_length: f64::NAN,
                policy_distance: f64::NAN,
                densities: agent.densities(),
                ..Progress::default()
            },
            returns: Vec::new(),
            cut_off: Vec::new(),
            untold: Vec::new(),
            streams,
            agent,
            world,
        })
    }

    /// Goes on to the last step.
    fn run(mut self, mut files: Files<'_>, observers: &mut [&mut dyn Observer]) -> Result<Trained> {
        for observer in observers.iter_mut() {
            observer.on_start(self.config, &*self.agent)?;
        }
        self.look_for_ways();
        self.tell(&mut files, observers);
        let mut stopped = false;
        while self.progress.step < self.config.steps && !stopped {
            self.progress.step += 1;
            let step = self.progress.step;
            self.step().map_err(|error| at_step(error, step))?;
            let _ = files.csv.on_step(&self.progress);
            for observer in observers.iter_mut() {
                stopped |= observer.on_step(&self.progress) == ControlFlow::Break(());
            }
            let over = step >= self.config.steps;
            if over || step.is_multiple_of(self.config.evaluation.every) {
                let evaluation = self.evaluate().map_err(|error| at_step(error, step))?;
                files.csv.on_evaluation(&evaluation)?;
                for observer in observers.iter_mut() {
                    observer.on_evaluation(&evaluation)?;
                }
                self.save(files.run, &evaluation)?;
                self.checkpoint(&mut files)?;
            } else if stopped {
                self.checkpoint(&mut files)?;
            }
            self.tell(&mut files, observers);
        }
        Ok(Trained {
            agent: self.agent,
            steps: self.progress.step,
            returns: self.returns,
            stopped,
        })
    }

    /// Tells observers what a person should know.
    fn tell(&mut self, files: &mut Files<'_>, observers: &mut [&mut dyn Observer]) {
        let mut notes = files.csv.notes();
        notes.append(&mut self.untold);
        for note in &notes {
            for observer in observers.iter_mut() {
                observer.on_note(note);
            }
        }
    }

    /// One step of the environment, and what follows from it.
    fn step(&mut self) -> Result<()> {
        let random = self.progress.step <= self.config.random_steps();
        let (agent, replay) = (&mut *self.agent, &mut self.replay);
        self.world.step(agent, random, &mut self.streams, replay)?;
        if !random {
            self.learn()?;
        }
        if let Some(adaptive) = &self.config.replay.adaptive
            && self.progress.step.is_multiple_of(adaptive.every)
        {
            let policy = |seen: &[f32], action: &mut [f32]| self.agent.act(seen, action);
            let distance = policy_distance(policy, &self.replay, adaptive.check);
            self.progress.policy_distance = distance;
            adaptive.forget(distance, &mut self.replay);
        }
        self.progress.replay_size = self.replay.len();
        self.progress.episodes = self.world.episodes;
        [self.progress.train_return, self.progress.train_length] = self.world.recent();
        Ok(())
    }

    /// One update.
    fn learn(&mut self) -> Result<()> {
        let n_step = &self.config.n_step;
        self.progress.updates += 1;
        let delayed = self.progress.updates < n_step.delay;
        self.progress.n_step = if delayed { 1 } else { n_step.n };
        self.sample();
        let (agent, batch, streams) = (&mut self.agent, &self.batch, &mut self.streams);
        let report = attended(|| agent.update(batch, streams))?;
        self.averages.add(&report);
        self.progress.moved += report.moved as u64;
        self.progress.dropped += report.dropped as u64;
        self.progress.grown += report.grown as u64;
        self.progress.recycled += report.recycled as u64;
        if report.moved > 0 {
            self.progress.densities = self.agent.densities();
            self.look_for_ways();
        }
        Ok(())
    }

    /// Notes what of the networks no connection leads to any more, each thing once.
    fn look_for_ways(&mut self) {
        let updates = self.progress.updates;
        for line in self.agent.cut_off().lines() {
            if !self.cut_off.contains(&line) {
                self.untold.push(match updates {
                    0 => line.clone(),
                    _ => format!("after update {updates} {line}"),
                });
                self.cut_off.push(line);
            }
        }
    }

    /// Fills the batch.
    fn sample(&mut self) {
        let learning = &self.config.learning;
        let (n, gamma, size) = (
            self.progress.n_step,
            learning.gamma as f32,
            learning.batch_size,
        );
        let rng = &mut self.streams.replay;
        self.replay.sample(n, gamma, size, rng, &mut self.batch);
    }

    /// Plays episodes without noise and looks at the networks.
    fn evaluate(&mut self) -> Result<Evaluation> {
        let policy = |seen: &[f32], action: &mut [f32]| self.agent.act(seen, action);
        let seeds = &mut self.streams.evaluation;
        let returns = evaluate(&mut self.evaluation_envs, seeds, policy)?;
        self.returns.push(returns.mean);
        Ok(Evaluation {
            progress: self.progress.clone(),
            learning: self.averages.take(),
            networks: self.networks(),
            returns,
        })
    }

    /// What is known of each network; its dormant units are counted on the last batch.
    fn networks(&self) -> Vec<NetworkReport> {
        let (rows, batch) = (&self.rows, &self.batch);
        let dormant = |name: &str, net: &SparseMlp| -> f64 {
            if batch.size == 0 {
                return f64::NAN;
            }
            let seen: Tensor<2> = if name == "actor" {
                rows.observations(&batch.observation, &(0..batch.size))
            } else {
                rows.judged(&batch.observation, &batch.action)
            };
            dormant_units(net, seen, DORMANT)
        };
        let learners = self.agent.learners().into_iter();
        learners
            .map(|(name, learner)| NetworkReport {
                name,
                densities: learner.densities(),
                explored: learner.explored().map_or(f64::NAN, |e| e.rate()),
                dormant: dormant(name, learner.net()),
            })
            .collect()
    }

    /// Goes on from a checkpoint; gives what it had written to `metrics.csv`.
    fn restore(&mut self, state: RunState, replay: Replay) -> Result<Metrics> {
        state.agent.restore(&mut *self.agent)?;
        self.world.set_state(state.world)?;
        self.streams = state.streams;
        self.replay = replay;
        self.averages = state.averages;
        self.progress = state.progress;
        self.returns = state.returns;
        Ok(state.metrics)
    }

    /// Writes everything that the next steps depend on.
    fn checkpoint(&mut self, files: &mut Files<'_>) -> Result<()> {
        let metrics = files.csv.written()?;
        let agent = AgentState::of(&mut *self.agent)?;
        files.checkpoints.save(&self.replay, |replay| {
            Ok(RunState {
                config: self.config.to_toml()?,
                streams: self.streams.clone(),
                world: self.world.state()?,
                progress: self.progress.clone(),
                averages: self.averages.clone(),
                returns: self.returns.clone(),
                metrics,
                agent,
                replay,
            })
        })
    }

    /// Writes the weights of the latest checkpoint, and the best if this evaluation is higher than all before.
    fn save(&self, run: &RunDir, evaluation: &Evaluation) -> Result<()> {
        let weights = self.agent.to_bytes()?;
        let mean = evaluation.returns.mean;
        let info = CheckpointInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            step: evaluation.progress.step,
            updates: evaluation.progress.updates,
            return_mean: mean,
        };
        run.save(Checkpoint::Latest, &weights, &info)?;
        if self.config.evaluation.keep_policies {
            run.keep_policy(info.step, &self.agent.policy_bytes()?)?;
        }
        let before = &self.returns[..self.returns.len() - 1];
        if before.iter().all(|earlier| mean > *earlier) {
            run.save(Checkpoint::Best, &weights, &info)?;
        }
        Ok(())
    }
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
