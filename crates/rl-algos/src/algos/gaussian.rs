//! The Gaussian that tanh squashes into [-1, 1] (Haarnoja et al., arXiv 1812.05905, appendix C): `a = tanh(u)`,
//! `u = μ + σ ε`, with `log π(a) = log N(u; μ, σ) - Σ log(1 - tanh² u)`.
//!
//! The last term is computed as `2 (log 2 - u - softplus(-2u))`, which stays exact where tanh saturates.

use std::f32::consts::{LN_2, PI};

use burn::tensor::Tensor;
use burn::tensor::activation::softplus;
use sparse_core::op::tanh;

use crate::config::SacConfig;

/// The bounds of log σ; the network's output goes through tanh and is stretched between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct SquashedGaussian {
    pub(super) log_std_min: f32,
    pub(super) log_std_max: f32,
}

impl SquashedGaussian {
    /// With SAC's bounds.
    pub(super) fn of(sac: &SacConfig) -> Self {
        Self {
            log_std_min: sac.log_std_min as f32,
            log_std_max: sac.log_std_max as f32,
        }
    }

    /// log σ for the network's output.
    fn log_std(self, output: f32) -> f32 {
        let half = 0.5 * (self.log_std_max - self.log_std_min);
        self.log_std_min + half * (output.tanh() + 1.0)
    }

    /// The action for outputs `[μ, spread]` and noise, number by number; returns its log-probability.
    pub(super) fn sample(self, outputs: &[f32], noise: &[f32], action: &mut [f32]) -> f32 {
        let (means, spreads) = outputs.split_at(noise.len());
        let mut log_probability = 0.0;
        for (i, action) in action.iter_mut().enumerate() {
            let (log_std, unit) = (self.log_std(spreads[i]), noise[i]);
            let u = means[i] + log_std.exp() * unit;
            *action = u.tanh();
            let softplus = (-2.0 * u).max(0.0) + (-(2.0 * u).abs()).exp().ln_1p();
            log_probability -= 0.5 * unit * unit + log_std + 0.5 * (2.0 * PI).ln();
            log_probability -= 2.0 * (LN_2 - u - softplus);
        }
        log_probability
    }

    /// As [`sample`](Self::sample), for outputs `[rows, 2 action]` and noise `[rows, action]`, to be differentiated:
    /// the actions `[rows, action]` and their log-probabilities `[rows, 1]`.
    pub(super) fn tensors(self, outputs: Tensor<2>, noise: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let size = noise.dims()[1];
        let means = outputs.clone().narrow(1, 0, size);
        let spreads = outputs.narrow(1, size, size);
        let half = 0.5 * (self.log_std_max - self.log_std_min);
        let log_std = tanh(spreads) * half + (self.log_std_min + half);
        let u = means + log_std.clone().exp() * noise.clone();
        let actions = tanh(u.clone());
        let squash = (u.clone() + softplus(u * -2.0, 1.0)) * 2.0 - 2.0 * LN_2;
        let normal = noise.square() * -0.5 - 0.5 * (2.0 * PI).ln();
        let log_probability = (normal - log_std + squash).sum_dim(1);
        (actions, log_probability)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;

    const BOUNDS: SquashedGaussian = SquashedGaussian {
        log_std_min: -5.0,
        log_std_max: 2.0,
    };

    /// In double precision, from the definition.
    fn reference(mean: f64, spread: f64, noise: f64) -> (f64, f64) {
        let log_std = -5.0 + 3.5 * (spread.tanh() + 1.0);
        let u = mean + log_std.exp() * noise;
        let normal = -0.5 * noise * noise - log_std - 0.5 * (2.0 * std::f64::consts::PI).ln();
        // 1 - tanh² = 1 / cosh²
        (u.tanh(), normal + 2.0 * u.cosh().ln())
    }

    const CASES: [[f32; 3]; 6] = [
        [0.0, 0.0, 0.0],
        [0.3, -0.7, 1.2],
        [-2.0, 0.4, -0.6],
        [6.0, -3.0, 0.5],
        [-9.0, 2.0, 1.0],
        [0.01, 5.0, -2.5],
    ];

    #[test]
    fn actions_and_log_probabilities_follow_the_definition() {
        for [mean, spread, noise] in CASES {
            let mut action = [0.0];
            let found = BOUNDS.sample(&[mean, spread], &[noise], &mut action);
            let (expected_action, expected) = reference(mean.into(), spread.into(), noise.into());
            assert!((f64::from(action[0]) - expected_action).abs() < 1e-6);
            let error = (f64::from(found) - expected).abs();
            assert!(error < 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
        }
    }

    #[test]
    fn tensors_give_the_same_and_their_gradients_are_those_of_differences() {
        let device = burn::tensor::Device::flex();
        let rows = CASES.len();
        let column = |k: usize| -> Vec<f32> { CASES.iter().map(|case| case[k]).collect() };
        let tensor = |data: Vec<f32>, width: usize| {
            Tensor::<2>::from_data(TensorData::new(data, [rows, width]), &device)
        };
        let outputs: Vec<f32> = CASES.iter().flat_map(|case| [case[0], case[1]]).collect();
        let outputs = Tensor::from_inner(tensor(outputs, 2)).require_grad();
        let noise = Tensor::from_inner(tensor(column(2), 1));
        let (actions, logs) = BOUNDS.tensors(outputs.clone(), noise);
        let gradients = (logs.clone().sum() + actions.clone().sum() * 2.0).backward();
        let gradient = outputs.grad(&gradients).expect("a gradient");
        let gradient: Vec<f32> = gradient.into_data().iter::<f32>().collect();
        let logs: Vec<f32> = logs.into_data().iter::<f32>().collect();
        for (row, [mean, spread, noise]) in CASES.into_iter().enumerate() {
            let (mean, spread, noise) = (f64::from(mean), f64::from(spread), f64::from(noise));
            let (_, expected) = reference(mean, spread, noise);
            assert!((f64::from(logs[row]) - expected).abs() < 1e-5 * (1.0 + expected.abs()));
            let loss = |mean, spread| {
                let (action, log) = reference(mean, spread, noise);
                log + 2.0 * action
            };
            let step = 1e-5;
            let slopes = [
                loss(mean + step, spread) - loss(mean - step, spread),
                loss(mean, spread + step) - loss(mean, spread - step),
            ];
            for (k, slope) in slopes.into_iter().enumerate() {
                let (found, expected) = (f64::from(gradient[2 * row + k]), slope / (2.0 * step));
                let error = (found - expected).abs();
                assert!(error < 2e-4 * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }
}
