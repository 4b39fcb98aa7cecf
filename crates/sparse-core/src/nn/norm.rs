//! Layer normalisation between a layer's product and its activation (Ba et al., arXiv 1607.06450).

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation::relu};

use super::activations::Activations;
use crate::op::Activation;

/// Added to the variance; PyTorch's.
pub(super) const EPSILON: f32 = 1e-5;

/// A trainable scale and shift for each unit, `[outputs]` each.
#[derive(Module, Debug)]
pub(super) struct LayerNorm {
    pub(super) scale: Param<Tensor<1>>,
    pub(super) shift: Param<Tensor<1>>,
}

impl LayerNorm {
    /// Scales of one and shifts of zero.
    pub(super) fn new(outputs: usize, device: &Device) -> Self {
        Self {
            scale: Param::from_tensor(Tensor::ones([outputs], device)),
            shift: Param::from_tensor(Tensor::zeros([outputs], device)),
        }
    }
}

/// Normalises each sample over its features, applies scales and shifts `[features]`, and an activation.
pub(super) fn normalised(
    x: Activations,
    affine: [Tensor<1>; 2],
    activation: Activation,
) -> Activations {
    let features = affine[0].dims()[0];
    match x {
        Activations::Columns(x) => {
            let affine = affine.map(|p| p.reshape([features, 1]));
            Activations::Columns(normalise(x, 0, affine, activation))
        }
        // Columns past the batch hold finite numbers, and no gradient comes from them.
        Activations::Tiles { tiles, batch } => {
            let affine = affine.map(|p| p.reshape([1, features, 1]));
            let tiles = normalise(tiles, 1, affine, activation);
            Activations::Tiles { tiles, batch }
        }
    }
}

/// The same along dimension `features`, with scale and shift in a shape that spreads over the others.
fn normalise<const D: usize>(
    x: Tensor<D>,
    features: usize,
    [scale, shift]: [Tensor<D>; 2],
    activation: Activation,
) -> Tensor<D> {
    let centred = x.clone() - x.mean_dim(features);
    let variance = centred.clone().square().mean_dim(features);
    let y = centred / (variance + EPSILON).sqrt() * scale + shift;
    match activation {
        Activation::Identity => y,
        Activation::Relu => relu(y),
    }
}
