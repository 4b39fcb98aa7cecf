//! Policies for others: what was done to the dataset's observations becomes part of the network.

use rl_algos::agent::Agent;
use sparse_core::nn::{SparseLinear, SparseMlp, SparseModule};
use sparse_core::record;

use crate::Result;
use crate::dataset::Normaliser;

/// The bytes of a safetensors file with the policy as `actor`, which reads observations as the task gives them: if it
/// learned from normalised ones, its first layer normalises. [`rl_algos::algos::Policy::open`] reads it.
///
/// # Errors
/// [`rl_algos::Error::Config`] when the policy is not one network, as BCQ's, or the normaliser has another size;
/// [`sparse_core::Error::Record`] when the format cannot hold it.
pub fn policy_bytes(agent: &dyn Agent, normaliser: Option<&Normaliser>) -> Result<Vec<u8>> {
    let policy = fold_normaliser(agent.actor()?.net, normaliser)?;
    Ok(record::to_bytes(&[("actor", &policy)])?)
}

/// A policy that reads observations as the task gives them and acts as `actor` does on normalised ones, up to
/// rounding: `W ((o - mean) / std) + b` is `(W / std) o + (b - (W / std) mean)`.
///
/// # Errors
/// [`rl_algos::Error::Config`] when the normaliser has another size than the observations.
pub fn fold_normaliser(actor: &SparseMlp, normaliser: Option<&Normaliser>) -> Result<SparseMlp> {
    let mut policy = actor.clone();
    let mut layers = policy.sparse_layers_mut();
    let (Some(first), Some(Normaliser { mean, std })) = (layers.first_mut(), normaliser) else {
        return Ok(policy);
    };
    let (pattern, device) = (first.pattern().clone(), first.values().device());
    let inputs = pattern.inputs();
    if mean.len() != inputs {
        let allowed = format!("{inputs}, as the policy's inputs");
        return Err(crate::Error::config("normaliser", mean.len(), allowed));
    }
    let floats =
        |tensor: burn::tensor::Tensor<1>| -> Vec<f32> { tensor.into_data().iter().collect() };
    let mut values = floats(first.values());
    let mut bias: Vec<f64> = match first.bias() {
        Some(bias) => floats(bias).into_iter().map(f64::from).collect(),
        None => vec![0.0; pattern.outputs()],
    };
    for (value, position) in values.iter_mut().zip(pattern.positions()) {
        let (unit, input) = (position as usize / inputs, position as usize % inputs);
        let scaled = f64::from(*value) / f64::from(std[input]);
        bias[unit] -= scaled * f64::from(mean[input]);
        *value = scaled as f32;
    }
    let bias: Vec<f32> = bias.into_iter().map(|bias| bias as f32).collect();
    **first = SparseLinear::from_parts(pattern, values, bias, first.storage(), &device)?;
    Ok(policy)
}
