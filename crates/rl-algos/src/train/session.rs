//! The loop: get experience, learn; now and then evaluate. Observers hear of it.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use envs::VecEnv;
use sparse_core::topology::dormant_units;

use super::averages::Averages;
use super::observer::{Observer, Start};
use super::settings::LoopConfig;
use super::source::Source;
use super::state::{Snapshot, TrainState, Trained};
use crate::agent::{Agent, Network, Role};
use crate::evaluate::{Returns, evaluate_while};
use crate::nets::BatchShape;
use crate::progress::{Evaluation, NetworkReport, Progress};
use crate::replay::Replay;
use crate::rng::Streams;
use crate::{Error, Result};

/// Units whose mean activation is at most this share of their layer's count as dormant (Sokar et al. 2023, arXiv
/// 2302.12902, §3).
const DORMANT: f64 = 0.025;

/// Everything that a run is made of.
pub(super) struct Session<'a, A> {
    config: LoopConfig,
    agent: A,
    streams: Streams,
    source: Source<'a>,
    /// Where it is evaluated, if there is a task.
    task: Option<VecEnv>,
    averages: Averages,
    progress: Progress,
    returns: Vec<f64>,
    /// Lines on networks without a way through: all that were found.
    cut_off: Vec<String>,
    /// Lines that observers are not told yet.
    notes: Vec<String>,
}

impl<'a, A: Agent> Session<'a, A> {
    /// A run before its first step.
    pub(super) fn new(
        agent: A,
        source: Source<'a>,
        task: Option<VecEnv>,
        config: LoopConfig,
        streams: Streams,
    ) -> Result<Self> {
        check_task(&source, task.as_ref())?;
        Ok(Self {
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
            source,
            task,
        })
    }

    fn agent(&self) -> &dyn Agent {
        &self.agent
    }

    /// Goes on to the last step.
    pub(super) fn run(mut self, mut observers: Vec<Box<dyn Observer + '_>>) -> Result<Trained<A>> {
        for observer in &mut observers {
            observer.on_start(&mut Start {
                agent: &self.agent,
                config: &self.config,
                is_offline: matches!(self.source, Source::Recorded(_)),
                progress: &self.progress,
                returns: &self.returns,
                notes: &mut self.notes,
            })?;
        }
        self.look_for_ways();
        self.tell(&mut observers);
        let (mut stopped, mut cut_off) = (false, false);
        // A run that goes on from there has had it.
        if self.config.evaluation.at_start && self.progress.step == 0 && self.returns.is_empty() {
            cut_off = !self.look(0, &mut observers)?;
        }
        while self.progress.step < self.config.steps && !stopped && !cut_off {
            self.progress.step += 1;
            let step = self.progress.step;
            self.step().map_err(|error| at_step(error, step))?;
            for observer in &mut observers {
                stopped |= observer.on_step(&self.progress) == ControlFlow::Break(());
            }
            let over = step >= self.config.steps;
            if over || step.is_multiple_of(self.config.evaluation.every) {
                cut_off = !self.look(step, &mut observers)?;
            } else if stopped {
                self.checkpoint(None, &mut observers)?;
            }
            self.tell(&mut observers);
        }
        Ok(Trained {
            agent: self.agent,
            steps: self.progress.step,
            returns: self.returns,
            stopped: cut_off || (stopped && self.progress.step < self.config.steps),
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

    /// Evaluates after `step` steps, tells of it and lets observers keep it; whether the evaluation was not cut off.
    fn look(&mut self, step: u64, observers: &mut [Box<dyn Observer + '_>]) -> Result<bool> {
        let evaluation = self.evaluate(observers);
        let Some(evaluation) = evaluation.map_err(|error| at_step(error, step))? else {
            let note = "the evaluation was cut off; the run goes on from its last checkpoint";
            self.notes.push(note.to_owned());
            self.tell(observers);
            return Ok(false);
        };
        for observer in observers.iter_mut() {
            observer.on_evaluation(&evaluation)?;
        }
        self.checkpoint(Some(&evaluation), observers)?;
        Ok(true)
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
                agent: &mut self.agent,
                streams: &self.streams,
                source: &self.source,
                averages: &self.averages,
                notes: &mut self.notes,
            })?;
        }
        Ok(())
    }

    /// One step, and what follows from it.
    fn step(&mut self) -> Result<()> {
        let (agent, config, streams) = (&mut self.agent, &self.config, &mut self.streams);
        let progress = &mut self.progress;
        let report = self.source.step(agent, config, progress, streams)?;
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
        let (agent, progress) = (&mut self.agent, &mut self.progress);
        self.source.go_on(agent, &self.config, progress)
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

    /// Plays episodes without noise, where there is a task, and looks at the networks; `None` where an observer wants the
    /// end of what may not end.
    fn evaluate(&mut self, observers: &[Box<dyn Observer + '_>]) -> Result<Option<Evaluation>> {
        let returns = match &self.task {
            None => None,
            Some(_) => match self.play(observers)? {
                None => return Ok(None),
                played => played,
            },
        };
        let mean = returns.as_ref().map(|returns| returns.mean);
        self.returns.push(mean.unwrap_or(f64::NAN));
        let networks = self.agent.networks();
        let networks = networks.iter().map(|network| self.report(network));
        let networks = networks.collect();
        Ok(Some(Evaluation {
            progress: self.progress.clone(),
            metrics: self.averages.take(),
            networks,
            score: mean.and_then(|mean| self.source.score(mean)),
            returns,
        }))
    }

    fn play(&mut self, observers: &[Box<dyn Observer + '_>]) -> Result<Option<Returns>> {
        let Some(envs) = &mut self.task else {
            return Ok(None);
        };
        let (agent, source) = (&mut self.agent, &self.source);
        let mut normalised = Vec::new();
        let policy = |observation: &[f32], action: &mut [f32]| {
            normalised.clear();
            normalised.extend_from_slice(observation);
            source.normalise(&mut normalised);
            agent.act(&normalised, action);
        };
        // An evaluation with a limit is soon over, and then the run can stop where it is.
        let is_limited = envs.info().max_episode_steps > 0;
        let goes_on = || is_limited || !observers.iter().any(|observer| observer.wants_end());
        evaluate_while(envs, &mut self.streams.evaluation, policy, goes_on)
    }

    /// What is known of a network; its dormant units are counted on the last batch.
    fn report(&self, network: &Network<'_>) -> NetworkReport {
        let explored = network.explored();
        NetworkReport {
            name: network.name.to_owned(),
            densities: network.densities(),
            explored: explored.map_or(f64::NAN, |e| e.rate()),
            dormant: self.dormant(network),
        }
    }

    /// The share of a network's hidden units that are dormant on the last batch; NaN without one, or of a module of one's own.
    fn dormant(&self, network: &Network<'_>) -> f64 {
        let Some(net) = network.mlp() else {
            return f64::NAN;
        };
        let batch = self.source.batch();
        if batch.size == 0 || network.role == Role::Other {
            return f64::NAN;
        }
        let [observation, action] = self.source.sizes();
        let rows = BatchShape {
            obs_dim: observation,
            act_dim: action,
            device: network.device(),
        };
        let input: Tensor<2> = match network.role {
            Role::Critic => {
                let actions = network.units.map(|units| units.of_actions(&batch.action));
                let actions = actions.as_deref().unwrap_or(&batch.action);
                rows.critic_input(&batch.observation, actions)
            }
            _ => rows.observations(&batch.observation, &(0..batch.size)),
        };
        dormant_units(net, input, DORMANT)
    }

    /// Goes on from a state.
    pub(super) fn restore(&mut self, state: TrainState, replay: Option<Replay>) -> Result<()> {
        state.agent.restore(&mut self.agent)?;
        self.source.restore(state.source, replay)?;
        self.streams = state.streams;
        self.averages.set(state.averages)?;
        self.progress = state.progress;
        self.progress.densities = self.agent().densities();
        self.returns = state.returns;
        // What had no connection by then was told then.
        self.cut_off = self.agent().cut_off().lines();
        Ok(())
    }
}

/// An update or an environment that is no longer finite, with the environment step at which it happened.
fn at_step(error: Error, step: u64) -> Error {
    use envs::Error::{Diverged, Endless, Gave, NotFinite, Unlimited};
    let what = error.to_string();
    match error {
        Error::Overflow { .. } => Error::Diverged { step, what },
        Error::Sparse(error) if error.is_diverged() => Error::Diverged { step, what },
        Error::Env(Diverged { .. } | NotFinite { .. } | Gave { .. }) => {
            Error::Diverged { step, what }
        }
        // What is wrong there has nothing to do with the step.
        Error::Env(Endless { .. } | Unlimited { .. }) => error,
        Error::Env(_) | Error::Custom { .. } => Error::AtStep {
            step,
            error: Box::new(error),
        },
        other => other,
    }
}

/// Refuses a task with other observations or actions than the experience.
fn check_task(source: &Source<'_>, task: Option<&VecEnv>) -> Result<()> {
    let Some(info) = task.map(VecEnv::info) else {
        return Ok(());
    };
    let ([observation, action], sizes) =
        (source.sizes(), [info.observation.len(), info.action.len()]);
    if sizes == [observation, action] {
        return Ok(());
    }
    let allowed = format!(
        "a task with {observation} and {action} numbers in an observation and an action, as what it learns from; this one \
         has {} and {}",
        sizes[0], sizes[1]
    );
    Err(Error::config("env", info.id, &allowed))
}
