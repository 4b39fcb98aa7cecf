//! One network being trained: backward pass, then the optimizer or a change of connections, then the target.
//!
//! An algorithm hands over a loss and never sees a pattern, an index or a moment.

use burn::tensor::Tensor;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::nn::{SparseLinear, SparseModule};
use crate::op::{GrowthProbe, polyak};
use crate::optim::{Adam, AdamConfig, LayerGradient, carry_tensor, to_vec};
use crate::pattern::Rewire;
use crate::topology::{Extent, Rule, Signal, Topology, rewire};
use crate::{Error, Result};

/// A target network that trails the online one: `target += tau · (online − target)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// Step towards the online network, in (0, 1].
    pub tau: f64,
    /// Updates of the online network between two steps of the target, 1 or more.
    pub every: u64,
}

/// What a learner does besides following the gradient.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LearnerConfig {
    /// The optimizer.
    pub adam: AdamConfig,
    /// The rule that moves connections; `None` leaves them where they are.
    pub topology: Option<Topology>,
    /// The target network; `None` keeps none.
    pub target: Option<TargetConfig>,
}

/// What one call of [`Learner::minimise`] did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The loss before the step.
    pub loss: f32,
    /// Connections that were moved, when this step changed connections instead of weights.
    pub moved: Option<usize>,
}

/// Bytes that a learner holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Values and biases.
    pub parameters: usize,
    /// Both moments of the optimizer.
    pub moments: usize,
    /// Values and biases of the target network.
    pub target: usize,
    /// Index arrays of the connections, shared with the target.
    pub pattern: usize,
}

/// A network with its optimizer, its topology rule and its target network.
#[derive(Debug)]
pub struct Learner<N> {
    /// The weights, outside autodiff.
    net: N,
    target: Option<N>,
    adam: Adam,
    config: LearnerConfig,
    updates: u64,
}

impl<N: SparseModule> Learner<N> {
    /// Starts from `net`, which lies on a device without autodiff; the target starts as its copy.
    #[must_use]
    pub fn new(net: N, config: LearnerConfig) -> Self {
        let adam = Adam::new(config.adam, &net.sparse_layers());
        let target = config.target.map(|_| net.clone());
        Self {
            net,
            target,
            adam,
            config,
            updates: 0,
        }
    }

    /// The network, outside autodiff: for acting, for targets, and as a constant in another one's loss.
    #[must_use]
    pub fn net(&self) -> &N {
        &self.net
    }

    /// The target network; the network itself when none is kept.
    #[must_use]
    pub fn target(&self) -> &N {
        self.target.as_ref().unwrap_or(&self.net)
    }

    /// Steps taken, of either kind.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Takes one step down the loss, which `loss` computes from the network under autodiff. When the
    /// topology's schedule is due, the step moves connections instead of changing weights.
    ///
    /// # Errors
    /// [`Error::Diverged`] when the loss is NaN or infinite; nothing has changed then.
    pub fn minimise(
        &mut self,
        loss: impl FnOnce(&N) -> Tensor<1>,
        rng: &mut impl Rng,
    ) -> Result<StepReport> {
        let slope = Slope::of(&self.net, self.probes(), loss);
        self.step(slope, rng)
    }

    /// As [`minimise`](Self::minimise) for a loss that is the mean of two, which are computed at the same
    /// time where there are threads for it. The result does not depend on their number.
    ///
    /// # Errors
    /// As [`minimise`](Self::minimise).
    pub fn minimise_both(
        &mut self,
        losses: [impl FnOnce(&N) -> Tensor<1> + Send; 2],
        rng: &mut impl Rng,
    ) -> Result<StepReport>
    where
        N: Sync,
    {
        let (net, probe) = (&self.net, self.probes());
        let [first, second] = losses;
        let (mut first, second) = rayon::join(
            || Slope::of(net, probe, |net| first(net) * 0.5),
            || Slope::of(net, probe, |net| second(net) * 0.5),
        );
        first.add(second);
        self.step(first, rng)
    }

    /// Whether the coming update needs dense gradients.
    fn probes(&self) -> bool {
        let topology = self.config.topology.as_ref();
        let needs = topology.map(|t| t.rule.action().needs());
        needs == Some(Signal::DenseGradient) && self.due().is_some()
    }

    /// The share of connections that the coming update moves, if it moves any.
    fn due(&self) -> Option<f64> {
        let topology = self.config.topology.as_ref();
        topology.and_then(|t| t.due(self.updates + 1))
    }

    /// Follows the gradient, or moves connections, and then the target.
    fn step(&mut self, slope: Slope, rng: &mut impl Rng) -> Result<StepReport> {
        let update = self.updates + 1;
        let loss = slope.loss;
        if !loss.is_finite() {
            return Err(Error::Diverged { update, loss });
        }
        let moved = match self.due() {
            Some(fraction) => Some(self.rewire(&slope.layers, fraction, rng)?),
            None => {
                let layers = &mut self.net.sparse_layers_mut();
                self.adam.step(layers, slope.layers);
                None
            }
        };
        self.updates = update;
        self.follow();
        Ok(StepReport { loss, moved })
    }

    /// Moves connections in every layer that lacks some, and carries with them all that is kept per
    /// connection: values, moments and target values. Either all layers change or, on an error, none.
    fn rewire(
        &mut self,
        gradients: &[LayerGradient],
        fraction: f64,
        rng: &mut impl Rng,
    ) -> Result<usize> {
        let Some(topology) = &self.config.topology else {
            return Ok(0);
        };
        let extent = Extent {
            fraction,
            min_inputs_per_unit: 0,
        };
        let layers = self.net.sparse_layers().into_iter().zip(gradients);
        let changes = layers.map(|(layer, gradient)| {
            let values = to_vec(layer.values());
            let gradient = gradient.dense.as_ref();
            rewire(
                layer.pattern(),
                &values,
                gradient,
                &topology.rule,
                extent,
                rng,
            )
        });
        let changes: Vec<Rewire> = changes.collect::<Result<_>>()?;

        let mut targets = self.target.as_mut().map(|t| t.sparse_layers_mut());
        let layers = self.net.sparse_layers_mut().into_iter().zip(&changes);
        for (index, (layer, change)) in layers.enumerate() {
            if change.is_identity() {
                continue;
            }
            self.adam.carry(index, change);
            if let Some(target) = targets.as_mut().map(|t| &mut t[index]) {
                carry_layer(target, change);
            }
            carry_layer(layer, change);
        }
        Ok(changes.iter().map(|change| change.grown().len()).sum())
    }

    /// Moves the target towards the network when it is due.
    fn follow(&mut self) {
        let (Some(target), Some(config)) = (&mut self.target, self.config.target) else {
            return;
        };
        if !self.updates.is_multiple_of(config.every.max(1)) {
            return;
        }
        let tau = config.tau as f32;
        let online = self.net.sparse_layers();
        for (target, online) in target.sparse_layers_mut().into_iter().zip(online) {
            let (values, bias) = target.take_parameters();
            target.set_parameters(
                polyak(values, online.values(), tau),
                polyak(bias, online.bias(), tau),
            );
        }
    }

    /// Bytes held, counted from the tensors.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let layers = self.net.sparse_layers();
        let parameters = |layers: &[&SparseLinear]| -> usize {
            let elements = |l: &&SparseLinear| {
                l.values().shape().num_elements() + l.bias().shape().num_elements()
            };
            4 * layers.iter().map(elements).sum::<usize>()
        };
        Memory {
            parameters: parameters(&layers),
            moments: self.adam.bytes(),
            target: self
                .target
                .as_ref()
                .map_or(0, |t| parameters(&t.sparse_layers())),
            pattern: layers.iter().map(|l| l.pattern().bytes()).sum(),
        }
    }
}

/// A loss and its gradients at every layer.
struct Slope {
    loss: f32,
    layers: Vec<LayerGradient>,
}

impl Slope {
    /// Computes a loss and runs the backward pass, with dense gradients if `probe`. A layer that the loss does
    /// not reach has zeros.
    fn of<N: SparseModule>(net: &N, probe: bool, loss: impl FnOnce(&N) -> Tensor<1>) -> Self {
        let mut net = net.clone().train();
        let mut probes = Vec::new();
        if probe {
            for layer in net.sparse_layers_mut() {
                probes.push(GrowthProbe::default());
                layer.set_probe(probes.last().cloned());
            }
        }
        let loss = loss(&net);
        let mut gradients = loss.backward();
        let mut take = |parameter: Tensor<1>| {
            parameter
                .grad_remove(&mut gradients)
                .unwrap_or_else(|| parameter.inner().zeros_like())
        };
        let layers = net.sparse_layers().into_iter().enumerate();
        Self {
            layers: layers
                .map(|(index, layer)| LayerGradient {
                    values: take(layer.values()),
                    bias: take(layer.bias()),
                    dense: probes.get(index).map(|probe| {
                        let pattern = layer.pattern();
                        probe.take(pattern.outputs(), pattern.inputs())
                    }),
                })
                .collect(),
            loss: loss.into_scalar::<f32>(),
        }
    }

    /// Adds the loss and the gradients of another part.
    fn add(&mut self, other: Self) {
        self.loss += other.loss;
        for (layer, other) in self.layers.iter_mut().zip(other.layers) {
            layer.values = layer.values.clone() + other.values;
            layer.bias = layer.bias.clone() + other.bias;
            if let (Some(dense), Some(other)) = (&mut layer.dense, other.dense) {
                dense.add(other);
            }
        }
    }
}

/// Moves a layer's values to its new connections.
fn carry_layer(layer: &mut SparseLinear, change: &Rewire) {
    let values = carry_tensor(&layer.values(), change);
    layer.set_connections(change.to().clone(), values);
}
