//! Adam (Kingma & Ba, arXiv 1412.6980), fused, on the values and biases of sparse layers.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::kernels::AdamStep;
use crate::nn::SparseLinear;
use crate::op::{DenseGradient, adam};
use crate::pattern::Rewire;
use crate::topology::{GrownMoments, Reset};
use crate::{Error, Result};

/// Settings of [`Adam`]; the defaults are PyTorch's but for the learning rate, which is the 3e-4 of TD3's,
/// SAC's and RLx2's released code.
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
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let decay = |x: f64| (0.0..1.0).contains(&x);
        let checks = [
            (
                "learning_rate",
                self.learning_rate,
                positive(self.learning_rate),
                "above 0",
            ),
            ("beta1", self.beta1, decay(self.beta1), "in [0, 1)"),
            ("beta2", self.beta2, decay(self.beta2), "in [0, 1)"),
            ("epsilon", self.epsilon, positive(self.epsilon), "above 0"),
            (
                "weight_decay",
                self.weight_decay,
                self.weight_decay == 0.0 || positive(self.weight_decay),
                "0 or more",
            ),
        ];
        match checks.into_iter().find(|(_, _, good, _)| !good) {
            None => Ok(()),
            Some((field, value, _, allowed)) => Err(Error::config(field, value, allowed)),
        }
    }
}

/// First and second moment of one tensor.
#[derive(Clone, Debug)]
struct Moments {
    first: Tensor<1>,
    second: Tensor<1>,
}

impl Moments {
    fn zeros_like(parameter: &Tensor<1>) -> Self {
        Self {
            first: parameter.zeros_like(),
            second: parameter.zeros_like(),
        }
    }

    /// One step; gives the new parameter and moments. All are handed on by value, so that they change in
    /// place.
    fn step(self, parameter: Tensor<1>, gradient: Tensor<1>, step: AdamStep) -> (Tensor<1>, Self) {
        let state = [parameter, gradient, self.first, self.second];
        let [parameter, first, second] = adam(state, step);
        (parameter, Self { first, second })
    }

    fn bytes(&self) -> usize {
        4 * (self.first.shape().num_elements() + self.second.shape().num_elements())
    }
}

/// Moments of one layer.
#[derive(Clone, Debug)]
struct LayerMoments {
    values: Moments,
    bias: Moments,
    dropped: Option<Dropped>,
}

/// Moments of the connections that the last rewire dropped, as they were then.
#[derive(Clone, Debug)]
struct Dropped {
    /// Ascending.
    positions: Vec<u32>,
    first: Vec<f32>,
    second: Vec<f32>,
    /// Steps that the optimizer had taken.
    at: i32,
}

impl Dropped {
    /// Those of `moments`, which are not yet carried.
    fn of(moments: &[Vec<f32>; 2], rewire: &Rewire, at: i32) -> Self {
        let mut gone = rewire.dropped().iter().peekable();
        let indices = (0..).zip(rewire.from().positions());
        let indices: Vec<usize> = indices
            .filter(|(_, position)| gone.next_if(|g| *g == position).is_some())
            .map(|(k, _)| k)
            .collect();
        let pick = |moment: &Vec<f32>| indices.iter().map(|&k| moment[k]).collect();
        Self {
            positions: rewire.dropped().to_vec(),
            first: pick(&moments[0]),
            second: pick(&moments[1]),
            at,
        }
    }

    /// A moment at each of `grown`, decayed by `factor`; zero where it was not dropped.
    fn revive(&self, moment: &[f32], grown: &[u32], factor: f32) -> Vec<f32> {
        let find = |position: &u32| self.positions.binary_search(position);
        let value = |position| find(position).map_or(0.0, |k| moment[k] * factor);
        grown.iter().map(value).collect()
    }

    fn bytes(&self) -> usize {
        12 * self.positions.len()
    }
}

/// Gradients of one layer: values `[nnz]`, bias `[outputs]` and, when a rule wants it, that of all weights that
/// could exist.
pub(crate) struct LayerGradient {
    pub(crate) values: Tensor<1>,
    pub(crate) bias: Tensor<1>,
    pub(crate) dense: Option<DenseGradient>,
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
        let layers = layers.iter().map(|layer| LayerMoments {
            values: Moments::zeros_like(&layer.values()),
            bias: Moments::zeros_like(&layer.bias()),
            dropped: None,
        });
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
        let moments = std::mem::take(&mut self.layers).into_iter();
        let parts = layers.iter_mut().zip(moments).zip(gradients);
        self.layers = parts
            .map(|((layer, moments), gradient)| {
                let (values, bias) = layer.take_parameters();
                let (values, value_moments) = moments.values.step(values, gradient.values, step);
                let (bias, bias_moments) = moments.bias.step(bias, gradient.bias, step);
                layer.set_parameters(values, bias);
                LayerMoments {
                    values: value_moments,
                    bias: bias_moments,
                    dropped: moments.dropped,
                }
            })
            .collect();
    }

    /// Moves the moments of layer `index` to its new connections. A connection that stays keeps its moments, bit
    /// for bit; what a grown one starts from is `grown`'s to say.
    pub(crate) fn carry(
        &mut self,
        index: usize,
        rewire: &Rewire,
        grown: GrownMoments,
    ) -> Result<()> {
        let layer = &mut self.layers[index];
        let old = [&layer.values.first, &layer.values.second].map(|m| to_vec(m.clone()));
        let came = rewire.grown();
        let mut new = [vec![0.0; came.len()], vec![0.0; came.len()]];
        if let Some(dropped) = layer.dropped.take() {
            let steps = self.steps - dropped.at;
            let [beta1, beta2] = [self.config.beta1, self.config.beta2];
            let decay = |beta: f64| beta.powi(steps) as f32;
            new = [
                dropped.revive(&dropped.first, came, decay(beta1)),
                dropped.revive(&dropped.second, came, decay(beta2)),
            ];
        }
        if grown == GrownMoments::Keep {
            layer.dropped = Some(Dropped::of(&old, rewire, self.steps));
        }
        let device = layer.values.first.device();
        let carry = |k: usize| -> Result<Tensor<1>> {
            Ok(vector(rewire.carry_and_set(&old[k], &new[k])?, &device))
        };
        layer.values = Moments {
            first: carry(0)?,
            second: carry(1)?,
        };
        Ok(())
    }

    /// Zeroes the moments of the values and the biases that are reset.
    pub(crate) fn reset(&mut self, index: usize, reset: &Reset) {
        let layer = &mut self.layers[index];
        let zero = |moment: &mut Tensor<1>, at: &[usize]| {
            *moment = change(moment, |moment| at.iter().for_each(|&k| moment[k] = 0.0));
        };
        let values: Vec<usize> = reset.values.iter().map(|(k, _)| *k as usize).collect();
        zero(&mut layer.values.first, &values);
        zero(&mut layer.values.second, &values);
        zero(&mut layer.bias.first, &reset.units);
        zero(&mut layer.bias.second, &reset.units);
    }

    /// Bytes of all moments, those of dropped connections too, where they are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let layer = |l: &LayerMoments| {
            let dropped = l.dropped.as_ref().map_or(0, Dropped::bytes);
            l.values.bytes() + l.bias.bytes() + dropped
        };
        self.layers.iter().map(layer).sum()
    }

    /// First and second moment of the values of layer `index`, `[nnz]` each, in the pattern's order.
    ///
    /// # Panics
    /// When there is no such layer.
    #[must_use]
    pub fn value_moments(&self, index: usize) -> [Tensor<1>; 2] {
        let moments = &self.layers[index].values;
        [moments.first.clone(), moments.second.clone()]
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

/// A tensor of these numbers.
pub(crate) fn vector(numbers: Vec<f32>, device: &Device) -> Tensor<1> {
    let length = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [length]), device)
}

/// A vector with some of its elements set.
pub(crate) fn change(tensor: &Tensor<1>, set: impl FnOnce(&mut [f32])) -> Tensor<1> {
    let mut elements = to_vec(tensor.clone());
    set(&mut elements);
    vector(elements, &tensor.device())
}

/// The elements of an f32 vector in host memory.
pub(crate) fn to_vec(tensor: Tensor<1>) -> Vec<f32> {
    let data = tensor.into_data();
    data.as_slice()
        .map_or_else(|_| data.iter::<f32>().collect(), <[f32]>::to_vec)
}
