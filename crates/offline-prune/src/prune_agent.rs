//! Pruning all networks of an agent, each by the loss that it is trained by.

use rand::Rng;
use rl_algos::agent::{Network, Role};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::nn::{SparseMlp, SparseModule};

use crate::agent::{Objective, OfflineAgent};
use crate::prune::{Group, Loss, PruneConfig, PruneReport, prune};
use crate::{Error, Result};

/// The pruned networks of an agent, in its order, and what happened to them.
#[derive(Debug)]
pub struct PrunedAgent {
    /// The networks, for [`OfflineConfig::build`](crate::config::OfflineConfig::build).
    pub networks: Vec<SparseMlp>,
    /// For each group of networks that was ranked together: their names, and what happened.
    pub reports: Vec<(Vec<String>, PruneReport)>,
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
        let all = agent.objectives(batch, streams)?;
        let all = match config.joint_critics {
            true => with_joint_critics(all, &networks),
            false => all,
        };
        objectives.push(all.into_iter());
    }
    let mut pruned: Vec<SparseMlp> = networks.iter().map(|network| network.net.clone()).collect();
    let mut reports = Vec::new();
    // One objective of each batch, as long as there are any: all batches have as many.
    while let Some(first) = next(&mut objectives)? {
        let places = first[0].networks.clone();
        let pick = |places: &[usize]| -> Vec<&SparseMlp> {
            places.iter().map(|place| networks[*place].net).collect()
        };
        let fixed = pick(&first[0].fixed);
        let losses: Vec<Box<Loss>> = first.into_iter().map(|o| o.loss as Box<Loss>).collect();
        let group = Group::new(&pick(&places), &losses)?.with_fixed(&fixed);
        let names: Vec<String> = places
            .iter()
            .map(|place| networks[*place].name.to_owned())
            .collect();
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

/// The objectives with those of critics that are trained each by itself as one, their sum.
fn with_joint_critics(objectives: Vec<Objective>, networks: &[Network<'_>]) -> Vec<Objective> {
    let is_critic = |objective: &Objective| match objective.networks.as_slice() {
        [one] => networks[*one].role == Role::Critic && objective.fixed.is_empty(),
        _ => false,
    };
    let (critics, mut others): (Vec<_>, Vec<_>) = objectives.into_iter().partition(is_critic);
    let places = critics.iter().flat_map(|critic| critic.networks.clone());
    let places: Vec<usize> = places.collect();
    let losses: Vec<_> = critics.into_iter().map(|critic| critic.loss).collect();
    if places.is_empty() {
        return others;
    }
    others.push(Objective {
        networks: places,
        fixed: Vec::new(),
        loss: Box::new(move |nets| {
            let each = losses.iter().zip(nets.chunks(1));
            let sum = each
                .map(|(loss, net)| loss(net))
                .reduce(|sum, loss| sum + loss);
            let Some(sum) = sum else {
                unreachable!("there is a critic")
            };
            sum
        }),
    });
    others
}

/// A pruned network's connections with the values and biases of a dense one.
///
/// # Errors
/// When they have other layers.
pub(crate) fn with_values_of(pruned: &SparseMlp, dense: &SparseMlp) -> Result<SparseMlp> {
    let mut network = dense.clone();
    let mut layers = network.sparse_layers_mut();
    for (layer, kept) in layers.iter_mut().zip(pruned.sparse_layers()) {
        let pattern = kept.pattern().clone();
        let all: Vec<f32> = layer.values().into_data().iter().collect();
        let values = pattern
            .positions()
            .map(|position| all[position as usize])
            .collect();
        **layer = layer.with_connections(pattern, values, kept.storage())?;
    }
    drop(layers);
    Ok(network)
}

/// The error of a setting, with the names of the networks that it concerns.
fn named(error: Error, names: &[String]) -> Error {
    match error {
        Error::Learning(rl_algos::Error::Config {
            field,
            value,
            allowed,
        }) => {
            let allowed = format!("{allowed} (in {})", names.join(" and "));
            rl_algos::Error::config(field, value, allowed).into()
        }
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
