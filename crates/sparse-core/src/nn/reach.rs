//! Which outputs of a network depend on which inputs, by its connections alone.

use std::ops::Range;

use super::linear::SparseLinear;
use super::mlp::{SparseMlp, SparseModule};

impl SparseMlp {
    /// Whether connections lead from any of these inputs to each output, `[outputs]`. An output that none reaches is the
    /// same whatever these inputs are.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    /// use sparse_core::nn::SparseMlpConfig;
    ///
    /// let mut rng = ChaCha8Rng::seed_from_u64(0);
    /// let net = SparseMlpConfig::new(vec![3, 64, 2]).try_init(&Device::flex(), &mut rng)?;
    /// assert_eq!(net.reached_from(0..1), [true, true]); // a dense network
    /// assert_eq!(net.reached_from(0..0), [false, false]);
    /// # Ok::<(), sparse_core::Error>(())
    /// ```
    #[must_use]
    pub fn reached_from(&self, inputs: Range<usize>) -> Vec<bool> {
        let layers = self.sparse_layers();
        let first = layers.first().map_or(0, |layer| layer.pattern().inputs());
        let reached = (0..first).map(|input| inputs.contains(&input)).collect();
        layers.into_iter().fold(reached, reached_through)
    }
}

/// The same flags behind a layer.
fn reached_through(reached: Vec<bool>, layer: &SparseLinear) -> Vec<bool> {
    let rows = layer.pattern().rows();
    let units: Vec<bool> = rows
        .map(|row| row.iter().any(|input| reached[*input as usize]))
        .collect();
    // Mean and spread are over all units, so each depends on what any depends on.
    let shared = layer.layer_norm().is_some() && units.contains(&true);
    match shared {
        true => vec![true; units.len()],
        false => units,
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;
    use crate::nn::SparseMlpConfig;
    use crate::op::to_vec;

    /// Which outputs change when an input does, over some inputs; a path through units that are 0 for all of them is not
    /// seen so.
    fn changes(net: &SparseMlp, input: usize, width: usize) -> Vec<bool> {
        let device = Device::flex();
        let rows = 64;
        let number = |row: usize, at: usize| ((row * 31 + at * 17) as f32).sin() * 3.0;
        let forward = |moved: f32| {
            let numbers: Vec<f32> = (0..rows * width)
                .map(|i| {
                    let (row, at) = (i / width, i % width);
                    number(row, at) + if at == input { moved } else { 0.0 }
                })
                .collect();
            let data = TensorData::new(numbers, [rows, width]);
            let out = net.forward(Tensor::<2>::from_data(data, &device));
            let outputs = out.dims()[1];
            (to_vec(out.reshape([rows * outputs])), outputs)
        };
        let ((before, outputs), (after, _)) = (forward(0.0), forward(2.5));
        (0..outputs)
            .map(|output| {
                (0..rows).any(|row| before[row * outputs + output] != after[row * outputs + output])
            })
            .collect()
    }

    #[test]
    fn what_changes_an_output_reaches_it_and_what_reaches_none_changes_none() {
        let mut cut_off = 0;
        for seed in 0..40 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let config = SparseMlpConfig::new(vec![4, 12, 12, 3])
                .with_sparsity(0.87)
                .with_layer_norm(seed % 4 == 3);
            let net = config.try_init(&Device::flex(), &mut rng).unwrap();
            let mut any = [false; 3];
            for input in 0..4 {
                let reached = net.reached_from(input..input + 1);
                let changed = changes(&net, input, 4);
                for (output, reached) in reached.into_iter().enumerate() {
                    assert!(
                        reached || !changed[output],
                        "seed {seed}: {input} to {output}"
                    );
                    any[output] |= reached;
                    cut_off += usize::from(!reached);
                }
            }
            assert_eq!(net.reached_from(0..4), any, "seed {seed}");
        }
        assert!((50..400).contains(&cut_off), "{cut_off}");
    }

    #[test]
    fn normalised_units_depend_on_each_other() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let net = SparseMlpConfig::new(vec![2, 6, 1]).with_layer_norm(true);
        let mut net = net.try_init(&Device::flex(), &mut rng).unwrap();
        // The only input is of another unit than the only output.
        let layers = [(6, 2, 0), (1, 6, 5)];
        for (layer, (outputs, inputs, at)) in net.sparse_layers_mut().into_iter().zip(layers) {
            let pattern = crate::pattern::Pattern::from_positions(outputs, inputs, &[at]).unwrap();
            let value = Tensor::from_data([2.0_f32], &layer.values().device());
            layer.set_connections(pattern, value);
        }
        assert_eq!(net.reached_from(0..1), [true]);
        assert_eq!(net.reached_from(1..2), [false]);
        assert_eq!(changes(&net, 0, 2), [true]);
        assert_eq!(changes(&net, 1, 2), [false]);
    }
}
