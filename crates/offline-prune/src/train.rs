//! The loop: batches from a dataset, updates, evaluations in the task.

use std::ops::ControlFlow;

use burn::tensor::Device;
use envs::VecEnv;
use rand_chacha::ChaCha8Rng;
use rl_algos::algos::parts::Rows;
use rl_algos::evaluate::{Returns, evaluate};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use rl_algos::{Training, attended};
use sparse_core::record;

use crate::algos::{self, OfflineAgent};
use crate::config::OfflineConfig;
use crate::dataset::Dataset;
use crate::export::raw_policy;
use crate::prune::{PruneReport, prune_agent};
use crate::score::Reference;
use crate::{Error, Result};

/// What watches a run.
pub trait Watcher: Send {
    /// Before the first update.
    ///
    /// # Errors
    /// Its own, which end the run.
    fn on_start(&mut self, start: &Start) -> Result<()> {
        let _ = start;
        Ok(())
    }

    /// After each update; may end the run.
    fn on_update(&mut self, update: u64) -> ControlFlow<()> {
        let _ = update;
        ControlFlow::Continue(())
    }

    /// After each evaluation.
    ///
    /// # Errors
    /// Its own, which end the run.
    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        let _ = evaluation;
        Ok(())
    }
}

/// Nobody watches.
impl Watcher for () {}

/// An agent before its first update.
#[derive(Debug)]
pub struct Start {
    /// The agent, pruned if it was to be.
    pub agent: Box<dyn OfflineAgent>,
    /// For each group of networks that was ranked together their names, and what pruning did; none without pruning.
    pub pruning: Vec<(Vec<&'static str>, PruneReport)>,
}

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Updates before it.
    pub update: u64,
    /// Returns of deterministic episodes; none without a task.
    pub returns: Option<Returns>,
    /// The mean return on D4RL's scale, where the task or the dataset has a reference.
    pub score: Option<f64>,
    /// Means of what updates told since the evaluation before, by name, in the algorithm's order; NaN where none did.
    pub losses: Vec<(&'static str, f64)>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Trained {
    /// The agent after its last update.
    pub agent: Box<dyn OfflineAgent>,
    /// All evaluations, in order; the last after the last update, unless the run was ended.
    pub evaluations: Vec<Evaluation>,
    /// Whether the watcher ended it.
    pub stopped: bool,
}

/// Draws the agent of `config` for a dataset and prunes it. The same seed gives the same dense networks, so pruned
/// agents are parts of the dense one.
///
/// # Errors
/// As [`OfflineConfig::validate`] and [`prune_agent`]; [`Error::Config`] when the dataset is normalised and should not
/// be, or the other way round.
pub fn start(
    config: &OfflineConfig,
    dataset: &Dataset,
    device: &Device,
    streams: &mut Streams,
) -> Result<Start> {
    let config = &config.fitted(dataset);
    config.validate()?;
    check_normalised(config, dataset)?;
    let rows = Rows {
        observation: dataset.observation_size(),
        action: dataset.action_size(),
        device: device.clone(),
    };
    let dense = algos::draw(config, &rows, streams)?;
    let agent = algos::build(config, rows.clone(), dense)?;
    let wanted = config.pruning.as_ref().filter(|p| p.sparsity > 0.0);
    let Some(pruning) = wanted else {
        return Ok(Start {
            agent,
            pruning: Vec::new(),
        });
    };
    // Generators of their own, so that a pruned agent is trained with the numbers of the dense one.
    let mut own = streams.clone();
    let mut batch = Batches::new(config, dataset, &own);
    let batches: Vec<Batch> = (0..config.prune_batches).map(|_| batch.take()).collect();
    let mut rng = own.topology[0].clone();
    let pruned = prune_agent(&*agent, &batches, pruning, &mut own, &mut rng)?;
    Ok(Start {
        agent: algos::build(config, rows, pruned.networks)?,
        pruning: pruned.reports,
    })
}

/// Trains from the first update to the last. The same configuration, dataset, device and instruction set of the CPU give
/// the same numbers, whatever the number of threads.
///
/// # Errors
/// As [`start`]; [`Error::Config`] when the task has other observations or actions than the dataset; errors of the
/// environment and of the watcher; [`sparse_core::Error::Diverged`] when a loss is no longer finite.
pub fn train(
    config: &OfflineConfig,
    dataset: &Dataset,
    device: &Device,
    watcher: &mut dyn Watcher,
) -> Result<Trained> {
    let mut streams = Streams::new(config.seed);
    let mut envs = environments(config, dataset)?;
    // On a thread of the pool, so that work is shared out without waking others.
    let _training = Training::begin();
    rayon::scope(|_| {
        let start = start(config, dataset, device, &mut streams)?;
        watcher.on_start(&start)?;
        let mut agent = start.agent;
        let mut batches = Batches::new(config, dataset, &streams);
        let mut averages = Averages::default();
        let mut evaluations = Vec::new();
        let mut stopped = false;
        for update in 1..=config.updates {
            averages.add(&batches.update(&mut *agent, &mut streams)?);
            stopped = watcher.on_update(update).is_break();
            if stopped || update == config.updates || update.is_multiple_of(config.evaluation.every)
            {
                let play = |envs| play(&mut *agent, dataset, envs, &mut streams);
                let returns = envs.as_mut().map(play).transpose()?;
                let mean = returns.as_ref().map(|returns| returns.mean);
                let reference = reference(config, dataset);
                let evaluation = Evaluation {
                    update,
                    score: reference.zip(mean).map(|(r, mean)| r.normalised(mean)),
                    returns,
                    losses: averages.take(),
                };
                watcher.on_evaluation(&evaluation)?;
                evaluations.push(evaluation);
            }
            if stopped {
                break;
            }
        }
        Ok(Trained {
            agent,
            evaluations,
            stopped,
        })
    })
}

impl Trained {
    /// The bytes of a safetensors file with the policy as `actor`, which reads observations as the task gives them: if
    /// it learned from normalised ones, its first layer normalises. [`rl_algos::algos::Policy::open`] reads it.
    ///
    /// # Errors
    /// [`Error::Config`] when the policy is more than one network, as BCQ's; [`sparse_core::Error::Record`] when the
    /// format cannot hold it.
    pub fn policy(&self, dataset: &Dataset) -> Result<Vec<u8>> {
        let policy = raw_policy(self.agent.policy()?, dataset.normaliser())?;
        Ok(record::to_bytes(&[("actor", &policy)])?)
    }
}

/// What returns are measured against: the dataset's own reference, else D4RL's of the task.
#[must_use]
pub fn reference(config: &OfflineConfig, dataset: &Dataset) -> Option<Reference> {
    dataset.reference().or(Reference::of(&config.env).ok())
}

/// Environments for the evaluation, where there is a task. To ask for them shows whether it fits the dataset.
///
/// # Errors
/// As [`OfflineConfig::validate`], an unknown task, and [`Error::Config`] when the task has other observations or
/// actions than the dataset.
pub fn environments(config: &OfflineConfig, dataset: &Dataset) -> Result<Option<VecEnv>> {
    config.validate()?;
    let Some(task) = config.task() else {
        return Ok(None);
    };
    let envs = VecEnv::new(task, config.evaluation.episodes)?;
    let info = envs.info();
    let task = [info.observation.len(), info.action.len()];
    let data = [dataset.observation_size(), dataset.action_size()];
    if task != data {
        let allowed = format!(
            "a task with {} and {} numbers in an observation and an action, as the dataset; this one has {} and {}",
            data[0], data[1], task[0], task[1]
        );
        return Err(Error::config("env", &config.env, allowed));
    }
    Ok(Some(envs))
}

/// Deterministic episodes.
fn play(
    agent: &mut dyn OfflineAgent,
    dataset: &Dataset,
    envs: &mut VecEnv,
    streams: &mut Streams,
) -> Result<Returns> {
    let mut seen = Vec::new();
    let policy = |observation: &[f32], action: &mut [f32]| {
        seen.clear();
        seen.extend_from_slice(observation);
        if let Some(normaliser) = dataset.normaliser() {
            normaliser.apply(&mut seen);
        }
        agent.act(&seen, action);
    };
    Ok(evaluate(envs, &mut streams.evaluation, policy)?)
}

/// Batches of a dataset, of which one is drawn while an agent learns from the one before: transitions lie all over
/// the memory, so drawing waits more than it computes.
#[derive(Debug)]
pub struct Batches<'a> {
    config: &'a OfflineConfig,
    dataset: &'a Dataset,
    rng: ChaCha8Rng,
    next: Batch,
    spare: Batch,
}

impl<'a> Batches<'a> {
    /// Draws the first as `config` tells, by the stream for it.
    #[must_use]
    pub fn new(config: &'a OfflineConfig, dataset: &'a Dataset, streams: &Streams) -> Self {
        let mut batches = Self {
            config,
            dataset,
            rng: streams.replay.clone(),
            next: Batch::default(),
            spare: Batch::default(),
        };
        batches.draw();
        batches
    }

    /// The next batch.
    pub fn take(&mut self) -> Batch {
        let next = std::mem::take(&mut self.next);
        self.draw();
        next
    }

    /// Lets an agent learn from the next batch, and draws the one behind it meanwhile.
    ///
    /// # Errors
    /// As [`OfflineAgent::update`].
    pub fn update(
        &mut self,
        agent: &mut dyn OfflineAgent,
        streams: &mut Streams,
    ) -> Result<Vec<(&'static str, f32)>> {
        let batch = std::mem::replace(&mut self.next, std::mem::take(&mut self.spare));
        let learn = || rayon::join(|| agent.update(&batch, streams), || self.draw());
        let (learned, ()) = attended(learn);
        self.spare = batch;
        learned
    }

    fn draw(&mut self) {
        let learning = &self.config.learning;
        let (n, gamma, size) = (learning.n_step, learning.gamma as f32, learning.batch_size);
        self.dataset
            .sample(n, gamma, size, &mut self.rng, &mut self.next);
    }
}

fn check_normalised(config: &OfflineConfig, dataset: &Dataset) -> Result<()> {
    let asked = config.normalise_observations;
    if asked == dataset.normaliser().is_some() {
        return Ok(());
    }
    let allowed = match asked {
        true => "false, or the dataset normalised first (Dataset::normalise)",
        false => "true: the dataset has been normalised",
    };
    Err(Error::config("normalise_observations", asked, allowed))
}

/// Means of numbers by name.
#[derive(Debug, Default)]
struct Averages(Vec<(&'static str, f64, u64)>);

impl Averages {
    fn add(&mut self, numbers: &[(&'static str, f32)]) {
        for (name, number) in numbers {
            let (number, told) = match number.is_nan() {
                true => (0.0, 0),
                false => (f64::from(*number), 1),
            };
            match self.0.iter_mut().find(|(known, ..)| known == name) {
                Some((_, sum, count)) => (*sum, *count) = (*sum + number, *count + told),
                None => self.0.push((name, number, told)),
            }
        }
    }

    /// The means, NaN of none, and begins anew.
    fn take(&mut self) -> Vec<(&'static str, f64)> {
        let mean = |(name, sum, count): &mut (&'static str, f64, u64)| {
            let mean = *sum / *count as f64;
            (*sum, *count) = (0.0, 0);
            (*name, mean)
        };
        self.0.iter_mut().map(mean).collect()
    }
}
