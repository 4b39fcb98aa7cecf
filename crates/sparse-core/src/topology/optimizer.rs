//! The state of Burn's optimizers, carried with the connections.

use burn::optim::ModuleOptimizer;
use burn::tensor::Bytes;
use burn_pack::{DType, Reader, Tensor, Writer};

use super::{AppliedChange, GrownMoments, TopologyChange};
use crate::{Error, Result};

impl TopologyChange {
    /// Carries the state of one of Burn's optimizers: numbers of connections that stay are kept, those of grown or
    /// reset connections are zero. Right for any optimizer that keeps one number per weight (Adam, AdamW, SGD with
    /// momentum, RMSProp, AdaGrad, Lion, ...); a counter of steps is shared by a layer and continues.
    ///
    /// The state goes through the optimizer's record, in time and memory linear in its size.
    ///
    /// # Errors
    /// [`Error::Optimizer`] when the optimizer keeps something of a sparse layer that is not one f32 per connection, or
    /// the rule asks for other moments of grown connections than [`GrownMoments::Zero`].
    pub fn carry_optimizer(&self, optimizer: ModuleOptimizer) -> Result<ModuleOptimizer> {
        if self
            .layers()
            .any(|(_, change)| change.grown_moments() != GrownMoments::Zero)
        {
            let reason =
                "gives grown connections no moments of their own: `grown_moments` must be `zero`"
                    .to_owned();
            return Err(Error::Optimizer { reason });
        }
        let reader = Reader::from_bytes(optimizer.into_bytes().map_err(broken)?).map_err(broken)?;
        let (scalars, metadata) = (reader.scalars().clone(), reader.metadata().clone());
        let tensors = reader.into_tensors().map_err(broken)?.into_iter();
        let tensors = tensors.map(|tensor| self.carry_state(tensor));
        let mut writer = Writer::new(tensors.collect::<Result<_>>()?);
        for (key, value) in &scalars {
            writer = writer.with_scalar(key, *value);
        }
        for (key, value) in &metadata {
            writer = writer.with_metadata(key, value);
        }
        optimizer
            .from_bytes(writer.into_bytes().map_err(broken)?)
            .map_err(broken)
    }

    /// One tensor of an optimizer's state.
    fn carry_state(&self, tensor: Tensor) -> Result<Tensor> {
        let Some((change, is_values)) = tensor.param_id.and_then(|id| self.change_of(id)) else {
            return Ok(tensor);
        };
        let (name, dtype, shape, id, bytes) = tensor.into_parts().map_err(broken)?;
        let pattern = change.from();
        let length = if is_values {
            pattern.nnz()
        } else {
            pattern.outputs()
        };
        if shape.num_dims() != 1 || shape.num_elements() != length || dtype != DType::F32 {
            let field = name
                .split_once('.')
                .map_or(name.as_str(), |(_, field)| field);
            let reason = format!(
                "keeps `{field}` of a sparse layer, {dtype:?} {:?}: must be f32 [{length}], one number per weight",
                shape.as_slice()
            );
            return Err(Error::Optimizer { reason });
        }
        let (numbers, _) = bytes.as_chunks::<4>();
        let mut numbers: Vec<f32> = numbers.iter().map(|n| f32::from_le_bytes(*n)).collect();
        if is_values {
            numbers = change.carry(numbers)?;
        } else {
            change
                .reset_units()
                .iter()
                .for_each(|unit| numbers[*unit] = 0.0);
        }
        let length = numbers.len();
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        Ok(Tensor::new(
            name,
            DType::F32,
            [length],
            id,
            Bytes::from_bytes_vec(bytes),
        ))
    }

    /// The change of the layer whose parameter this is, and whether it is its values.
    fn change_of(&self, id: u64) -> Option<(&AppliedChange, bool)> {
        self.layers().find_map(|(index, change)| {
            let place = self.parameters[index]
                .iter()
                .position(|own| own.val() == id)?;
            // What a layer has for each unit changes only where units start anew.
            let changes = place == 0 || !change.reset_units().is_empty();
            changes.then_some((change, place == 0))
        })
    }
}

/// A record that cannot be written or read.
fn broken(error: impl std::fmt::Display) -> Error {
    Error::Optimizer {
        reason: format!("gives no record of its state: {error}"),
    }
}
