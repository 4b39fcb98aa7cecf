//! Which weights of a group stay.

use sparse_core::pattern::Pattern;

use super::group::LayerShape;
use super::per_weight::PerWeight;
use crate::Result;

/// A flag for each weight of a group: whether it stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepMask(Vec<Vec<bool>>);

impl KeepMask {
    /// All weights.
    #[must_use]
    pub fn all(layers: &[LayerShape]) -> Self {
        let layer = |l: &LayerShape| vec![true; l.outputs * l.inputs];
        Self(layers.iter().map(layer).collect())
    }

    /// The best `counts` of each layer. Of equal scores the earlier wins.
    pub(crate) fn best(
        layers: &[LayerShape],
        scores: &[Vec<f32>],
        counts: &[usize],
    ) -> Result<Self> {
        let parts = layers.iter().zip(scores).zip(counts);
        let layer = |((l, scores), count): ((&LayerShape, &Vec<f32>), &usize)| {
            Pattern::from_scores(l.outputs, l.inputs, scores, *count).map(|p| p.to_mask())
        };
        Ok(Self(parts.map(layer).collect::<Result<_, _>>()?))
    }

    /// The flags, `[outputs * inputs]` for each layer, row-major.
    #[must_use]
    pub fn layers(&self) -> &[Vec<bool>] {
        &self.0
    }

    pub(crate) fn layers_mut(&mut self) -> &mut [Vec<bool>] {
        &mut self.0
    }

    /// How many stay in a layer.
    ///
    /// # Panics
    /// When there is no such layer.
    #[must_use]
    pub fn count(&self, layer: usize) -> usize {
        self.0[layer].iter().filter(|kept| **kept).count()
    }

    /// The numbers of weights that stay, `other` for those that do not.
    #[must_use]
    pub fn or(&self, numbers: &PerWeight, other: f64) -> PerWeight {
        let pairs = self.0.iter().zip(numbers.layers());
        let layer = |(kept, numbers): (&Vec<bool>, &Vec<f64>)| {
            let pairs = kept.iter().zip(numbers);
            pairs
                .map(|(kept, number)| if *kept { *number } else { other })
                .collect()
        };
        PerWeight::new(pairs.map(layer).collect())
    }

    /// Units of layer `at` without inputs, and units of the hidden layer before it that it has no use for; those of
    /// the first layer's inputs are no units.
    pub(crate) fn cut_off(&self, layers: &[LayerShape], at: usize) -> [usize; 2] {
        let (shape, kept) = (&layers[at], &self.0[at]);
        let row = |unit: usize| &kept[unit * shape.inputs..(unit + 1) * shape.inputs];
        let alone = (0..shape.outputs).filter(|unit| !row(*unit).contains(&true));
        let hidden = if follows(layers, at) { shape.inputs } else { 0 };
        let unused = |input: &usize| (0..shape.outputs).all(|unit| !row(unit)[*input]);
        [alone.count(), (0..hidden).filter(unused).count()]
    }
}

/// Whether the inputs of layer `at` are hidden units of its network.
pub(crate) fn follows(layers: &[LayerShape], at: usize) -> bool {
    at > 0 && layers[at - 1].network == layers[at].network
}
