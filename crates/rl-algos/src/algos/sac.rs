//! SAC: soft actor-critic with a squashed Gaussian (Haarnoja et al., arXiv 1812.05905), in the order of RLx2's code:
//! critics, then the actor, then the temperature.

use std::ops::Range;

use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use sparse_core::nn::Blocks;

use super::gaussian::SquashedGaussian;
use super::soft_actor::{SoftActorLoss, Value, soft_values};
use super::{METRICS, report};
use crate::agent::{Agent, Experience, Network, Parts, Resumable, UpdateReport};
use crate::config::{Growth, SacConfig, Temperature, TrainConfig};
use crate::nets::{
    Actor, BatchShape, Critics, ScalarAdam, check_action, check_batch, columns_of, frozen_networks,
    normal, par_blocks, with_scaled_rewards,
};
use crate::replay::Batch;
use crate::rng::Streams;
use crate::scale::CriticUnits;
use crate::target::td_target;
use crate::{Error, Result};

/// A Gaussian policy and two critics with targets, and the weight of the entropy.
#[derive(Debug)]
pub struct Sac {
    config: SacConfig,
    gaussian: SquashedGaussian,
    rows: BatchShape,
    actor: Actor,
    critics: Critics,
    temperature: EntropyCoef,
    reward_scale: f64,
    updates: u64,
}

impl Sac {
    /// Draws the networks for observations and actions as `rows` tells; the critics' targets start as their copies.
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
        let sac = config.algo.get::<SacConfig>();
        let sac = sac.ok_or_else(|| Error::config("algo", config.algo.name(), "sac"))?;
        Ok(Self {
            actor,
            critics: critics.reading(CriticUnits::of(config)?),
            gaussian: SquashedGaussian::of(sac.gaussian()),
            temperature: EntropyCoef::new(&sac.temperature),
            config: sac.clone(),
            reward_scale: config.learning.reward_scale,
            rows,
            updates: 0,
        })
    }

    /// `y = R + Σ γᵏ α H(s_k) + γⁿ min(Q₁', Q₂')(s', a')`, with actions resampled in every state of the window (RLx2's
    /// released code). `noise` draws everything that the update needs, in its order, while the actor computes on the
    /// states.
    fn targets(&self, batch: &Batch, noise: impl FnOnce() -> Noise + Send) -> (Vec<f32>, Noise) {
        let (alpha, act_dim) = (self.temperature.alpha() as f32, self.rows.act_dim);
        let (nets, width) = frozen_networks(
            &self.rows,
            std::iter::once(self.actor.learner().net()).chain(self.critics.targets()),
            batch.size,
        );
        let (actor, critics) = nets.split_at(1);
        let passed = batch.intermediate_row.len();
        let blocks = |observations: &[f32], rows: usize| {
            Blocks::new(&[(observations, self.rows.obs_dim)], 0..rows, width)
        };
        let next = blocks(&batch.next_observation, batch.size);
        let between = blocks(&batch.intermediate_observation, passed);
        let outputs = || {
            [&next, &between].map(|states| par_blocks(states, |_, block| actor[0].outputs(block)))
        };
        let (noise, [next_outputs, passed_outputs]) = rayon::join(noise, outputs);
        let drawn = |some: &Range<usize>, outputs: &[f32], noise: &[f32]| {
            let size = 2 * act_dim * width;
            let outputs = &outputs[some.start / width * size..][..size];
            self.gaussian
                .draw(outputs, &columns_of(noise, act_dim, some, width))
        };
        let values = par_blocks(&next, |some, observations| {
            let drawn = drawn(&some, &next_outputs, &noise.last);
            let critics = (critics, self.critics.units());
            soft_values(critics, (observations, some.len()), drawn, (alpha, width))
        });
        let mut targets = td_target(batch, &values, 1.0);
        let logs = par_blocks(&between, |some, _| {
            drawn(&some, &passed_outputs, &noise.between).logs(width, some.len())
        });
        let passed = batch
            .intermediate_row
            .iter()
            .zip(&batch.intermediate_discount);
        for ((row, discount), log) in passed.zip(logs) {
            targets[*row as usize] -= discount * alpha * log;
        }
        (targets, noise)
    }

    /// The batch's observations with actions that the policy draws there, as critics read them.
    fn drawn_input(&self, batch: &Batch, noise: &[f32]) -> Tensor<2> {
        let act_dim = self.rows.act_dim;
        let (actor, width) = frozen_networks(&self.rows, [self.actor.learner().net()], batch.size);
        let source = (&batch.observation[..], self.rows.obs_dim);
        let observations = Blocks::new(&[source], 0..batch.size, width);
        let actions = par_blocks(&observations, |some, block| {
            let noise = columns_of(noise, act_dim, &some, width);
            let drawn = self.gaussian.draw(&actor[0].outputs(block), &noise);
            let column = |column| (0..act_dim).map(move |k| k * width + column);
            let actions = (0..some.len()).flat_map(column);
            actions.map(|at| drawn.actions[at]).collect()
        });
        let actions = self.critics.units().of_actions(&actions);
        self.rows.critic_input(&batch.observation, &actions)
    }

    /// Updates both critics on a batch and, every `policy_delay`-th time, the actor and the temperature. Targets
    /// follow as they are due.
    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> Result<UpdateReport> {
        check_batch(&self.rows, batch)?;
        if batch.skip_intermediate {
            let allowed = "false for SAC, whose targets read what windows pass";
            return Err(Error::config("batch.skip_intermediate", true, allowed));
        }
        let batch = &*with_scaled_rewards(batch, self.reward_scale);
        self.updates += 1;
        let act_dim = self.rows.act_dim;
        let acts = self.updates.is_multiple_of(self.config.policy_delay);
        let rng = &mut streams.target_noise;
        let noise = || Noise {
            last: normal(batch.size * act_dim, rng),
            between: normal(batch.intermediate_row.len() * act_dim, rng),
            own: normal(if acts { batch.size * act_dim } else { 0 }, rng),
        };
        let (targets, noise) = self.targets(batch, noise);
        let target_mean = targets.iter().sum::<f32>() / targets.len() as f32;
        let actions = self.critics.units().of_actions(&batch.action);
        let input = [&batch.observation[..], &*actions];
        let critics = self.critics.update(&self.rows, input, &targets, streams)?;

        let (mut actor, mut entropy) = (None, None);
        let alpha = self.temperature.alpha();
        if acts && self.config.growth == Growth::WithActor && self.critics.want_gradient() {
            // Of the actor before its step, as its loss is.
            let input = self.drawn_input(batch, &noise.own);
            self.critics.add_value_to_signal(&input)?;
        }
        if acts {
            let loss = SoftActorLoss {
                gaussian: self.gaussian,
                critics: &self.critics,
                value: Value::Least,
                alpha: alpha as f32,
                shape: &self.rows,
                noise: &noise.own,
            };
            let (learner, rng) = (self.actor.learner_mut(), streams.topology("actor"));
            let report = loss.step(learner, batch, rng)?;
            let mean = SoftActorLoss::entropy(&report);
            actor = Some(report);
            entropy = Some(mean);
            self.temperature.tune(f64::from(mean), act_dim);
        }
        let mut report = report(&critics, actor.as_ref(), target_mean);
        report.metrics.push(("temperature", alpha as f32));
        report
            .metrics
            .extend(entropy.map(|entropy| ("entropy", entropy)));
        Ok(report)
    }
}

/// Noise of an update's actions, a number for each of their components: after the windows, at intermediate states, and
/// in the actor's loss.
struct Noise {
    last: Vec<f32>,
    between: Vec<f32>,
    own: Vec<f32>,
}

impl Agent for Sac {
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
        if self.config.sample_actions {
            let actor = &mut self.actor;
            self.gaussian.explore(actor, observation, rng, action);
        } else {
            action.copy_from_slice(mean);
        }
    }

    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> Result<UpdateReport> {
        let batch = experience.batch_with_intermediate(&mut streams.replay)?;
        self.update(batch, streams)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &METRICS
    }

    fn networks(&self) -> Vec<Network<'_>> {
        [vec![self.actor.network()], self.critics.networks()].concat()
    }
}

impl Resumable for Sac {
    fn parts(&mut self) -> Parts<'_> {
        let parts = Parts::default()
            .counter(&mut self.updates)
            .numbers(self.temperature.state())
            .learner("actor", self.actor.learner_mut());
        self.critics.add_to(parts)
    }
}

/// The temperature, as log α under Adam.
#[derive(Clone, Debug)]
pub(super) struct EntropyCoef {
    config: Temperature,
    log_alpha: ScalarAdam,
}

impl EntropyCoef {
    pub(super) fn new(config: &Temperature) -> Self {
        Self {
            config: *config,
            log_alpha: ScalarAdam::new(libm::log(config.initial())),
        }
    }

    pub(super) fn alpha(&self) -> f64 {
        libm::exp(self.log_alpha.value())
    }

    /// What later updates depend on.
    pub(super) fn state(&mut self) -> [&mut f64; 4] {
        self.log_alpha.state()
    }

    /// One step of Adam down `α (H - target)`, where `H` is the policy's entropy and the actions have `size` numbers.
    pub(super) fn tune(&mut self, entropy: f64, size: usize) {
        let Temperature::Auto {
            learning_rate,
            entropy_per_action,
            ..
        } = self.config
        else {
            return;
        };
        let gradient = self.alpha() * (entropy - entropy_per_action * size as f64);
        self.log_alpha.step(gradient, learning_rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sparse_core::nn::SparseModule;

    use crate::agent::AgentState;
    use crate::recipes::named;

    /// What grows with the actor's loss is what the sum of both gradients ranks highest, and a run that is stored between
    /// both updates goes on to the same connections.
    #[test]
    fn growth_sees_the_actors_loss_of_the_update_before_and_survives_a_stop() {
        let mut config = named("rlx2-sac", "Hopper-v5").unwrap();
        (config.networks.actor, config.networks.critic) = (vec![32, 32], vec![32, 32]);
        (config.sparsity.actor, config.sparsity.critic) = (0.5, 0.5);
        config.topology.as_mut().unwrap().every = 3;
        let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
        let shape = BatchShape {
            obs_dim: 11,
            act_dim: 3,
            device,
        };
        let batch = |seed: u64| {
            let mut rng = Streams::new(seed).replay;
            Batch {
                size: 8,
                observation: normal(88, &mut rng),
                action: normal(24, &mut rng).iter().map(|x| x.tanh()).collect(),
                return_n: normal(8, &mut rng),
                discount: vec![0.99; 8],
                next_observation: normal(88, &mut rng),
                ..Batch::default()
            }
        };
        let positions = |agent: &Sac| -> Vec<u32> {
            let layers = agent.critics.first().sparse_layers();
            layers
                .iter()
                .flat_map(|layer| layer.pattern().positions().collect::<Vec<_>>())
                .collect()
        };
        let run = |growth: Growth, stop: bool| {
            let mut config = config.clone();
            config.algo.get_mut::<SacConfig>().unwrap().growth = growth;
            let mut streams = Streams::new(5);
            let mut agent = Sac::new(&config, shape.clone(), &mut streams).unwrap();
            for update in 1..=3 {
                if stop && update == 3 {
                    let state = AgentState::of(&mut agent).unwrap();
                    let mut others = Streams::new(77);
                    agent = Sac::new(&config, shape.clone(), &mut others).unwrap();
                    state.restore(&mut agent).unwrap();
                }
                agent.update(&batch(update), &mut streams).unwrap();
            }
            positions(&agent)
        };
        let with = run(Growth::WithActor, false);
        assert_ne!(with, run(Growth::Own, false));
        assert_eq!(with, run(Growth::WithActor, true));
    }

    #[test]
    fn a_batch_without_what_windows_pass_is_refused() {
        let config = named("dense-sac", "Hopper-v5").unwrap();
        let name = sparse_core::device::available()[0];
        let device = sparse_core::device::by_name(name).unwrap();
        let mut streams = Streams::new(0);
        let mut agent = crate::algos::build(&config, 11, 3, &device, &mut streams).unwrap();
        let batch = Batch {
            size: 1,
            observation: vec![0.0; 11],
            action: vec![0.0; 3],
            return_n: vec![0.0],
            discount: vec![0.99],
            next_observation: vec![0.0; 11],
            skip_intermediate: true,
            ..Batch::default()
        };
        let error = agent.update(&batch, &mut streams).unwrap_err().to_string();
        assert!(error.contains("batch.skip_intermediate = true"), "{error}");
    }
}
