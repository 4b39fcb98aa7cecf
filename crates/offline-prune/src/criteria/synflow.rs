//! SynFlow (Tanaka et al. 2020, "Pruning neural networks without any data by iteratively conserving synaptic flow",
//! arXiv:2006.05467, Algorithm 1).
//!
//! The score is `θ dR/dθ` of the network with every weight and bias replaced by its magnitude, where `R` is the sum of its
//! outputs for an input of ones: the share of all that flows through the weight. Scored in rounds, with the density
//! falling by the same factor each round, a layer never collapses before the others have. No data is needed. That biases
//! count is the released code's; the paper's formula has none.
//!
//! With nothing below zero ReLUs let everything through, so `dR/dθ` has a closed form: with `u` the activations forward
//! from ones and `v` the sums backward from ones, the score of weight `[o, i]` is `|θ| v[o] u[i]`. It is computed in
//! f64, and each layer's `u` and `v` are kept with their own scale, so no depth or width overflows; the scores come out
//! relative to the largest. Several networks count by the sum of their `R`.

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::Criterion;
use super::common::{check_rounds, in_rounds};
use crate::Result;
use crate::weights::{Budget, Group, KeepMask, PerWeight};

/// Share of a weight in the flow from the inputs to the outputs, without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SynFlow {
    /// Rounds, 1 or more; 100, as in the paper.
    pub rounds: usize,
}

impl Default for SynFlow {
    fn default() -> Self {
        Self { rounds: 100 }
    }
}

impl Criterion for SynFlow {
    fn scores(&self, group: &Group, budget: &Budget, _: &mut dyn Rng) -> Result<PerWeight> {
        in_rounds(self.rounds, group, budget, |kept| Ok(flow(group, kept)))
    }

    fn validate(&self) -> Result<()> {
        check_rounds("criterion.synflow.rounds", self.rounds)
    }
}

/// Numbers of one layer, to be multiplied by e to the power of `scale`.
struct Scaled {
    numbers: Vec<f64>,
    scale: f64,
}

impl Scaled {
    fn new(mut numbers: Vec<f64>, scale: f64) -> Self {
        let largest = numbers.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Self { numbers, scale };
        }
        numbers.iter_mut().for_each(|x| *x /= largest);
        let scale = scale + libm::log(largest);
        Self { numbers, scale }
    }

    fn ones(count: usize) -> Self {
        Self::new(vec![1.0; count], 0.0)
    }
}

/// The score of each weight that is kept, the largest being 1, and minus infinity for the others.
fn flow(group: &Group, kept: &KeepMask) -> PerWeight {
    let weights = kept.or(group.weights(), 0.0).map(f64::abs);
    let forward = forward(group, &weights);
    let backward = backward(group, &weights);
    // Logarithms, so that layers of any scale compare.
    let mut at = forward.iter().zip(&backward).zip(group.layers());
    let logarithms = weights.layers().iter().map(|weights| {
        let Some(((u, v), shape)) = at.next() else {
            return Vec::new();
        };
        let score = |(position, w): (usize, &f64)| {
            let (unit, input) = (position / shape.inputs, position % shape.inputs);
            libm::log(w * v.numbers[unit] * u.numbers[input]) + u.scale + v.scale
        };
        weights.iter().enumerate().map(score).collect()
    });
    let logarithms = PerWeight::new(logarithms.collect());
    let largest = logarithms.iter().fold(f64::NEG_INFINITY, f64::max);
    let largest = if largest.is_finite() { largest } else { 0.0 };
    kept.or(
        &logarithms.map(|l| libm::exp(l - largest)),
        f64::NEG_INFINITY,
    )
}

/// Each layer's inputs, from ones at the network's.
fn forward(group: &Group, weights: &PerWeight) -> Vec<Scaled> {
    let mut inputs: Vec<Scaled> = Vec::new();
    let mut next = None;
    for (at, (shape, weights)) in group.layers().iter().zip(weights.layers()).enumerate() {
        let u = match next.take() {
            Some(u) if shape.layer > 0 => u,
            _ => Scaled::ones(shape.inputs),
        };
        let rows = weights.chunks(shape.inputs).zip(group.bias(at));
        let bias = libm::exp(-u.scale);
        let sum = |(row, b): (&[f64], &f32)| {
            let products = row.iter().zip(&u.numbers).map(|(w, u)| w * u);
            products.sum::<f64>() + f64::from(b.abs()) * bias
        };
        next = Some(Scaled::new(rows.map(sum).collect(), u.scale));
        inputs.push(u);
    }
    inputs
}

/// What flows from each layer's units to the sum of the outputs.
fn backward(group: &Group, weights: &PerWeight) -> Vec<Scaled> {
    let mut units: Vec<Scaled> = Vec::new();
    let mut before = None;
    for (at, shape) in group.layers().iter().enumerate().rev() {
        let next = group.layers().get(at + 1);
        let v = match before.take() {
            Some(v) if next.is_some_and(|next| next.network == shape.network) => v,
            _ => Scaled::ones(shape.outputs),
        };
        let mut sums = vec![0.0; shape.inputs];
        for (row, v) in weights.layers()[at].chunks(shape.inputs).zip(&v.numbers) {
            sums.iter_mut().zip(row).for_each(|(sum, w)| *sum += w * v);
        }
        before = Some(Scaled::new(sums, v.scale));
        units.push(v);
    }
    units.reverse();
    units
}
