//! Dense networks in, sparse networks and a report out.
//!
//! The networks of one call are one group: their weights are ranked together, as those of an encoder and
//! its decoder are. An
//! actor and its critics are pruned in two calls, each by its own loss; [`prune_agent`](crate::prune_agent) makes all calls for an agent.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use offline_prune::prune::{Group, Loss, PruneConfig, prune};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//! use sparse_core::nn::{SparseMlp, SparseMlpConfig};
//!
//! let device = Device::flex();
//! let mut rng = ChaCha8Rng::seed_from_u64(0);
//! let net = SparseMlpConfig::new(vec![2, 64, 64, 1]).try_init(&device, &mut rng)?;
//!
//! // One mini-batch: two inputs and what the network should say.
//! let x = Tensor::<2>::from_data([[0.1, 0.2], [0.3, -0.4]], &device);
//! let y = Tensor::<2>::from_data([[1.0], [2.0]], &device);
//! let loss: Box<Loss> = Box::new(move |nets: &[SparseMlp]| {
//!     let [x, y] = [&x, &y].map(|t| Tensor::from_inner(t.clone()));
//!     (nets[0].forward(x) - y).square().mean()
//! });
//! let config = PruneConfig { criterion: "snip".parse()?, sparsity: 0.9, ..PruneConfig::default() };
//! let losses = [loss];
//! let pruned = prune(&Group::new(&[&net], &losses)?, &config, &mut rng)?;
//! assert_eq!(pruned.report.kept(), 429); // of 4288
//! # Ok::<(), offline_prune::Error>(())
//! ```

mod report;
#[cfg(test)]
mod tests;

use rand::Rng;
use serde::{Deserialize, Serialize};
use sparse_core::budget::Allocation;
use sparse_core::nn::{Initializer, SparseMlp, SparseModule, Storage};
use sparse_core::pattern::Pattern;

pub use report::{LayerReport, PruneReport};

use crate::criteria::{Criterion, CriterionConfig};
use crate::limits::in_toml;
pub use crate::weights::{
    Budget, Group, KeepMask, LayerShape, Loss, MinConnectivity, PerWeight, Selection, Smooth,
};
use crate::{Error, Result};

/// How networks are pruned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PruneConfig {
    /// How weights are scored: a name, or a table with settings. Default: SNIP, as in the released code for offline
    /// RL of the same first author (Arnob et al. 2025, arXiv:2506.17155).
    #[serde(deserialize_with = "crate::criteria::by_name_or_settings")]
    pub criterion: CriterionConfig,
    /// The share of weights that go, in [0, 1): 0.95, as Arnob et al. (2021) report.
    pub sparsity: f64,
    /// What is ranked together. Default: all layers, as SNIP, GraSP and SynFlow are defined.
    pub allocation: Allocation,
    /// What no layer may be left without.
    pub floor: MinConnectivity,
    /// Which kernels the pruned networks run on. Default: compressed rows.
    pub storage: Storage,
    /// Whether an agent's critics are ranked together, by the sum of their losses, as in SaminYeasar/sparse_reg. Default:
    /// each by itself, by its own loss.
    #[serde(skip_serializing_if = "is_false")]
    pub joint_critics: bool,
    /// The initialisation whose networks are scored in the place of those that are trained, as the released codes of SNIP and
    /// GraSP draw Xavier's anew on a copy. Default: those that are trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_init: Option<Initializer>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Default for PruneConfig {
    fn default() -> Self {
        Self {
            criterion: CriterionConfig::default(),
            sparsity: 0.95,
            allocation: Allocation::Global,
            floor: MinConnectivity::default(),
            storage: Storage::Csr,
            joint_critics: false,
            score_init: None,
        }
    }
}

impl PruneConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// [`rl_algos::Error::Config`] with the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        if !(0.0..1.0).contains(&self.sparsity) {
            return Err(Error::config("sparsity", self.sparsity, "in [0, 1)"));
        }
        let floor = self.floor.min_inputs_per_unit as u64;
        in_toml("floor.min_inputs_per_unit", floor, 0)?;
        self.criterion.validate()
    }

    /// How much stays, and where.
    #[must_use]
    pub fn budget(&self) -> Budget {
        Budget {
            sparsity: self.sparsity,
            allocation: self.allocation.clone(),
            floor: self.floor,
        }
    }
}

/// Networks that were pruned, and what happened to them.
#[derive(Debug)]
pub struct Pruned {
    /// The networks in the order of those given. Weights that stay and biases have their values; the others are gone.
    pub networks: Vec<SparseMlp>,
    /// What happened to each layer.
    pub report: PruneReport,
}

/// Scores the weights of a group of dense networks by their losses and keeps the best.
///
/// # Errors
/// [`rl_algos::Error::Config`] when a setting is outside its range; [`Error::Loss`] when the criterion needs a loss and there is
/// none, or one is not finite; [`Error::Scores`] when the scores are not numbers or all the same;
/// [`Error::Collapse`] when a layer would keep nothing, which a floor prevents.
pub fn prune(group: &Group, config: &PruneConfig, rng: &mut impl Rng) -> Result<Pruned> {
    config.validate()?;
    let budget = config.budget();
    let criterion = config.criterion.name();
    let scores = config.criterion.scores(group, &budget, rng)?;
    check(criterion, group, &scores)?;
    let selection = budget.select(group.layers(), &scores)?;
    let report = PruneReport::new(criterion, group.layers(), &scores, &selection);
    if let Some(empty) = report.layers.iter().find(|l| l.kept == 0) {
        return Err(Error::Collapse {
            network: empty.shape.network,
            layer: empty.shape.layer,
            total: empty.total(),
        });
    }
    let networks = pruned_networks(group, &selection.kept, config.storage)?;
    Ok(Pruned { networks, report })
}

/// Scores must be numbers and not all the same, or there is nothing to rank.
fn check(criterion: &'static str, group: &Group, scores: &PerWeight) -> Result<()> {
    let fault = |what: String| Err(Error::Scores { criterion, what });
    for (shape, scores) in group.layers().iter().zip(scores.layers()) {
        let nan = scores.iter().position(|s| s.is_nan());
        if let Some(at) = nan {
            let (unit, input) = (at / shape.inputs, at % shape.inputs);
            let (layer, network) = (shape.layer, shape.network);
            return fault(format!(
                "the score of input {input} of unit {unit} in layer {layer} of network {network} is not a number"
            ));
        }
    }
    // Those that an earlier round removed are below all others.
    let mut there = scores.iter().filter(|score| *score > f64::NEG_INFINITY);
    let first = there.next().unwrap_or(0.0);
    let mut others = there.peekable();
    if others.peek().is_some() && others.all(|score| score == first) {
        return fault(format!(
            "every score is {first}, which ranks nothing: does the loss depend on the networks?"
        ));
    }
    Ok(())
}

/// The group's networks with nothing but the weights that stay.
fn pruned_networks(group: &Group, kept: &KeepMask, storage: Storage) -> Result<Vec<SparseMlp>> {
    let mut networks = group.networks().to_vec();
    let layers = networks.iter_mut().flat_map(SparseMlp::sparse_layers_mut);
    for (at, layer) in layers.enumerate() {
        let (shape, kept) = (&group.layers()[at], &kept.layers()[at]);
        let pattern = Pattern::from_mask(shape.outputs, shape.inputs, kept)?;
        let weights = &group.weights().layers()[at];
        let values = pattern.positions().map(|p| weights[p as usize] as f32);
        let values = values.collect();
        *layer = layer.with_connections(pattern, values, storage)?;
    }
    Ok(networks)
}
