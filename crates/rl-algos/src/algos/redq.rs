//! REDQ: Randomized Ensembled Double Q-learning (Chen et al., arXiv 2101.05982, Algorithm 1). SAC with many critics: a
//! target is the smallest value of a few of them, drawn for each update; the actor goes by the mean of all; critics are
//! updated many times a step.

use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use sparse_core::nn::{Blocks, SparseMlp};
use sparse_core::trainer::StepReport;

use super::gaussian::SquashedGaussian;
use super::sac::EntropyCoef;
use super::soft_actor::{SoftActorLoss, Value, soft_values};
use super::{BuildAgent, METRICS, report};
use crate::Result;
use crate::agent::{Agent, Experience, Network, Parts, Resumable, UpdateReport};
use crate::config::{RedqConfig, TrainConfig};
use crate::nets::with_scaled_rewards;
use crate::nets::{
    Actor, BatchShape, Critics, check_action, check_batch, columns_of, frozen_networks, normal,
    par_blocks,
};
use crate::replay::Batch;
use crate::rng::Streams;
use crate::target::td_target;

/// A Gaussian policy, many critics with targets, and the weight of the entropy.
#[derive(Debug)]
pub struct Redq {
    config: RedqConfig,
    gaussian: SquashedGaussian,
    shape: BatchShape,
    actor: Actor,
    critics: Critics,
    entropy: EntropyCoef,
    reward_scale: f64,
}

impl BuildAgent for RedqConfig {
    fn build(
        &self,
        config: &TrainConfig,
        shape: BatchShape,
        streams: &mut Streams,
    ) -> Result<Box<dyn Agent>> {
        config.validate()?;
        Ok(Box::new(Redq {
            actor: Actor::new(config, &shape, streams)?,
            critics: Critics::new(self.critics, config, &shape, streams)?,
            gaussian: SquashedGaussian::of(self.gaussian()),
            entropy: EntropyCoef::new(&self.temperature),
            reward_scale: config.learning.reward_scale,
            config: self.clone(),
            shape,
        }))
    }
}

impl Redq {
    /// `y = R + γⁿ (min over M of Qᵢ'(s', a') - α log π(a'|s'))` for each row, with `a'` drawn from the policy and M a
    /// random subset of the critics (Algorithm 1, lines 6 and 7).
    fn targets(&self, batch: &Batch, streams: &mut Streams) -> Vec<f32> {
        let act_dim = self.shape.act_dim;
        let noise = normal(batch.action.len(), &mut streams.target_noise);
        let rng = streams.named("redq_subset");
        let subset = sample(rng, self.config.critics, self.config.subset).into_vec();
        let targets: Vec<&SparseMlp> = self.critics.targets().collect();
        let subset = subset.into_iter().map(|i| targets[i]);
        let actor = self.actor.learner().net();
        let (nets, width) = frozen_networks(
            &self.shape,
            std::iter::once(actor).chain(subset),
            batch.size,
        );
        let (actor, subset) = nets.split_at(1);
        let alpha = self.entropy.alpha() as f32;
        let source = (&batch.next_observation[..], self.shape.obs_dim);
        let next = Blocks::new(&[source], 0..batch.size, width);
        let values = par_blocks(&next, |some, observations| {
            let noise = columns_of(&noise, act_dim, &some, width);
            let drawn = self.gaussian.draw(&actor[0].outputs(observations), &noise);
            let critics = (subset, self.critics.units());
            soft_values(critics, (observations, some.len()), drawn, (alpha, width))
        });
        td_target(batch, &values, 1.0)
    }

    /// One update of all critics, and with the last of a step one of the actor and of α.
    fn update(&mut self, batch: &Batch, last: bool, streams: &mut Streams) -> Result<UpdateReport> {
        check_batch(&self.shape, batch)?;
        let batch = &*with_scaled_rewards(batch, self.reward_scale);
        let targets = self.targets(batch, streams);
        let target_mean = targets.iter().sum::<f32>() / targets.len() as f32;
        let actions = self.critics.units().of_actions(&batch.action);
        let input = [&batch.observation[..], &*actions];
        let critics = self.critics.update(&self.shape, input, &targets, streams)?;
        let alpha = self.entropy.alpha() as f32;
        let actor = match last {
            true => Some(self.update_actor(batch, streams)?),
            false => None,
        };
        let mut report = report(&critics, actor.as_ref(), target_mean);
        report.metrics.push(("temperature", alpha));
        if let Some(actor) = actor {
            let entropy = SoftActorLoss::entropy(&actor);
            report.metrics.push(("entropy", entropy));
            let act_dim = self.shape.act_dim;
            self.entropy.tune(f64::from(entropy), act_dim);
        }
        Ok(report)
    }

    /// One step of the actor down the mean over rows of `α log π(a|s) - mean over i of Qᵢ(s, a)` (line 10); beside it the
    /// mean of `log π`.
    fn update_actor(
        &mut self,
        batch: &Batch,
        streams: &mut Streams,
    ) -> Result<StepReport<[f32; 2]>> {
        let loss = SoftActorLoss {
            gaussian: self.gaussian,
            critics: &self.critics,
            value: Value::Mean,
            alpha: self.entropy.alpha() as f32,
            shape: &self.shape,
            noise: &normal(batch.action.len(), &mut streams.target_noise),
        };
        let rng = streams.topology("actor");
        loss.step(self.actor.learner_mut(), batch, rng)
    }
}

impl Agent for Redq {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        check_action(action, self.shape.act_dim);
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
        let actor = &mut self.actor;
        self.gaussian.explore(actor, observation, rng, action);
    }

    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> Result<UpdateReport> {
        let mut report = UpdateReport::default();
        for left in (0..self.config.updates_per_step).rev() {
            let batch = experience.batch(&mut streams.replay)?;
            report.add(self.update(batch, left == 0, streams)?);
        }
        Ok(report)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &METRICS
    }

    fn networks(&self) -> Vec<Network<'_>> {
        [vec![self.actor.network()], self.critics.networks()].concat()
    }
}

impl Resumable for Redq {
    fn parts(&mut self) -> Parts<'_> {
        let parts = Parts::default()
            .numbers(self.entropy.state())
            .learner("actor", self.actor.learner_mut());
        self.critics.add_to(parts)
    }
}
