//! The networks of another run, with which a new one begins.

use std::path::Path;

use anyhow::{Context, Result, bail};
use burn::tensor::{Device, Tensor};
use rl_algos::agent::{Agent, Role};
use rl_algos::config::TrainConfig;
use rl_algos::rng::Streams;
use sparse_core::nn::{SparseMlp, SparseMlpConfig, SparseModule};
use sparse_core::record::{Record, RecordWriter};

use crate::folder::kind::Kind;
use crate::folder::names::{CONFIG, NETWORKS, POLICY};
use crate::folder::places;
use crate::folder::run_dir::{Checkpoint, RunDir};
use crate::roster::Take;
use crate::terminal::tell::print_line;

/// The record of the networks that a run of `config` is to begin with, which `agent` was drawn for.
///
/// # Errors
/// When the folder holds no run, or none with such networks, or their sizes are others.
pub(super) fn record(
    folder: &Path,
    take: Take,
    config: &TrainConfig,
    agent: &dyn Agent,
    device: &Device,
) -> Result<Vec<u8>> {
    let place = || format!("--init-from {}", folder.display());
    let source = Source::open(folder).with_context(place)?;
    let mut streams = Streams::new(config.seed);
    let mut writer = RecordWriter::new();
    let mut own = Vec::new();
    for network in agent.networks() {
        let last = source.last(network.name, network.role, device)?;
        let (Some(last), Some(net)) = (last, network.mlp()) else {
            own.push(network.name);
            continue;
        };
        fits(network.name, &last, net).with_context(place)?;
        let taken = match take {
            Take::Networks => last,
            Take::Connections => {
                let dense = dense(config, net, network.role, device, &mut streams)?;
                with_values(&last, &dense)?
            }
            Take::Ticket => with_values(
                &last,
                &source.first(network.name, device).with_context(place)?,
            )?,
        };
        writer.network(network.name, &taken);
    }
    if own.len() == agent.networks().len() {
        bail!(
            "{}: none of its networks is called {}",
            place(),
            own.join(", ")
        );
    }
    if !own.is_empty() {
        print_line(&format!(
            "note     not taken, because that run has none that fit: {}",
            own.join(", ")
        ));
    }
    Ok(writer.finish()?)
}

/// Where networks are taken from.
struct Source {
    /// The actor, which reads what the task gives, and all other networks.
    actor: Record,
    others: Option<Record>,
    /// The weights of step 0.
    first: Option<Record>,
}

impl Source {
    fn open(folder: &Path) -> Result<Self> {
        places::run(folder)?;
        let text = std::fs::read_to_string(folder.join(CONFIG))?;
        if Kind::of(&text) == Some(Kind::Offline) {
            // Its other networks read normalised observations where the policy did.
            let normalises = text
                .lines()
                .any(|line| line.trim() == "normalise_observations = true");
            let networks = folder.join(NETWORKS);
            return Ok(Self {
                actor: Record::open(&folder.join(POLICY[0]))?,
                others: match !normalises && networks.exists() {
                    true => Some(Record::open(&networks)?),
                    false => None,
                },
                first: None,
            });
        }
        let (dir, _) = RunDir::open(folder)?;
        dir.info(Checkpoint::Latest)?;
        let latest = dir.weights_path(Checkpoint::Latest);
        let first = dir.initial_path();
        Ok(Self {
            actor: Record::open(&latest)?,
            others: Some(Record::open(&latest)?),
            first: match first.exists() {
                true => Some(Record::open(&first)?),
                false => None,
            },
        })
    }

    /// The network of this name at the end; none where there is none.
    fn last(&self, name: &str, role: Role, device: &Device) -> Result<Option<SparseMlp>> {
        let record = match role {
            Role::Actor => Some(&self.actor),
            _ => self.others.as_ref(),
        };
        let Some(record) = record else {
            return Ok(None);
        };
        match record.has_network(name)? {
            true => Ok(Some(record.network(name, device)?)),
            false => Ok(None),
        }
    }

    /// The network of this name at step 0.
    fn first(&self, name: &str, device: &Device) -> Result<SparseMlp> {
        let Some(first) = &self.first else {
            bail!(
                "it kept no weights of step 0, which --take ticket needs; take connections or networks"
            );
        };
        Ok(first.network(name, device)?)
    }
}

/// Refuses a network of other sizes.
fn fits(name: &str, taken: &SparseMlp, own: &SparseMlp) -> Result<()> {
    let sizes = |net: &SparseMlp| {
        sizes(net)
            .iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join("-")
    };
    let (taken, own) = (sizes(taken), sizes(own));
    if taken != own {
        bail!(
            "its {name} is {taken}, and this run's {own}: `networks` and the task's observations and actions must be the same"
        );
    }
    Ok(())
}

/// Features of the input, the hidden layers and the output.
fn sizes(net: &SparseMlp) -> Vec<usize> {
    let layers = net.sparse_layers();
    let first = layers.first().map(|layer| layer.pattern().inputs());
    first
        .into_iter()
        .chain(layers.iter().map(|layer| layer.pattern().outputs()))
        .collect()
}

/// A dense network as this run would draw it.
fn dense(
    config: &TrainConfig,
    own: &SparseMlp,
    role: Role,
    device: &Device,
    streams: &mut Streams,
) -> Result<SparseMlp> {
    let norm = role == Role::Critic && config.networks.critic_layer_norm;
    let network = SparseMlpConfig::new(sizes(own))
        .with_layer_norm(norm)
        .with_initializer(config.networks.init);
    Ok(network.try_init(device, &mut streams.init)?)
}

/// The connections of one network with the values of another, 0 where it has none; and its biases.
fn with_values(connections: &SparseMlp, values: &SparseMlp) -> Result<SparseMlp> {
    let floats = |tensor: Tensor<1>| -> Vec<f32> { tensor.into_data().iter().collect() };
    let mut net = values.clone();
    let mut layers = net.sparse_layers_mut();
    for (layer, from) in layers.iter_mut().zip(connections.sparse_layers()) {
        let pattern = from.pattern().clone();
        let held = floats(layer.values());
        let places: Vec<u32> = layer.pattern().positions().collect();
        let mut held = places.into_iter().zip(held).peekable();
        // Both in the order of positions.
        let at = |position: u32| {
            while held.next_if(|(own, _)| *own < position).is_some() {}
            held.next_if(|(own, _)| *own == position)
                .map_or(0.0, |(_, value)| value)
        };
        let taken = pattern.positions().map(at).collect();
        **layer = layer.with_connections(pattern, taken, from.storage())?;
    }
    drop(layers);
    Ok(net)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn values_are_those_of_the_same_positions() {
        let device = Device::flex();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut net = |sparsity: f64| {
            let config = SparseMlpConfig::new(vec![7, 30, 20, 3]).with_sparsity(sparsity);
            config.try_init(&device, &mut rng).unwrap()
        };
        let (connections, dense, sparse) = (net(0.7), net(0.0), net(0.6));
        for values in [&dense, &sparse] {
            let made = with_values(&connections, values).unwrap();
            let matrix = |net: &SparseMlp, layer: usize| -> Vec<f32> {
                let layers = net.sparse_layers();
                let pattern = layers[layer].pattern();
                let mut all = vec![f32::NAN; pattern.inputs() * pattern.outputs()];
                let held: Vec<f32> = layers[layer].values().into_data().iter().collect();
                for (position, value) in pattern.positions().zip(held) {
                    all[position as usize] = value;
                }
                all
            };
            for layer in 0..3 {
                let (asked, own, got) = (
                    matrix(&connections, layer),
                    matrix(values, layer),
                    matrix(&made, layer),
                );
                for ((asked, own), got) in asked.iter().zip(&own).zip(&got) {
                    match (asked.is_nan(), own.is_nan()) {
                        (true, _) => assert!(got.is_nan()),
                        (false, true) => assert_eq!(*got, 0.0),
                        (false, false) => assert_eq!(got, own),
                    }
                }
            }
        }
    }
}
