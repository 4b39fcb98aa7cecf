//! One linear layer, sparse or dense, whose weights are a vector with one value per connection.

use burn::module::{Content, DisplaySettings, Module, ModuleDisplay, Param, ParamId};
use burn::tensor::{Device, Tensor};

use super::activations::Activations;
use super::grad_binding::{Bound, GradBinding};
use super::held::PlainLayer;
use super::norm::{LayerNorm, normalised};
use super::parameters::Parameters;
use super::rows::along_rows;
use super::storage::Storage;
use super::weight::SparseWeight;
use crate::device::is_gpu;
use crate::op::{
    Activation, GrowthProbe, NetworkLayer, SparseLayer, dense_linear, sparse_linear, sparse_rows,
    to_dense, vector,
};
use crate::pattern::Pattern;
use crate::{Error, Result};

/// Numbers of the trainable vectors, as a binding counts them.
const VALUES: usize = 0;
const BIAS: usize = 1;
const SCALE: usize = 2;
const SHIFT: usize = 3;

/// `y = W x + b` with one stored value per connection of W; the sum may be normalised over the units.
///
/// Use it as any Burn layer: [`forward`](Self::forward) takes `[.., inputs]` of any rank. On a device with autodiff
/// gradients reach the values, the bias and the input; connections that do not exist have no gradient. Tensors are f32.
///
/// # Parameters
/// As Burn's visitors, records and optimizers see them: `weight.values` `[nnz]` and, where there are such, `bias`,
/// `norm.scale` and `norm.shift` `[outputs]` are trained; `weight.positions`, u32 `[nnz]`, says which connections the
/// values belong to, is not trained and does not count as parameters. So what Burn saves it loads into any layer of the
/// same sizes with as many connections, which then has the connections of the record. Another number of connections is
/// Burn's error of a shape. Positions that are no connections of the layer are an error too: Burn names the reason as a
/// tensor that is missing. A partial record loads what it has, even values without positions.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct SparseLinear {
    weight: SparseWeight,
    /// `[outputs]`.
    bias: Option<Param<Tensor<1>>>,
    norm: Option<LayerNorm>,
    #[module(skip)]
    storage: Storage,
    #[module(skip)]
    probe: Option<GrowthProbe>,
    binding: Bound,
}

impl SparseLinear {
    /// A layer from its connections, their values (in the pattern's order) and its bias, if it has one.
    ///
    /// # Errors
    /// [`Error::Shape`] when a length does not fit the pattern.
    pub fn from_parts(
        pattern: Pattern,
        values: Vec<f32>,
        bias: impl Into<Option<Vec<f32>>>,
        storage: Storage,
        device: &Device,
    ) -> Result<Self> {
        let bias = bias.into();
        Error::check_size("values", values.len(), pattern.nnz())?;
        if let Some(bias) = &bias {
            Error::check_size("bias", bias.len(), pattern.outputs())?;
        }
        Ok(Self {
            weight: SparseWeight::new(pattern, values, device),
            bias: bias.map(|bias| Param::from_tensor(vector(bias, device))),
            norm: None,
            storage,
            probe: None,
            binding: Bound::default(),
        })
    }

    /// The same layer, its bias and its normalisation, with other connections, their values (in the pattern's order)
    /// and another storage. They are trained if those before were; what an optimizer keeps of the old values does not fit
    /// them.
    ///
    /// # Errors
    /// [`Error::Shape`] when the pattern is of another shape, or there is not one value for each connection.
    pub fn with_connections(
        &self,
        pattern: Pattern,
        values: Vec<f32>,
        storage: Storage,
    ) -> Result<Self> {
        Error::check_size("outputs", pattern.outputs(), self.pattern().outputs())?;
        Error::check_size("inputs", pattern.inputs(), self.pattern().inputs())?;
        Error::check_size("values", values.len(), pattern.nnz())?;
        let mut layer = self.clone();
        let device = layer.device();
        layer.set_connections(pattern, vector(values, &device));
        layer.storage = storage;
        Ok(layer)
    }

    /// The same layer, its connections and its normalisation, with this bias, `[outputs]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when there is not one number for each unit.
    pub fn with_bias(&self, bias: Vec<f32>) -> Result<Self> {
        Error::check_size("bias", bias.len(), self.pattern().outputs())?;
        let mut layer = self.clone();
        layer.bias = Some(Param::from_tensor(vector(bias, &self.device())));
        Ok(layer)
    }

    /// Applies the layer to `[.., inputs]`, giving `[.., outputs]`.
    ///
    /// # Panics
    /// When the last dimension of `x` is another, as Burn's own layers do.
    #[must_use]
    #[track_caller]
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        along_rows("SparseLinear", x, self.pattern().inputs(), |x| {
            let batch = x.dims()[0];
            if self.norm.is_none() && !self.is_dense(batch, &self.device()) {
                let layer = self.operation(Activation::Identity);
                return sparse_rows(x, self.values(), self.bias_or_zeros(), layer);
            }
            self.apply(Activations::from_rows(x), Activation::Identity, false)
                .into_rows()
        })
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

    /// The layer for a network that is one operation, with `activation`; `None` where that is not possible: the layer
    /// is normalised, its parameters are leaves, or it multiplies densely.
    pub(crate) fn in_network(&self, batch: usize, activation: Activation) -> Option<NetworkLayer> {
        let values = self.weight.values().val();
        let device = values.device();
        if self.norm.is_some() || device.is_autodiff() || self.is_dense(batch, &device) {
            return None;
        }
        Some(NetworkLayer {
            values,
            bias: match &self.bias {
                Some(bias) => bias.val(),
                None => self.no_bias(&device),
            },
            layer: self.operation(activation),
            index: self.binding().map_or(0, GradBinding::index),
        })
    }

    /// The layer for [passes](super::passes) over blocks of a batch of `batch` rows; `None` where that is not possible: as
    /// [`in_network`](Self::in_network), or something looks at its gradient. On a GPU only `masked` storage is dense.
    pub(super) fn plain(&self, batch: usize, training: bool) -> Option<PlainLayer> {
        let values = self.weight.values().val();
        let (device, pattern) = (values.device(), self.pattern());
        let leaves = device.is_autodiff() || self.binding().is_some();
        let empty = pattern.inputs() == 0 || pattern.outputs() == 0;
        let by_tensors = leaves || empty || self.norm.is_some() || self.probe.is_some();
        // To a GPU, one launch of all layers is worth more than the best product for each.
        let dense = match is_gpu(&device) {
            true => self.storage == Storage::Masked,
            false => self.storage.is_dense(pattern, batch, &device, training),
        };
        if by_tensors || dense {
            return None;
        }
        let bias = match &self.bias {
            Some(bias) => bias.val(),
            None => self.no_bias(&device),
        };
        Some(PlainLayer {
            pattern: pattern.clone(),
            values,
            bias,
            has_bias: self.bias.is_some(),
        })
    }

    /// The constant part of its operation.
    fn operation(&self, activation: Activation) -> SparseLayer {
        SparseLayer {
            pattern: self.pattern().clone(),
            activation,
            probe: self.probe.clone(),
        }
    }

    /// Whether a batch of `batch` rows goes through a dense product.
    fn is_dense(&self, batch: usize, device: &Device) -> bool {
        let training = self.binding().is_some() || device.is_autodiff();
        self.storage
            .is_dense(self.pattern(), batch, device, training)
    }

    /// Product, bias and activation.
    fn product(&self, x: Activations, activation: Activation, dense: bool) -> Activations {
        let (layer, values) = (self.operation(activation), self.values());
        if dense || self.is_dense(x.batch(), &values.device()) {
            let weight = self.matrix(values, layer);
            let (x, bias) = (x.into_columns(), self.bias_or_zeros());
            return Activations::Columns(dense_linear(x, weight, bias, activation));
        }
        let (x, batch) = x.into_tiles();
        let tiles = sparse_linear(x, values, self.bias_or_zeros(), layer);
        Activations::Tiles { tiles, batch }
    }

    /// The weight as a matrix `[outputs, inputs]`.
    fn matrix(&self, values: Tensor<1>, layer: SparseLayer) -> Tensor<2> {
        let pattern = self.pattern();
        if pattern.is_full() {
            return values.reshape([pattern.outputs(), pattern.inputs()]);
        }
        to_dense(values, layer)
    }

    /// The weight as a dense matrix `[outputs, inputs]`, zero where there is no connection.
    #[must_use]
    pub fn to_dense(&self) -> Tensor<2> {
        self.matrix(self.values(), self.operation(Activation::Identity))
    }

    /// Which connections there are.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        self.weight.pattern()
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
        self.vector(VALUES, self.weight.values())
    }

    /// The parameter that the values are: its [`id`](Param::id) stays the same when connections move.
    #[must_use]
    pub fn values_param(&self) -> &Param<Tensor<1>> {
        self.weight.values()
    }

    /// The bias, `[outputs]`; `None` when the layer has none.
    #[must_use]
    pub fn bias(&self) -> Option<Tensor<1>> {
        self.bias.as_ref().map(|bias| self.vector(BIAS, bias))
    }

    /// The bias, or zeros that are not trained.
    fn bias_or_zeros(&self) -> Tensor<1> {
        let zeros = || self.no_bias(&self.values().device());
        self.bias().unwrap_or_else(zeros)
    }

    fn no_bias(&self, device: &Device) -> Tensor<1> {
        Tensor::zeros([self.pattern().outputs()], device)
    }

    /// Where the parameters lie.
    fn device(&self) -> Device {
        self.weight.values().val().device()
    }

    /// A trainable vector, by its number, as it is to be differentiated.
    fn vector(&self, k: usize, vector: &Param<Tensor<1>>) -> Tensor<1> {
        match self.binding() {
            Some(binding) => binding.leaf(k, vector.val()),
            None => vector.val(),
        }
    }

    /// Normalises the layer's sums over its units before the activation, with scales of 1 and shifts of 0 to begin
    /// with, which are trained like the bias (layer normalisation, Ba et al., arXiv 1607.06450).
    #[must_use]
    pub fn with_layer_norm(mut self) -> Self {
        self.norm = Some(LayerNorm::new(self.pattern().outputs(), &self.device()));
        self
    }

    /// Scale and shift of the layer normalisation, `[outputs]` each; `None` when the layer has none.
    #[must_use]
    pub fn layer_norm(&self) -> Option<[Tensor<1>; 2]> {
        let norm = self.norm.as_ref();
        norm.map(|norm| {
            [
                self.vector(SCALE, &norm.scale),
                self.vector(SHIFT, &norm.shift),
            ]
        })
    }

    /// Names of the trainable vectors with one number per unit.
    pub(crate) fn per_unit_names(&self) -> &'static [&'static str] {
        match (&self.bias, &self.norm) {
            (Some(_), None) => &["bias"],
            (Some(_), Some(_)) => &["bias", "scale", "shift"],
            (None, None) => &[],
            (None, Some(_)) => &["scale", "shift"],
        }
    }

    /// Numbers of the trainable vectors, as its binding counts them; in the order of [`parameters`](Self::parameters).
    pub(crate) fn vector_numbers(&self) -> impl Iterator<Item = usize> {
        self.vector_names().map(|name| match name {
            "values" => VALUES,
            "bias" => BIAS,
            "scale" => SCALE,
            _ => SHIFT,
        })
    }

    /// Names of all trainable vectors.
    pub(crate) fn vector_names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once("values").chain(self.per_unit_names().iter().copied())
    }

    /// All trainable vectors, as they lie.
    pub(crate) fn parameters(&self) -> Parameters {
        let norm = self.norm.as_ref();
        let norm = norm.map(|norm| [norm.scale.val(), norm.shift.val()]);
        let bias = self.bias.iter().map(Param::val);
        Parameters {
            values: self.weight.values().val(),
            per_unit: bias.chain(norm.into_iter().flatten()).collect(),
        }
    }

    /// Burn's ids of all trainable vectors, in the order of [`parameters`](Self::parameters).
    pub(crate) fn parameter_ids(&self) -> impl Iterator<Item = ParamId> {
        let norm = self.norm.as_ref();
        let norm = norm.map(|norm| [norm.scale.id, norm.shift.id]);
        let bias = self.bias.iter().map(|bias| bias.id);
        std::iter::once(self.weight.values().id)
            .chain(bias)
            .chain(norm.into_iter().flatten())
    }

    /// Lets its parameters be differentiated, or no more.
    pub(crate) fn bind(&mut self, binding: Option<GradBinding>) {
        self.binding = Bound(binding);
    }

    /// How its parameters are differentiated.
    pub(crate) fn binding(&self) -> Option<&GradBinding> {
        self.binding.0.as_ref()
    }

    /// Whether the parameters are differentiated, and not constants of somebody else's loss.
    pub(crate) fn is_differentiated(&self) -> bool {
        self.binding.0.is_some() || self.device().is_autodiff()
    }

    /// Changes all trainable vectors, values first, each in place where nobody else holds it. The new ones have the
    /// shapes of the old.
    pub(crate) fn update(&mut self, mut change: impl FnMut(Tensor<1>) -> Tensor<1>) {
        let device = self.device();
        // In the place of each vector while it changes, so that the layer holds no second handle.
        let mut spare = Param::from_tensor(Tensor::empty([0], &device));
        for vector in self.vectors_mut() {
            let new = std::mem::replace(vector, spare).map(&mut change);
            spare = std::mem::replace(vector, new);
        }
    }

    /// All trainable vectors, values first, as they lie.
    pub(crate) fn vectors(&self) -> impl Iterator<Item = Tensor<1>> {
        self.parameters().into_vectors()
    }

    /// Replaces all trainable vectors by others of the same shapes.
    pub(crate) fn set_parameters(&mut self, parameters: Parameters) {
        let mut new = parameters.into_vectors();
        self.update(|_| match new.next() {
            Some(new) => new,
            None => unreachable!("as many as there were"),
        });
    }

    /// Becomes as another layer with as many inputs, outputs and vectors; what is frozen stays so.
    pub(crate) fn take(&mut self, other: &Self) {
        self.set_connections(other.pattern().clone(), other.values());
        self.set_parameters(other.parameters());
        self.storage = other.storage;
    }

    /// The trainable vectors.
    fn vectors_mut(&mut self) -> impl Iterator<Item = &mut Param<Tensor<1>>> {
        let norm = self.norm.as_mut();
        let norm = norm.map(|norm| [&mut norm.scale, &mut norm.shift]);
        std::iter::once(self.weight.values_mut())
            .chain(&mut self.bias)
            .chain(norm.into_iter().flatten())
    }

    /// Replaces the connections and their values.
    pub(crate) fn set_connections(&mut self, pattern: Pattern, values: Tensor<1>) {
        self.weight.set(pattern, values);
    }

    /// Asks the next backward passes for the dense gradient, or stops asking.
    pub(crate) fn set_probe(&mut self, probe: Option<GrowthProbe>) {
        self.probe = probe;
    }
}

/// Replaces all trainable vectors of layers, in their order, by others of the same shapes.
pub(crate) fn set_vectors(layers: &mut [&mut SparseLinear], new: Vec<Tensor<1>>) {
    let mut new = new.into_iter();
    for layer in layers {
        layer.update(|_| match new.next() {
            Some(new) => new,
            None => unreachable!("as many as there were"),
        });
    }
}

impl ModuleDisplay for SparseLinear {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content
            .add("inputs", &self.pattern().inputs())
            .add("outputs", &self.pattern().outputs())
            .add("nnz", &self.pattern().nnz())
            .add("bias", &self.bias.is_some())
            .add("layer_norm", &self.norm.is_some())
            .optional()
    }
}
