//! The Gaussian that tanh squashes into [-1, 1] (Haarnoja et al., arXiv 1812.05905, appendix C): `a = tanh(u)`,
//! `u = μ + σ ε`, with `log π(a) = log N(u; μ, σ) - Σ log(1 - tanh² u)`.
//!
//! The last term is computed as `2 (log 2 - u - softplus(-2u))`, which stays exact where tanh saturates.

use std::f32::consts::LN_2;

use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use sparse_core::math::{exp, softplus, tanh};

use crate::config::{LogStd, Spread};
use crate::nets::{Actor, BatchShape, normal, to_vec};

/// ½ log 2π.
const HALF_LN_2_PI: f32 = 0.918_938_5;

/// The bounds of log σ, and how the network's output is kept between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct SquashedGaussian {
    pub(super) log_std_min: f32,
    pub(super) log_std_max: f32,
    pub(super) bound: LogStd,
}

/// What the numbers of some actions come to, `[rows × action]` each; columns, so that each step is a loop over all.
struct Numbers {
    /// What the slope of log σ by its output follows from: tanh of the output, or whether it lies within the bounds.
    squashed: Vec<f32>,
    /// σ ε.
    shift: Vec<f32>,
    actions: Vec<f32>,
    /// Shares of the log-probability.
    logs: Vec<f32>,
}

impl SquashedGaussian {
    /// With this spread.
    pub(super) fn of(spread: Spread) -> Self {
        Self {
            log_std_min: spread.log_std_min as f32,
            log_std_max: spread.log_std_max as f32,
            bound: spread.log_std,
        }
    }

    /// Writes an action that is drawn for `observation` from the policy of `actor` to `action` `[action]`.
    pub(super) fn explore(
        self,
        actor: &mut Actor,
        observation: &[f32],
        rng: &mut ChaCha8Rng,
        action: &mut [f32],
    ) {
        let noise = normal(action.len(), rng);
        let (drawn, _) = self.sample(action.len(), actor.output(observation), &noise);
        action.copy_from_slice(&drawn);
    }

    /// Half the width of the range of log σ.
    fn half(self) -> f32 {
        0.5 * (self.log_std_max - self.log_std_min)
    }

    /// For the network's outputs `[rows, 2 size]`, `size` means and as many spreads in a row, and noise
    /// `[rows × size]`.
    fn numbers(self, size: usize, outputs: &[f32], noise: &[f32]) -> Numbers {
        let half = |which: usize| -> Vec<f32> {
            let rows = outputs.chunks_exact(2 * size);
            rows.flat_map(|row| &row[which * size..][..size])
                .copied()
                .collect()
        };
        let (mut u, spreads) = (half(0), half(1));
        let count = noise.len();
        let [mut squashed, mut shift, mut actions, mut logs] = [(); 4].map(|()| vec![0.0; count]);
        let mut log_std = spreads;
        match self.bound {
            LogStd::Tanh => {
                tanh(&log_std, &mut squashed[..]);
                for (log_std, squashed) in log_std.iter_mut().zip(&squashed) {
                    *log_std = self.log_std_min + self.half() * (squashed + 1.0);
                }
            }
            LogStd::Clamp => {
                let (min, max) = (self.log_std_min, self.log_std_max);
                for (log_std, within) in log_std.iter_mut().zip(&mut squashed) {
                    *within = f32::from((min..=max).contains(log_std));
                    *log_std = log_std.clamp(min, max);
                }
            }
        }
        exp(&log_std, &mut shift[..]);
        for ((u, shift), unit) in u.iter_mut().zip(&mut shift).zip(noise) {
            *shift *= unit;
            *u += *shift;
        }
        tanh(&u, &mut actions[..]);
        let doubled: Vec<f32> = u.iter().map(|u| -2.0 * u).collect();
        softplus(&doubled, &mut logs[..]);
        let rest = u.iter().zip(&log_std).zip(noise);
        for (log, ((u, log_std), unit)) in logs.iter_mut().zip(rest) {
            let normal = -0.5 * unit * unit - log_std - HALF_LN_2_PI;
            *log = normal - 2.0 * (LN_2 - u - *log);
        }
        Numbers {
            squashed,
            shift,
            actions,
            logs,
        }
    }

    /// Actions `[rows × size]` for outputs `[rows, 2 size]` and noise `[rows × size]`, and the log-probability of each
    /// row.
    pub(super) fn sample(
        self,
        size: usize,
        outputs: &[f32],
        noise: &[f32],
    ) -> (Vec<f32>, Vec<f32>) {
        let Numbers { actions, logs, .. } = self.numbers(size, outputs, noise);
        (actions, sums(size, &logs))
    }

    /// As [`sample`](Self::sample), for outputs `[rows, 2 action]` under autodiff and noise `[rows × action]`.
    ///
    /// Some twenty operations on small tensors would cost more than the network. So numbers and slopes are computed
    /// here, and the tensors are linear in the outputs, with these values and these slopes.
    pub(super) fn tensors(
        self,
        rows: &BatchShape,
        outputs: Tensor<2>,
        noise: &[f32],
    ) -> ActionSample {
        let size = rows.act_dim;
        let numbers = self.numbers(size, &to_vec(outputs.clone().inner()), noise);
        let logs = sums(size, &numbers.logs);
        let mean_log = logs.iter().sum::<f32>() / logs.len() as f32;
        let [by_action, by_log] = self.slopes(size, &numbers);
        let constant = |data, width| Tensor::from_inner(rows.tensor(data, width));
        // Zero, with the outputs' gradient.
        let change = outputs.clone() - outputs.detach();
        let [by_action, by_log] =
            [by_action, by_log].map(|slopes| change.clone() * constant(slopes, 2 * size));
        let [by_mean, by_spread] = [0, size].map(|half| by_action.clone().narrow(1, half, size));
        ActionSample {
            actions: by_mean + by_spread + constant(numbers.actions, size),
            logs: by_log.sum_dim(1) + constant(logs, 1),
            mean_log,
        }
    }

    /// The slopes of the actions and of the log-probabilities by the outputs, `[rows, 2 size]` each.
    fn slopes(self, size: usize, numbers: &Numbers) -> [Vec<f32>; 2] {
        let mut slopes = [(); 2].map(|()| vec![0.0; 2 * numbers.actions.len()]);
        let [by_action, by_log] = &mut slopes;
        let rows = by_action
            .chunks_exact_mut(2 * size)
            .zip(by_log.chunks_exact_mut(2 * size));
        for (row, (by_action, by_log)) in rows.enumerate() {
            let own = row * size..(row + 1) * size;
            let (action_mean, action_spread) = by_action.split_at_mut(size);
            let (log_mean, log_spread) = by_log.split_at_mut(size);
            let of = numbers.actions[own.clone()].iter();
            let of = of.zip(&numbers.squashed[own.clone()]);
            for (k, ((action, squashed), shift)) in of.zip(&numbers.shift[own]).enumerate() {
                // d log σ / d spread, d u / d spread; d log(1 - tanh² u) / d u = -2 tanh u.
                let log_std_slope = match self.bound {
                    LogStd::Tanh => self.half() * (1.0 - squashed * squashed),
                    LogStd::Clamp => *squashed,
                };
                let u_slope = shift * log_std_slope;
                let action_slope = 1.0 - action * action;
                (action_mean[k], action_spread[k]) = (action_slope, action_slope * u_slope);
                log_mean[k] = 2.0 * action;
                log_spread[k] = 2.0 * action * u_slope - log_std_slope;
            }
        }
        slopes
    }
}

/// The sum of each row of `size` numbers.
fn sums(size: usize, numbers: &[f32]) -> Vec<f32> {
    numbers
        .chunks_exact(size)
        .map(|row| row.iter().sum())
        .collect()
}

/// Sampled actions, to be differentiated.
pub(super) struct ActionSample {
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
        bound: LogStd::Tanh,
    };

    #[test]
    fn a_spread_within_bounds_is_clamped() {
        let clamped = SquashedGaussian {
            log_std_min: -20.0,
            log_std_max: 2.0,
            bound: LogStd::Clamp,
        };
        for (spread, log_std) in [(-0.7, -0.7), (1.9, 1.9), (5.0, 2.0), (-30.0, -20.0)] {
            let (mean, noise) = (0.3_f64, -0.4_f64);
            let (action, log) = clamped.sample(1, &[mean as f32, spread as f32], &[noise as f32]);
            let u = mean + f64::exp(log_std) * noise;
            let normal = -0.5 * noise * noise - log_std - 0.5 * (2.0 * std::f64::consts::PI).ln();
            assert!((f64::from(action[0]) - u.tanh()).abs() < 1e-6);
            let expected = normal + 2.0 * u.cosh().ln();
            assert!(
                (f64::from(log[0]) - expected).abs() < 1e-5 * (1.0 + expected.abs()),
                "{spread}"
            );
            // The slope by a finite difference, away from the kinks.
            let numbers = clamped.numbers(1, &[mean as f32, spread as f32], &[noise as f32]);
            let [by_action, by_log] = clamped.slopes(1, &numbers);
            let at = |spread: f64| {
                let log_std = spread.clamp(-20.0, 2.0);
                let u = mean + log_std.exp() * noise;
                (u.tanh(), -log_std + 2.0 * u.cosh().ln())
            };
            let (up, down) = (at(spread + 1e-5), at(spread - 1e-5));
            let slopes = [(up.0 - down.0) / 2e-5, (up.1 - down.1) / 2e-5];
            assert!(
                (f64::from(by_action[1]) - slopes[0]).abs() < 1e-3,
                "{spread}"
            );
            assert!(
                (f64::from(by_log[1]) - slopes[1]).abs() < 1e-3 * (1.0 + slopes[1].abs()),
                "{spread}"
            );
        }
    }

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
            let (action, found) = BOUNDS.sample(1, &[mean, spread], &[noise]);
            let (expected_action, expected) = reference(mean.into(), spread.into(), noise.into());
            assert!((f64::from(action[0]) - expected_action).abs() < 1e-6);
            let error = (f64::from(found[0]) - expected).abs();
            assert!(
                error < 1e-5 * (1.0 + expected.abs()),
                "{found:?} {expected}"
            );
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
        let sizes = BatchShape {
            obs_dim: 1,
            act_dim: 1,
            device: device.clone(),
        };
        let drawn = BOUNDS.tensors(&sizes, outputs.clone(), &column(2));
        let ActionSample { actions, logs, .. } = drawn;
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
