//! Soft indicators: rewards between 0 and 1 that say how near a number is to where it should be.
//!
//! Tassa et al. (2018), DeepMind Control Suite, appendix "Reward functions"; dm_control, `utils/rewards.py`.

use std::f64::consts::PI;

/// How a reward falls with the distance from the bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sigmoid {
    /// As a bell: `exp(-d²)`.
    #[default]
    Gaussian,
    /// `1 / cosh(d)`.
    Hyperbolic,
    /// `1 / (1 + d²)`.
    LongTail,
    /// `1 / (1 + d)`.
    Reciprocal,
    /// Half a wave of a cosine, then 0.
    Cosine,
    /// Straight down to 0.
    Linear,
    /// A parabola down to 0.
    Quadratic,
    /// `1 - tanh²(d)`.
    TanhSquared,
}

impl Sigmoid {
    /// 1 at distance 0, and `at_one` at distance 1.
    fn value(self, distance: f64, at_one: f64) -> f64 {
        let below_one = |x: f64, value: f64| if x.abs() < 1.0 { value } else { 0.0 };
        match self {
            Self::Gaussian => {
                let x = distance * (-2.0 * libm::log(at_one)).sqrt();
                libm::exp(-0.5 * (x * x))
            }
            Self::Hyperbolic => 1.0 / libm::cosh(distance * libm::acosh(1.0 / at_one)),
            Self::LongTail => {
                let x = distance * (1.0 / at_one - 1.0).sqrt();
                1.0 / (x * x + 1.0)
            }
            Self::Reciprocal => 1.0 / (distance.abs() * (1.0 / at_one - 1.0) + 1.0),
            Self::Cosine => {
                let x = distance * (libm::acos(2.0 * at_one - 1.0) / PI);
                below_one(x, f64::midpoint(1.0, libm::cos(PI * x)))
            }
            Self::Linear => {
                let x = distance * (1.0 - at_one);
                below_one(x, 1.0 - x)
            }
            Self::Quadratic => {
                let x = distance * (1.0 - at_one).sqrt();
                below_one(x, 1.0 - x * x)
            }
            Self::TanhSquared => {
                let tanh = libm::tanh(distance * libm::atanh((1.0 - at_one).sqrt()));
                1.0 - tanh * tanh
            }
        }
    }
}

/// Where a number should be, and how its reward falls outside: 1 between `low` and `high`, `at_margin` at a distance of
/// `margin` from them.
///
/// ```
/// use envs::tasks::{Sigmoid, Tolerance};
///
/// let fast = Tolerance::at_least(10.0).margin(10.0).falls(Sigmoid::Linear, 0.0);
/// assert_eq!([12.0, 5.0, -3.0].map(|speed| fast.reward(speed)), [1.0, 0.5, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// The lowest number with a reward of 1.
    pub low: f64,
    /// The highest number with a reward of 1.
    pub high: f64,
    /// Distance from these at which the reward is `at_margin`; 0 for no reward outside.
    pub margin: f64,
    /// How the reward falls.
    pub sigmoid: Sigmoid,
    /// Between 0 and 1; 0 only where the sigmoid reaches it: cosine, linear, quadratic.
    pub at_margin: f64,
}

impl Tolerance {
    /// 1 from `low` to `high`, 0 outside.
    #[must_use]
    pub const fn within(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            margin: 0.0,
            sigmoid: Sigmoid::Gaussian,
            at_margin: 0.1,
        }
    }

    /// 1 from `low` on.
    #[must_use]
    pub const fn at_least(low: f64) -> Self {
        Self::within(low, f64::INFINITY)
    }

    /// 1 at `target` only.
    #[must_use]
    pub const fn at(target: f64) -> Self {
        Self::within(target, target)
    }

    /// The same with a margin, at which the reward is 0.1.
    #[must_use]
    pub const fn margin(self, margin: f64) -> Self {
        Self { margin, ..self }
    }

    /// The same with another way down and another reward at the margin.
    #[must_use]
    pub const fn falls(self, sigmoid: Sigmoid, at_margin: f64) -> Self {
        Self {
            sigmoid,
            at_margin,
            ..self
        }
    }

    /// The reward of a number.
    #[must_use]
    pub fn reward(&self, x: f64) -> f64 {
        if self.low <= x && x <= self.high {
            return 1.0;
        }
        if self.margin == 0.0 {
            return 0.0;
        }
        let beyond = if x < self.low {
            self.low - x
        } else {
            x - self.high
        };
        self.sigmoid.value(beyond / self.margin, self.at_margin)
    }

    /// The mean reward of several numbers, of which there is one at least.
    #[must_use]
    pub fn mean(&self, numbers: &[f64]) -> f64 {
        let sum: f64 = numbers.iter().map(|x| self.reward(*x)).sum();
        sum / numbers.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sigmoid, reward at the margin, and the rewards of -0.7, 1.3, 2.1 and 9.0 with bounds 0.5 and 1 and a margin of 2.
    /// dm_control 1.0.34.
    type Recorded = (Sigmoid, f64, [f64; 4]);

    #[rustfmt::skip]
    const RECORDED: [Recorded; 11] = [
        (Sigmoid::Gaussian, 0.1, [0.436515832240166, 0.9495109992021982, 0.4983104559705295, 1.0000000000000037e-16]),
        (Sigmoid::Gaussian, 0.5, [0.7791645796604999, 0.984525173337414, 0.8108460890344945, 1.5258789062500007e-05]),
        (Sigmoid::Hyperbolic, 0.1, [0.3230459257823191, 0.9070313836576668, 0.3717213450963537, 1.2626103205767609e-05]),
        (Sigmoid::LongTail, 0.1, [0.23584905660377362, 0.8316008316008315, 0.2686366689053055, 0.006896551724137931]),
        (Sigmoid::Reciprocal, 0.1, [0.15625, 0.425531914893617, 0.1680672268907563, 0.02702702702702703]),
        (Sigmoid::Cosine, 0.1, [0.5359396798708208, 0.9653062179953282, 0.5977885976896152, 0.0]),
        (Sigmoid::Cosine, 0.0, [0.34549150281252633, 0.9455032620941839, 0.42178276747988447, 0.0]),
        (Sigmoid::Linear, 0.1, [0.45999999999999996, 0.865, 0.5049999999999999, 0.0]),
        (Sigmoid::Linear, 0.0, [0.4, 0.85, 0.44999999999999996, 0.0]),
        (Sigmoid::Quadratic, 0.0, [0.64, 0.9775, 0.6975, 0.0]),
        (Sigmoid::TanhSquared, 0.1, [0.36436441949952547, 0.9291388259666874, 0.41988123821397616, 1.923665120640017e-06]),
    ];

    #[test]
    fn rewards_are_the_suites() {
        for (sigmoid, at_margin, expected) in RECORDED {
            let tolerance = Tolerance::within(0.5, 1.0)
                .margin(2.0)
                .falls(sigmoid, at_margin);
            for (x, expected) in [-0.7, 1.3, 2.1, 9.0].into_iter().zip(expected) {
                approx::assert_abs_diff_eq!(tolerance.reward(x), expected, epsilon = 1e-15);
            }
            assert_eq!([0.5, 0.75, 1.0].map(|x| tolerance.reward(x)), [1.0; 3]);
        }
        let sharp = Tolerance::at(2.0);
        assert_eq!([1.9, 2.0, 2.1].map(|x| sharp.reward(x)), [0.0, 1.0, 0.0]);
        assert_eq!(sharp.mean(&[2.0, 3.0]), 0.5);
    }
}
