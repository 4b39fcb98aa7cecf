//! What follows the hidden layers of a network.

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

use super::activations::Activations;
use crate::math::one_tanh;
use crate::op::{self, tanh};

/// What follows each hidden layer of a [`SparseMlp`](super::SparseMlp).
///
/// With [`Relu`](Self::Relu) a network of compressed rows is one fused operation. The others are separate operations
/// between the layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `max(0, x)`.
    #[default]
    Relu,
    /// The hyperbolic tangent.
    Tanh,
    /// `x Φ(x)` with the normal distribution's Φ (Hendrycks & Gimpel, arXiv 1606.08415), not its approximation.
    Gelu,
    /// `x σ(x)` with the logistic function σ; also called swish.
    Silu,
    /// `x` where it is above 0, else `exp(x) - 1` (Clevert et al., arXiv 1511.07289).
    Elu,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Relu, Self::Tanh, Self::Gelu, Self::Silu, Self::Elu];

    /// The name in files and configurations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Tanh => "tanh",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Elu => "elu",
        }
    }

    /// The activation of this name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|activation| activation.name() == name)
    }

    /// Applies it to every element.
    #[must_use]
    pub fn forward<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Relu => activation::relu(x),
            Self::Tanh => tanh(x),
            Self::Gelu => activation::gelu(x),
            Self::Silu => activation::silu(x),
            // Burn's own has a gradient of NaN where exp(x) is infinite.
            Self::Elu => activation::relu(x.clone()) + (x.clamp_max(0.0).exp() - 1.0),
        }
    }

    /// The part of it that a layer's own operation computes; [`Identity`](op::Activation::Identity) for none.
    pub(super) fn fused(self) -> op::Activation {
        match self {
            Self::Relu => op::Activation::Relu,
            _ => op::Activation::Identity,
        }
    }

    /// Does what the layer's operation has not done.
    pub(super) fn finish(self, x: Activations) -> Activations {
        match self {
            Self::Relu => x,
            _ => x.map(|x| self.forward(x), |tiles| self.forward(tiles)),
        }
    }

    /// Of one number.
    pub(super) fn of(self, x: f32) -> f32 {
        match self {
            // Not `max`, which would hide a NaN.
            Self::Relu if x < 0.0 => 0.0,
            Self::Relu => x,
            Self::Tanh => one_tanh(x),
            Self::Gelu => 0.5 * x * (1.0 + libm::erff(x * std::f32::consts::FRAC_1_SQRT_2)),
            Self::Silu => x / (1.0 + libm::expf(-x)),
            Self::Elu if x <= 0.0 => libm::expm1f(x),
            Self::Elu => x,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::op::to_vec;

    #[test]
    fn names_read_back() {
        for activation in Activation::ALL {
            assert_eq!(Activation::named(activation.name()), Some(activation));
            let json = serde_json::to_string(&activation).unwrap();
            assert_eq!(json, format!("\"{}\"", activation.name()));
        }
        assert_eq!(Activation::named("swish"), None);
    }

    #[test]
    fn one_number_is_as_many() {
        let x: Vec<f32> = (-40..=40).map(|i| i as f32 * 0.25).collect();
        for activation in Activation::ALL {
            let tensor = Tensor::<1>::from_data(&x[..], &Device::default());
            for (x, y) in x.iter().zip(to_vec(activation.forward(tensor))) {
                let one = activation.of(*x);
                assert!((one - y).abs() < 2e-6, "{activation:?} of {x}: {one} {y}");
            }
            assert!(activation.of(f32::NAN).is_nan());
        }
    }

    #[test]
    fn far_inputs_have_finite_gradients() {
        let x: Vec<f32> = vec![-1e4, -100.0, 100.0, 1e4];
        for activation in Activation::ALL {
            let x = Tensor::<1>::from_data(&x[..], &Device::default().autodiff()).require_grad();
            let gradients = activation.forward(x.clone()).sum().backward();
            let found = to_vec(x.grad(&gradients).unwrap());
            let far = if activation == Activation::Tanh {
                0.0
            } else {
                1.0
            };
            for (found, expected) in found.iter().zip([0.0, 0.0, far, far]) {
                assert!((found - expected).abs() < 1e-5, "{activation:?}: {found}");
            }
        }
    }

    #[test]
    fn values_are_the_papers() {
        let expected = [
            (Activation::Gelu, -0.154_269),
            (Activation::Silu, -0.188_770),
            (Activation::Elu, -0.393_469),
            (Activation::Tanh, -0.462_117),
            (Activation::Relu, 0.0),
        ];
        for (activation, y) in expected {
            assert!((activation.of(-0.5) - y).abs() < 1e-5, "{activation:?}");
        }
    }
}
