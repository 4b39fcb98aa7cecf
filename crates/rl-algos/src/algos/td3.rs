//! TD3: Twin Delayed Deep Deterministic policy gradient (Fujimoto et al., arXiv 1802.09477, Algorithm 1).
//!
//! Read with the paper: networks, acting, target, loss of the actor, update. Sparsity is invisible here: a
//! [`NetworkTrainer`](sparse_core::trainer::NetworkTrainer) takes a loss and moves weights or connections.

use burn::tensor::Tensor;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use sparse_core::math::{self, StandardNormal, tanh_gradient};
use sparse_core::nn::{Blocks, FrozenNetwork, SparseMlp};
use sparse_core::op::tanh;
use sparse_core::trainer::{LossRows, StepReport};

use super::{METRICS, report};
use crate::agent::{Agent, Experience, Network, Parts, Resumable, UpdateReport};
use crate::config::{Td3Config, TrainConfig};
use crate::nets::{
    Actor, BatchShape, Critics, actor_parts, check_action, check_batch, columns_of,
    frozen_networks, least_of, par_blocks, with_actions, with_scaled_rewards,
};
use crate::replay::Batch;
use crate::rng::Streams;
use crate::scale::CriticUnits;
use crate::target::td_target;
use crate::{Error, Result};

/// A deterministic policy and two critics, each with its optimizer, its topology rule and its target.
#[derive(Debug)]
pub struct Td3 {
    config: Td3Config,
    rows: BatchShape,
    actor: Actor,
    critics: Critics,
    reward_scale: f64,
    updates: u64,
}

impl Td3 {
    /// Draws the networks for observations and actions as `rows` tells; the targets start as their copies.
    ///
    /// # Errors
    /// As [`TrainConfig::validate`]; [`Error::Config`] when its algorithm is another, or its sparsity leaves a layer
    /// without connections.
    pub fn new(config: &TrainConfig, rows: BatchShape, streams: &mut Streams) -> Result<Self> {
        config.validate()?;
        let actor = Actor::new(config, &rows, streams)?;
        let critics = Critics::new(2, config, &rows, streams)?;
        Self::from_networks(config, rows, actor, critics)
    }

    /// An agent of these networks.
    ///
    /// # Errors
    /// [`Error::Config`] when the algorithm of `config` is another.
    pub fn from_networks(
        config: &TrainConfig,
        rows: BatchShape,
        actor: Actor,
        critics: Critics,
    ) -> Result<Self> {
        let td3 = config.algo.get::<Td3Config>();
        let td3 = td3.ok_or_else(|| Error::config("algo", config.algo.name(), "td3"))?;
        Ok(Self {
            actor,
            critics: critics.reading(CriticUnits::of(config)?),
            config: td3.clone(),
            reward_scale: config.learning.reward_scale,
            rows,
            updates: 0,
        })
    }

    /// Updates both critics on a batch and, every `policy_delay`-th time, the actor. Targets follow as they are due.
    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> Result<UpdateReport> {
        check_batch(&self.rows, batch)?;
        let batch = &*with_scaled_rewards(batch, self.reward_scale);
        self.updates += 1;
        let noise = [self.config.target_noise, self.config.target_noise_clip];
        let rng = &mut streams.target_noise;
        let actor = self.actor.learner().target();
        let targets = targets(&self.rows, actor, &self.critics, batch, noise, rng);
        let target_mean = targets.iter().sum::<f32>() / targets.len() as f32;
        let actions = self.critics.units().of_actions(&batch.action);
        let input = [&batch.observation[..], &*actions];
        let critics = self.critics.update(&self.rows, input, &targets, streams)?;

        let mut actor = None;
        if self.updates.is_multiple_of(self.config.policy_delay) {
            let rng = streams.topology("actor");
            actor = Some(self.update_actor(batch, rng)?);
        }
        Ok(report(&critics, actor.as_ref(), target_mean))
    }

    /// One step of the actor up the mean value of its actions by the first critic, which is a constant in it.
    fn update_actor(
        &mut self,
        batch: &Batch,
        rng: &mut ChaCha8Rng,
    ) -> Result<StepReport<[f32; 1]>> {
        let (actor, critic) = (self.actor.learner().net(), self.critics.first());
        let (parts, critics) = actor_parts(actor, [critic], &self.rows, batch);
        let units = self.critics.units();
        let loss = |block: LossRows<'_, 1>| actor_loss(block, &critics[0], units);
        Ok(self.actor.learner_mut().descend(&parts, loss, rng)?)
    }
}

/// `y = R + γⁿ min(Q₁', Q₂')(s', π'(s') + clipped noise)` for each row of the batch (paper, equation 14; n-step as RLx2
/// §4.2.1). `noise` is its standard deviation and its bound, 0 or more both; `actor` the target policy.
pub fn targets(
    rows: &BatchShape,
    actor: &SparseMlp,
    critics: &Critics,
    batch: &Batch,
    noise: [f64; 2],
    rng: &mut ChaCha8Rng,
) -> Vec<f32> {
    let [sigma, clip] = noise.map(|number| number as f32);
    let mut draw = || -> f32 {
        let unit: f32 = StandardNormal.sample(rng);
        (sigma * unit).max(-clip).min(clip)
    };
    let noise: Vec<f32> = (0..batch.action.len()).map(|_| draw()).collect();
    let (nets, width) = frozen_networks(
        rows,
        std::iter::once(actor).chain(critics.targets()),
        batch.size,
    );
    let (actor, targets) = nets.split_at(1);
    let source = (&batch.next_observation[..], rows.obs_dim);
    let next = Blocks::new(&[source], 0..batch.size, width);
    let values = par_blocks(&next, |some, observations| {
        let mut actions = tanh_of(&actor[0].outputs(observations));
        let noise = columns_of(&noise, rows.act_dim, &some, width);
        for (action, noise) in actions.iter_mut().zip(noise) {
            *action = (*action + noise).clamp(-1.0, 1.0);
        }
        critics.units().scale_columns(&mut actions, width);
        let input = with_actions(observations, &actions);
        least_of(targets, input.as_slice(), some.len())
    });
    td_target(batch, &values, 1.0)
}

/// π(s), `[batch, action]` in [-1, 1].
pub fn policy(actor: &SparseMlp, observations: Tensor<2>) -> Tensor<2> {
    tanh(actor.forward(observations))
}

/// `-Q(s, π(s))` of each row, and its slopes by what comes before the actor's tanh.
fn actor_loss(block: LossRows<'_, 1>, critic: &FrozenNetwork<'_>, units: &CriticUnits) {
    let width = block.width;
    let actions = tanh_of(block.outputs);
    let mut read = actions.clone();
    units.scale_columns(&mut read, width);
    let pass = critic.forward(with_actions(block.inputs, &read).as_slice());
    let [losses] = block.terms;
    for (loss, value) in losses.iter_mut().zip(pass.outputs()) {
        *loss = -value;
    }
    let mut by_value = vec![0.0; width];
    by_value[..block.rows.len()].fill(-1.0);
    let by_input = pass.backward(by_value);
    block
        .slopes
        .copy_from_slice(&by_input[block.inputs.len()..]);
    units.scale_slopes(block.slopes, width);
    tanh_gradient(&actions, block.slopes);
}

/// tanh of each number.
fn tanh_of(numbers: &[f32]) -> Vec<f32> {
    let mut actions = vec![0.0; numbers.len()];
    math::tanh(numbers, &mut actions[..]);
    actions
}

impl Agent for Td3 {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        check_action(action, self.rows.act_dim);
        self.actor.act(observation, action);
    }

    fn explore(
        &mut self,
        observation: &[f32],
        rng: &mut ChaCha8Rng,
        mean: &mut [f32],
        action: &mut [f32],
    ) {
        self.act(observation, mean);
        for (action, mean) in action.iter_mut().zip(mean) {
            let unit: f32 = StandardNormal.sample(rng);
            *action = (*mean + self.config.exploration_noise as f32 * unit).clamp(-1.0, 1.0);
        }
    }

    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> Result<UpdateReport> {
        let batch = experience.batch(&mut streams.replay)?;
        self.update(batch, streams)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &METRICS
    }

    fn networks(&self) -> Vec<Network<'_>> {
        [vec![self.actor.network()], self.critics.networks()].concat()
    }
}

impl Resumable for Td3 {
    fn parts(&mut self) -> Parts<'_> {
        let parts = Parts::default().counter(&mut self.updates);
        let parts = parts.learner("actor", self.actor.learner_mut());
        self.critics.add_to(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algos::slope_tests::{ACTIONS, critics, hold};

    #[test]
    fn slopes_of_the_actors_loss_are_those_of_differences() {
        for sparsity in [0.5, 0.0] {
            let (_, critics) = critics(2, sparsity);
            hold(ACTIONS, critics.nets(), |nets, block| {
                actor_loss(block, &nets[0], critics.units());
            });
        }
    }
}
