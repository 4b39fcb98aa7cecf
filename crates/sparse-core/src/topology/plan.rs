//! What a rule does to a whole network, decided before anything changes.

use rand::Rng;

use super::{Action, Extent, Rule, Topology, prune, recycle, rewire};
use crate::Result;
use crate::nn::Activity;
use crate::op::DenseGradient;
use crate::pattern::{Pattern, Rewire};

/// One layer as a rule sees it.
pub(crate) struct LayerState {
    pub(crate) pattern: Pattern,
    /// `[nnz]`.
    pub(crate) values: Vec<f32>,
    pub(crate) gradient: Option<DenseGradient>,
}

/// A network as a rule sees it.
pub(crate) struct NetworkState {
    pub(crate) layers: Vec<LayerState>,
    /// Pairs of layers: the outputs of the first are hidden units, and the inputs of the second.
    pub(crate) hidden: Vec<[usize; 2]>,
    pub(crate) activity: Activity,
}

/// What happens to one layer.
#[derive(Debug)]
pub(crate) enum Change {
    /// Nothing.
    Stay,
    /// Its connections change; those that come start from `grown`, in the order of positions.
    Rewire { rewire: Rewire, grown: Vec<f32> },
    /// Its connections stay and some numbers are set.
    Reset(Reset),
}

/// Numbers of a layer that are set, and whose moments become zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reset {
    /// Indices of values and what they become; the last one of an index counts.
    pub(crate) values: Vec<(u32, f32)>,
    /// Units whose bias becomes zero, and whose normalisation begins anew.
    pub(crate) units: Vec<usize>,
}

/// What the rule does to each layer after update `step`, of which it moves the share `fraction`.
pub(crate) fn plan(
    topology: &Topology,
    step: u64,
    fraction: f64,
    network: &NetworkState,
    rng: &mut impl Rng,
) -> Result<Vec<Change>> {
    let layers = &network.layers;
    let floor = topology.min_inputs_per_unit;
    match topology.rule.action() {
        Action::Stay => Ok(layers.iter().map(|_| Change::Stay).collect()),
        Action::Move(how) => {
            let extent = Extent {
                fraction,
                min_inputs_per_unit: floor,
            };
            let change = |layer: &LayerState| {
                let gradient = layer.gradient.as_ref();
                let (pattern, values) = (&layer.pattern, &layer.values);
                let rewire = rewire(pattern, values, gradient, &topology.rule, extent, rng)?;
                let inputs = pattern.inputs();
                let grown = how.grown_value.draw(rewire.grown().len(), inputs, rng);
                Ok(Change::of(rewire, grown))
            };
            layers.iter().map(change).collect()
        }
        Action::Prune(rule) => {
            let rewires = prune::prune(layers, rule, step, floor)?;
            let change = |rewire| Change::of(rewire, Vec::new());
            Ok(rewires.into_iter().map(change).collect())
        }
        Action::Recycle(rule) => recycle::recycle(network, rule.threshold, rng),
    }
}

impl Change {
    fn of(rewire: Rewire, grown: Vec<f32>) -> Self {
        if rewire.is_identity() {
            Self::Stay
        } else {
            Self::Rewire { rewire, grown }
        }
    }
}
