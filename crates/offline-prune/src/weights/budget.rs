//! How many weights stay, and from which layers.

use serde::{Deserialize, Serialize};
use sparse_core::budget::{Allocation, global_topk_counts};

use super::floor;
use super::group::LayerShape;
use super::keep_mask::KeepMask;
use super::per_weight::PerWeight;
use crate::{Error, Result};

/// How much of a group stays, and what no layer may be left without.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// The share of weights that go, in [0, 1). Biases always stay.
    pub sparsity: f64,
    /// [`Allocation::Global`] ranks the weights of all layers of all networks of the group together; any other gives
    /// each layer its number and ranks within the layer.
    pub allocation: Allocation,
    /// What no layer may be left without.
    pub floor: MinConnectivity,
}

/// What no layer may be left without. The papers set no floor, and lose layers at high sparsity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MinConnectivity {
    /// Each unit keeps this many of its inputs, its best where `keep_outputs` needs no other, or all if it has no more. 0 sets
    /// no floor.
    pub min_inputs_per_unit: usize,
    /// Whether each hidden unit keeps a connection to the next layer, where there is room for one.
    pub keep_outputs: bool,
}

impl MinConnectivity {
    /// No floor, as in the papers.
    pub const NONE: Self = Self {
        min_inputs_per_unit: 0,
        keep_outputs: false,
    };
}

impl Default for MinConnectivity {
    /// One input and one output: every unit lies on a way from the input to the output.
    fn default() -> Self {
        Self {
            min_inputs_per_unit: 1,
            keep_outputs: true,
        }
    }
}

/// Which weights stay by their scores alone, and with the floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// By the scores alone.
    pub by_score: KeepMask,
    /// With the floor.
    pub kept: KeepMask,
}

impl Budget {
    /// The same at another sparsity.
    #[must_use]
    pub fn at(&self, sparsity: f64) -> Self {
        Self {
            sparsity,
            ..self.clone()
        }
    }

    /// What stays after a share of the rounds, in (0, 1), each of which removes the same share of the remaining weights; with
    /// densities or λ by hand, of those of each layer.
    ///
    /// # Errors
    /// Those of sparse-core, where the allocation does not fit the layers.
    pub(crate) fn after(&self, layers: &[LayerShape], rounds: f64) -> Result<Self> {
        let part = |density: f64| libm::pow(density, rounds);
        let mut budget = self.at(1.0 - part(1.0 - self.sparsity));
        if let Allocation::PerLayer(_) | Allocation::Lambda(_) = self.allocation {
            let densities = self.allocation.densities(&shapes(layers), 1.0)?;
            budget.allocation = Allocation::PerLayer(densities.into_iter().map(part).collect());
        }
        Ok(budget)
    }

    /// Chooses the weights of highest score. Of `N` weights exactly `N - int(S N)` stay at sparsity `S` (with
    /// densities or λ by hand: the number that they give). Scores are compared in f32, after a division by the
    /// largest; of equals the earlier stays. The floor takes the place of the lowest scores that it does not need.
    ///
    /// # Errors
    /// [`rl_algos::Error::Config`] when the sparsity is outside [0, 1) or too high for the floor; sparse-core's errors when
    /// the allocation leaves a layer without weights or a score is not a number.
    pub fn select(&self, layers: &[LayerShape], scores: &PerWeight) -> Result<Selection> {
        let scores = scores.ranks();
        let counts = self.counts(layers, &scores)?;
        let by_score = KeepMask::best(layers, &scores, &counts)?;
        let mut kept = by_score.clone();
        let least = self.floor.min_inputs_per_unit;
        if least > 0 {
            self.check_room(layers, &counts)?;
            let mut first = scores.clone();
            for (layer, scores) in layers.iter().zip(&mut first) {
                floor::raise_best_inputs(layer, scores, least)?;
            }
            let counts = match self.allocation {
                Allocation::Global => global_topk_counts(&first, counts.iter().sum())?,
                _ => counts,
            };
            kept = KeepMask::best(layers, &first, &counts)?;
        }
        if self.floor.keep_outputs {
            let across = self.allocation == Allocation::Global;
            floor::connect_outputs(layers, &scores, &mut kept, least, across);
        }
        Ok(Selection { by_score, kept })
    }

    /// How many weights stay in each layer by their scores alone.
    fn counts(&self, layers: &[LayerShape], scores: &[Vec<f32>]) -> Result<Vec<usize>> {
        if !(0.0..1.0).contains(&self.sparsity) {
            return Err(Error::config("sparsity", self.sparsity, "in [0, 1)"));
        }
        let shapes = shapes(layers);
        let total: usize = shapes.iter().map(|(o, i)| o * i).sum();
        let keep = total - (self.sparsity * total as f64) as usize;
        if self.allocation == Allocation::Global {
            return Ok(global_topk_counts(scores, keep)?);
        }
        let mut counts = self.allocation.counts(&shapes, self.sparsity)?;
        if let Allocation::Uniform | Allocation::ErdosRenyi = self.allocation {
            // Each layer was rounded. Those that gained most give it back, and those that lost most get it, up to the exact
            // number.
            let shares = self.allocation.densities(&shapes, 1.0 - self.sparsity)?;
            let gain = |counts: &[usize], l: usize| {
                counts[l] as f64 - shares[l] * (shapes[l].0 * shapes[l].1) as f64
            };
            for _ in keep..counts.iter().sum::<usize>() {
                let free = (0..counts.len()).filter(|l| counts[*l] > 1);
                let most = free.max_by(|a, b| gain(&counts, *a).total_cmp(&gain(&counts, *b)));
                most.into_iter().for_each(|l| counts[l] -= 1);
            }
            for _ in counts.iter().sum::<usize>()..keep {
                let free = (0..counts.len()).filter(|l| counts[*l] < shapes[*l].0 * shapes[*l].1);
                let least = free.min_by(|a, b| gain(&counts, *a).total_cmp(&gain(&counts, *b)));
                least.into_iter().for_each(|l| counts[l] += 1);
            }
        }
        Ok(counts)
    }

    /// Whether there are weights enough for the floor of inputs.
    fn check_room(&self, layers: &[LayerShape], counts: &[usize]) -> Result<()> {
        let least = self.floor.min_inputs_per_unit;
        let needed = |l: &LayerShape| l.outputs * least.min(l.inputs);
        if self.allocation == Allocation::Global {
            let needed: usize = layers.iter().map(needed).sum();
            let total: usize = layers.iter().map(|l| l.outputs * l.inputs).sum();
            if counts.iter().sum::<usize>() < needed {
                // Rounded down, so that what is named is allowed.
                let highest = ((1.0 - needed as f64 / total as f64) * 1e4).floor() / 1e4;
                let allowed = format!(
                    "at most {highest:.4} for min_inputs_per_unit = {least} ({needed} of {total} weights)"
                );
                return Err(Error::config("sparsity", self.sparsity, allowed));
            }
            return Ok(());
        }
        let short = layers
            .iter()
            .zip(counts)
            .find(|(l, count)| **count < needed(l));
        let Some((l, count)) = short else {
            return Ok(());
        };
        let (layer, network) = (l.layer, l.network);
        let allowed = format!(
            "lower for min_inputs_per_unit = {least}: layer {layer} of network {network} has {count} weights of {}",
            needed(l)
        );
        Err(Error::config("sparsity", self.sparsity, allowed))
    }
}

/// Outputs and inputs of each layer.
fn shapes(layers: &[LayerShape]) -> Vec<(usize, usize)> {
    layers.iter().map(|l| (l.outputs, l.inputs)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(allocation: Allocation, sparsity: f64, rounds: f64, sizes: &[usize]) -> Vec<usize> {
        let layers: Vec<LayerShape> = (0..sizes.len() - 1)
            .map(|layer| LayerShape {
                network: 0,
                layer,
                outputs: sizes[layer + 1],
                inputs: sizes[layer],
            })
            .collect();
        let scores = |l: &LayerShape| (0..l.outputs * l.inputs).map(|i| i as f64 + 1.0).collect();
        let scores = PerWeight::new(layers.iter().map(scores).collect());
        let budget = Budget {
            sparsity,
            allocation,
            floor: MinConnectivity::NONE,
        };
        let budget = match rounds {
            1.0 => budget,
            _ => budget.after(&layers, rounds).unwrap(),
        };
        let kept = budget.select(&layers, &scores).unwrap().kept;
        (0..layers.len()).map(|layer| kept.count(layer)).collect()
    }

    /// 10 − int(0.7 · 10) and 80 − int(0.7 · 80) are one less than 90 − int(0.7 · 90), since 0.7 · 90 is 62.99….
    #[test]
    fn layers_round_to_the_exact_number_from_both_sides() {
        assert_eq!(kept(Allocation::Uniform, 0.7, 1.0, &[1, 10, 8]), [3, 25]);
        for hundredth in 1..95 {
            let sparsity = f64::from(hundredth) / 100.0;
            for sizes in [&[1, 10, 8][..], &[3, 7, 5, 2], &[4, 16, 16, 1]] {
                let total: usize = sizes.windows(2).map(|pair| pair[0] * pair[1]).sum();
                let few = sizes
                    .windows(2)
                    .any(|pair| (pair[0] * pair[1]) as f64 * (1.0 - sparsity) < 1.0);
                if !few {
                    let found: usize = kept(Allocation::Uniform, sparsity, 1.0, sizes).iter().sum();
                    let expected = total - (sparsity * total as f64) as usize;
                    assert_eq!(found, expected, "{sparsity} {sizes:?}");
                }
            }
        }
    }

    /// Half of the rounds leave the square root of each density, whoever gave it.
    #[test]
    fn densities_by_hand_fall_round_by_round() {
        let by_hand = Allocation::PerLayer(vec![0.25, 0.0101, 1.0]);
        let sizes = [10, 20, 20, 5];
        assert_eq!(kept(by_hand.clone(), 0.9, 0.5, &sizes), [100, 41, 100]);
        assert_eq!(kept(by_hand, 0.9, 1.0, &sizes), [50, 5, 100]);
        let all = kept(Allocation::Uniform, 0.75, 0.5, &sizes);
        assert_eq!(all, [100, 200, 50]);
    }
}
