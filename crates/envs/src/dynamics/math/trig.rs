//! Sine and cosine with the same bits on every machine.
//!
//! The C library picks its version by the CPU, with or without fused multiply-add, and their last bits differ;
//! contacts then turn that into other trajectories. The method is fdlibm's (`e_rem_pio2.c`, `k_sin.c`,
//! `k_cos.c`): take off the nearest multiple of π/2, then a polynomial on ±π/4. Errors stay below 1 ulp.

use std::f64::consts::TAU;

/// π/2 in three parts; the first two have 33 bits, so that their multiples below [`FAR`] are exact.
#[allow(clippy::approx_constant, reason = "the first 33 bits of π/2, not π/2")]
const HALF_PI: [f64; 3] = [
    1.570_796_326_734_125_6,
    6.077_100_506_303_966e-11,
    2.022_266_248_795_950_6e-21,
];

/// Angles (rad) beyond this are first taken modulo 2π, which is off by less than the spacing of such numbers.
const FAR: f64 = 1e6;

/// Adding and subtracting this rounds a number below 2⁵¹ to a whole one, without a call to the C library.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Coefficients of sin x = x + x³ (…), powers of x² from 0.
const SIN: [f64; 6] = [
    -1.666_666_666_666_663_2e-1,
    8.333_333_333_322_49e-3,
    -1.984_126_982_985_795e-4,
    2.755_731_370_707_006_8e-6,
    -2.505_076_025_340_686_3e-8,
    1.589_690_995_211_55e-10,
];

/// Coefficients of cos x = 1 − x²/2 + x⁴ (…), powers of x² from 0.
const COS: [f64; 6] = [
    4.166_666_666_666_66e-2,
    -1.388_888_888_887_411e-3,
    2.480_158_728_947_673e-5,
    -2.755_731_435_139_066_3e-7,
    2.087_572_321_298_175e-9,
    -1.135_964_755_778_819_5e-11,
];

/// Sine and cosine of an angle (rad); NaN where it is not finite.
pub fn sin_cos(angle: f64) -> (f64, f64) {
    let angle = if angle.abs() < FAR {
        angle
    } else {
        angle % TAU
    };
    let quarters = (angle * std::f64::consts::FRAC_2_PI + ROUND) - ROUND;
    let (x, tail) = remainder(angle, quarters);
    let (sin, cos) = (sin(x, tail), cos(x, tail));
    match quarters as i64 & 3 {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// `angle − quarters π/2`, and what the rounding of that left over.
fn remainder(angle: f64, quarters: f64) -> (f64, f64) {
    let [high, middle, low] = HALF_PI;
    let first = angle - quarters * high;
    let second = first - quarters * middle;
    let lost = (first - second) - quarters * middle;
    let rest = quarters * low - lost;
    let x = second - rest;
    (x, (second - x) - rest)
}

fn sin(x: f64, tail: f64) -> f64 {
    let square = x * x;
    let cube = square * x;
    let [first, rest @ ..] = SIN;
    x - ((square * (0.5 * tail - cube * polynomial(square, rest)) - tail) - cube * first)
}

fn cos(x: f64, tail: f64) -> f64 {
    let square = x * x;
    let half = 0.5 * square;
    let one = 1.0 - half;
    let [a, b, c, d, e, f] = COS;
    let (low, high) = (polynomial(square, [a, b, c]), polynomial(square, [d, e, f]));
    let rest = square * low + square * square * (square * square) * high;
    one + (((1.0 - one) - half) + (square * rest - x * tail))
}

/// `Σ c_i x^i`, from the highest power down.
fn polynomial<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    let lower = coefficients.iter().rev().skip(1);
    lower.fold(coefficients[N - 1], |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The standard library's is right to half a unit in the last place and a little.
    fn check(angle: f64) -> Result<(), TestCaseError> {
        let ((sin, cos), (expected_sin, expected_cos)) = (sin_cos(angle), angle.sin_cos());
        for (found, expected) in [(sin, expected_sin), (cos, expected_cos)] {
            let apart = (found - expected).abs();
            prop_assert!(
                apart <= f64::EPSILON * expected.abs(),
                "{angle}: {found} {expected}"
            );
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn agrees_with_the_standard_library(angle in -10.0..10.0f64, turns in -1e5..1e5f64, small in -1e-8..1e-8f64) {
            check(angle)?;
            check(turns)?;
            check(small)?;
            check((turns / 100.0).round() * std::f64::consts::FRAC_PI_2 + small)?;
        }

        #[test]
        fn far_angles_lie_on_the_circle(angle in 1e6..1e15f64) {
            let (sin, cos) = sin_cos(angle);
            prop_assert!((sin * sin + cos * cos - 1.0).abs() < 1e-15);
            let spacing = f64::EPSILON * angle;
            prop_assert!((sin - angle.sin()).abs() <= spacing.max(1e-15));
        }
    }

    #[test]
    fn what_is_not_finite_has_none() {
        for angle in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let (sin, cos) = sin_cos(angle);
            assert!(sin.is_nan() && cos.is_nan());
        }
        assert_eq!(sin_cos(0.0), (0.0, 1.0));
    }

    /// Bits recorded once: a machine on which they differ would simulate something else.
    #[test]
    fn bits_are_fixed() {
        let mut bits = 0u64;
        for i in 0..10_000 {
            let (sin, cos) = sin_cos(f64::from(i) * 0.137 - 600.0);
            bits = bits.rotate_left(7) ^ sin.to_bits() ^ cos.to_bits().rotate_left(32);
        }
        assert_eq!(bits, 0x1410_9cab_ae5c_b86b);
    }
}
