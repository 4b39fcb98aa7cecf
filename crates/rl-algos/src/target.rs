//! What critics are to say of a batch.

use crate::replay::Batch;

/// What a target is for each row of a batch: the window's return times `scale`, and what follows is worth.
#[must_use]
pub fn td_target(batch: &Batch, values: &[f32], scale: f64) -> Vec<f32> {
    let rewards = batch.return_n.iter().zip(&batch.discount);
    let target = |((r, discount), value): ((&f32, &f32), &f32)| scale as f32 * r + discount * value;
    rewards.zip(values).map(target).collect()
}
