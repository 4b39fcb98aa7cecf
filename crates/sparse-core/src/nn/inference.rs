//! A trained network for one observation at a time, without tensors: for acting, and for small computers.

use super::activation::Activation;
use super::mlp::{SparseMlp, SparseModule};
use super::norm::EPSILON;
use crate::kernels;
use crate::op::to_vec;
use crate::pattern::Pattern;
use crate::{Error, Result};

/// A copy of a network that computes one output at a time, with nothing but the weights that exist. A forward pass
/// allocates nothing.
///
/// ```
/// use burn::tensor::Device;
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
/// use sparse_core::nn::{Inference, SparseMlpConfig};
///
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let net = SparseMlpConfig::new(vec![17, 256, 256, 6]).with_sparsity(0.9).try_init(&Device::flex(), &mut rng)?;
/// let mut policy = Inference::of(&net);
/// assert_eq!(policy.forward(&[0.1; 17])?.len(), 6);
/// # Ok::<(), sparse_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Inference {
    layers: Vec<Layer>,
    /// What follows the hidden ones.
    hidden: Activation,
    /// Activations before and behind the layer at work.
    activations: [Vec<f32>; 2],
}

#[derive(Clone, Debug)]
struct Layer {
    pattern: Pattern,
    values: Vec<f32>,
    bias: Vec<f32>,
    /// Scale and shift.
    norm: Option<[Vec<f32>; 2]>,
}

impl Inference {
    /// Copies a network's weights as they are now.
    #[must_use]
    pub fn of(network: &SparseMlp) -> Self {
        let layers = network.sparse_layers().into_iter();
        let layers: Vec<Layer> = layers
            .map(|layer| Layer {
                pattern: layer.pattern().clone(),
                values: to_vec(layer.values()),
                bias: match layer.bias() {
                    Some(bias) => to_vec(bias),
                    None => vec![0.0; layer.pattern().outputs()],
                },
                norm: layer.layer_norm().map(|norm| norm.map(to_vec)),
            })
            .collect();
        let widest = layers.iter().map(|layer| layer.bias.len()).max();
        let buffer = vec![0.0; widest.unwrap_or(0)];
        Self {
            layers,
            hidden: network.activation(),
            activations: [buffer.clone(), buffer],
        }
    }

    /// The network's output for one input `[inputs]`, as [`SparseMlp::forward`] gives it to rounding.
    ///
    /// # Errors
    /// [`Error::Shape`] when the input has another length.
    pub fn forward(&mut self, input: &[f32]) -> Result<&[f32]> {
        let inputs = self
            .layers
            .first()
            .map_or(0, |layer| layer.pattern.inputs());
        Error::check_size("input", input.len(), inputs)?;
        let [before, behind] = &mut self.activations;
        let last = self.layers.len().saturating_sub(1);
        let mut length = 0;
        for (index, layer) in self.layers.iter().enumerate() {
            let x = if index == 0 { input } else { &before[..length] };
            length = layer.bias.len();
            let y = &mut behind[..length];
            let activation = (index < last).then_some(self.hidden);
            let fused = activation == Some(Activation::Relu) && layer.norm.is_none();
            kernels::spmv(&layer.pattern, &layer.values, &layer.bias, fused, x, y);
            if let Some(affine) = &layer.norm {
                normalise(&mut behind[..length], affine);
            }
            if let Some(activation) = activation.filter(|_| !fused) {
                let units = behind[..length].iter_mut();
                units.for_each(|unit| *unit = activation.of(*unit));
            }
            std::mem::swap(before, behind);
        }
        Ok(&before[..length])
    }
}

/// Normalises the features of one sample, scales and shifts them.
fn normalise(features: &mut [f32], [scale, shift]: &[Vec<f32>; 2]) {
    let count = features.len() as f32;
    let mean = features.iter().sum::<f32>() / count;
    let squares = features.iter().map(|x| (x - mean) * (x - mean));
    let deviation = (squares.sum::<f32>() / count + EPSILON).sqrt();
    for (x, (scale, shift)) in features.iter_mut().zip(scale.iter().zip(shift)) {
        *x = (*x - mean) / deviation * scale + shift;
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::nn::SparseMlpConfig;

    #[test]
    fn one_at_a_time_is_as_many_at_once() {
        let device = Device::flex();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let sizes = [&[5, 3][..], &[3, 40, 7, 2], &[17, 256, 256, 6]];
        let kinds = |sizes| {
            Activation::ALL.map(|activation| [false, true].map(|on| (sizes, activation, on)))
        };
        for (sizes, activation, on) in sizes.into_iter().flat_map(kinds).flatten() {
            let config = SparseMlpConfig::new(sizes.to_vec()).with_sparsity(0.5);
            let config = config
                .with_layer_norm(on)
                .with_bias(on)
                .with_activation(activation);
            let net = config.try_init(&device, &mut rng).unwrap();
            let mut one = Inference::of(&net);
            let x: Vec<f32> = (0..3 * sizes[0]).map(|i| (i as f32).sin()).collect();
            let batch = TensorData::new(x.clone(), [3, sizes[0]]);
            let all = net
                .forward(Tensor::<2>::from_data(batch, &device))
                .into_data();
            let all: Vec<f32> = all.iter::<f32>().collect();
            let outputs = sizes[sizes.len() - 1];
            for (x, expected) in x.chunks(sizes[0]).zip(all.chunks(outputs)) {
                let found = one.forward(x).unwrap();
                assert_eq!(found.len(), outputs);
                for (found, expected) in found.iter().zip(expected) {
                    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
                }
            }
        }
    }

    #[test]
    fn not_a_number_stays_one() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for norm in [false, true] {
            let config = SparseMlpConfig::new(vec![3, 8, 8, 2]).with_layer_norm(norm);
            let net = config.try_init(&Device::flex(), &mut rng).unwrap();
            let mut one = Inference::of(&net);
            let output = one.forward(&[f32::NAN, 0.0, 1.0]).unwrap();
            assert!(output.iter().all(|y| y.is_nan()), "{output:?}");
        }
    }

    #[test]
    fn another_length_is_refused() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let net = SparseMlpConfig::new(vec![3, 4, 2])
            .try_init(&Device::flex(), &mut rng)
            .unwrap();
        let error = Inference::of(&net).forward(&[0.0; 4]).unwrap_err();
        assert_eq!(error.to_string(), "input: got 4, must be 3");
    }
}
