//! Steps by losses that know their slopes at a network's outputs: no autodiff where the network needs none.

use std::array;
use std::ops::Range;

use burn::tensor::Tensor;
use rand::Rng;

use super::backward::{Backward, Forward};
use super::{NetworkTrainer, StepReport, in_parallel, share_of};
use crate::kernels::GradientSums;
use crate::nn::{
    Activity, Blocks, Held, HeldNetwork, Parameters, SparseMlp, SparseModule, along, columns,
    goes_at_once, hold, rows_of, set_vectors,
};
use crate::op::{DeviceNetwork, HostVector, pack};
use crate::optim::LayerGradient;
use crate::topology::Signal;
use crate::{Result, math};

/// Under this, squares that single precision takes for zero can count among those that a GPU sums.
const SMALLEST: f64 = 1e-25;

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
    /// On `flex`, a network of compressed rows with ReLU goes over each block forward and backward while it lies in the cache,
    /// where its layers have up to 512 units and their products up to 2²² multiply-adds, and the parts are of one size, in blocks
    /// of [`block_width`](crate::nn::block_width). A GPU is given all layers at once, where the batch is one part and one block. Any
    /// other network is computed by tensors, as is a step in which the rule looks at the gradient or at the units, with the same
    /// result to rounding.
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
        let (signal, taped) = (self.signal(), self.taped);
        // Held once for all parts, which a step usually cuts alike.
        let first = parts.first().filter(|first| {
            let alike = |part: &Blocks| {
                part.width() == first.width() && part.rows().len() == first.rows().len()
            };
            taped && signal == Signal::None && parts.iter().all(alike)
        });
        // Gradients summed over parts are not in one buffer.
        let whole = parts.len() == 1 && parts.iter().all(is_one_block);
        if let Some(first) = first.filter(|_| whole) {
            self.pack(first.rows().len());
        }
        let net = &self.net;
        let held = first.and_then(|first| hold(net, first.rows().len(), first.width(), true));
        let passes = in_parallel(parts.iter().collect(), |part: &Blocks| match &held {
            Some(Held::Host(network)) => Ok(block_by_block(network, part, share, &loss)),
            Some(Held::Device(network)) if whole => Ok(at_once(network, part, share, &loss)),
            _ => {
                let x = rows_of(net, all_columns(part), part.rows().len());
                let forward = Forward::of(net, signal, taped, |net| net.forward(x));
                by_tensors(forward, part, share, &loss)
            }
        });
        drop(held);
        self.step_by_mean(passes, rng)
    }

    /// Moves the parameters into one buffer, where they lie on a GPU and a batch of `rows` rows goes through all layers at once.
    /// Connections that move take them out of it.
    fn pack(&mut self, rows: usize) {
        if !goes_at_once(&self.net, rows) {
            return;
        }
        let mut layers = self.net.sparse_layers_mut();
        let vectors: Vec<Tensor<1>> = layers.iter().flat_map(|layer| layer.vectors()).collect();
        if let Some(packed) = pack(&vectors) {
            set_vectors(&mut layers, packed);
        }
    }
}

fn is_one_block(part: &Blocks) -> bool {
    (1..=part.width()).contains(&part.rows().len())
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
        let both = [inputs, outputs];
        let mut slopes = judge(&mut terms, rows, first, part.width(), both, loss);
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
        squares: None,
    };
    (backward, means)
}

/// The same of a part that is one block, on a GPU.
fn at_once<const K: usize>(
    network: &DeviceNetwork,
    part: &Blocks,
    share: f32,
    loss: &impl Fn(LossRows<'_, K>),
) -> (Backward, [f32; K]) {
    let (count, first) = (part.rows().len(), part.rows().start);
    let mut terms = Terms::<K>::new(count);
    let Some((rows, inputs)) = part.iter().next() else {
        unreachable!("a batch has rows")
    };
    let pass = network.forward(inputs, part.width());
    let outputs = pass.outputs();
    let mut slopes = judge(
        &mut terms,
        rows,
        first,
        part.width(),
        [inputs, outputs],
        loss,
    );
    weigh(&mut slopes, count, share);
    let gradients = pass.gradients(&slopes);
    let mut vectors = gradients.parameters.into_iter();
    let layers = std::iter::from_fn(|| {
        Some(LayerGradient {
            parameters: Parameters {
                values: vectors.next()?,
                per_unit: vectors.next().into_iter().collect(),
            },
            dense: None,
        })
    });
    let means = terms.means();
    let backward = Backward {
        loss: means[0] * share,
        layers: layers.collect(),
        activity: Activity::default(),
        // Beyond single precision, at either end, it is summed in double.
        squares: Some(gradients.squares).filter(|sum| sum.is_finite() && *sum > SMALLEST),
    };
    (backward, means)
}

/// The slopes that a loss gives for a block; 0 past its rows.
fn judge<const K: usize>(
    terms: &mut Terms<K>,
    rows: Range<usize>,
    first: usize,
    width: usize,
    [inputs, outputs]: [&[f32]; 2],
    loss: &impl Fn(LossRows<'_, K>),
) -> Vec<f32> {
    let (present, mut slopes) = (rows.len(), vec![0.0; outputs.len()]);
    loss(LossRows {
        terms: terms.of(&rows, first),
        rows,
        width,
        inputs,
        outputs,
        slopes: &mut slopes,
    });
    for slopes in slopes.chunks_exact_mut(width) {
        slopes[present..].fill(0.0);
    }
    slopes
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
