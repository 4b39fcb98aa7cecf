//! Configurations of layers and networks, as Burn's are: `new`, `with_..`, `init`, `save`, `load`.

use burn::config::Config;
use burn::tensor::{Device, Distribution, Int, Tensor};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::activation::Activation;
use super::init::{Fans, InitialMask, Initializer};
use super::linear::SparseLinear;
use super::mlp::SparseMlp;
use super::storage::Storage;
use crate::budget::Allocation;
use crate::op::to_vec;
use crate::pattern::{Pattern, Structure};
use crate::{Error, Result};

/// Configuration of a [`SparseLinear`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use sparse_core::nn::{Initializer, SparseLinearConfig};
///
/// let device = Device::flex();
/// device.seed(0);
/// let config = SparseLinearConfig::new(64, 10).with_density(0.1).with_initializer(Initializer::KaimingUniform);
/// let layer = config.init(&device);
/// assert_eq!(layer.pattern().nnz(), 64);
/// assert_eq!(layer.forward(Tensor::<3>::zeros([4, 7, 64], &device)).dims(), [4, 7, 10]);
/// ```
#[derive(Config, Debug)]
pub struct SparseLinearConfig {
    /// Input features, 1 or more.
    pub inputs: usize,
    /// Output features, 1 or more.
    pub outputs: usize,
    /// The share of the possible connections that exist, in (0, 1].
    #[config(default = 1.0)]
    pub density: f64,
    /// How many connections exist, `1 ..= inputs * outputs`, whatever the density.
    pub nnz: Option<usize>,
    /// How the first connections are chosen.
    #[config(default = "InitialMask::Magnitude")]
    pub mask: InitialMask,
    /// Which kernels the layer runs on.
    #[config(default = "Storage::Auto")]
    pub storage: Storage,
    /// Whether a bias is added to the product.
    #[config(default = true)]
    pub bias: bool,
    /// The distribution of the first values.
    #[config(default = "Initializer::Pytorch")]
    pub initializer: Initializer,
    /// What counts as fan-in and fan-out of a value.
    #[config(default = "Fans::Dense")]
    pub fans: Fans,
}

impl SparseLinearConfig {
    /// Draws the layer from the device's generator, which [`Device::seed`] seeds, as Burn's layers are.
    ///
    /// # Panics
    /// Where [`try_init`](Self::try_init) gives an error.
    #[must_use]
    #[track_caller]
    pub fn init(&self, device: &Device) -> SparseLinear {
        let layer = self.try_init(device, &mut generator_of(device));
        layer.unwrap_or_else(|error| panic!("SparseLinearConfig: {error}"))
    }

    /// Draws the layer from this generator: the same bits on any device.
    ///
    /// # Errors
    /// [`Error::Config`] when the density is outside (0, 1] or leaves no connection; [`Error::Pattern`] when there are no
    /// units, inputs or connections, or more connections than fit.
    pub fn try_init(&self, device: &Device, rng: &mut impl Rng) -> Result<SparseLinear> {
        let (outputs, inputs) = (self.outputs, self.inputs);
        let nnz = match self.nnz {
            Some(nnz) => nnz,
            None if self.density > 0.0 && self.density <= 1.0 => {
                let possible = inputs.saturating_mul(outputs) as f64;
                let nnz = (self.density * possible).round() as usize;
                if nnz == 0 && possible > 0.0 {
                    let least = 0.5 / possible;
                    let allowed = format!(
                        "{least} or more, which is one connection of a layer [{outputs}×{inputs}]"
                    );
                    return Err(Error::config("density", self.density, &allowed));
                }
                nnz
            }
            None => return Err(Error::config("density", self.density, "in (0, 1]")),
        };
        Pattern::check_room(outputs, inputs, nnz)?;
        let shape = [outputs, inputs];
        let (pattern, mut values) = self.initializer.draw(shape, nnz, self.mask, rng)?;
        self.initializer.rescale(self.fans, &pattern, &mut values);
        let bias = self.bias.then(|| self.initializer.draw_bias(shape, rng));
        SparseLinear::from_parts(pattern, values, bias, self.storage, device)
    }
}

/// Configuration of a [`SparseMlp`].
///
/// ```
/// use burn::config::Config;
/// use burn::tensor::{Device, Tensor};
/// use sparse_core::nn::{Activation, SparseMlpConfig};
///
/// let config = SparseMlpConfig::new(vec![17, 256, 256, 6]).with_sparsity(0.9).with_activation(Activation::Gelu);
/// let again = SparseMlpConfig::load_binary(config.to_string().as_bytes())?;
/// let net = again.init(&Device::flex());
/// assert_eq!(net.forward(Tensor::<2>::zeros([4, 17], &Device::flex())).dims(), [4, 6]);
/// # Ok::<(), burn::config::ConfigError>(())
/// ```
#[derive(Config, Debug)]
pub struct SparseMlpConfig {
    /// Features of the input, the hidden layers and the output: at least two numbers, each 1 or more.
    pub sizes: Vec<usize>,
    /// The share of the possible connections that do not exist, in [0, 1).
    #[config(default = 0.0)]
    pub sparsity: f64,
    /// How the connections are shared out among the layers.
    #[config(default = "Allocation::ErdosRenyi")]
    pub allocation: Allocation,
    /// How the first connections are chosen.
    #[config(default = "InitialMask::Magnitude")]
    pub mask: InitialMask,
    /// Which kernels the layers run on.
    #[config(default = "Storage::Auto")]
    pub storage: Storage,
    /// The structure of the first connections in each layer. N of M sets every layer's density, whatever the sparsity.
    #[config(default = "Structure::default()")]
    pub structure: Structure,
    /// Whether sums are normalised over the units of each hidden layer before its activation.
    #[config(default = false)]
    pub layer_norm: bool,
    /// Whether each layer adds a bias.
    #[config(default = true)]
    pub bias: bool,
    /// What follows each hidden layer.
    #[config(default = "Activation::Relu")]
    pub activation: Activation,
    /// The distribution of the first values.
    #[config(default = "Initializer::Pytorch")]
    pub initializer: Initializer,
    /// What counts as fan-in and fan-out of a value.
    #[config(default = "Fans::Dense")]
    pub fans: Fans,
}

impl SparseMlpConfig {
    /// Draws the network from the device's generator, which [`Device::seed`] seeds, as Burn's modules are.
    ///
    /// # Panics
    /// Where [`try_init`](Self::try_init) gives an error.
    #[must_use]
    #[track_caller]
    pub fn init(&self, device: &Device) -> SparseMlp {
        let network = self.try_init(device, &mut generator_of(device));
        network.unwrap_or_else(|error| panic!("SparseMlpConfig: {error}"))
    }

    /// Draws the network from this generator: the same bits on any device.
    ///
    /// # Errors
    /// [`Error::Budget`] when the sparsity leaves a layer without connections; [`Error::Config`] when it is outside [0,
    /// 1), there are fewer than two sizes or one is 0, or the structure is not valid; [`Error::Shape`] when the
    /// allocation is for another number of layers; [`Error::Pattern`] when a layer has too few connections for its
    /// floor.
    pub fn try_init(&self, device: &Device, rng: &mut impl Rng) -> Result<SparseMlp> {
        if self.sizes.len() < 2 || self.sizes.contains(&0) {
            let allowed = "at least an input and an output size, each 1 or more";
            return Err(Error::config("sizes", format!("{:?}", self.sizes), allowed));
        }
        let shapes: Vec<(usize, usize)> = self.sizes.windows(2).map(|w| (w[1], w[0])).collect();
        if self.structure != Structure::default() || self.allocation == Allocation::Global {
            return self.finish(self.draw_by_weights(&shapes, device, rng)?);
        }
        let counts = self.allocation.counts(&shapes, self.sparsity)?;
        let layers = shapes.iter().zip(counts).map(|(&shape, nnz)| {
            let config = self.layer(shape).with_nnz(Some(nnz));
            config.with_mask(self.mask).try_init(device, rng)
        });
        self.finish(layers.collect::<Result<_>>()?)
    }

    /// A dense layer `(outputs, inputs)` of the network.
    fn layer(&self, (outputs, inputs): (usize, usize)) -> SparseLinearConfig {
        SparseLinearConfig::new(inputs, outputs)
            .with_storage(self.storage)
            .with_bias(self.bias)
            .with_initializer(self.initializer)
            .with_fans(self.fans)
    }

    /// The network of the layers that were drawn.
    fn finish(&self, mut layers: Vec<SparseLinear>) -> Result<SparseMlp> {
        if self.layer_norm {
            let last = layers.pop();
            let normalised = layers.into_iter().map(SparseLinear::with_layer_norm);
            layers = normalised.chain(last).collect();
        }
        Ok(SparseMlp::from_layers(layers)?.with_activation(self.activation))
    }

    /// Draws every layer densely, then decides by all weights which of them exist.
    fn draw_by_weights(
        &self,
        shapes: &[(usize, usize)],
        device: &Device,
        rng: &mut impl Rng,
    ) -> Result<Vec<SparseLinear>> {
        let zeros = self.initializer == Initializer::Zeros;
        // Zeros everywhere rank no connection.
        let initializer = if zeros {
            Initializer::Pytorch
        } else {
            self.initializer
        };
        let dense = shapes.iter().map(|&shape| {
            let layer = self.layer(shape).with_initializer(initializer);
            let layer = layer.try_init(device, rng)?;
            Ok((to_vec(layer.values()), layer.bias().map(to_vec)))
        });
        let dense: Vec<(Vec<f32>, Option<Vec<f32>>)> = dense.collect::<Result<_>>()?;
        let magnitudes = dense
            .iter()
            .map(|(weights, _)| weights.iter().map(|w| w.abs()).collect());
        let magnitudes: Vec<Vec<f32>> = magnitudes.collect();
        let allocation = &self.allocation;
        let counts = allocation.counts_by_score(shapes, self.sparsity, &magnitudes)?;
        let mut layers = Vec::new();
        for (index, (weights, mut bias)) in dense.into_iter().enumerate() {
            let ((outputs, inputs), nnz) = (shapes[index], counts[index]);
            let pattern = match self.mask {
                InitialMask::Magnitude => {
                    self.structure
                        .best(outputs, inputs, &magnitudes[index], nnz)?
                }
                InitialMask::Random => self.structure.random(outputs, inputs, nnz, rng)?,
            };
            let mut values: Vec<f32> = pattern.positions().map(|p| weights[p as usize]).collect();
            initializer.rescale(self.fans, &pattern, &mut values);
            if zeros {
                values.fill(0.0);
                bias.iter_mut().for_each(|bias| bias.fill(0.0));
            }
            let layer = SparseLinear::from_parts(pattern, values, bias, self.storage, device);
            layers.push(layer?);
        }
        Ok(layers)
    }
}

/// A generator seeded by that of a device.
fn generator_of(device: &Device) -> StdRng {
    let bytes = Distribution::Uniform(0.0, 256.0);
    let seed = Tensor::<1, Int>::random([32], bytes, device).into_data();
    let mut bytes = [0; 32];
    for (byte, drawn) in bytes.iter_mut().zip(seed.iter::<i64>()) {
        *byte = drawn as u8;
    }
    StdRng::from_seed(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_density_that_leaves_no_connection_says_which_would() {
        let mut rng = StdRng::seed_from_u64(0);
        let device = crate::device::by_name(crate::device::available()[0]).unwrap();
        let mut drawn = |inputs, density| {
            let config = SparseLinearConfig::new(inputs, 4).with_density(density);
            config.try_init(&device, &mut rng)
        };
        assert_eq!(
            drawn(4, 0.01).unwrap_err().to_string(),
            "density = 0.01: must be 0.03125 or more, which is one connection of a layer [4×4]"
        );
        assert_eq!(drawn(4, 0.03125).unwrap().pattern().nnz(), 1);
        assert_eq!(
            drawn(4, 0.0).unwrap_err().to_string(),
            "density = 0: must be in (0, 1]"
        );
        assert!(drawn(0, 0.5).unwrap_err().is_pattern());
    }
}
