//! Adam (Kingma & Ba, arXiv 1412.6980), fused, on the values and biases of sparse layers.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::moments::{Dropped, LayerMoments, Moments};
use crate::device::is_gpu;
use crate::kernels::AdamStep;
use crate::nn::{Parameters, SparseLinear, set_vectors};
use crate::op::{self, DenseGradient, adam_of_all, to_vec, vector};
use crate::pattern::Rewire;
use crate::record::{Record, RecordWriter, malformed};
use crate::topology::{AppliedChange, FollowsConnections, GrownMoments};
use crate::{Error, Result};

/// Settings of [`Adam`]. The defaults are PyTorch's, except the learning rate: 3e-4, as in the released code of TD3,
/// SAC and RLx2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamConfig {
    /// Learning rate, above 0.
    pub learning_rate: f64,
    /// Decay of the first moment, in [0, 1).
    pub beta1: f64,
    /// Decay of the second moment, in [0, 1).
    pub beta2: f64,
    /// Added to the root of the second moment, above 0.
    pub epsilon: f64,
    /// L2 penalty added to the gradient, 0 or more.
    pub weight_decay: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            learning_rate: 3e-4,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
        }
    }
}

impl AdamConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Config`] with the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        // Steps are made in f32.
        let positive = |x: f64| x as f32 > 0.0 && (x as f32).is_finite();
        let decay = |x: f64| x >= 0.0 && (x as f32) < 1.0;
        let checks = [
            (
                "learning_rate",
                self.learning_rate,
                positive(self.learning_rate),
                "above 0, and neither 0 nor infinite in f32",
            ),
            (
                "beta1",
                self.beta1,
                decay(self.beta1),
                "in [0, 1), in f32 too",
            ),
            (
                "beta2",
                self.beta2,
                decay(self.beta2),
                "in [0, 1), in f32 too",
            ),
            (
                "epsilon",
                self.epsilon,
                positive(self.epsilon),
                "above 0, and neither 0 nor infinite in f32",
            ),
            (
                "weight_decay",
                self.weight_decay,
                self.weight_decay == 0.0 || positive(self.weight_decay),
                "0, or a number that is neither 0 nor infinite in f32",
            ),
        ];
        match checks.into_iter().find(|(_, _, good, _)| !good) {
            None => Ok(()),
            Some((field, value, _, allowed)) => Err(Error::config(field, value, allowed)),
        }
    }
}

/// Gradients of one layer: those of its parameters and, when a rule wants it, that of all weights that could exist.
pub(crate) struct LayerGradient {
    pub(crate) parameters: Parameters,
    pub(crate) dense: Option<DenseGradient>,
}

impl LayerGradient {
    /// With that of another part of the loss.
    pub(crate) fn plus(self, other: Self) -> Self {
        let (sum, more) = (self.parameters, other.parameters);
        let per_unit = sum.per_unit.into_iter().zip(more.per_unit);
        let mut dense = self.dense;
        if let (Some(dense), Some(other)) = (&mut dense, other.dense) {
            dense.add(other);
        }
        Self {
            parameters: Parameters {
                values: sum.values + more.values,
                per_unit: per_unit.map(|(sum, more)| sum + more).collect(),
            },
            dense,
        }
    }
}

/// The optimizer of one network.
#[derive(Clone, Debug)]
pub struct Adam {
    config: AdamConfig,
    steps: i32,
    layers: Vec<LayerMoments>,
}

impl Adam {
    /// Zero moments for these layers.
    #[must_use]
    pub fn new(config: AdamConfig, layers: &[&SparseLinear]) -> Self {
        let layers = layers.iter().map(|layer| LayerMoments::zeros_like(layer));
        Self {
            config,
            steps: 0,
            layers: layers.collect(),
        }
    }

    /// One step on layer after layer; the gradients are in the layers' order.
    pub(crate) fn step(&mut self, layers: &mut [&mut SparseLinear], gradients: Vec<LayerGradient>) {
        self.steps = self.steps.saturating_add(1);
        let step = self.scalars();
        if self.step_at_once(layers, &gradients, step) {
            return;
        }
        let moments = std::mem::take(&mut self.layers).into_iter();
        let parts = layers.iter_mut().zip(moments).zip(gradients);
        let parts = parts.map(|((layer, moments), gradient)| {
            let LayerMoments { vectors, dropped } = moments;
            let mut stepped = Vec::with_capacity(vectors.len());
            let mut state = vectors.into_iter().zip(gradient.parameters.into_vectors());
            layer.update(|vector| {
                let Some((moments, gradient)) = state.next() else {
                    unreachable!("each vector has moments and a gradient")
                };
                let (vector, moments) = moments.step(vector, gradient, step);
                stepped.push(moments);
                vector
            });
            LayerMoments {
                vectors: stepped,
                dropped,
            }
        });
        self.layers = parts.collect();
    }

    /// The step in one launch, where the gradients lie in one buffer of a GPU; whether it is done.
    fn step_at_once(
        &mut self,
        layers: &mut [&mut SparseLinear],
        gradients: &[LayerGradient],
        step: AdamStep,
    ) -> bool {
        let moments = |of: fn(&Moments) -> &Tensor<1>| -> Vec<Tensor<1>> {
            let all = self.layers.iter().flat_map(|layer| &layer.vectors);
            all.map(|moments| of(moments).clone()).collect()
        };
        let first = layers.first().map(|layer| layer.values().device());
        if !first.is_some_and(|device| is_gpu(&device)) {
            return false;
        }
        let state = [
            layers.iter().flat_map(|layer| layer.vectors()).collect(),
            gradients
                .iter()
                .flat_map(|gradient| gradient.parameters.clone().into_vectors())
                .collect(),
            moments(|moments| &moments.first),
            moments(|moments| &moments.second),
        ];
        let Some(new) = adam_of_all(state.each_ref().map(Vec::as_slice), &step) else {
            return false;
        };
        let [parameters, firsts, seconds] = new;
        let moments = self.layers.iter_mut().flat_map(|layer| &mut layer.vectors);
        for (moments, (first, second)) in moments.zip(firsts.into_iter().zip(seconds)) {
            *moments = Moments { first, second };
        }
        set_vectors(layers, parameters);
        true
    }

    /// Bytes of all moments, those of dropped connections too, where they are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.layers.iter().map(LayerMoments::bytes).sum()
    }

    /// First and second moment of the values of layer `index`, `[nnz]` each, in the pattern's order.
    ///
    /// # Panics
    /// When there is no such layer.
    #[must_use]
    pub fn value_moments(&self, index: usize) -> [Tensor<1>; 2] {
        let moments = &self.layers[index].vectors[0];
        [moments.first.clone(), moments.second.clone()]
    }

    /// Adds the moments of these layers to a record, beside the network called `name`.
    pub(crate) fn save(&self, record: &mut RecordWriter, name: &str, layers: &[&SparseLinear]) {
        record.meta(&format!("{name}.steps"), self.steps);
        for (index, (moments, layer)) in self.layers.iter().zip(layers).enumerate() {
            moments.save(record, &format!("{name}.{index}"), layer);
        }
    }

    /// The moments that [`save`](Self::save) added, for these layers.
    pub(crate) fn load(
        record: &Record,
        name: &str,
        config: AdamConfig,
        layers: &[&SparseLinear],
    ) -> Result<Self> {
        let key = format!("{name}.steps");
        let steps = record.number(&key)?;
        if steps < 0 {
            return Err(malformed(&key, &format!("{steps}: must be 0 or more")));
        }
        let layers = layers.iter().enumerate().map(|(index, layer)| {
            let prefix = format!("{name}.{index}");
            LayerMoments::load(record, &prefix, layer, steps)
        });
        Ok(Self {
            config,
            steps,
            layers: layers.collect::<Result<_>>()?,
        })
    }

    /// Moves the moments of layer `index` to its new connections. A connection that stays keeps its moments, bit for
    /// bit; `grown` decides what a grown one starts from.
    fn rewire(&mut self, index: usize, rewire: &Rewire, grown: GrownMoments) -> Result<()> {
        let layer = &mut self.layers[index];
        let old = [&layer.vectors[0].first, &layer.vectors[0].second].map(|m| to_vec(m.clone()));
        let came = rewire.grown();
        let mut new = [vec![0.0; came.len()], vec![0.0; came.len()]];
        let dropped = layer.dropped.take();
        if let Some(dropped) = dropped.filter(|_| grown == GrownMoments::Keep) {
            let steps = self.steps - dropped.at;
            let [beta1, beta2] = [self.config.beta1, self.config.beta2];
            let decay = |beta: f64| beta.powi(steps) as f32;
            new = [
                dropped.revive(&dropped.first, came, decay(beta1)),
                dropped.revive(&dropped.second, came, decay(beta2)),
            ];
        }
        if grown == GrownMoments::LayerMean && !old[1].is_empty() {
            let sum: f64 = old[1].iter().map(|moment| f64::from(*moment)).sum();
            new[1].fill((sum / old[1].len() as f64) as f32);
        }
        if grown == GrownMoments::Keep {
            layer.dropped = Some(Dropped::of(&old, rewire, self.steps));
        }
        let device = layer.device();
        let carry = |k: usize| -> Result<Tensor<1>> {
            Ok(vector(rewire.carry_and_set(&old[k], &new[k])?, &device))
        };
        layer.vectors[0] = Moments {
            first: carry(0)?,
            second: carry(1)?,
        };
        Ok(())
    }

    /// Zeroes the moments of the values and the units that are reset.
    fn reset(&mut self, index: usize, change: &AppliedChange) {
        let layer = &mut self.layers[index];
        let zero = |moment: &mut Tensor<1>, at: &[usize]| {
            *moment = op::change(moment, |moment| at.iter().for_each(|&k| moment[k] = 0.0));
        };
        let values: Vec<usize> = change.reset().iter().map(|(k, _)| *k as usize).collect();
        for (k, moments) in layer.vectors.iter_mut().enumerate() {
            let at = if k == 0 {
                values.as_slice()
            } else {
                change.reset_units()
            };
            zero(&mut moments.first, at);
            zero(&mut moments.second, at);
        }
    }

    /// The scalars of the current step, with the bias corrections folded in.
    fn scalars(&self) -> AdamStep {
        let correction = |beta: f64| 1.0 - beta.powi(self.steps);
        AdamStep {
            learning_rate: self.config.learning_rate as f32,
            beta1: self.config.beta1 as f32,
            beta2: self.config.beta2 as f32,
            epsilon: self.config.epsilon as f32,
            weight_decay: self.config.weight_decay as f32,
            correction1: correction(self.config.beta1) as f32,
            correction2: correction(self.config.beta2) as f32,
        }
    }
}

impl FollowsConnections for Adam {
    /// # Panics
    /// When there is no such layer.
    fn carry(&mut self, layer: usize, change: &AppliedChange) -> Result<()> {
        if change.resets() {
            self.reset(layer, change);
        }
        match change.rewire() {
            Some(rewire) => self.rewire(layer, rewire, change.grown_moments()),
            None => Ok(()),
        }
    }
}
