//! Policies for others: what was done to the dataset's observations becomes part of the network.

use rand::RngExt;
use rl_algos::agent::Agent;
use rl_algos::rng::Streams;
use sparse_core::math::tanh;
use sparse_core::nn::{Inference, SparseMlp, SparseModule};
use sparse_core::record;

use crate::Result;
use crate::dataset::Normaliser;

/// The bytes of a safetensors file with the policy for actions of so many numbers as `actor`, which reads observations as the task gives them: if it
/// learned from normalised ones, its first layer normalises. [`rl_algos::algos::Policy::open`] reads it.
///
/// # Errors
/// [`rl_algos::Error::Config`] when the policy is not one plain network, as BCQ's, or the agent acts otherwise than by tanh of its
/// first outputs, or the normaliser has another size;
/// [`sparse_core::Error::Record`] when the format cannot hold it.
pub fn policy_bytes(
    agent: &mut dyn Agent,
    actions: usize,
    normaliser: Option<&Normaliser>,
) -> Result<Vec<u8>> {
    check_acts_by_tanh(agent, actions)?;
    let policy = fold_normaliser(agent.actor()?.plain(TO_BE_A_FILE)?, normaliser)?;
    Ok(record::to_bytes(&[("actor", &policy)])?)
}

/// Why the actor is a plain network.
const TO_BE_A_FILE: &str = "for the policy to be a file";

/// How far an action may be from that of the network: rounding of an agent that acts by tensors.
const ROUNDING: f32 = 1e-4;

/// Observations that actions are compared at.
const COMPARED: usize = 4;

/// Checks that an agent acts by its actor, as whoever plays the file will.
fn check_acts_by_tanh(agent: &mut dyn Agent, actions: usize) -> Result<()> {
    let net = agent.actor()?.plain(TO_BE_A_FILE)?;
    let layers = net.sparse_layers();
    let inputs = layers.first().map_or(0, |layer| layer.pattern().inputs());
    let outputs = layers.last().map_or(0, |layer| layer.pattern().outputs());
    if outputs < actions {
        let allowed = format!("{actions} or more, the numbers of an action");
        return Err(crate::Error::config(
            "outputs of the actor",
            outputs,
            allowed,
        ));
    }
    let mut actor = Inference::of(net);
    let mut rng = Streams::new(0).evaluation;
    let mut observation = vec![0.0; inputs];
    for _ in 0..COMPARED {
        observation.fill_with(|| rng.random_range(-1.0..=1.0));
        let mut expected = vec![0.0; actions];
        tanh(&actor.forward(&observation)?[..actions], &mut expected);
        let mut action = vec![f32::NAN; actions];
        agent.act(&observation, &mut action);
        let is_near = |(a, b): (&f32, &f32)| (a - b).abs() <= ROUNDING || a.is_nan() && b.is_nan();
        if !action.iter().zip(&expected).all(is_near) {
            let allowed = format!(
                "{expected:?}, tanh of its actor's outputs, by which a file of its policy is played; a policy that acts \
                 otherwise is a network of another role"
            );
            let found = format!("{action:?}");
            return Err(crate::Error::config("action of the agent", found, allowed));
        }
    }
    Ok(())
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
    let pattern = first.pattern().clone();
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
    **first = first
        .with_connections(pattern, values, first.storage())?
        .with_bias(bias)?;
    Ok(policy)
}
