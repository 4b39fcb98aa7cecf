//! Networks that are pruned together, and the gradient of what they are pruned for.

use burn::module::Module;
use burn::tensor::Tensor;
use sparse_core::nn::{FrozenRelu, SparseMlp, SparseModule};

use super::per_weight::PerWeight;
use crate::{Error, Result};

/// The loss on one mini-batch, one number. It is given the networks of the group in their order, under autodiff, and
/// behind them the [fixed](Group::with_fixed) ones; tensors that it uses must be under autodiff too
/// (`Tensor::from_inner`). It must be the same function each time.
pub type Loss<'a> = dyn Fn(&[SparseMlp]) -> Tensor<1> + 'a;

/// A layer of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// Place of its network in the group.
    pub network: usize,
    /// Place of the layer in the network.
    pub layer: usize,
    /// Units.
    pub outputs: usize,
    /// Inputs.
    pub inputs: usize,
}

/// Dense networks that are ranked together, such as an actor alone or twin critics, and a loss for each mini-batch.
pub struct Group<'a> {
    networks: Vec<SparseMlp>,
    fixed: Vec<SparseMlp>,
    losses: &'a [Box<Loss<'a>>],
    layers: Vec<LayerShape>,
    weights: PerWeight,
    biases: Vec<Vec<f32>>,
}

impl<'a> Group<'a> {
    /// These networks, which lie on a device without autodiff. Criteria that need no data do without losses.
    ///
    /// # Errors
    /// [`rl_algos::Error::Config`] when there are none, or when a layer of one is not dense.
    pub fn new(networks: &[&SparseMlp], losses: &'a [Box<Loss<'a>>]) -> Result<Self> {
        if networks.is_empty() {
            return Err(Error::config("networks", 0, "at least one"));
        }
        let (mut layers, mut weights, mut biases) = (Vec::new(), Vec::new(), Vec::new());
        for (network, net) in networks.iter().enumerate() {
            for (layer, linear) in net.sparse_layers().into_iter().enumerate() {
                let connections = linear.pattern();
                let (outputs, inputs) = (connections.outputs(), connections.inputs());
                if !connections.is_full() {
                    let value = connections.density();
                    let allowed = format!("1 in layer {layer} of network {network} to be pruned");
                    return Err(Error::config("density", value, allowed));
                }
                layers.push(LayerShape {
                    network,
                    layer,
                    outputs,
                    inputs,
                });
                weights.push(floats(linear.values()).map(f64::from).collect());
                biases.push(match linear.bias() {
                    Some(bias) => floats(bias).collect(),
                    None => vec![0.0; outputs],
                });
            }
        }
        Ok(Self {
            networks: networks.iter().map(|net| (*net).clone()).collect(),
            fixed: Vec::new(),
            losses,
            layers,
            weights: PerWeight::new(weights),
            biases,
        })
    }

    /// Networks that the losses use and that stay as they are, as the critic in an actor's loss. A loss may as well
    /// keep them itself; given here, their ReLUs can be [held](Self::smooth) too.
    #[must_use]
    pub fn with_fixed(mut self, networks: &[&SparseMlp]) -> Self {
        self.fixed = networks.iter().map(|net| (*net).clone()).collect();
        self
    }

    /// The layers, network by network.
    #[must_use]
    pub fn layers(&self) -> &[LayerShape] {
        &self.layers
    }

    /// The weights θ.
    #[must_use]
    pub fn weights(&self) -> &PerWeight {
        &self.weights
    }

    /// The biases of layer `layer` of the group, `[outputs]`.
    ///
    /// # Panics
    /// When there is no such layer.
    #[must_use]
    pub fn bias(&self, layer: usize) -> &[f32] {
        &self.biases[layer]
    }

    /// The gradient of the mean of the losses with respect to every weight, where the weights are `at`; biases are
    /// the networks' own. A weight of 0 has its gradient as any other.
    ///
    /// # Errors
    /// [`Error::Loss`] when there are no losses, one is not one number, or a gradient is not finite.
    pub fn gradient(&self, at: &PerWeight) -> Result<PerWeight> {
        self.gradient_through(at, None)
    }

    /// The same losses with every ReLU of these and the fixed networks held as it is at their own weights, which makes
    /// them smooth in the weights, and their gradient there.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn smooth(&self) -> Result<(Smooth<'_, 'a>, PerWeight)> {
        let smooth = Smooth {
            group: self,
            gates: (self.networks.iter().chain(&self.fixed))
                .map(|_| FrozenRelu::default())
                .collect(),
        };
        let gradient = self.gradient_through(&self.weights, Some(&smooth.gates))?;
        Ok((smooth, gradient))
    }

    fn gradient_through(&self, at: &PerWeight, gates: Option<&[FrozenRelu]>) -> Result<PerWeight> {
        if self.losses.is_empty() {
            let what = "missing; one at least must be there to score by".to_owned();
            return Err(Error::Loss { index: 0, what });
        }
        let mut networks: Vec<SparseMlp> = self.at(at)?.into_iter().map(Module::train).collect();
        networks.extend(self.fixed.iter().cloned());
        for (network, gates) in networks.iter_mut().zip(gates.unwrap_or_default()) {
            network.freeze_relu(Some(gates.clone()))?;
        }
        let mut sum = at.map(|_| 0.0);
        for index in 0..self.losses.len() {
            sum.add(&self.gradient_of(index, &networks)?);
        }
        let count = self.losses.len() as f64;
        Ok(sum.map(|sum| sum / count))
    }

    /// The gradient of one loss at networks under autodiff.
    fn gradient_of(&self, index: usize, networks: &[SparseMlp]) -> Result<PerWeight> {
        let fault = |what: String| Err(Error::Loss { index, what });
        let loss = self.losses[index](networks);
        let numbers = loss.shape().num_elements();
        if numbers != 1 {
            return fault(format!("{numbers} numbers, must be one"));
        }
        let mut gradients = loss.backward();
        let own = &networks[..self.networks.len()];
        let layers = own.iter().flat_map(SparseMlp::sparse_layers);
        let gradient = layers.map(|layer| {
            let values = layer.values();
            match values.grad_remove(&mut gradients) {
                Some(gradient) => floats(gradient).map(f64::from).collect(),
                // The loss does not use it.
                None => vec![0.0; layer.pattern().nnz()],
            }
        });
        let gradient = PerWeight::new(gradient.collect());
        if gradient.iter().any(|g| !g.is_finite()) {
            let loss = loss.into_scalar::<f32>();
            return fault(format!("{loss}, and its gradient is not finite"));
        }
        Ok(gradient)
    }

    /// The networks with other weights, rounded to f32.
    fn at(&self, weights: &PerWeight) -> Result<Vec<SparseMlp>> {
        let mut networks = self.networks.clone();
        let layers = networks.iter_mut().flat_map(SparseMlp::sparse_layers_mut);
        for (layer, weights) in layers.zip(weights.layers()) {
            let weights = weights.iter().map(|w| *w as f32).collect();
            *layer = layer.with_connections(layer.pattern().clone(), weights, layer.storage())?;
        }
        Ok(networks)
    }

    /// The networks themselves.
    pub(crate) fn networks(&self) -> &[SparseMlp] {
        &self.networks
    }
}

/// A group's loss with the ReLUs held as they were; see [`Group::smooth`].
pub struct Smooth<'g, 'a> {
    group: &'g Group<'a>,
    gates: Vec<FrozenRelu>,
}

impl Smooth<'_, '_> {
    /// As [`Group::gradient`].
    ///
    /// # Errors
    /// As [`Group::gradient`], and [`Error::Loss`] when the losses used the networks in another way than before.
    pub fn gradient(&self, at: &PerWeight) -> Result<PerWeight> {
        self.gates.iter().for_each(FrozenRelu::replay);
        let gradient = self.group.gradient_through(at, Some(&self.gates))?;
        if self.gates.iter().any(FrozenRelu::mismatched) {
            let what = "uses a network in another way than before".to_owned();
            return Err(Error::Loss { index: 0, what });
        }
        Ok(gradient)
    }
}

/// The elements of a vector.
pub(crate) fn floats(tensor: Tensor<1>) -> impl Iterator<Item = f32> {
    let floats: Vec<f32> = tensor.into_data().iter::<f32>().collect();
    floats.into_iter()
}
