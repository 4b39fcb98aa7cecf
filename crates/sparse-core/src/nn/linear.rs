//! One linear layer, sparse or dense, whose weights are a vector with one value per connection.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::activations::Activations;
use super::norm::{LayerNorm, normalised};
use super::storage::Storage;
use super::tape::{OnTape, Tape};
use crate::op::{
    Activation, GrowthProbe, NetworkLayer, SparseLayer, dense_linear, sparse_linear, spread,
};
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
        let all = self.inputs.saturating_mul(self.outputs) as f64;
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

/// Refuses a batch with another number of features than a layer or network takes.
///
/// # Panics
/// When it has one.
#[track_caller]
pub(crate) fn check_columns(what: &str, x: &Tensor<2>, inputs: usize) {
    let [batch, columns] = x.dims();
    assert!(
        columns == inputs,
        "{what}: the input is [{batch}, {columns}], must be [batch, {inputs}]"
    );
}

/// A layer's trainable vectors, or as many others of the same lengths.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    /// One number per connection, `[nnz]`.
    pub(crate) values: Tensor<1>,
    /// Vectors with one number per unit, `[outputs]` each, in the order of [`SparseLinear::per_unit_names`].
    pub(crate) per_unit: Vec<Tensor<1>>,
}

impl Parameters {
    /// What `f` makes of each vector.
    pub(crate) fn map(self, mut f: impl FnMut(Tensor<1>) -> Tensor<1>) -> Self {
        Self {
            values: f(self.values),
            per_unit: self.per_unit.into_iter().map(f).collect(),
        }
    }

    /// All vectors, values first.
    pub(crate) fn into_vectors(self) -> impl Iterator<Item = Tensor<1>> {
        std::iter::once(self.values).chain(self.per_unit)
    }

    /// Numbers in all vectors.
    pub(crate) fn count(&self) -> usize {
        let vectors = std::iter::once(&self.values).chain(&self.per_unit);
        vectors.map(|v| v.shape().num_elements()).sum()
    }
}

/// `y = W x + b` with one stored value per connection of W; the sum may be normalised over the units.
///
/// Use it as any Burn layer: [`forward`](Self::forward) takes and gives `[batch, features]`. Gradients reach
/// the values, the bias and the input; connections that do not exist have no gradient. Tensors are f32.
///
/// Burn's own records of modules (`save_file`, `into_record`) hold the values and not which connections they belong to:
/// loaded into a layer with others they land there without an error. [`record`](crate::record) stores both.
#[derive(Module, Debug)]
pub struct SparseLinear {
    /// One value per connection, `[nnz]`, in the pattern's order.
    values: Param<Tensor<1>>,
    /// `[outputs]`.
    bias: Param<Tensor<1>>,
    norm: Option<LayerNorm>,
    #[module(skip)]
    pattern: Pattern,
    #[module(skip)]
    storage: Storage,
    #[module(skip)]
    probe: Option<GrowthProbe>,
    tape: OnTape,
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
            norm: None,
            pattern,
            storage,
            probe: None,
            tape: OnTape::default(),
        })
    }

    /// The same layer, its bias and its normalisation, with other connections, their values (in the pattern's order)
    /// and another storage.
    ///
    /// # Errors
    /// [`Error::Shape`] when the pattern is of another shape, or there is not one value for each connection.
    pub fn with_connections(
        &self,
        pattern: Pattern,
        values: Vec<f32>,
        storage: Storage,
    ) -> Result<Self> {
        Error::check_size("outputs", pattern.outputs(), self.pattern.outputs())?;
        Error::check_size("inputs", pattern.inputs(), self.pattern.inputs())?;
        Error::check_size("values", values.len(), pattern.nnz())?;
        let mut layer = self.clone();
        let (length, device) = (values.len(), layer.values.val().device());
        let values = Tensor::from_data(TensorData::new(values, [length]), &device);
        layer.set_connections(pattern, values);
        layer.storage = storage;
        Ok(layer)
    }

    /// Applies the layer to `[batch, inputs]`, giving `[batch, outputs]`.
    ///
    /// # Panics
    /// When `x` has another number of columns, as Burn's own layers do.
    #[must_use]
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        check_columns("SparseLinear", &x, self.pattern.inputs());
        self.apply(Activations::from_rows(x), Activation::Identity, false)
            .into_rows()
    }

    /// Applies the layer and an activation inside a network; by a dense product if `dense`, else as its storage says.
    pub(crate) fn apply(&self, x: Activations, activation: Activation, dense: bool) -> Activations {
        match self.layer_norm() {
            None => self.product(x, activation, dense),
            Some(affine) => {
                let sums = self.product(x, Activation::Identity, dense);
                normalised(sums, affine, activation)
            }
        }
    }

    /// The layer for a network that is one operation, with `activation`; `None` where the layer is none of those that
    /// can be: it is normalised, its parameters are leaves, or it multiplies densely.
    pub(crate) fn in_network(&self, batch: usize, activation: Activation) -> Option<NetworkLayer> {
        let values = self.values.val();
        let device = values.device();
        if self.norm.is_some() || device.is_autodiff() || self.is_dense(batch, &device) {
            return None;
        }
        Some(NetworkLayer {
            values,
            bias: self.bias.val(),
            layer: self.operation(activation),
            index: self.tape().map_or(0, Tape::index),
        })
    }

    /// The constant part of its operation.
    fn operation(&self, activation: Activation) -> SparseLayer {
        SparseLayer {
            pattern: self.pattern.clone(),
            activation,
            probe: self.probe.clone(),
        }
    }

    /// Whether a batch of `batch` rows goes through a dense product.
    fn is_dense(&self, batch: usize, device: &Device) -> bool {
        let training = self.tape().is_some() || device.is_autodiff();
        self.storage
            .is_dense(&self.pattern, batch, device, training)
    }

    /// Product, bias and activation.
    fn product(&self, x: Activations, activation: Activation, dense: bool) -> Activations {
        let (layer, values) = (self.operation(activation), self.values());
        if dense || self.is_dense(x.batch(), &values.device()) {
            let weight = self.matrix(values, layer);
            let (x, bias) = (x.into_columns(), self.bias());
            return Activations::Columns(dense_linear(x, weight, bias, activation));
        }
        let (x, batch) = x.into_tiles();
        let tiles = sparse_linear(x, values, self.bias(), layer);
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
        self.matrix(self.values(), self.operation(Activation::Identity))
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
        self.vector(0, &self.values)
    }

    /// The bias, `[outputs]`.
    #[must_use]
    pub fn bias(&self) -> Tensor<1> {
        self.vector(1, &self.bias)
    }

    /// A trainable vector, by its number, as it is to be differentiated.
    fn vector(&self, k: usize, vector: &Param<Tensor<1>>) -> Tensor<1> {
        match self.tape() {
            Some(tape) => tape.leaf(k, vector.val()),
            None => vector.val(),
        }
    }

    /// Normalises the layer's sums over its units before the activation, with scales of 1 and shifts of 0 to begin
    /// with, which are trained like the bias (layer normalisation, Ba et al., arXiv 1607.06450).
    #[must_use]
    pub fn with_layer_norm(mut self) -> Self {
        let device = self.values.val().device();
        self.norm = Some(LayerNorm::new(self.pattern.outputs(), &device));
        self
    }

    /// Scale and shift of the layer normalisation, `[outputs]` each; `None` when the layer has none.
    #[must_use]
    pub fn layer_norm(&self) -> Option<[Tensor<1>; 2]> {
        let norm = self.norm.as_ref();
        norm.map(|norm| [self.vector(2, &norm.scale), self.vector(3, &norm.shift)])
    }

    /// Names of the trainable vectors with one number per unit.
    pub(crate) fn per_unit_names(&self) -> &'static [&'static str] {
        match self.norm {
            None => &["bias"],
            Some(_) => &["bias", "scale", "shift"],
        }
    }

    /// Names of all trainable vectors.
    pub(crate) fn vector_names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once("values").chain(self.per_unit_names().iter().copied())
    }

    /// All trainable vectors, as they lie.
    pub(crate) fn parameters(&self) -> Parameters {
        let norm = self.norm.as_ref();
        let norm = norm.map(|norm| [norm.scale.val(), norm.shift.val()]);
        let norm = norm.into_iter().flatten();
        Parameters {
            values: self.values.val(),
            per_unit: std::iter::once(self.bias.val()).chain(norm).collect(),
        }
    }

    /// Lets its parameters be differentiated, or no more.
    pub(crate) fn set_tape(&mut self, tape: Option<Tape>) {
        self.tape = OnTape(tape);
    }

    /// How its parameters are differentiated.
    pub(crate) fn tape(&self) -> Option<&Tape> {
        self.tape.0.as_ref()
    }

    /// Whether the parameters are differentiated, and not constants of somebody else's loss.
    pub(crate) fn is_differentiated(&self) -> bool {
        self.tape.0.is_some() || self.values.val().device().is_autodiff()
    }

    /// Changes all trainable vectors, values first, each in place where nobody else holds it. The new ones have the
    /// shapes of the old.
    pub(crate) fn update(&mut self, mut change: impl FnMut(Tensor<1>) -> Tensor<1>) {
        let device = self.values.val().device();
        // In the place of each vector while it changes, so that the layer holds no second handle.
        let mut spare = Param::from_tensor(Tensor::empty([0], &device));
        for vector in self.vectors_mut() {
            let new = std::mem::replace(vector, spare).map(&mut change);
            spare = std::mem::replace(vector, new);
        }
    }

    /// Replaces all trainable vectors by others of the same shapes.
    pub(crate) fn set_parameters(&mut self, parameters: Parameters) {
        let mut new = parameters.into_vectors();
        self.update(|_| match new.next() {
            Some(new) => new,
            None => unreachable!("as many as there were"),
        });
    }

    /// The trainable vectors.
    fn vectors_mut(&mut self) -> impl Iterator<Item = &mut Param<Tensor<1>>> {
        let norm = self.norm.as_mut();
        let norm = norm.map(|norm| [&mut norm.scale, &mut norm.shift]);
        [&mut self.values, &mut self.bias]
            .into_iter()
            .chain(norm.into_iter().flatten())
    }

    /// Replaces the connections and their values.
    pub(crate) fn set_connections(&mut self, pattern: Pattern, values: Tensor<1>) {
        let spare = Param::from_tensor(Tensor::empty([0], &values.device()));
        self.values = std::mem::replace(&mut self.values, spare).map(|_| values);
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
