//! A run on a dataset: an agent is drawn and pruned, and trained by [`rl_algos::train::Trainer`].
//!
//! In reading order: this file (the beginning of a run), `data.rs` (a dataset as the trainer sees it), `state.rs` (what a
//! stopped run goes on from).

mod data;
mod state;

use burn::tensor::Device;
use envs::Env;
use rl_algos::ActiveRunGuard;
use rl_algos::agent::Agent;
use rl_algos::nets::BatchShape;
use rl_algos::observe::Observer;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use rl_algos::train::Trainer;

use data::Recorded;
pub use data::batches;
pub use state::State;

use crate::agent::OfflineAgent;
use crate::algos;
use crate::config::OfflineConfig;
use crate::dataset::Dataset;
use crate::prune::PruneReport;
use crate::prune_agent::{TO_BE_PRUNED, prune_agent, with_values_of};
use crate::score::Reference;
use crate::{Error, Result};

/// What came of a run.
pub type Trained = rl_algos::train::Trained<Box<dyn OfflineAgent>>;

/// An agent before its first update.
#[derive(Debug)]
pub struct Start {
    /// The agent, pruned if it was to be.
    pub agent: Box<dyn OfflineAgent>,
    /// For each group of networks that was ranked together their names, and what pruning did; none without pruning.
    pub pruning: Vec<(Vec<String>, PruneReport)>,
    /// The generators.
    pub streams: Streams,
}

/// Draws the agent of `config` for a dataset and prunes it. The same seed gives the same dense networks, so pruned
/// agents are parts of the dense one.
///
/// # Errors
/// As [`OfflineConfig::validate`] and [`prune_agent`]; [`rl_algos::Error::Config`] when the dataset is normalised and
/// should not be, or the other way round.
pub fn start(config: &OfflineConfig, dataset: &Dataset, device: &Device) -> Result<Start> {
    let config = &config.resolved(dataset);
    config.validate()?;
    check_normalised(config, dataset)?;
    // On a thread of the pool, so that work is shared out without waking others.
    let _running = ActiveRunGuard::begin();
    rayon::scope(|_| {
        let mut streams = Streams::new(config.seed);
        let rows = rows(dataset, device);
        let dense = algos::draw(config, &rows, &mut streams)?;
        let agent = config.build(rows.clone(), dense)?;
        let wanted = config.pruning.as_ref().filter(|p| p.sparsity > 0.0);
        let Some(pruning) = wanted else {
            return Ok(Start {
                agent,
                pruning: Vec::new(),
                streams,
            });
        };
        // Generators of their own, so that a pruned agent is trained with the numbers of the dense one.
        let mut own = streams.clone();
        let source = batches(config, dataset, own.replay.clone());
        let next = |_| {
            let mut batch = Batch::default();
            source.next(&mut batch);
            batch
        };
        let batches: Vec<Batch> = (0..config.prune_batches).map(next).collect();
        let mut rng = own.topology("actor").clone();
        let scored = match pruning.score_init {
            None => None,
            Some(init) => {
                let mut config = config.clone();
                config.networks.init = init;
                let networks = algos::draw(&config, &rows, &mut own.clone())?;
                Some(config.build(rows.clone(), networks)?)
            }
        };
        let of = scored.as_ref().unwrap_or(&agent);
        let mut pruned = prune_agent(&**of, &batches, pruning, &mut own, &mut rng)?;
        if scored.is_some() {
            for (pruned, dense) in pruned.networks.iter_mut().zip(agent.networks()) {
                *pruned = with_values_of(pruned, dense.plain(TO_BE_PRUNED)?)?;
            }
        }
        Ok(Start {
            agent: config.build(rows, pruned.networks)?,
            pruning: pruned.reports,
            streams,
        })
    })
}

impl Start {
    /// The trainer of the agent on the dataset, from the first update on; it is evaluated in the
    /// [task](environment), if there is one. The same configuration, dataset, device and kind of CPU give the same
    /// numbers, whatever the number of threads.
    #[must_use]
    pub fn trainer<'a>(
        self,
        config: &OfflineConfig,
        dataset: &'a Dataset,
        task: Option<Box<dyn Env>>,
    ) -> Trainer<'a, Box<dyn OfflineAgent>> {
        let data = Recorded {
            dataset,
            reference: reference(config, dataset),
        };
        let trainer = Trainer::offline(self.agent, data)
            .config(config.loop_config())
            .streams(self.streams);
        match task {
            Some(task) => trainer.evaluate_in(task),
            None => trainer,
        }
    }
}

/// Trains from the first update to the last.
///
/// # Errors
/// As [`environment`], [`start`] and [`Trainer::run`].
pub fn train(
    config: &OfflineConfig,
    dataset: &Dataset,
    device: &Device,
    observers: &mut [&mut dyn Observer],
) -> Result<Trained> {
    let task = environment(config, dataset)?;
    let start = start(config, dataset, device)?;
    let trainer = start.trainer(config, dataset, task);
    Ok(observed(trainer, observers).run()?)
}

/// Goes on with a run that was stopped or killed, as if it had not stopped: updates and evaluations are those of a run
/// without a break. One that is over makes no update.
///
/// # Errors
/// [`Error::Resume`] when it was stored under other settings or on other data; [`sparse_core::Error::Record`] when its
/// networks do not fit. Otherwise as [`train`].
pub fn resume(
    config: &OfflineConfig,
    dataset: &Dataset,
    device: &Device,
    state: State,
    observers: &mut [&mut dyn Observer],
) -> Result<Trained> {
    let task = environment(config, dataset)?;
    check_normalised(config, dataset)?;
    let config = &config.resolved(dataset);
    state.fits(config, &dataset.digest())?;
    let mut streams = Streams::new(config.seed);
    let rows = rows(dataset, device);
    let dense = algos::draw(config, &rows, &mut streams)?;
    let start = Start {
        agent: config.build(rows, dense)?,
        pruning: Vec::new(),
        streams,
    };
    let trainer = start
        .trainer(config, dataset, task)
        .resume(state.train, None);
    Ok(observed(trainer, observers).run()?)
}

/// A trainer that tells observers.
fn observed<'a>(
    trainer: Trainer<'a, Box<dyn OfflineAgent>>,
    observers: &'a mut [&mut dyn Observer],
) -> Trainer<'a, Box<dyn OfflineAgent>> {
    let observers = observers.iter_mut();
    observers.fold(trainer, |trainer, observer| {
        trainer.observe(&mut **observer)
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

/// What returns are measured against: the dataset's own reference, else D4RL's of the task.
#[must_use]
pub fn reference(config: &OfflineConfig, dataset: &Dataset) -> Option<Reference> {
    // D4RL's are of the published settings.
    let published = config.env_settings.is_empty();
    let known = || Reference::of(&config.env).ok().filter(|_| published);
    dataset.reference().or_else(known)
}

/// The task to evaluate in, where there is one. To ask for it shows whether it fits the dataset.
///
/// # Errors
/// As [`OfflineConfig::validate`], an unknown task, and [`rl_algos::Error::Config`] when the task has other observations
/// or actions than the dataset.
pub fn environment(config: &OfflineConfig, dataset: &Dataset) -> Result<Option<Box<dyn Env>>> {
    config.validate()?;
    config.check_sizes([dataset.observation_size(), dataset.action_size()])?;
    Ok(config.make_env()?)
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
