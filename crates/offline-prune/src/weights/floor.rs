//! Keeps every unit connected: inputs first, then outputs where there is room.

use sparse_core::pattern::Pattern;

use super::group::LayerShape;
use super::keep_mask::{KeepMask, follows};
use crate::Result;

/// Raises the scores of each unit's `least` best inputs above all others.
pub(crate) fn raise_best_inputs(
    layer: &LayerShape,
    scores: &mut [f32],
    least: usize,
) -> Result<()> {
    let count = least.min(layer.inputs);
    for row in scores.chunks_mut(layer.inputs) {
        let best = Pattern::from_scores(1, layer.inputs, row, count)?;
        best.positions()
            .for_each(|input| row[input as usize] = f32::INFINITY);
    }
    Ok(())
}

/// A weight by its layer and its position in it.
type At = (usize, usize);

/// What is kept, with the numbers of each unit's inputs and of each input's units.
struct Counted<'a> {
    layers: &'a [LayerShape],
    scores: &'a [Vec<f32>],
    kept: &'a mut [Vec<bool>],
    inputs_of: Vec<Vec<usize>>,
    outputs_of: Vec<Vec<usize>>,
    /// Inputs that a unit keeps.
    least: usize,
}

/// Gives each hidden unit without a connection to the next layer its best one, units of the best first. For each the
/// lowest score goes that no floor needs, from any layer (`across`) or from the same; where none can go, the unit's
/// next best connection is tried, and at last the unit stays as it is.
pub(crate) fn connect_outputs(
    layers: &[LayerShape],
    scores: &[Vec<f32>],
    kept: &mut KeepMask,
    least: usize,
    across: bool,
) {
    let mut counted = Counted::new(layers, scores, kept.layers_mut(), least);
    let unused = counted.unused();
    if unused.is_empty() {
        return;
    }
    // What may go for a unit: anything, or what lies in the same layer.
    let pool = |layer: usize| if across { 0 } else { layer };
    let mut pools = vec![Vec::new(); layers.len()];
    for at in counted.ascending() {
        pools[pool(at.0)].push(at);
    }
    for (layer, input) in unused {
        for position in counted.best_first(layer, input) {
            counted.set((layer, position), true);
            let mut pool = pools[pool(layer)].iter();
            match pool.find(|at| counted.can_go(**at)) {
                Some(at) => {
                    counted.set(*at, false);
                    break;
                }
                None => counted.set((layer, position), false),
            }
        }
    }
}

impl<'a> Counted<'a> {
    fn new(
        layers: &'a [LayerShape],
        scores: &'a [Vec<f32>],
        kept: &'a mut [Vec<bool>],
        least: usize,
    ) -> Self {
        let mut inputs_of: Vec<Vec<usize>> = layers.iter().map(|l| vec![0; l.outputs]).collect();
        let mut outputs_of: Vec<Vec<usize>> = layers.iter().map(|l| vec![0; l.inputs]).collect();
        for (l, kept) in kept.iter().enumerate() {
            for (position, _) in kept.iter().enumerate().filter(|(_, kept)| **kept) {
                inputs_of[l][position / layers[l].inputs] += 1;
                outputs_of[l][position % layers[l].inputs] += 1;
            }
        }
        Self {
            layers,
            scores,
            kept,
            inputs_of,
            outputs_of,
            least,
        }
    }

    fn score(&self, (layer, position): At) -> f32 {
        self.scores[layer][position]
    }

    /// Hidden units that the next layer has no use for, as inputs of that layer, by their best connection.
    fn unused(&self) -> Vec<At> {
        let hidden = (0..self.layers.len()).filter(|l| follows(self.layers, *l));
        let units = hidden.flat_map(|l| (0..self.layers[l].inputs).map(move |input| (l, input)));
        let unused = units.filter(|(l, input)| self.outputs_of[*l][*input] == 0);
        let mut unused: Vec<(f32, At)> = unused
            .map(|(l, input)| (self.score((l, self.best_first(l, input)[0])), (l, input)))
            .collect();
        unused.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        unused.into_iter().map(|(_, at)| at).collect()
    }

    /// The connections of one input, the best first.
    fn best_first(&self, layer: usize, input: usize) -> Vec<usize> {
        let shape = &self.layers[layer];
        let mut all: Vec<usize> = (0..shape.outputs)
            .map(|unit| unit * shape.inputs + input)
            .collect();
        let score = |position: usize| self.score((layer, position));
        all.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
        all
    }

    /// All that is kept, the lowest score first; of equals the later.
    fn ascending(&self) -> Vec<At> {
        let flags = self.kept.iter().enumerate();
        let all = flags.flat_map(|(l, kept)| (0..kept.len()).map(move |position| (l, position)));
        let mut all: Vec<At> = all.filter(|(l, p)| self.kept[*l][*p]).collect();
        all.sort_by(|a, b| {
            let by_score = self.score(*a).total_cmp(&self.score(*b));
            by_score.then(b.cmp(a))
        });
        all
    }

    /// Whether a weight is kept and no unit needs it.
    fn can_go(&self, (layer, position): At) -> bool {
        let shape = &self.layers[layer];
        let (unit, input) = (position / shape.inputs, position % shape.inputs);
        let spare_output = !follows(self.layers, layer) || self.outputs_of[layer][input] > 1;
        self.kept[layer][position]
            && spare_output
            && self.inputs_of[layer][unit] > self.least.min(shape.inputs)
    }

    fn set(&mut self, (layer, position): At, kept: bool) {
        let inputs = self.layers[layer].inputs;
        self.kept[layer][position] = kept;
        let counts = [
            &mut self.inputs_of[layer][position / inputs],
            &mut self.outputs_of[layer][position % inputs],
        ];
        for count in counts {
            *count = if kept { *count + 1 } else { *count - 1 };
        }
    }
}
