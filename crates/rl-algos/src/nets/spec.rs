//! How a network is drawn: its layers, its sparsity, what trains it.

use burn::tensor::Device;
use sparse_core::budget::Allocation;
use sparse_core::nn::{SparseMlp, SparseMlpConfig};
use sparse_core::topology::{GradualMagnitude, RuleConfig};
use sparse_core::trainer::NetworkTrainerConfig;

use crate::config::TrainConfig;
use crate::rng::Streams;
use crate::{Error, Result};

/// What a network is drawn from, beside the shared settings.
pub(super) struct NetworkSpec {
    sizes: Vec<usize>,
    /// At first.
    sparsity: f64,
    layer_norm: bool,
    pub(super) settings: NetworkTrainerConfig,
    /// The setting of its hidden layers.
    hidden: &'static str,
    /// The setting of its sparsity, and its value.
    asked: (&'static str, f64),
}

impl NetworkSpec {
    /// The actor, for observations and actions of these sizes.
    pub(super) fn actor(config: &TrainConfig, [obs_dim, act_dim]: [usize; 2]) -> Self {
        let hidden = config.networks.actor.as_slice();
        let outputs = config.algo.actor_outputs(act_dim);
        Self {
            sizes: [&[obs_dim], hidden, &[outputs]].concat(),
            sparsity: config.initial_sparsity()[0],
            layer_norm: false,
            settings: config.actor_learner(),
            hidden: "networks.actor",
            asked: ("sparsity.actor", config.sparsity.actor),
        }
    }

    /// One of the critics.
    pub(super) fn critic(config: &TrainConfig, [obs_dim, act_dim]: [usize; 2]) -> Self {
        let hidden = config.networks.critic.as_slice();
        Self {
            sizes: [&[obs_dim + act_dim], hidden, &[1]].concat(),
            sparsity: config.initial_sparsity()[1],
            layer_norm: config.networks.critic_layer_norm,
            settings: config.critic_learner(),
            hidden: "networks.critic",
            asked: ("sparsity.critic", config.sparsity.critic),
        }
    }

    fn allocation(&self, config: &TrainConfig) -> Allocation {
        match self.sparsity {
            0.0 => Allocation::default(),
            _ => config.sparsity.allocation.clone(),
        }
    }

    /// Checks that every layer keeps connections, now and when it is pruned; of the best scores of all layers that is
    /// known when they are drawn.
    fn fits(&self, config: &TrainConfig) -> Result<()> {
        let shapes: Vec<(usize, usize)> = self.sizes.windows(2).map(|w| (w[1], w[0])).collect();
        let can_be = |&(outputs, inputs): &(usize, usize)| {
            let weights = outputs.checked_mul(inputs);
            weights.is_some_and(|weights| (1..1 << 32).contains(&weights))
        };
        if !shapes.iter().all(can_be) {
            let sizes = format!("{:?} with inputs and outputs", self.sizes);
            let allowed = "of layers with 1 or more weights and fewer than 2^32";
            return Err(Error::config(self.hidden, sizes, allowed));
        }
        self.keeps(config, &shapes)
            .map_err(|error| self.config_error(config, error))
    }

    fn keeps(&self, config: &TrainConfig, shapes: &[(usize, usize)]) -> sparse_core::Result<()> {
        if let Some(topology) = &self.settings.topology {
            topology.fits(shapes)?;
        }
        match self.allocation(config) {
            Allocation::Global => Ok(()),
            allocation => allocation.counts(shapes, self.sparsity).map(drop),
        }
    }

    /// What is wrong with the network, as a setting.
    fn config_error(&self, config: &TrainConfig, error: sparse_core::Error) -> Error {
        if !error.is_budget() {
            return error.into();
        }
        let (field, value) = sparsity_setting(config, self.asked);
        let allowed = format!("one that leaves every layer connections; {error}");
        Error::config(field, value, &allowed)
    }
}

/// Checks that a run's networks keep connections in every layer, for observations and actions of these sizes.
///
/// # Errors
/// [`Error::Config`] when their sparsity leaves a layer without, now or when it is pruned.
pub fn check_networks(config: &TrainConfig, sizes: [usize; 2]) -> Result<()> {
    for spec in [
        NetworkSpec::actor(config, sizes),
        NetworkSpec::critic(config, sizes),
    ] {
        spec.fits(config)?;
    }
    Ok(())
}

/// The setting of a network's sparsity, and its value.
pub(crate) fn sparsity_setting(
    config: &TrainConfig,
    asked: (&'static str, f64),
) -> (&'static str, String) {
    let shared = "topology.rule.gradual_magnitude.final_sparsity";
    let own = "topology.actor_rule.gradual_magnitude.final_sparsity";
    let rule = config.topology.as_ref().map(|topology| {
        match topology
            .actor_rule
            .as_ref()
            .filter(|_| asked.0 == "sparsity.actor")
        {
            Some(rule) => (own, rule),
            None => (shared, &topology.rule),
        }
    });
    let prunes = |(place, rule): (&'static str, &RuleConfig)| {
        let rule = rule.get::<GradualMagnitude>()?;
        Some((place, rule.final_sparsity.to_string()))
    };
    match rule.and_then(prunes) {
        Some(setting) => setting,
        _ if config.sparsity.is_by_layer() => (
            "sparsity.allocation",
            format!("{:?}", config.sparsity.allocation),
        ),
        _ => (asked.0, asked.1.to_string()),
    }
}

/// Draws a network.
///
/// # Errors
/// [`Error::Config`] when its sparsity leaves a layer without connections, now or when it is pruned.
pub(super) fn network(
    config: &TrainConfig,
    spec: &NetworkSpec,
    device: &Device,
    streams: &mut Streams,
) -> Result<SparseMlp> {
    let shared = &config.sparsity;
    let network = SparseMlpConfig::new(spec.sizes.clone())
        .with_sparsity(spec.sparsity)
        .with_allocation(spec.allocation(config))
        .with_mask(shared.mask)
        .with_storage(shared.storage)
        .with_layer_norm(spec.layer_norm)
        .with_initializer(config.networks.init)
        .with_fans(config.networks.fans);
    spec.fits(config)?;
    let made = network.try_init(device, &mut streams.init);
    made.map_err(|error| spec.config_error(config, error))
}
