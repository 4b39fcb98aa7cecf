//! The Gaussian that tanh squashes into [-1, 1] (Haarnoja et al., arXiv 1812.05905, appendix C): `a = tanh(u)`,
//! `u = μ + σ ε`, with `log π(a) = log N(u; μ, σ) - Σ log(1 - tanh² u)`.
//!
//! The last term is computed as `2 (log 2 - u - softplus(-2u))`, which stays exact where tanh saturates.

use std::f32::consts::{LN_2, PI};

use burn::tensor::Tensor;

use super::parts::{Rows, to_vec};
use crate::config::SacConfig;

/// The bounds of log σ; the network's output goes through tanh and is stretched between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct SquashedGaussian {
    pub(super) log_std_min: f32,
    pub(super) log_std_max: f32,
}

/// One number of an action, its share of the log-probability, and the slopes of both by μ and by the output that
/// gives σ.
struct Sampled {
    action: f32,
    log_prob: f32,
    action_slopes: [f32; 2],
    log_prob_slopes: [f32; 2],
}

impl SquashedGaussian {
    /// With SAC's bounds.
    pub(super) fn of(sac: &SacConfig) -> Self {
        Self {
            log_std_min: sac.log_std_min as f32,
            log_std_max: sac.log_std_max as f32,
        }
    }

    /// For the network's outputs of one number, μ and spread, and its noise.
    fn number(self, [mean, spread]: [f32; 2], unit: f32) -> Sampled {
        let half = 0.5 * (self.log_std_max - self.log_std_min);
        let squashed = spread.tanh();
        let log_std = self.log_std_min + half * (squashed + 1.0);
        let shift = log_std.exp() * unit;
        let u = mean + shift;
        let action = u.tanh();
        let softplus = (-2.0 * u).max(0.0) + (-(2.0 * u).abs()).exp().ln_1p();
        let normal = -0.5 * unit * unit - log_std - 0.5 * (2.0 * PI).ln();
        // d log σ / d spread, d u / d spread; d log(1 - tanh² u) / d u = -2 tanh u.
        let log_std_slope = half * (1.0 - squashed * squashed);
        let u_slope = shift * log_std_slope;
        let action_slope = 1.0 - action * action;
        Sampled {
            action,
            log_prob: normal - 2.0 * (LN_2 - u - softplus),
            action_slopes: [action_slope, action_slope * u_slope],
            log_prob_slopes: [2.0 * action, 2.0 * action * u_slope - log_std_slope],
        }
    }

    /// The action for outputs `[μ, spread]` and noise, number by number; returns its log-probability.
    pub(super) fn sample(self, outputs: &[f32], noise: &[f32], action: &mut [f32]) -> f32 {
        let (means, spreads) = outputs.split_at(noise.len());
        let numbers = action.iter_mut().zip(means.iter().zip(spreads)).zip(noise);
        let each = numbers.map(|((action, (mean, spread)), unit)| {
            let sampled = self.number([*mean, *spread], *unit);
            *action = sampled.action;
            sampled.log_prob
        });
        each.sum()
    }

    /// As [`sample`](Self::sample), for outputs `[rows, 2 action]` under autodiff and noise `[rows × action]`.
    ///
    /// Some twenty operations on small tensors would cost more than the network. So numbers and slopes are computed
    /// here, and the tensors are linear in the outputs, with these values and these slopes.
    pub(super) fn tensors(self, rows: &Rows, outputs: Tensor<2>, noise: &[f32]) -> Drawn {
        let size = rows.action;
        let count = noise.len() / size;
        let numbers = to_vec(outputs.clone().inner());
        let (mut actions, mut logs) = (vec![0.0; count * size], vec![0.0; count]);
        let mut slopes = [(); 2].map(|()| vec![0.0; 2 * count * size]);
        for (k, (action, unit)) in actions.iter_mut().zip(noise).enumerate() {
            let (row, number) = (k / size, k % size);
            let places = [0, size].map(|half| 2 * size * row + half + number);
            let sampled = self.number(places.map(|place| numbers[place]), *unit);
            *action = sampled.action;
            logs[row] += sampled.log_prob;
            for (half, place) in places.into_iter().enumerate() {
                slopes[0][place] = sampled.action_slopes[half];
                slopes[1][place] = sampled.log_prob_slopes[half];
            }
        }
        let mean_log = logs.iter().sum::<f32>() / count as f32;
        let constant = |data, width| Tensor::from_inner(rows.tensor(data, width));
        // Zero, with the outputs' gradient.
        let change = outputs.clone() - outputs.detach();
        let [by_action, by_log] = slopes.map(|slopes| change.clone() * constant(slopes, 2 * size));
        let [by_mean, by_spread] = [0, size].map(|half| by_action.clone().narrow(1, half, size));
        Drawn {
            actions: by_mean + by_spread + constant(actions, size),
            logs: by_log.sum_dim(1) + constant(logs, 1),
            mean_log,
        }
    }
}

/// Sampled actions, to be differentiated.
pub(super) struct Drawn {
    /// `[rows, action]`.
    pub(super) actions: Tensor<2>,
    /// Their log-probabilities, `[rows, 1]`.
    pub(super) logs: Tensor<2>,
    /// The mean of these.
    pub(super) mean_log: f32,
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
        let sizes = Rows {
            observation: 1,
            action: 1,
            device: device.clone(),
        };
        let drawn = BOUNDS.tensors(&sizes, outputs.clone(), &column(2));
        let Drawn { actions, logs, .. } = drawn;
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
