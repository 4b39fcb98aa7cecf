//! Gradual magnitude pruning (Zhu & Gupta 2017, "To prune, or not to prune", arXiv 1710.01878, equation 1): the
//! sparsity rises along a cubic, fast at first, and the smallest values are dropped. Graesser et al. 2022 and
//! Obando-Ceron et al. 2024 (arXiv 2402.12479) prune RL networks this way, from 20 % to 80 % of training.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::budget::Allocation;
use crate::error::{Error, Result};
use crate::topology::{
    DropCriterion, LayerChange, NamedRule, NetworkState, Rule, Schedule, Signal, Update,
};

/// Drops the smallest values as the sparsity rises; the number of connections falls.
///
/// A network usually starts dense. The schedule sets the interval; its drop fraction is not used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradualMagnitude {
    /// Sparsity until `begin`, in [0, 1); 0, as published.
    #[serde(default)]
    pub initial_sparsity: f64,
    /// Sparsity from `end` on, in [0, 1) and not below the initial one. Obando-Ceron et al. take 0.95.
    pub final_sparsity: f64,
    /// The first update that may prune, published as 20 % of training.
    pub begin: u64,
    /// The update from which the sparsity is final, after `begin`, published as 80 % of training.
    pub end: u64,
    /// How each update's weights are divided among the layers. Default: uniform, as published.
    /// [`Global`](Allocation::Global) ranks the values of all layers together. A layer never grows: where it has fewer
    /// than its share it stays as it is.
    #[serde(default = "uniform")]
    pub allocation: Allocation,
}

fn uniform() -> Allocation {
    Allocation::Uniform
}

impl GradualMagnitude {
    /// The network's sparsity after update `step`: `s_f + (s_i - s_f) (1 - (t - t_0) / (t_n - t_0))³`.
    #[must_use]
    pub fn sparsity(&self, step: u64) -> f64 {
        self.final_sparsity + (self.initial_sparsity - self.final_sparsity) * self.left(step)
    }

    /// The share of the way that is left after update `step`: `(1 - (t - t_0) / (t_n - t_0))³`.
    fn left(&self, step: u64) -> f64 {
        let (begin, end) = (self.begin as f64, self.end as f64);
        let left = 1.0 - ((step as f64 - begin) / (end - begin)).clamp(0.0, 1.0);
        left.powi(3)
    }

    /// How many connections each layer of `shapes` (`(outputs, inputs)`) may have after update `step`, where `scores`
    /// are those of their weights. Where layers have densities of their own, each falls to its own along the cubic.
    fn counts(
        &self,
        shapes: &[(usize, usize)],
        step: u64,
        scores: &[Vec<f32>],
    ) -> Result<Vec<usize>> {
        let (Allocation::PerLayer(_) | Allocation::Lambda(_)) = self.allocation else {
            let sparsity = self.sparsity(step);
            return self.allocation.counts_by_score(shapes, sparsity, scores);
        };
        let last = self.allocation.counts(shapes, self.final_sparsity)?;
        let layers = shapes.iter().zip(last);
        let count = |((outputs, inputs), last): (&(usize, usize), usize)| {
            let first = (1.0 - self.initial_sparsity) * (outputs * inputs) as f64;
            last + ((first - last as f64).max(0.0) * self.left(step)) as usize
        };
        Ok(layers.map(count).collect())
    }

    fn check_settings(&self) -> Result<()> {
        let range = |field, value: f64| {
            if (0.0..1.0).contains(&value) {
                return Ok(());
            }
            Err(Error::config(field, value, "in [0, 1)"))
        };
        range("initial_sparsity", self.initial_sparsity)?;
        range("final_sparsity", self.final_sparsity)?;
        if self.final_sparsity < self.initial_sparsity {
            let allowed = format!("at least initial_sparsity = {}", self.initial_sparsity);
            let field = "final_sparsity";
            return Err(Error::config(field, self.final_sparsity, &allowed));
        }
        if self.end <= self.begin {
            let allowed = format!("above begin = {}", self.begin);
            return Err(Error::config("end", self.end, &allowed));
        }
        Ok(())
    }
}

impl Rule for GradualMagnitude {
    fn signal(&self, step: u64) -> Option<Signal> {
        (step >= self.begin).then_some(Signal::None)
    }

    /// A layer keeps one connection at least, and a unit its floor of inputs.
    fn plan(
        &self,
        network: &NetworkState,
        update: Update,
        _: &mut dyn Rng,
    ) -> Result<Vec<LayerChange>> {
        let scores: Vec<Vec<f32>> = network.layers.iter().map(|l| l.magnitudes()).collect();
        let counts = self.counts(&network.shapes(), update.step, &scores)?;
        let floor = update.budget.min_inputs_per_unit;
        let parts = network.layers.iter().zip(&scores).zip(counts);
        let changes = parts.map(|((layer, scores), count)| {
            let surplus = layer.pattern.nnz().saturating_sub(count);
            LayerChange {
                dropped: DropCriterion::Magnitude.lowest(layer, scores, surplus, floor),
                ..LayerChange::default()
            }
        });
        Ok(changes.collect())
    }

    fn grows(&self) -> bool {
        false
    }

    fn validate(&self, schedule: &Schedule, shapes: &[(usize, usize)]) -> Result<()> {
        self.check_settings()?;
        // The last change must be one that has the final sparsity.
        let every = schedule.every.max(1);
        let last = schedule.until.saturating_sub(1) / every * every;
        if last < self.end {
            let allowed =
                format!("at most {last}, the last update at which the schedule lets it act");
            return Err(Error::config("end", self.end, &allowed));
        }
        // Which layer the best scores of all leave nothing is known when they are ranked.
        if !shapes.is_empty() && self.allocation != Allocation::Global {
            self.allocation.counts(shapes, self.final_sparsity)?;
        }
        Ok(())
    }
}

impl NamedRule for GradualMagnitude {
    const NAME: &'static str = "gradual_magnitude";
    const ABOUT: &'static str = "Drop the smallest weights, grow none: sparser with time";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_with_densities_of_their_own_fall_to_them_along_the_cubic() {
        let rule = GradualMagnitude {
            initial_sparsity: 0.0,
            final_sparsity: 0.5,
            begin: 200,
            end: 800,
            allocation: Allocation::PerLayer(vec![0.2, 1.0]),
        };
        let counts = |step| rule.counts(&[(10, 100), (1, 10)], step, &[]).unwrap();
        assert_eq!(counts(200), [1000, 10]);
        assert_eq!(counts(500), [300, 10]);
        assert_eq!(counts(800), [200, 10]);
    }

    #[test]
    fn sparsity_rises_along_the_cubic() {
        let rule = GradualMagnitude {
            initial_sparsity: 0.1,
            final_sparsity: 0.9,
            begin: 200,
            end: 800,
            allocation: Allocation::Uniform,
        };
        let near = |step, expected: f64| assert!((rule.sparsity(step) - expected).abs() < 1e-12);
        near(0, 0.1);
        near(200, 0.1);
        // Halfway an eighth of the difference is left, after two thirds a twenty-seventh.
        near(500, 0.9 - 0.8 / 8.0);
        near(600, 0.9 - 0.8 / 27.0);
        near(800, 0.9);
        near(10_000, 0.9);
    }
}
