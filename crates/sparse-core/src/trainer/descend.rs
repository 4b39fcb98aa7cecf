//! Steps by losses that know their slopes at a network's outputs: no autodiff where the network needs none.

use std::array;
use std::ops::Range;

use burn::tensor::Tensor;
use rand::Rng;

use super::backward::{Backward, Forward};
use super::{NetworkTrainer, StepReport, in_parallel, share_of};
use crate::kernels::GradientSums;
use crate::nn::{
    Activity, Blocks, HeldNetwork, Parameters, SparseMlp, SparseModule, along, columns, hold,
    rows_of,
};
use crate::op::HostVector;
use crate::optim::LayerGradient;
use crate::topology::Signal;
use crate::{Result, math};

/// Some rows of a batch behind a network, for a loss to judge. Numbers of a feature lie side by side, a column for each row;
/// columns past the rows mean nothing.
#[derive(Debug)]
pub struct LossRows<'a, const K: usize> {
    /// Which rows of the batch.
    pub rows: Range<usize>,
    /// Columns, `rows.len()` or more.
    pub width: usize,
    /// What the network reads, `[inputs, width]`.
    pub inputs: &'a [f32],
    /// What the network gives, `[outputs, width]`.
    pub outputs: &'a [f32],
    /// To be written: the slopes of each row's loss by its outputs, `[outputs, width]`; 0 before.
    pub slopes: &'a mut [f32],
    /// To be written, a number for each row: the loss, then what is to be reported beside it.
    pub terms: [&'a mut [f32]; K],
}

impl NetworkTrainer<SparseMlp> {
    /// Takes one step down a loss, as [`minimise`](Self::minimise), which is given row by row with its slopes at the network's
    /// outputs; its first term is the loss, and the loss of the step is the mean over rows, and over `parts`.
    ///
    /// On `flex`, a network of compressed rows with ReLU and up to 512 units a layer goes over each block forward and
    /// backward while it lies in the cache. Any other one is computed by tensors, as is a step in which the rule looks at the
    /// gradient or at the units, with the same result to rounding.
    ///
    /// [`StepReport::aux`] has the means of all terms over each part.
    ///
    /// ```
    /// # use burn::tensor::Device;
    /// # use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    /// # use sparse_core::{nn::{Blocks, SparseMlpConfig, block_width}, trainer::{LossRows, NetworkTrainer}};
    /// # let (device, mut rng) = (Device::flex(), ChaCha8Rng::seed_from_u64(0));
    /// # let net = SparseMlpConfig::new(vec![3, 64, 1]).with_sparsity(0.5).try_init(&device, &mut rng)?;
    /// # let mut trainer = NetworkTrainer::new(net, Default::default())?;
    /// // Squared distance from 1, eight rows of three numbers.
    /// let (x, rows) = ([0.5; 24], 8);
    /// let width = block_width(&[(trainer.net(), true)], rows);
    /// let x = Blocks::new(&[(&x, 3)], 0..rows, width);
    /// let loss = |block: LossRows<'_, 1>| {
    ///     for column in 0..block.rows.len() {
    ///         let error = block.outputs[column] - 1.0;
    ///         block.terms[0][column] = error * error;
    ///         block.slopes[column] = 2.0 * error;
    ///     }
    /// };
    /// let report = trainer.descend(&[x], loss, &mut rng)?;
    /// assert_eq!(report.loss, report.aux[0][0]);
    /// # Ok::<(), sparse_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`minimise`](Self::minimise). Nothing has changed then.
    ///
    /// # Panics
    /// When the blocks have another number of features than the network's inputs.
    pub fn descend<const K: usize>(
        &mut self,
        parts: &[Blocks],
        loss: impl Fn(LossRows<'_, K>) + Sync,
        rng: &mut impl Rng,
    ) -> Result<StepReport<[f32; K]>> {
        const { assert!(K > 0, "the first term is the loss") };
        let share = share_of(parts.len())?;
        let inputs = self.net.sparse_layers()[0].pattern().inputs();
        for part in parts {
            assert_eq!(part.features(), inputs, "features of a block");
        }
        let (net, signal, taped) = (&self.net, self.signal(), self.taped);
        // Held once for all parts, which a step usually cuts alike.
        let first = parts.first().filter(|first| {
            let alike = |part: &Blocks| {
                part.width() == first.width() && part.rows().len() == first.rows().len()
            };
            taped && signal == Signal::None && parts.iter().all(alike)
        });
        let held = first.and_then(|first| hold(net, first.rows().len(), first.width(), true));
        let passes = in_parallel(parts.iter().collect(), |part: &Blocks| match &held {
            Some(network) => Ok(block_by_block(network, part, share, &loss)),
            None => {
                let x = rows_of(net, all_columns(part), part.rows().len());
                let forward = Forward::of(net, signal, taped, |net| net.forward(x));
                by_tensors(forward, part, share, &loss)
            }
        });
        drop(held);
        self.step_by_mean(passes, rng)
    }
}

/// What a loss says of a part.
struct Terms<const K: usize>([Vec<f32>; K]);

impl<const K: usize> Terms<K> {
    fn new(rows: usize) -> Self {
        Self(array::from_fn(|_| vec![0.0; rows]))
    }

    /// Those of `rows` of a part that begins with row `first`.
    fn of(&mut self, rows: &Range<usize>, first: usize) -> [&mut [f32]; K] {
        self.0
            .each_mut()
            .map(|term| &mut term[rows.start - first..rows.end - first])
    }

    fn means(&self) -> [f32; K] {
        self.0.each_ref().map(|term| math::mean(term))
    }
}

/// The slopes of the mean over `rows` rows, of which the loss of the step has this share.
fn weigh(slopes: &mut [f32], rows: usize, share: f32) {
    let weight = share / rows as f32;
    slopes.iter_mut().for_each(|slope| *slope *= weight);
}

/// Forward and backward, block after block.
fn block_by_block<const K: usize>(
    network: &HeldNetwork,
    part: &Blocks,
    share: f32,
    loss: &impl Fn(LossRows<'_, K>),
) -> (Backward, [f32; K]) {
    let pass = network.pass(part.width());
    let layers = network.layers();
    let mut sums = GradientSums::new(&layers);
    let (count, first) = (part.rows().len(), part.rows().start);
    let mut terms = Terms::<K>::new(count);
    for (rows, inputs) in part.iter() {
        let ys = pass.forward(inputs);
        let outputs = ys.last().map_or(&[][..], |y| y.as_slice());
        let (present, mut slopes) = (rows.len(), vec![0.0; outputs.len()]);
        loss(LossRows {
            terms: terms.of(&rows, first),
            rows,
            width: part.width(),
            inputs,
            outputs,
            slopes: &mut slopes,
        });
        for slopes in slopes.chunks_exact_mut(part.width()) {
            slopes[present..].fill(0.0);
        }
        weigh(&mut slopes, count, share);
        pass.backward(Some((inputs, &mut sums)), &ys, &mut slopes, false);
    }
    let gradients = sums.finish(&layers).into_iter().zip(network.has_bias());
    let layers = gradients.map(|([values, bias], has_bias)| LayerGradient {
        parameters: Parameters {
            values: HostVector::vector(values),
            per_unit: has_bias
                .then(|| HostVector::vector(bias))
                .into_iter()
                .collect(),
        },
        dense: None,
    });
    let means = terms.means();
    let backward = Backward {
        loss: means[0] * share,
        layers: layers.collect(),
        activity: Activity::default(),
    };
    (backward, means)
}

/// The same by tensors.
fn by_tensors<const K: usize>(
    forward: Forward<SparseMlp, Tensor<2>>,
    part: &Blocks,
    share: f32,
    loss: &impl Fn(LossRows<'_, K>),
) -> Result<(Backward, [f32; K])> {
    let (count, first) = (part.rows().len(), part.rows().start);
    let all = columns(forward.made().clone().inner());
    let mut all_slopes = vec![0.0; all.len()];
    let mut terms = Terms::<K>::new(count);
    for (rows, inputs) in part.iter() {
        // The columns of a block out of those of all rows, and back.
        let own = rows.start - first..rows.end - first;
        let mut outputs = vec![0.0; all.len() / count * part.width()];
        let features = outputs.chunks_exact_mut(part.width());
        for (column, all) in features.zip(all.chunks_exact(count)) {
            column[..own.len()].copy_from_slice(&all[own.clone()]);
        }
        let mut slopes = vec![0.0; outputs.len()];
        loss(LossRows {
            terms: terms.of(&rows, first),
            rows,
            width: part.width(),
            inputs,
            outputs: &outputs,
            slopes: &mut slopes,
        });
        let features = slopes.chunks_exact(part.width());
        for (all, slopes) in all_slopes.chunks_exact_mut(count).zip(features) {
            all[own.clone()].copy_from_slice(&slopes[..own.len()]);
        }
    }
    weigh(&mut all_slopes, count, share);
    let (backward, ()) = forward.backward(1.0, |outputs| along(outputs, &all_slopes))?;
    let means = terms.means();
    let loss = means[0] * share;
    Ok((Backward { loss, ..backward }, means))
}

/// All rows of a part as columns, `[features, rows]`.
fn all_columns(part: &Blocks) -> Vec<f32> {
    let (count, first) = (part.rows().len(), part.rows().start);
    let mut all = vec![0.0; count * part.features()];
    for (rows, block) in part.iter() {
        let columns = all
            .chunks_exact_mut(count)
            .zip(block.chunks_exact(part.width()));
        for (all, column) in columns {
            all[rows.start - first..rows.end - first].copy_from_slice(&column[..rows.len()]);
        }
    }
    all
}
