//! What pruning did to each layer.

use std::fmt;

use crate::weights::{LayerShape, PerWeight, Selection};

/// What pruning did to one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerReport {
    /// Which layer, and its size.
    pub shape: LayerShape,
    /// Weights that stay.
    pub kept: usize,
    /// Weights that would stay by their scores alone. 0: the layer would collapse.
    pub kept_by_score: usize,
    /// Lowest and highest score of the layer's weights. An iterative criterion does not score what it removed in an
    /// earlier round. `None` when none is left.
    pub scores: Option<[f64; 2]>,
    /// Units that would have no input by the scores alone.
    pub units_without_inputs: usize,
    /// Hidden units before the layer that would have no connection to it by the scores alone.
    pub units_without_outputs: usize,
    /// Units that have no input now.
    pub left_without_inputs: usize,
    /// Hidden units before the layer that have no connection to it now.
    pub left_without_outputs: usize,
    /// Weights of the layer that stay only because of the floor.
    pub kept_by_floor: usize,
}

impl LayerReport {
    /// Weights of the dense layer.
    #[must_use]
    pub fn total(&self) -> usize {
        self.shape.outputs * self.shape.inputs
    }

    /// Whether the scores alone would have left nothing of the layer.
    #[must_use]
    pub fn would_collapse(&self) -> bool {
        self.kept_by_score == 0
    }
}

/// What pruning did, layer by layer; its `Display` is a table.
#[derive(Clone, Debug, PartialEq)]
pub struct PruneReport {
    /// The criterion's name.
    pub criterion: &'static str,
    /// The layers, network by network.
    pub layers: Vec<LayerReport>,
}

impl PruneReport {
    pub(super) fn new(
        criterion: &'static str,
        layers: &[LayerShape],
        scores: &PerWeight,
        selection: &Selection,
    ) -> Self {
        let report = |at: usize| {
            let [before, after] = [&selection.by_score, &selection.kept];
            let [units_without_inputs, units_without_outputs] = before.cut_off(layers, at);
            let [left_without_inputs, left_without_outputs] = after.cut_off(layers, at);
            let pairs = before.layers()[at].iter().zip(&after.layers()[at]);
            LayerReport {
                shape: layers[at],
                kept: after.count(at),
                kept_by_score: before.count(at),
                scores: range(&scores.layers()[at]),
                units_without_inputs,
                units_without_outputs,
                left_without_inputs,
                left_without_outputs,
                kept_by_floor: pairs.filter(|(before, after)| !**before && **after).count(),
            }
        };
        Self {
            criterion,
            layers: (0..layers.len()).map(report).collect(),
        }
    }

    /// Weights that stay.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.layers.iter().map(|l| l.kept).sum()
    }

    /// Weights of the dense networks.
    #[must_use]
    pub fn total(&self) -> usize {
        self.layers.iter().map(LayerReport::total).sum()
    }

    /// Whether the scores alone would have left nothing of some layer.
    #[must_use]
    pub fn would_collapse(&self) -> bool {
        self.layers.iter().any(LayerReport::would_collapse)
    }

    /// Whether the floor changed what stays.
    #[must_use]
    pub fn floor_acted(&self) -> bool {
        self.layers.iter().any(|l| l.kept_by_floor > 0)
    }
}

/// Lowest and highest of the finite numbers.
fn range(scores: &[f64]) -> Option<[f64; 2]> {
    let finite = scores.iter().filter(|score| score.is_finite());
    finite.fold(None, |range, score| {
        let [lowest, highest] = range.unwrap_or([*score; 2]);
        Some([lowest.min(*score), highest.max(*score)])
    })
}

impl fmt::Display for PruneReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = [
            "weights",
            "kept",
            "density",
            "by score",
            "by floor",
            "no input",
            "no output",
        ];
        write!(f, "{:>14}", "layer")?;
        for column in columns {
            write!(f, "  {column:>9}")?;
        }
        write!(f, "  {:>21}", "scores")?;
        for l in &self.layers {
            let LayerShape {
                network,
                outputs,
                inputs,
                ..
            } = l.shape;
            write!(f, "\n{:>14}", format!("{network}: {inputs}→{outputs}"))?;
            let density = l.kept as f64 / l.total().max(1) as f64;
            write!(f, "  {:>9}  {:>9}  {density:>9.4}", l.total(), l.kept)?;
            write!(f, "  {:>9}  {:>9}", l.kept_by_score, l.kept_by_floor)?;
            for (before, after) in [
                (l.units_without_inputs, l.left_without_inputs),
                (l.units_without_outputs, l.left_without_outputs),
            ] {
                write!(f, "  {:>9}", format!("{before}→{after}"))?;
            }
            match l.scores {
                Some([low, high]) => write!(f, "  {low:>9.2e} … {high:>9.2e}")?,
                None => write!(f, "  {:>21}", "-")?,
            }
        }
        let (total, kept) = (self.total(), self.kept());
        let density = kept as f64 / total.max(1) as f64;
        write!(
            f,
            "\n{:>14}  {total:>9}  {kept:>9}  {density:>9.4}",
            "total"
        )
    }
}
