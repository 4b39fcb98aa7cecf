//! Numbers in f64 that know how far the same computation in f32 may end from them.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// Half a unit in the last place of an f32, relative: what one operation rounds by.
const UNIT: f64 = 1.0 / (1u64 << 24) as f64;

/// Higham and Mary, "A New Approach to Probabilistic Rounding Error Analysis" (2019), Theorem 3.1: a sum of `n` terms ends
/// farther than `λ √n` units of the sum of its absolute terms from the true one with a probability below
/// `2 n exp(-λ² / 2)`; here one sum of a hundred terms in a billion.
const LAMBDA: f64 = 7.2;

/// A number, and how far f32 may end from it. Numbers that f32 can hold are exact.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounded {
    pub(crate) value: f64,
    pub(crate) bound: f64,
}

impl Bounded {
    /// A sum in any order.
    pub(crate) fn sum(terms: impl IntoIterator<Item = Self>) -> Self {
        let (mut count, mut value, mut bound, mut size) = (0, 0.0, 0.0, 0.0);
        for term in terms {
            // What is 0 rounds nothing.
            count += i32::from(term.value != 0.0 || term.bound != 0.0);
            value += term.value;
            (bound, size) = (bound + term.bound, size + term.value.abs());
        }
        // A term is rounded at most once for each of the others, whatever the order.
        let roundings = f64::from(count);
        let growth = UNIT * roundings.min(LAMBDA * roundings.sqrt());
        Self {
            value,
            bound: bound + growth * size,
        }
    }

    pub(crate) fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        rounded(value, self.bound / (2.0 * value))
    }

    /// 0 below 0. The bound tells whether f32 may see the other side.
    pub(crate) fn relu(self) -> Self {
        Self {
            value: self.value.max(0.0),
            bound: (self.value + self.bound).clamp(0.0, self.bound),
        }
    }

    /// A gradient behind this output of a ReLU, in front of it: any part of it where f32 may see the other side.
    pub(crate) fn gate(self, gradient: Self) -> Self {
        let open = if self.value > 0.0 {
            gradient
        } else {
            0.0.into()
        };
        let sure = self.value > self.bound || self.bound == 0.0;
        Self {
            bound: if sure {
                open.bound
            } else {
                gradient.value.abs() + gradient.bound
            },
            ..open
        }
    }
}

fn rounded(value: f64, bound: f64) -> Bounded {
    Bounded {
        value,
        bound: bound + UNIT * value.abs(),
    }
}

impl From<f64> for Bounded {
    fn from(value: f64) -> Self {
        Self { value, bound: 0.0 }
    }
}

impl Add for Bounded {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        rounded(self.value + other.value, self.bound + other.bound)
    }
}

impl Sub for Bounded {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Bounded {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            value: -self.value,
            ..self
        }
    }
}

impl Mul for Bounded {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let (a, b) = (self.value, other.value);
        rounded(
            a * b,
            a.abs() * other.bound + b.abs() * self.bound + self.bound * other.bound,
        )
    }
}

impl Div for Bounded {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        rounded(
            value,
            (self.bound + value.abs() * other.bound) / (other.value.abs() - other.bound),
        )
    }
}
