//! How a layer's parameters are differentiated without being leaves of the graph.

use std::sync::{Arc, OnceLock};

use burn::tensor::{Gradients, Tensor};

use super::linear::Parameters;
use crate::op::Sink;

/// Vectors of a layer: its values, and at most three with one number per unit.
const VECTORS: usize = 4;

/// Says that the parameters of a layer, which lie outside autodiff, are to be differentiated: those of a network that is
/// [one operation](crate::op::network) by its sink, and otherwise as leaves, which are made when they are first used.
#[derive(Clone, Debug)]
pub(crate) struct Tape {
    sink: Sink,
    /// Which layer of the sink.
    index: usize,
    leaves: Arc<[OnceLock<Tensor<1>>; VECTORS]>,
}

impl Tape {
    /// For layer `index` of the network that `sink` belongs to.
    pub(crate) fn new(sink: Sink, index: usize) -> Self {
        Self {
            sink,
            index,
            leaves: Arc::default(),
        }
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    pub(crate) fn sink(&self) -> &Sink {
        &self.sink
    }

    /// The leaf of the layer's vector number `k`, which is `plain`.
    pub(crate) fn leaf(&self, k: usize, plain: Tensor<1>) -> Tensor<1> {
        let leaf = || Tensor::from_inner(plain).require_grad();
        self.leaves[k].get_or_init(leaf).clone()
    }

    /// The gradients of the layer's parameters, `plain`; zeros where no backward pass has come by.
    pub(crate) fn gradients(&self, plain: Parameters, gradients: &mut Gradients) -> Parameters {
        let sunk = self.sink.take(self.index);
        let [values, bias] = sunk.map_or([None, None], |sunk| sunk.map(Some));
        let mut gradient = |k: usize, sunk: Option<Tensor<1>>, plain: Tensor<1>| {
            let leaf = self.leaves[k].get();
            match (sunk, leaf.and_then(|leaf| leaf.grad_remove(gradients))) {
                (Some(sunk), Some(more)) => sunk + more,
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => plain.zeros_like(),
            }
        };
        let values = gradient(0, values, plain.values);
        let units = plain.per_unit.into_iter().enumerate();
        let mut bias = bias;
        Parameters {
            values,
            per_unit: units
                .map(|(k, plain)| gradient(1 + k, bias.take().filter(|_| k == 0), plain))
                .collect(),
        }
    }
}
