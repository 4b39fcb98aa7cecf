//! Pruning all networks of an agent, each by the loss that it is trained by.

use rand::Rng;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::nn::SparseMlp;

use crate::algos::{Objective, OfflineAgent};
use crate::prune::{Group, Loss, PruneConfig, PruneReport, prune};
use crate::{Error, Result};

/// The pruned networks of an agent, in its order, and what happened to them.
#[derive(Debug)]
pub struct PrunedAgent {
    /// The networks, for [`algos::build`](crate::algos::build).
    pub networks: Vec<SparseMlp>,
    /// For each group of networks that was ranked together: their names, and what happened.
    pub reports: Vec<(Vec<&'static str>, PruneReport)>,
}

/// Prunes every network of a dense agent to the same sparsity. Networks that share an objective are ranked together,
/// by the mean of its losses on the batches.
///
/// # Errors
/// As [`prune()`], and when there is no batch or one does not fit the agent.
pub fn prune_agent(
    agent: &dyn OfflineAgent,
    batches: &[Batch],
    config: &PruneConfig,
    streams: &mut Streams,
    rng: &mut impl Rng,
) -> Result<PrunedAgent> {
    let networks = agent.networks();
    let mut objectives = Vec::new();
    for batch in batches {
        objectives.push(agent.objectives(batch, streams)?.into_iter());
    }
    let mut pruned: Vec<SparseMlp> = networks.iter().map(|(_, net)| (*net).clone()).collect();
    let mut reports = Vec::new();
    // One objective of each batch, as long as there are any: all batches have as many.
    while let Some(first) = next(&mut objectives)? {
        let places = first[0].networks.clone();
        let pick = |places: &[usize]| -> Vec<&SparseMlp> {
            places.iter().map(|place| networks[*place].1).collect()
        };
        let fixed = pick(&first[0].fixed);
        let losses: Vec<Box<Loss>> = first.into_iter().map(|o| o.loss as Box<Loss>).collect();
        let group = Group::new(&pick(&places), &losses)?.with_fixed(&fixed);
        let names: Vec<_> = places.iter().map(|place| networks[*place].0).collect();
        let cut = prune(&group, config, rng).map_err(|error| named(error, &names))?;
        for (place, network) in places.iter().zip(cut.networks) {
            pruned[*place] = network;
        }
        reports.push((names, cut.report));
    }
    Ok(PrunedAgent {
        networks: pruned,
        reports,
    })
}

/// The error of a setting, with the names of the networks that it concerns.
fn named(error: Error, names: &[&str]) -> Error {
    match error {
        Error::Config {
            field,
            value,
            allowed,
        } => Error::Config {
            field,
            value,
            allowed: format!("{allowed} (in {})", names.join(" and ")),
        },
        other => other,
    }
}

/// The next objective of each batch; `None` after the last.
fn next(batches: &mut [impl Iterator<Item = Objective>]) -> Result<Option<Vec<Objective>>> {
    if batches.is_empty() {
        return Err(Error::config("batches", 0, "1 or more"));
    }
    Ok(batches.iter_mut().map(Iterator::next).collect())
}
