//! Quantities: what is measured, what is made of it, and where its numbers stand.

use std::ops::Range;

use super::source::{Moment, Now, Source};
use crate::env::SpaceDim;

/// What is made of the numbers of a source, one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// The cosines of all, then the sines.
    Circle,
    /// From -π to π.
    Wrap,
    /// One of them.
    Pick(usize),
    /// Within bounds.
    Clip([f64; 2]),
    /// The sum of the squares.
    Squares,
    /// The root of that.
    Length,
}

impl Shape {
    fn apply(self, numbers: &mut Vec<f64>) {
        match self {
            Self::Circle => {
                let count = numbers.len();
                for i in 0..count {
                    numbers.push(libm::sin(numbers[i]));
                }
                for number in &mut numbers[..count] {
                    *number = libm::cos(*number);
                }
            }
            Self::Wrap => {
                use std::f64::consts::TAU;
                for number in numbers {
                    *number -= TAU * (*number / TAU).round();
                }
            }
            Self::Pick(index) => {
                let picked = numbers.get(index).copied();
                numbers.clear();
                numbers.extend(picked);
            }
            Self::Clip([low, high]) => {
                for number in numbers {
                    // NaN stays what it is.
                    *number = number.clamp(low, high);
                }
            }
            Self::Squares | Self::Length => {
                let sum: f64 = numbers.iter().map(|x| x * x).sum();
                numbers.clear();
                numbers.push(if self == Self::Length {
                    sum.sqrt()
                } else {
                    sum
                });
            }
        }
    }

    pub(super) fn dims(self, mut dims: Vec<SpaceDim>) -> Vec<SpaceDim> {
        let of = |dims: &[SpaceDim]| match dims {
            [] => String::new(),
            [one] => one.name.clone(),
            [first, ..] => format!("{} and {} more", first.name, dims.len() - 1),
        };
        match self {
            Self::Circle => {
                let named = |what: &'static str| {
                    let dims = dims.iter();
                    dims.map(move |dim| {
                        SpaceDim::bounded(format!("{what} of {}", dim.name), "1", 1.0)
                    })
                };
                named("cosine").chain(named("sine")).collect()
            }
            Self::Wrap => {
                for dim in &mut dims {
                    *dim = SpaceDim::bounded(
                        std::mem::take(&mut dim.name),
                        dim.unit,
                        std::f64::consts::PI,
                    );
                }
                dims
            }
            Self::Pick(index) => dims.drain(index..=index).collect(),
            Self::Clip([low, high]) => {
                for dim in &mut dims {
                    (dim.low, dim.high) = (dim.low.max(low), dim.high.min(high));
                }
                dims
            }
            Self::Squares => vec![SpaceDim::unbounded(
                format!("squares of {}", of(&dims)),
                "1",
            )],
            Self::Length => vec![SpaceDim::unbounded(format!("length of {}", of(&dims)), "1")],
        }
    }
}

/// A quantity.
#[derive(Clone, Debug)]
pub(super) struct Quantity {
    pub(super) source: Source,
    pub(super) shapes: Vec<Shape>,
    /// Where its numbers stand among all.
    pub(super) slot: Range<usize>,
}

/// All quantities, each after those that it is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Quantities {
    pub(super) list: Vec<Quantity>,
    /// All numbers by name and unit.
    pub(super) dims: Vec<SpaceDim>,
    /// How many numbers rates are of.
    pub(super) tracked: usize,
}

impl Quantities {
    /// Measures all numbers into `values`; `scratch` is memory to work in.
    pub(super) fn measure(&self, now: &mut Now<'_>, values: &mut [f64], scratch: &mut Vec<f64>) {
        for quantity in &self.list {
            scratch.clear();
            quantity.source.measure(now, values, scratch);
            for shape in &quantity.shapes {
                shape.apply(scratch);
            }
            values[quantity.slot.clone()].copy_from_slice(scratch);
        }
    }

    /// Whether forces of contacts are measured.
    pub(super) fn has_contact_forces(&self) -> bool {
        let mut sources = self.list.iter().map(|quantity| &quantity.source);
        sources.any(|source| matches!(source, Source::ContactForces(_)))
    }
}

impl Moment {
    /// The word for messages.
    pub(super) fn told(self, steps: usize) -> String {
        match self {
            Self::Begin => "where an episode begins".to_owned(),
            Self::Step | Self::Restored if steps == 1 => "after 1 step".to_owned(),
            Self::Step | Self::Restored => format!("after {steps} steps"),
        }
    }
}
