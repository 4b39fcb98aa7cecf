//! The actor's loss of soft actor-critics (Haarnoja et al., arXiv 1812.05905, equation 7).

use rand_chacha::ChaCha8Rng;
use sparse_core::nn::{FrozenNetwork, FrozenPass, SparseMlp};
use sparse_core::trainer::{LossRows, NetworkTrainer, StepReport};

use super::gaussian::{Drawn, SquashedGaussian};
use crate::Result;
use crate::nets::{BatchShape, Critics, actor_parts, columns_of, least_of, with_actions};
use crate::replay::Batch;
use crate::scale::CriticUnits;

/// `min Qᵢ(s, a) - α log π(a|s)` of the first `rows` columns of a block of observations, `[obs_dim, width]`, with the actions
/// that were drawn there.
pub(super) fn soft_values(
    (critics, units): (&[FrozenNetwork<'_>], &CriticUnits),
    (observations, rows): (&[f32], usize),
    mut drawn: Drawn,
    (alpha, width): (f32, usize),
) -> Vec<f32> {
    let logs = drawn.logs(width, rows);
    units.scale_columns(&mut drawn.actions, width);
    let input = with_actions(observations, &drawn.actions);
    let values = least_of(critics, input.as_slice(), rows);
    let soft = values.iter().zip(&logs);
    soft.map(|(value, log)| value - alpha * log).collect()
}

/// What the critics' values of an action come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// The smallest.
    Least,
    /// Their mean.
    Mean,
}

/// `α log π(a|s) - Q(s, a)`, the mean over rows, with an action that is drawn in each.
pub(super) struct SoftActorLoss<'a> {
    pub(super) gaussian: SquashedGaussian,
    /// Constants in it.
    pub(super) critics: &'a Critics,
    pub(super) value: Value,
    pub(super) alpha: f32,
    pub(super) shape: &'a BatchShape,
    /// `[rows × action]`.
    pub(super) noise: &'a [f32],
}

impl SoftActorLoss<'_> {
    /// The mean of `-log π` over rows before a step.
    pub(super) fn entropy(report: &StepReport<[f32; 2]>) -> f32 {
        let logs = report.aux.iter().map(|[_, log]| log);
        -(logs.sum::<f32>() / report.aux.len() as f32)
    }

    /// One step of an actor down it; beside the loss, the mean of `log π`.
    pub(super) fn step(
        &self,
        actor: &mut NetworkTrainer<SparseMlp>,
        batch: &Batch,
        rng: &mut ChaCha8Rng,
    ) -> Result<StepReport<[f32; 2]>> {
        let critics = self.critics.nets();
        let (parts, critics) = actor_parts(actor.net(), critics, self.shape, batch);
        Ok(actor.descend(&parts, |block| self.of(&critics, block), rng)?)
    }

    /// The loss of each row, and its slopes by the outputs.
    fn of(&self, critics: &[FrozenNetwork<'_>], block: LossRows<'_, 2>) {
        let (width, rows) = (block.width, block.rows.len());
        let noise = columns_of(self.noise, self.shape.act_dim, &block.rows, width);
        let drawn = self.gaussian.draw(block.outputs, &noise);
        let units = self.critics.units();
        let mut read = drawn.actions.clone();
        units.scale_columns(&mut read, width);
        let input = with_actions(block.inputs, &read);
        let passes = critics
            .iter()
            .map(|critic| critic.forward(input.as_slice()));
        let passes: Vec<FrozenPass<'_>> = passes.collect();
        let [losses, logs] = block.terms;
        logs.copy_from_slice(&drawn.logs(width, rows));
        // The slopes of `-Q` by each critic's values.
        let mut by_value = vec![vec![0.0; width]; passes.len()];
        for (column, (loss, log)) in losses.iter_mut().zip(&*logs).enumerate() {
            let values = passes.iter().map(|pass| pass.outputs()[column]);
            let value = match self.value {
                Value::Least => {
                    let values = values.enumerate();
                    // Of equal values the last.
                    let least = values.reduce(|least, other| match least.1 < other.1 {
                        true => least,
                        false => other,
                    });
                    let (index, value) = least.unwrap_or((0, f32::NAN));
                    by_value[index][column] = -1.0;
                    value
                }
                Value::Mean => {
                    let count = passes.len() as f32;
                    by_value
                        .iter_mut()
                        .for_each(|slopes| slopes[column] = -1.0 / count);
                    values.reduce(|sum, value| sum + value).unwrap_or(f32::NAN) / count
                }
            };
            *loss = log * self.alpha - value;
        }
        let mut by_action = vec![0.0; drawn.actions.len()];
        for (pass, by_value) in passes.into_iter().zip(by_value) {
            let by_input = pass.backward(by_value);
            let slopes = by_action.iter_mut().zip(&by_input[block.inputs.len()..]);
            slopes.for_each(|(sum, slope)| *sum += slope);
        }
        units.scale_slopes(&mut by_action, width);
        self.gaussian
            .slopes(&drawn, &by_action, self.alpha, block.slopes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algos::slope_tests::{ACTIONS, OBSERVATIONS, ROWS, critics, hold};
    use crate::config::{LogStd, Spread};
    use crate::nets::normal;
    use crate::rng::Streams;

    #[test]
    fn slopes_are_those_of_differences() {
        let gaussian = SquashedGaussian::of(Spread {
            log_std_min: -5.0,
            log_std_max: 2.0,
            log_std: LogStd::Tanh,
        });
        let noise = normal(ROWS * ACTIONS, &mut Streams::new(3).replay);
        for sparsity in [0.5, 0.0] {
            for (value, count) in [(Value::Least, 2), (Value::Mean, 3)] {
                let (shape, critics) = critics(count, sparsity);
                let loss = SoftActorLoss {
                    gaussian,
                    critics: &critics,
                    value,
                    alpha: 0.3,
                    shape: &shape,
                    noise: &noise,
                };
                assert_eq!(shape.obs_dim, OBSERVATIONS);
                hold(2 * ACTIONS, critics.nets(), |critics, block| {
                    loss.of(critics, block);
                });
            }
        }
    }
}
