//! Rows of numbers as tensors, and in halves.

use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use sparse_core::device::is_gpu;
use sparse_core::math::StandardNormal;

use crate::replay::Batch;
use crate::{Error, Result};

/// Sizes of observations and actions, and where tensors lie.
#[derive(Clone, Debug)]
pub struct BatchShape {
    /// Numbers in an observation.
    pub obs_dim: usize,
    /// Numbers in an action.
    pub act_dim: usize,
    /// Where tensors lie.
    pub device: Device,
}

impl BatchShape {
    /// A tensor `[rows, width]`.
    #[must_use]
    pub fn tensor(&self, data: impl Into<Vec<f32>>, width: usize) -> Tensor<2> {
        let data = data.into();
        let shape = [data.len() / width, width];
        Tensor::from_data(TensorData::new(data, shape), &self.device)
    }

    /// Some rows of observations as a tensor `[rows, obs_dim]`.
    #[must_use]
    pub fn observations(&self, all: &[f32], rows: &Range<usize>) -> Tensor<2> {
        self.tensor(row_slice(all, self.obs_dim, rows), self.obs_dim)
    }

    /// What a critic reads: `[rows, obs_dim + act_dim]`.
    #[must_use]
    pub fn critic_input(&self, observations: &[f32], actions: &[f32]) -> Tensor<2> {
        let (obs_dim, act_dim) = (self.obs_dim, self.act_dim);
        let mut rows = Vec::with_capacity(observations.len() + actions.len());
        for (o, a) in observations.chunks(obs_dim).zip(actions.chunks(act_dim)) {
            rows.extend_from_slice(o);
            rows.extend_from_slice(a);
        }
        self.tensor(rows, obs_dim + act_dim)
    }
}

/// Refuses an action with another number of elements than the task's.
///
/// # Panics
/// When it has one.
#[track_caller]
pub fn check_action(action: &[f32], expected: usize) {
    let got = action.len();
    assert!(got == expected, "action: got {got}, must be {expected}");
}

/// The first and the second half of `rows` rows.
#[must_use]
pub fn halves(rows: usize) -> [Range<usize>; 2] {
    [0..rows / 2, rows / 2..rows]
}

/// Some rows of a matrix with rows of `width`.
#[must_use]
pub fn row_slice<'a>(data: &'a [f32], width: usize, rows: &Range<usize>) -> &'a [f32] {
    &data[rows.start * width..rows.end * width]
}

/// The numbers of a tensor, row after row.
#[must_use]
pub fn to_vec(tensor: Tensor<2>) -> Vec<f32> {
    let data = tensor.into_data();
    data.as_slice()
        .map_or_else(|_| data.iter::<f32>().collect(), <[f32]>::to_vec)
}

/// `count` numbers from the standard normal distribution.
pub fn normal(count: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..count).map(|_| StandardNormal.sample(rng)).collect()
}

/// Computes both halves of `rows` rows in parallel, where threads are free, and joins them. `half` returns equally many
/// numbers for each row.
pub fn par_halves(rows: usize, half: impl Fn(Range<usize>) -> Vec<f32> + Sync) -> Vec<f32> {
    let [first, second] = halves(rows);
    let of = |rows: Range<usize>| {
        if rows.is_empty() {
            Vec::new()
        } else {
            half(rows)
        }
    };
    let (mut first, second) = rayon::join(|| of(first), || of(second));
    first.extend(second);
    first
}

/// The parts of a batch whose losses are computed in parallel: the halves of a batch of even size, so that the mean
/// over parts is the mean over rows. A GPU is given all rows at once.
#[must_use]
pub fn equal_parts(shape: &BatchShape, rows: usize) -> Vec<Range<usize>> {
    match rows.is_multiple_of(2) && !is_gpu(&shape.device) {
        true => halves(rows).into(),
        false => vec![Range {
            start: 0,
            end: rows,
        }],
    }
}

/// A batch whose rewards count so many times.
pub(crate) fn with_scaled_rewards(batch: &Batch, scale: f64) -> Cow<'_, Batch> {
    if scale == 1.0 {
        return Cow::Borrowed(batch);
    }
    let mut batch = batch.clone();
    batch
        .return_n
        .iter_mut()
        .for_each(|reward| *reward *= scale as f32);
    Cow::Owned(batch)
}

/// Refuses a batch of other sizes, or whose vectors do not fit together.
///
/// # Errors
/// [`Error::Config`] naming what does not fit.
pub fn check_batch(rows: &BatchShape, batch: &Batch) -> Result<()> {
    let (size, passed) = (batch.size, batch.intermediate_row.len());
    let (obs_dim, act_dim) = (rows.obs_dim, rows.act_dim);
    for (field, length, expected) in [
        ("batch.observation", batch.observation.len(), size * obs_dim),
        ("batch.action", batch.action.len(), size * act_dim),
        ("batch.return_n", batch.return_n.len(), size),
        ("batch.discount", batch.discount.len(), size),
        (
            "batch.next_observation",
            batch.next_observation.len(),
            size * obs_dim,
        ),
        (
            "batch.intermediate_observation",
            batch.intermediate_observation.len(),
            passed * obs_dim,
        ),
        (
            "batch.intermediate_discount",
            batch.intermediate_discount.len(),
            passed,
        ),
    ] {
        if length != expected {
            let allowed = format!(
                "{expected}, as the batch and the agent's observations and actions have it"
            );
            return Err(Error::config(field, format!("{length} numbers"), &allowed));
        }
    }
    if size == 0 {
        return Err(Error::config("batch.size", size, "1 or more"));
    }
    match batch
        .intermediate_row
        .iter()
        .find(|row| **row as usize >= size)
    {
        Some(row) => Err(Error::config(
            "batch.intermediate_row",
            row,
            "below batch.size",
        )),
        None => Ok(()),
    }
}
