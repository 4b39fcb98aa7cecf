//! When connections move, and what share of them.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// At a fixed interval of updates, until an end.
///
/// A network counts its own updates, of either kind, from 1: TD3's actor, updated every other time, is
/// rewired half as often as the critic (RLx2).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Updates between two changes, 1 or more. RLx2's Δ is 10 000.
    pub every: u64,
    /// No change at this update or later; 0 means never.
    pub until: u64,
    /// The share of a layer's connections that move.
    pub fraction: DropFraction,
}

/// The share of a layer's connections that move, which may fall with time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DropFraction {
    /// Always this share, in [0, 1]. DS-TD3's η is 0.05.
    Constant(f64),
    /// `initial / 2 (1 + cos(π step / end))`, and 0 from `end` on (RigL, section 3; RLx2's ζ is 0.5).
    Cosine {
        /// The share at step 0, in [0, 1].
        initial: f64,
        /// The update at which the share has fallen to 0, 1 or more.
        end: u64,
    },
    /// `initial (1 - step / end)^power`, and 0 from `end` on (RigL, appendix: the inverse power decay, which it
    /// found no better than the cosine; 1 is linear).
    InversePower {
        /// The share at step 0, in [0, 1].
        initial: f64,
        /// The update at which the share has fallen to 0, 1 or more.
        end: u64,
        /// The exponent, above 0. RigL tries 1 and 3.
        power: f64,
    },
}

impl Schedule {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Config`] with the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        if self.every == 0 {
            return Err(Error::config("schedule.every", self.every, "1 or more"));
        }
        self.fraction.validate()
    }

    /// The share to move after update `step` (counted from 1): `Some` at the multiples of `every` before
    /// `until`.
    #[must_use]
    pub fn due(&self, step: u64) -> Option<f64> {
        let due = step > 0 && step < self.until && step.is_multiple_of(self.every);
        due.then(|| self.fraction.at(step))
    }
}

impl DropFraction {
    /// The share at update `step`.
    #[must_use]
    pub fn at(&self, step: u64) -> f64 {
        match *self {
            Self::Constant(share) => share,
            Self::Cosine { end, .. } | Self::InversePower { end, .. } if step >= end => 0.0,
            Self::Cosine { initial, end } => {
                initial / 2.0 * (1.0 + libm::cos(step as f64 * PI / end as f64))
            }
            Self::InversePower {
                initial,
                end,
                power,
            } => initial * libm::pow(1.0 - step as f64 / end as f64, power),
        }
    }

    fn validate(&self) -> Result<()> {
        let (field, share) = match *self {
            Self::Constant(share) => ("schedule.fraction.constant", share),
            Self::Cosine { initial, .. } => ("schedule.fraction.cosine.initial", initial),
            Self::InversePower { initial, .. } => {
                ("schedule.fraction.inverse_power.initial", initial)
            }
        };
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::config(field, share, "in [0, 1]"));
        }
        match *self {
            Self::Cosine { end: 0, .. } => {
                let field = "schedule.fraction.cosine.end";
                Err(Error::config(field, 0, "1 or more"))
            }
            Self::InversePower { end: 0, .. } => {
                let field = "schedule.fraction.inverse_power.end";
                Err(Error::config(field, 0, "1 or more"))
            }
            Self::InversePower { power, .. } if !(power > 0.0 && power.is_finite()) => {
                let field = "schedule.fraction.inverse_power.power";
                Err(Error::config(field, power, "above 0"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rlx2_critic() -> Schedule {
        let end = 2_975_000;
        Schedule {
            every: 10_000,
            until: end,
            fraction: DropFraction::Cosine { initial: 0.5, end },
        }
    }

    #[test]
    fn rlx2_rewires_its_critic_297_times() {
        let schedule = rlx2_critic();
        let due: Vec<u64> = (0..3_000_000)
            .filter(|t| schedule.due(*t).is_some())
            .collect();
        assert_eq!(due.len(), 297);
        assert_eq!((due[0], due[296]), (10_000, 2_970_000));
    }

    #[test]
    fn cosine_falls_from_initial_to_zero() {
        let fraction = rlx2_critic().fraction;
        let near = |step, expected: f64| assert!((fraction.at(step) - expected).abs() < 1e-12);
        near(0, 0.5);
        near(1_487_500, 0.25);
        near(991_667, 0.25 * (1.0 + (PI * 991_667.0 / 2_975_000.0).cos()));
        near(2_975_000, 0.0);
        near(5_000_000, 0.0);
        assert!((1..298).all(|n| fraction.at(n * 10_000) < fraction.at((n - 1) * 10_000)));
    }

    #[test]
    fn inverse_power_falls_to_zero() {
        let at = |power, step| {
            DropFraction::InversePower {
                initial: 0.3,
                end: 1000,
                power,
            }
            .at(step)
        };
        for (power, step, expected) in [
            (1.0, 0, 0.3),
            (1.0, 250, 0.225),
            (3.0, 500, 0.0375),
            (3.0, 1000, 0.0),
            (1.0, 2000, 0.0),
        ] {
            let found: f64 = at(power, step);
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn constant_stays() {
        let schedule = Schedule {
            every: 1000,
            until: 925_000,
            fraction: DropFraction::Constant(0.05),
        };
        assert_eq!(schedule.due(1000), Some(0.05));
        assert_eq!(schedule.due(924_000), Some(0.05));
        for step in [0, 1, 999, 925_000, 1_000_000] {
            assert_eq!(schedule.due(step), None);
        }
    }

    #[test]
    fn settings_outside_their_range_are_named() {
        let message = |schedule: Schedule| schedule.validate().unwrap_err().to_string();
        let good = rlx2_critic();
        assert_eq!(good.validate(), Ok(()));
        let every = Schedule { every: 0, ..good };
        assert_eq!(message(every), "schedule.every = 0: must be 1 or more");
        for (fraction, expected) in [
            (
                DropFraction::Constant(1.5),
                "constant = 1.5: must be in [0, 1]",
            ),
            (DropFraction::Constant(f64::NAN), "constant = NaN"),
            (
                DropFraction::Cosine {
                    initial: -0.1,
                    end: 5,
                },
                "initial = -0.1",
            ),
            (
                DropFraction::Cosine {
                    initial: 0.1,
                    end: 0,
                },
                "end = 0: must be 1 or more",
            ),
            (
                DropFraction::InversePower {
                    initial: 0.1,
                    end: 5,
                    power: 0.0,
                },
                "power = 0: must be above 0",
            ),
        ] {
            let message = message(Schedule { fraction, ..good });
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn configuration_round_trips() {
        let text = serde_json::to_string(&rlx2_critic()).unwrap();
        assert_eq!(
            serde_json::from_str::<Schedule>(&text).unwrap(),
            rlx2_critic()
        );
        assert!(text.contains("\"cosine\":{\"initial\":0.5"));
    }
}
