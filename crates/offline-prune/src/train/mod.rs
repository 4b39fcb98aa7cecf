//! The loop: batches from a dataset, updates, evaluations in the task.
//!
//! In reading order: this file (the beginning of a run, and its observers), `run.rs` (its loop), `batches.rs`,
//! `averages.rs`, `state.rs` (what a stopped run goes on from).

mod averages;
mod batches;
mod run;
mod state;

use std::ops::ControlFlow;

use burn::tensor::Device;
use envs::VecEnv;
use rl_algos::ActiveRunGuard;
use rl_algos::evaluate::Returns;
use rl_algos::nets::BatchShape;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use serde::{Deserialize, Serialize};

pub use averages::Averages;
pub use batches::Batches;
pub use run::Run;
pub use state::State;

use crate::algos::{self, OfflineAgent};
use crate::config::OfflineConfig;
use crate::dataset::Dataset;
use crate::prune::PruneReport;
use crate::prune_agent::{prune_agent, with_values_of};
use crate::score::Reference;
use crate::{Error, Result};

/// What watches a run.
pub trait Watcher: Send {
    /// Before the first update of a run that begins or goes on.
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

    /// After each evaluation, and when the run is ended in between. A stored [`Run::state`] can be resumed from here.
    ///
    /// # Errors
    /// Its own, which end the run.
    fn on_checkpoint(&mut self, run: &mut Run) -> Result<()> {
        let _ = run;
        Ok(())
    }
}

/// Nobody watches.
impl Watcher for () {}

/// An agent before its first update, or before the first that a run goes on with.
#[derive(Debug)]
pub struct Start {
    /// Updates that were made before.
    pub updates: u64,
    /// The agent, pruned if it was to be.
    pub agent: Box<dyn OfflineAgent>,
    /// For each group of networks that was ranked together their names, and what pruning did; none without pruning, or
    /// where a run goes on.
    pub pruning: Vec<(Vec<&'static str>, PruneReport)>,
}

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Updates before it.
    pub update: u64,
    /// Returns of deterministic episodes; none without a task.
    pub returns: Option<Returns>,
    /// The mean return on D4RL's scale, where the task or the dataset has a reference.
    pub score: Option<f64>,
    /// Mean metrics since the previous evaluation, by name, in the algorithm's order; NaN where there are none.
    pub losses: Vec<(String, f64)>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Trained {
    /// The agent after its last update.
    pub agent: Box<dyn OfflineAgent>,
    /// Updates that were made, before it went on too.
    pub updates: u64,
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
    let config = &config.resolved(dataset);
    config.validate()?;
    check_normalised(config, dataset)?;
    let rows = rows(dataset, device);
    let dense = algos::draw(config, &rows, streams)?;
    let agent = algos::build(config, rows.clone(), dense)?;
    let wanted = config.pruning.as_ref().filter(|p| p.sparsity > 0.0);
    let Some(pruning) = wanted else {
        return Ok(Start {
            updates: 0,
            agent,
            pruning: Vec::new(),
        });
    };
    // Generators of their own, so that a pruned agent is trained with the numbers of the dense one.
    let mut own = streams.clone();
    let mut batch = Batches::new(config, dataset, &own);
    let batches: Vec<Batch> = (0..config.prune_batches).map(|_| batch.take()).collect();
    let mut rng = own.topology("actor").clone();
    let scored = match pruning.score_init {
        None => None,
        Some(init) => {
            let mut config = config.clone();
            config.networks.init = init;
            let networks = algos::draw(&config, &rows, &mut own.clone())?;
            Some(algos::build(&config, rows.clone(), networks)?)
        }
    };
    let of = scored.as_ref().unwrap_or(&agent);
    let mut pruned = prune_agent(&**of, &batches, pruning, &mut own, &mut rng)?;
    if scored.is_some() {
        for (pruned, (_, dense)) in pruned.networks.iter_mut().zip(agent.networks()) {
            *pruned = with_values_of(pruned, dense)?;
        }
    }
    Ok(Start {
        updates: 0,
        agent: algos::build(config, rows, pruned.networks)?,
        pruning: pruned.reports,
    })
}

/// Trains from the first update to the last. The same configuration, dataset, device and kind of CPU give the same
/// numbers, whatever the number of threads.
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
    let envs = environments(config, dataset)?;
    // On a thread of the pool, so that work is shared out without waking others.
    let _training = ActiveRunGuard::begin();
    rayon::scope(|_| {
        let start = start(config, dataset, device, &mut streams)?;
        watcher.on_start(&start)?;
        Run::begin(config, dataset, envs, streams, start.agent).go_on(watcher)
    })
}

/// Goes on with a run that was stopped or killed, as if it had not stopped: from its [state](Run::state) on, updates
/// and evaluations are those of a run without a break. One that is over makes no update.
///
/// # Errors
/// [`Error::Resume`] when it was stored under other settings or on other data; [`sparse_core::Error::Record`] when its
/// networks do not fit. Otherwise as [`train`].
pub fn resume(
    config: &OfflineConfig,
    dataset: &Dataset,
    device: &Device,
    state: State,
    watcher: &mut dyn Watcher,
) -> Result<Trained> {
    let envs = environments(config, dataset)?;
    check_normalised(config, dataset)?;
    let _training = ActiveRunGuard::begin();
    rayon::scope(|_| {
        let start = Start {
            updates: state.updates,
            agent: state.agent(config, dataset, rows(dataset, device))?,
            pruning: Vec::new(),
        };
        watcher.on_start(&start)?;
        Run::restore(config, dataset, envs, start.agent, state).go_on(watcher)
    })
}

/// What rows of a dataset are as tensors.
fn rows(dataset: &Dataset, device: &Device) -> BatchShape {
    BatchShape {
        obs_dim: dataset.observation_size(),
        act_dim: dataset.action_size(),
        device: device.clone(),
    }
}

impl Trained {
    /// The bytes of a safetensors file with the policy as `actor`, which reads observations as the task gives them: if
    /// it learned from normalised ones, its first layer normalises. [`rl_algos::algos::Policy::open`] reads it.
    ///
    /// # Errors
    /// [`Error::Config`] when the policy is more than one network, as BCQ's; [`sparse_core::Error::Record`] when the
    /// format cannot hold it.
    pub fn policy(&self, dataset: &Dataset) -> Result<Vec<u8>> {
        run::policy(&*self.agent, dataset)
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
    config.check_sizes([dataset.observation_size(), dataset.action_size()])?;
    let envs = VecEnv::new(task, config.evaluation.episodes)?;
    Ok(Some(envs))
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
