//! One linear layer, sparse or dense, whose weights are a vector with one value per connection.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation::relu};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::activations::Activations;
use super::storage::Storage;
use crate::op::{Activation, GrowthProbe, SparseLayer, sparse_linear, spread};
use crate::pattern::Pattern;
use crate::{Error, Result};

/// How a layer's first connections are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mask {
    /// The largest of a dense random initialisation, so the survivors are larger than average
    /// (RLx2's released code).
    #[default]
    Magnitude,
    /// Uniformly at random.
    Random,
}

/// Configuration of a [`SparseLinear`].
#[derive(Clone, Debug)]
pub struct SparseLinearConfig {
    inputs: usize,
    outputs: usize,
    nnz: usize,
    mask: Mask,
    storage: Storage,
}

impl SparseLinearConfig {
    /// A layer from `inputs` to `outputs` features with every connection.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            nnz: inputs.saturating_mul(outputs),
            mask: Mask::default(),
            storage: Storage::default(),
        }
    }

    /// Keeps `nnz` connections, `1 ..= inputs * outputs`.
    #[must_use]
    pub fn with_nnz(mut self, nnz: usize) -> Self {
        self.nnz = nnz;
        self
    }

    /// Keeps the fraction `density` in (0, 1] of the connections.
    #[must_use]
    pub fn with_density(self, density: f64) -> Self {
        let all = (self.inputs * self.outputs) as f64;
        self.with_nnz((density * all).round() as usize)
    }

    /// How the first connections are chosen.
    #[must_use]
    pub fn with_mask(mut self, mask: Mask) -> Self {
        self.mask = mask;
        self
    }

    /// Which kernels the layer runs on; [`Storage::Auto`] unless told.
    #[must_use]
    pub fn with_storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// Draws the layer: weights and biases uniform in ±1/√inputs, as PyTorch's `Linear`, which the
    /// reproduced papers use.
    ///
    /// # Errors
    /// [`Error::Pattern`] when there are no connections, or more than fit.
    pub fn init(&self, device: &Device, rng: &mut impl Rng) -> Result<SparseLinear> {
        let bound = 1.0 / (self.inputs.max(1) as f32).sqrt();
        let (outputs, inputs, nnz) = (self.outputs, self.inputs, self.nnz);
        Pattern::check_room(outputs, inputs, nnz)?;
        let mut draw =
            |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-bound..bound)).collect() };
        let (pattern, values) = match self.mask {
            _ if nnz == inputs * outputs => (Pattern::full(outputs, inputs), draw(nnz)),
            Mask::Magnitude => {
                // Magnitudes one by one, so that a wide sparse layer is never held densely; signs for those that stay.
                let magnitudes = std::iter::repeat_with(|| rng.random_range(0.0..bound));
                let (pattern, mut values) = Pattern::of_largest(outputs, inputs, magnitudes, nnz)?;
                let negative = values.iter_mut().filter(|_| rng.random());
                negative.for_each(|value| *value = -*value);
                (pattern, values)
            }
            Mask::Random => {
                let values = draw(nnz);
                (Pattern::random(outputs, inputs, nnz, rng)?, values)
            }
        };
        let bias = (0..outputs)
            .map(|_| rng.random_range(-bound..bound))
            .collect();
        SparseLinear::from_parts(pattern, values, bias, self.storage, device)
    }
}

/// `y = W x + b` with one stored value per connection of W.
///
/// Use it as any Burn layer: [`forward`](Self::forward) takes and gives `[batch, features]`. Gradients reach
/// the values, the bias and the input; connections that do not exist have no gradient. Tensors are f32.
#[derive(Module, Debug)]
pub struct SparseLinear {
    /// One value per connection, `[nnz]`, in the pattern's order.
    values: Param<Tensor<1>>,
    /// `[outputs]`.
    bias: Param<Tensor<1>>,
    #[module(skip)]
    pattern: Pattern,
    #[module(skip)]
    storage: Storage,
    #[module(skip)]
    probe: Option<GrowthProbe>,
}

impl SparseLinear {
    /// A layer from its connections, their values (in the pattern's order) and its bias.
    ///
    /// # Errors
    /// [`Error::Shape`] when a length does not fit the pattern.
    pub fn from_parts(
        pattern: Pattern,
        values: Vec<f32>,
        bias: Vec<f32>,
        storage: Storage,
        device: &Device,
    ) -> Result<Self> {
        Error::check_size("values", values.len(), pattern.nnz())?;
        Error::check_size("bias", bias.len(), pattern.outputs())?;
        Ok(Self {
            values: parameter(values, device),
            bias: parameter(bias, device),
            pattern,
            storage,
            probe: None,
        })
    }

    /// Applies the layer to `[batch, inputs]`, giving `[batch, outputs]`.
    #[must_use]
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.apply(Activations::from_rows(x), Activation::Identity)
            .into_rows()
    }

    /// Applies the layer and an activation inside a network.
    pub(crate) fn apply(&self, x: Activations, activation: Activation) -> Activations {
        let layer = SparseLayer {
            pattern: self.pattern.clone(),
            activation,
            probe: self.probe.clone(),
        };
        let values = self.values.val();
        let (batch, device) = (x.batch(), values.device());
        if self.storage.is_dense(&self.pattern, batch, &device) {
            let weight = self.matrix(values, layer);
            let y = weight.matmul(x.into_columns()) + self.bias.val().unsqueeze_dim(1);
            return Activations::Columns(match activation {
                Activation::Identity => y,
                Activation::Relu => relu(y),
            });
        }
        let (x, batch) = x.into_tiles();
        let tiles = sparse_linear(x, values, self.bias.val(), layer);
        Activations::Tiles { tiles, batch }
    }

    /// The weight as a matrix `[outputs, inputs]`.
    fn matrix(&self, values: Tensor<1>, layer: SparseLayer) -> Tensor<2> {
        if self.pattern.is_full() {
            return values.reshape([self.pattern.outputs(), self.pattern.inputs()]);
        }
        spread(values, layer)
    }

    /// The weight as a dense matrix `[outputs, inputs]`, zero where there is no connection.
    #[must_use]
    pub fn to_dense(&self) -> Tensor<2> {
        let layer = SparseLayer {
            pattern: self.pattern.clone(),
            activation: Activation::Identity,
            probe: self.probe.clone(),
        };
        self.matrix(self.values.val(), layer)
    }

    /// Which connections there are.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Which kernels the layer runs on.
    #[must_use]
    pub fn storage(&self) -> Storage {
        self.storage
    }

    /// The same layer on other kernels.
    #[must_use]
    pub fn with_storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// The values, `[nnz]`, in the pattern's order.
    #[must_use]
    pub fn values(&self) -> Tensor<1> {
        self.values.val()
    }

    /// The bias, `[outputs]`.
    #[must_use]
    pub fn bias(&self) -> Tensor<1> {
        self.bias.val()
    }

    /// Takes values and bias out, so that what holds nobody else's handle to them can change them in place. The
    /// layer is of no use until [`set_parameters`](Self::set_parameters) puts them back.
    pub(crate) fn take_parameters(&mut self) -> (Tensor<1>, Tensor<1>) {
        let nothing = || Param::from_tensor(Tensor::empty([0], &self.values.val().device()));
        let (no_values, no_bias) = (nothing(), nothing());
        let values = std::mem::replace(&mut self.values, no_values);
        let bias = std::mem::replace(&mut self.bias, no_bias);
        (values.into_value(), bias.into_value())
    }

    /// Replaces values and bias by tensors of the same shapes.
    pub(crate) fn set_parameters(&mut self, values: Tensor<1>, bias: Tensor<1>) {
        self.values = Param::from_tensor(values);
        self.bias = Param::from_tensor(bias);
    }

    /// Replaces the connections and their values.
    pub(crate) fn set_connections(&mut self, pattern: Pattern, values: Tensor<1>) {
        self.values = Param::from_tensor(values);
        self.pattern = pattern;
    }

    /// Asks the next backward passes for the dense gradient, or stops asking.
    pub(crate) fn set_probe(&mut self, probe: Option<GrowthProbe>) {
        self.probe = probe;
    }
}

/// A trainable vector.
fn parameter(data: Vec<f32>, device: &Device) -> Param<Tensor<1>> {
    let length = data.len();
    Param::from_tensor(Tensor::from_data(TensorData::new(data, [length]), device))
}
