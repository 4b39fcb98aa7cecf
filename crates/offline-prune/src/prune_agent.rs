//! Pruning all networks of an agent, each by the loss that it is trained by.

use rand::Rng;
use rl_algos::agent::{Network, Role};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::nn::{SparseMlp, SparseModule};

use crate::agent::{Objective, OfflineAgent};
use crate::prune::{Group, Loss, PruneConfig, PruneReport, prune};
use crate::{Error, Result};

/// Why networks are plain ones.
pub(crate) const TO_BE_PRUNED: &str = "to be pruned";

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
/// As [`prune()`]; [`rl_algos::Error::Config`] when there is no batch, when a network is no [`SparseMlp`], or when the agent's objectives do not have each of its
/// networks once, are of networks that it does not have, or are of others from batch to batch; and when a batch does not fit
/// the agent.
pub fn prune_agent(
    agent: &dyn OfflineAgent,
    batches: &[Batch],
    config: &PruneConfig,
    streams: &mut Streams,
    rng: &mut impl Rng,
) -> Result<PrunedAgent> {
    let networks = agent.networks();
    if batches.is_empty() {
        return Err(Error::config("batches", 0, "1 or more"));
    }
    let objectives = batches.iter().map(|batch| agent.objectives(batch, streams));
    let objectives: Vec<Vec<Objective>> = objectives.collect::<Result<_>>()?;
    check(&objectives, &networks)?;
    let joint = |all| match config.joint_critics {
        true => with_joint_critics(all, &networks),
        false => all,
    };
    let objectives = objectives.into_iter().map(joint);
    let mut objectives: Vec<_> = objectives.map(Vec::into_iter).collect();
    let plain = networks.iter().map(|network| network.plain(TO_BE_PRUNED));
    let plain: Vec<&SparseMlp> = plain.collect::<Result<_, _>>()?;
    let mut pruned: Vec<SparseMlp> = plain.iter().copied().cloned().collect();
    let mut reports = Vec::new();
    // The same objective of each batch: all have the same.
    while let Some(first) = next(&mut objectives) {
        let places = first[0].networks.clone();
        let pick = |places: &[usize]| -> Vec<&SparseMlp> {
            places.iter().map(|place| plain[*place]).collect()
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
fn next(batches: &mut [impl Iterator<Item = Objective>]) -> Option<Vec<Objective>> {
    batches.iter_mut().map(Iterator::next).collect()
}

/// Checks that the objectives of each batch are of the same networks, and have each network of the agent once.
fn check(batches: &[Vec<Objective>], networks: &[Network<'_>]) -> Result<()> {
    let places = |objectives: &[Objective]| -> Vec<[Vec<usize>; 2]> {
        let each = objectives.iter();
        each.map(|one| [one.networks.clone(), one.fixed.clone()])
            .collect()
    };
    let first = batches.first().map(|objectives| places(objectives));
    let first = first.unwrap_or_default();
    let error = |value, allowed: &str| Err(Error::config("objectives", value, allowed));
    if let Some(place) = first
        .iter()
        .flatten()
        .flatten()
        .find(|p| networks.get(**p).is_none())
    {
        let allowed = format!(
            "places among the agent's {} networks, from 0",
            networks.len()
        );
        return error(format!("of network {place}"), &allowed);
    }
    if first.iter().any(|[trained, _]| trained.is_empty()) {
        return error("one of no network".to_owned(), "each of 1 network or more");
    }
    for (place, network) in networks.iter().enumerate() {
        let count = first.iter().flat_map(|[trained, _]| trained);
        let count = count.filter(|trained| **trained == place).count();
        if count != 1 {
            let value = format!("{count} of `{}`", network.name);
            return error(value, "one of each network of the agent");
        }
    }
    for (index, objectives) in batches.iter().enumerate() {
        let found = places(objectives);
        if found != first {
            let value = format!("{found:?} of batch {index}");
            let allowed =
                format!("{first:?}, the networks and the fixed networks of each, as of batch 0");
            return error(value, &allowed);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use sparse_core::nn::SparseMlpConfig;

    use super::*;

    /// The networks that each objective of a batch trains, and the fixed ones.
    type Places = &'static [[&'static [usize]; 2]];

    fn objectives(places: Places) -> Vec<Objective> {
        let one = |[networks, fixed]: &[&[usize]; 2]| Objective {
            networks: networks.to_vec(),
            fixed: fixed.to_vec(),
            loss: Box::new(|_| panic!("is not asked")),
        };
        places.iter().map(one).collect()
    }

    #[test]
    fn objectives_have_each_network_once_and_the_same_for_each_batch() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let net = SparseMlpConfig::new(vec![2, 3, 1]);
        let net = net.try_init(&Device::flex(), &mut rng).unwrap();
        let network = |name, role| Network::part(name, role, &net);
        let networks = [
            network("actor", Role::Actor),
            network("critic_1", Role::Critic),
            network("critic_2", Role::Critic),
        ];
        let fine: Places = &[[&[0], &[1]], [&[1, 2], &[]]];
        let said = |batches: &[Places]| {
            let batches: Vec<_> = batches.iter().map(|places| objectives(places)).collect();
            check(&batches, &networks).map_err(|error| error.to_string())
        };
        assert_eq!(said(&[fine, fine]), Ok(()));
        let cases: [(&[Places], &str); 6] = [
            (
                &[&[[&[0], &[3]], [&[1, 2], &[]]]],
                "objectives = of network 3: must be places among the agent's 3 networks, from 0",
            ),
            (
                &[&[[&[0], &[]], [&[7], &[]]]],
                "objectives = of network 7: must be places among the agent's 3 networks, from 0",
            ),
            (
                &[&[[&[0], &[]], [&[1], &[]]]],
                "objectives = 0 of `critic_2`: must be one of each network of the agent",
            ),
            (
                &[&[[&[0, 1], &[]], [&[1, 2], &[]]]],
                "objectives = 2 of `critic_1`: must be one of each network of the agent",
            ),
            (
                &[&[[&[], &[]], [&[0, 1, 2], &[]]]],
                "objectives = one of no network: must be each of 1 network or more",
            ),
            (
                &[fine, &[[&[0], &[1]]]],
                "objectives = [[[0], [1]]] of batch 1: must be [[[0], [1]], [[1, 2], []]], the networks and the fixed \
                 networks of each, as of batch 0",
            ),
        ];
        for (batches, expected) in cases {
            assert_eq!(said(batches), Err(expected.to_owned()));
        }
    }
}
