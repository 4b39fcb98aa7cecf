//! The Gaussian that tanh squashes into [-1, 1] (Haarnoja et al., arXiv 1812.05905, appendix C): `a = tanh(u)`,
//! `u = μ + σ ε`, with `log π(a) = log N(u; μ, σ) - Σ log(1 - tanh² u)`.
//!
//! The last term is computed as `2 (log 2 - u - softplus(-2u))`, which stays exact where tanh saturates.

use std::f32::consts::LN_2;

use rand_chacha::ChaCha8Rng;
use sparse_core::math::{exp, softplus, tanh};

use crate::config::{LogStd, Spread};
use crate::nets::{Actor, normal};

/// ½ log 2π.
const HALF_LN_2_PI: f32 = 0.918_938_5;

/// The bounds of log σ, and how the network's output is kept between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct SquashedGaussian {
    pub(super) log_std_min: f32,
    pub(super) log_std_max: f32,
    pub(super) bound: LogStd,
}

/// Actions that were drawn for some observations, `[action, width]` each.
pub(super) struct Drawn {
    pub(super) actions: Vec<f32>,
    /// Shares of the log-probability.
    logs: Vec<f32>,
    /// What the slope of log σ by its output follows from: tanh of the output, or whether it lies within the bounds.
    squashed: Vec<f32>,
    /// σ ε.
    shift: Vec<f32>,
}

impl Drawn {
    /// The log-probability of the action of each of the first `rows` columns.
    pub(super) fn logs(&self, width: usize, rows: usize) -> Vec<f32> {
        let mut sums = vec![0.0; rows];
        for logs in self.logs.chunks_exact(width) {
            sums.iter_mut().zip(logs).for_each(|(sum, log)| *sum += log);
        }
        sums
    }
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
        let drawn = self.draw(actor.output(observation), &noise);
        action.copy_from_slice(&drawn.actions);
    }

    /// Half the width of the range of log σ.
    fn half(self) -> f32 {
        0.5 * (self.log_std_max - self.log_std_min)
    }

    /// Actions for the network's outputs, the means `[action, width]` and after them the spreads, by standard normal noise
    /// `[action, width]`.
    ///
    /// # Panics
    /// When there are not twice as many outputs as noise.
    pub(super) fn draw(self, outputs: &[f32], noise: &[f32]) -> Drawn {
        assert_eq!(outputs.len(), 2 * noise.len(), "outputs");
        let (means, spreads) = outputs.split_at(noise.len());
        let (mut u, mut log_std) = (means.to_vec(), spreads.to_vec());
        let count = noise.len();
        let [mut squashed, mut shift, mut actions, mut logs] = [(); 4].map(|()| vec![0.0; count]);
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
        Drawn {
            actions,
            logs,
            squashed,
            shift,
        }
    }

    /// The slopes by the outputs, which were given to [`draw`](Self::draw), of a number whose slopes by the actions are
    /// `by_action`, `[action, width]`, and by each log-probability `by_log`.
    pub(super) fn slopes(self, drawn: &Drawn, by_action: &[f32], by_log: f32, slopes: &mut [f32]) {
        let (by_mean, by_spread) = slopes.split_at_mut(drawn.actions.len());
        let outputs = by_mean.iter_mut().zip(by_spread);
        let numbers = drawn.actions.iter().zip(&drawn.squashed).zip(&drawn.shift);
        for ((mean, spread), (((action, squashed), shift), by_action)) in
            outputs.zip(numbers.zip(by_action))
        {
            // d log σ / d spread, d u / d spread; d log(1 - tanh² u) / d u = -2 tanh u.
            let log_std_slope = match self.bound {
                LogStd::Tanh => self.half() * (1.0 - squashed * squashed),
                LogStd::Clamp => *squashed,
            };
            let u_slope = shift * log_std_slope;
            let action_slope = 1.0 - action * action;
            *mean = by_action * action_slope + by_log * (2.0 * action);
            *spread = by_action * (action_slope * u_slope)
                + by_log * (2.0 * action * u_slope - log_std_slope);
        }
    }
}

#[cfg(test)]
mod tests {
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
            let drawn = clamped.draw(&[mean as f32, spread as f32], &[noise as f32]);
            let (action, log) = (&drawn.actions, drawn.logs(1, 1));
            let u = mean + f64::exp(log_std) * noise;
            let normal = -0.5 * noise * noise - log_std - 0.5 * (2.0 * std::f64::consts::PI).ln();
            assert!((f64::from(action[0]) - u.tanh()).abs() < 1e-6);
            let expected = normal + 2.0 * u.cosh().ln();
            assert!(
                (f64::from(log[0]) - expected).abs() < 1e-5 * (1.0 + expected.abs()),
                "{spread}"
            );
            // The slope by a finite difference, away from the kinks.
            let [by_action, by_log] = [[1.0, 0.0], [0.0, 1.0]].map(|[by_action, by_log]| {
                let mut slopes = [0.0; 2];
                clamped.slopes(&drawn, &[by_action], by_log, &mut slopes);
                slopes
            });
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
            let drawn = BOUNDS.draw(&[mean, spread], &[noise]);
            let (action, found) = (&drawn.actions, drawn.logs(1, 1));
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
    fn slopes_are_those_of_differences_in_columns_of_several_rows() {
        // Two numbers an action, three rows in blocks of four.
        let (width, rows) = (4, 3);
        let column = |k: usize| -> Vec<f32> {
            let of = |number: usize| {
                (0..width).map(move |row| match row < rows {
                    true => CASES[2 * row + number][k],
                    false => 0.0,
                })
            };
            [0, 1].into_iter().flat_map(of).collect()
        };
        let outputs = [column(0), column(1)].concat();
        let noise = column(2);
        let drawn = BOUNDS.draw(&outputs, &noise);
        let logs = drawn.logs(width, rows);
        let mut slopes = vec![f32::NAN; outputs.len()];
        BOUNDS.slopes(&drawn, &vec![2.0; noise.len()], 3.0, &mut slopes);
        for (row, log) in logs.iter().enumerate() {
            let mut expected_log = 0.0;
            for number in 0..2 {
                let [mean, spread, noise] = CASES[2 * row + number].map(f64::from);
                expected_log += reference(mean, spread, noise).1;
                let loss = |mean, spread| {
                    let (action, log) = reference(mean, spread, noise);
                    3.0 * log + 2.0 * action
                };
                let step = 1e-5;
                let expected = [
                    loss(mean + step, spread) - loss(mean - step, spread),
                    loss(mean, spread + step) - loss(mean, spread - step),
                ];
                for (half, expected) in expected.into_iter().enumerate() {
                    let at = half * noise_len(width) + number * width + row;
                    let (found, expected) = (f64::from(slopes[at]), expected / (2.0 * step));
                    let error = (found - expected).abs();
                    assert!(error < 5e-4 * (1.0 + expected.abs()), "{found} {expected}");
                }
            }
            assert!((f64::from(*log) - expected_log).abs() < 1e-5 * (1.0 + expected_log.abs()));
        }
    }

    /// Noise for actions of two numbers.
    fn noise_len(width: usize) -> usize {
        2 * width
    }
}
