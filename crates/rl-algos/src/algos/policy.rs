//! A trained policy, for evaluation and deployment.

use std::path::Path;

use burn::tensor::Device;
use envs::TaskInfo;
use sparse_core::nn::{Inference, SparseModule};
use sparse_core::record::Record;

use crate::{Error, Result};

/// The mean actions of a trained actor, one observation at a time, without tensors.
#[derive(Debug)]
pub struct Policy {
    actor: Inference,
    action: usize,
}

impl Policy {
    /// Reads the actor of a checkpoint's weights, which must fit the task. A Gaussian policy's network has as many
    /// outputs again as actions have numbers: its spread.
    ///
    /// # Errors
    /// [`Error::Sparse`] when the file cannot be read or holds no actor; [`Error::File`] when its actor does not fit.
    pub fn open(path: &Path, task: &TaskInfo, device: &Device) -> Result<Self> {
        let actor = Record::open(path)?.network("actor", device)?;
        let layers = actor.sparse_layers();
        let inputs = layers.first().map_or(0, |layer| layer.pattern().inputs());
        let outputs = layers.last().map_or(0, |layer| layer.pattern().outputs());
        let (seen, action) = (task.observation.len(), task.action.len());
        if inputs != seen || ![action, 2 * action].contains(&outputs) {
            let message = format!(
                "the actor takes {inputs} numbers and gives {outputs}; {} has {seen} and {action}",
                task.id
            );
            return Err(Error::File {
                path: path.to_owned(),
                message,
            });
        }
        Ok(Self {
            actor: Inference::of(&actor),
            action,
        })
    }

    /// Writes the action `[action]`, in [-1, 1], for one observation `[observation]`.
    ///
    /// # Panics
    /// When the observation has another size.
    pub fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        let output = self.actor.forward(observation);
        let output = output.unwrap_or_else(|error| panic!("observation: {error}"));
        for (action, output) in action.iter_mut().zip(&output[..self.action]) {
            *action = output.tanh();
        }
    }
}
