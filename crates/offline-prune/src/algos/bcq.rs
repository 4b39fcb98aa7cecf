//! BCQ: batch-constrained deep Q-learning (Fujimoto et al. 2019, arXiv:1812.02900, algorithm 1), for continuous
//! actions.
//!
//! A variational autoencoder (VAE) proposes actions like the data's, a network perturbs them a little, and the policy
//! takes the one that a critic prefers. So the policy is four networks together.

use std::ops::Range;

use burn::module::Module;
use burn::tensor::Tensor;
use rl_algos::agent::{Network, Parts, Resumable, Role, UpdateReport};
use rl_algos::algos::td3::policy;
use rl_algos::nets::{
    Actor, BatchShape, Critics, check_batch, equal_parts, normal, par_halves, row_slice, to_vec,
    value_mean,
};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use rl_algos::target::td_target;
use sparse_core::nn::{Activation, SparseLinear, SparseMlp, SparseModule};
use sparse_core::op;
use sparse_core::trainer::NetworkTrainer;

use super::{Algorithm, actions, agent, all, critic_objective, critic_shape, pairs, report, take};
use crate::Result;
use crate::agent::{NetworkShape, Objective, OfflineAgent};
use crate::config::{BcqConfig, OfflineAgentConfig, OfflineConfig};

/// Bounds of a latent number that an action is proposed from, and of log σ of the encoder (released code).
const LATENT: f32 = 0.5;
const LOG_STD: [f32; 2] = [-4.0, 15.0];

/// A VAE, a perturbation and two critics; the latter three have targets.
#[derive(Debug)]
struct Bcq {
    config: BcqConfig,
    rows: BatchShape,
    perturbation: Actor,
    critics: Critics,
    vae: NetworkTrainer<Vae>,
    /// Latent numbers of the candidates for acting, `[candidates, latent]`.
    latents: Vec<f32>,
}

/// An encoder of actions and its decoder, trained as one.
#[derive(Module, Debug)]
struct Vae {
    encoder: SparseMlp,
    decoder: SparseMlp,
}

impl SparseModule for Vae {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        [self.encoder.sparse_layers(), self.decoder.sparse_layers()].concat()
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        let mut layers = self.encoder.sparse_layers_mut();
        layers.extend(self.decoder.sparse_layers_mut());
        layers
    }

    /// Of both alike.
    fn activation(&self) -> Option<Activation> {
        Some(self.encoder.activation())
    }
}

impl OfflineAgentConfig for BcqConfig {
    /// The perturbation, two critics of its actions, the encoder and the decoder.
    fn shapes(&self, config: &OfflineConfig, rows: &BatchShape) -> Vec<NetworkShape> {
        let [observation, action] = [rows.obs_dim, rows.act_dim];
        let latent = self.latent_per_action * action;
        let acts = |name, input: usize, hidden: &[usize], output: usize| NetworkShape {
            name,
            sizes: [&[input], hidden, &[output]].concat(),
            critic: false,
        };
        vec![
            acts(
                "perturbation",
                observation + action,
                &config.networks.actor,
                action,
            ),
            critic_shape(config, rows, "critic_1"),
            critic_shape(config, rows, "critic_2"),
            acts(
                "encoder",
                observation + action,
                &self.vae_hidden,
                2 * latent,
            ),
            acts("decoder", observation + latent, &self.vae_hidden, action),
        ]
    }

    fn build(
        &self,
        config: &OfflineConfig,
        rows: BatchShape,
        networks: Vec<SparseMlp>,
    ) -> Result<Box<dyn OfflineAgent>> {
        Ok(agent(Bcq::new(config, self, rows, take(networks)?)?))
    }

    /// Observations as they are, smaller batches of a larger learning rate.
    fn published(&self, base: &mut OfflineConfig) {
        base.normalise_observations = false;
        base.networks.actor = vec![400, 300];
        base.networks.critic = vec![400, 300];
        base.learning.batch_size = 100;
        base.learning.actor_learning_rate = 1e-3;
        base.learning.critic_learning_rate = 1e-3;
    }
}

impl Bcq {
    /// An agent with these networks, in the order of [`shapes`](OfflineAgentConfig::shapes). The targets of the perturbation and
    /// the critics start as their copies. The latent numbers that it acts by are drawn once, from the run's seed.
    ///
    /// # Errors
    /// As [`NetworkTrainer::new`](sparse_core::trainer::NetworkTrainer::new).
    fn new(
        config: &OfflineConfig,
        bcq: &BcqConfig,
        rows: BatchShape,
        [perturbation, first, second, encoder, decoder]: [SparseMlp; 5],
    ) -> Result<Self> {
        let critics = config.critic_learner(Some(1));
        let mut vae = config.actor_learner(false);
        vae.adam.learning_rate = bcq.vae_learning_rate;
        let count = bcq.candidates * bcq.latent_per_action * rows.act_dim;
        let mut rng = Streams::new(config.seed).exploration;
        Ok(Self {
            config: bcq.clone(),
            rows,
            perturbation: Actor::from_network(perturbation, config.actor_learner(true))?,
            critics: Critics::from_networks([first, second], &critics)?,
            vae: NetworkTrainer::new(Vae { encoder, decoder }, vae)?,
            latents: clamped(normal(count, &mut rng)),
        })
    }

    fn latent(&self) -> usize {
        self.config.latent_per_action * self.rows.act_dim
    }

    /// Actions that the VAE proposes for observations, from latent numbers `[rows, latent]`.
    fn proposed(&self, observations: Tensor<2>, latents: &[f32]) -> Tensor<2> {
        let latents = self.rows.tensor(latents, self.latent());
        decoded(&self.vae.net().decoder, observations, latents)
    }

    /// `y = R + γⁿ max_a' (λ min(Q₁', Q₂') + (1 - λ) max(Q₁', Q₂'))(s', a')` for each row, over actions `a'` that are
    /// proposed and perturbed, one for each of the latent numbers `[rows, samples, latent]`.
    fn targets(&self, batch: &Batch, latents: &[f32]) -> Vec<f32> {
        let (samples, lambda) = (self.config.samples, self.config.lambda as f32);
        let critics = self.critics.learners();
        let critics = [0, 1].map(|which| critics[which].target());
        let values = par_halves(batch.size, |half| {
            let next = row_slice(&batch.next_observation, self.rows.obs_dim, &half);
            let next = repeated(next, self.rows.obs_dim, samples);
            let next = self.rows.tensor(next, self.rows.obs_dim);
            let latents = row_slice(latents, samples * self.latent(), &half);
            let actions = self.proposed(next.clone(), latents);
            let net = self.perturbation.learner().target();
            let actions = perturbed(net, next.clone(), actions, self.config.phi);
            let critic_input = Tensor::cat(vec![next, actions], 1);
            let mix = |[a, b]: [f32; 2]| lambda * a.min(b) + (1.0 - lambda) * a.max(b);
            let values: Vec<f32> = pairs(critics, critic_input).map(mix).collect();
            let best = |values: &[f32]| values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            values.chunks(samples).map(best).collect()
        });
        td_target(batch, &values, 1.0)
    }

    /// Observations, and actions that the VAE proposes there from latent numbers `[rows, latent]`.
    fn proposals(&self, batch: &Batch, latents: &[f32]) -> [Tensor<2>; 2] {
        let observations = self.rows.observations(&batch.observation, &all(batch));
        let actions = self.proposed(observations.clone(), latents);
        [observations, actions]
    }

    /// The VAE's inputs: observations, actions, and noise `[rows, latent]`.
    fn given(&self, batch: &Batch, noise: &[f32]) -> [Tensor<2>; 3] {
        [
            self.rows.observations(&batch.observation, &all(batch)),
            actions(&self.rows, batch, &all(batch)),
            self.rows.tensor(noise, self.latent()),
        ]
    }
}

/// Some rows of a tensor.
fn some_rows(tensor: &Tensor<2>, some: &Range<usize>) -> Tensor<2> {
    tensor.clone().narrow(0, some.start, some.len())
}

/// Latent numbers within their bounds.
fn clamped(mut latents: Vec<f32>) -> Vec<f32> {
    for latent in &mut latents {
        *latent = latent.clamp(-LATENT, LATENT);
    }
    latents
}

/// Repeats each row `times` times in a row.
fn repeated(data: &[f32], width: usize, times: usize) -> Vec<f32> {
    let rows = data.chunks(width);
    rows.flat_map(|row| row.repeat(times)).collect()
}

/// The decoder's actions.
fn decoded(decoder: &SparseMlp, observations: Tensor<2>, latents: Tensor<2>) -> Tensor<2> {
    policy(decoder, Tensor::cat(vec![observations, latents], 1))
}

/// `a + ξ(s, a)`, where the perturbation ξ is within ±`phi`; in [-1, 1].
fn perturbed(net: &SparseMlp, observations: Tensor<2>, actions: Tensor<2>, phi: f64) -> Tensor<2> {
    let change = policy(net, Tensor::cat(vec![observations, actions.clone()], 1));
    (actions + change * phi).clamp(-1.0, 1.0)
}

/// The mean squared distance of what is decoded from the actions that were encoded, and half the mean divergence of
/// the latent Gaussian from the standard one (weights and means as the released code).
fn vae_loss(
    [encoder, decoder]: [&SparseMlp; 2],
    [observations, actions, noise]: [Tensor<2>; 3],
) -> Tensor<1> {
    let [observations, actions, noise] = [observations, actions, noise].map(Tensor::from_inner);
    let code = encoder.forward(Tensor::cat(vec![observations.clone(), actions.clone()], 1));
    let size = noise.dims()[1];
    let mean = code.clone().narrow(1, 0, size);
    let log_std = code.narrow(1, size, size).clamp(LOG_STD[0], LOG_STD[1]);
    let latents = mean.clone() + log_std.clone().exp() * noise;
    let variance = (log_std.clone() * 2.0).exp();
    let divergence = (mean.square() + variance - log_std * 2.0 - 1.0) * 0.5;
    let distance = (decoded(decoder, observations, latents) - actions).square();
    op::mean(distance) + op::mean(divergence) * 0.5
}

/// The negated mean value of perturbed proposals; the critic is a constant in it.
fn perturbation_loss(
    [perturbation, critic]: [&SparseMlp; 2],
    [observations, proposed]: [Tensor<2>; 2],
    phi: f64,
) -> Tensor<1> {
    let [observations, proposed] = [observations, proposed].map(Tensor::from_inner);
    let actions = perturbed(perturbation, observations.clone(), proposed, phi);
    let critic_input = Tensor::cat(vec![observations, actions], 1);
    op::mean(critic.forward(critic_input)).neg()
}

impl Resumable for Bcq {
    /// The latent numbers that it acts by come from the seed, and are drawn again.
    fn parts(&mut self) -> Parts<'_> {
        let parts = Parts::default().learner("perturbation", self.perturbation.learner_mut());
        self.critics.add_to(parts).learner("vae", &mut self.vae)
    }
}

impl Algorithm for Bcq {
    const METRICS: &'static [&'static str] =
        &["critic_loss", "value_mean", "vae_loss", "actor_loss"];

    /// Of the perturbed proposals for the observation, the one that the first critic prefers.
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        let obs_dim = self.rows.obs_dim;
        let observations = self
            .rows
            .tensor(observation.repeat(self.config.candidates), obs_dim);
        let actions = self.proposed(observations.clone(), &self.latents);
        let net = self.perturbation.learner().net();
        let actions = perturbed(net, observations.clone(), actions, self.config.phi);
        let critic = self.critics.first();
        let values = to_vec(critic.forward(Tensor::cat(vec![observations, actions.clone()], 1)));
        let better = |best, k| if values[k] > values[best] { k } else { best };
        let best = (1..values.len()).fold(0, better);
        let size = action.len();
        action.copy_from_slice(&to_vec(actions)[best * size..(best + 1) * size]);
    }

    /// Updates the VAE, then both critics and then the perturbation by them. Targets follow.
    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> rl_algos::Result<UpdateReport> {
        check_batch(&self.rows, batch)?;
        let latent = batch.size * self.latent();
        let given = self.given(batch, &normal(latent, &mut streams.target_noise));
        let vae = |vae: &Vae, some: Range<usize>| {
            let given = given.each_ref().map(|t| some_rows(t, &some));
            vae_loss([&vae.encoder, &vae.decoder], given)
        };
        let (parts, rng) = (
            equal_parts(&self.rows, batch.size),
            streams.topology("actor"),
        );
        let vae_loss = self.vae.minimise(parts.clone(), vae, rng)?.loss;

        let noise = &mut streams.target_noise;
        let latents = clamped(normal(latent * self.config.samples, noise));
        let targets = self.targets(batch, &latents);
        let input = [&batch.observation[..], &batch.action];
        let critics = self.critics.update(&self.rows, input, &targets, streams)?;

        let latents = clamped(normal(latent, &mut streams.target_noise));
        let pair = self.proposals(batch, &latents);
        let (critic, phi) = (self.critics.first(), self.config.phi);
        let loss = |net: &SparseMlp, some: Range<usize>| {
            let pair = pair.each_ref().map(|t| some_rows(t, &some));
            perturbation_loss([net, critic], pair, phi)
        };
        let (perturbation, rng) = (self.perturbation.learner_mut(), streams.topology("actor"));
        let actor_loss = perturbation.minimise(parts, loss, rng)?.loss;
        Ok(report([
            ("critic_loss", critics[0].loss + critics[1].loss),
            ("value_mean", value_mean(&critics)),
            ("vae_loss", vae_loss),
            ("actor_loss", actor_loss),
        ]))
    }

    fn networks(&self) -> Vec<Network<'_>> {
        let Vae { encoder, decoder } = self.vae.net();
        let perturbation = self.perturbation.learner();
        let perturbation = Network::of("perturbation", Role::Other, perturbation);
        let vae = [("encoder", encoder), ("decoder", decoder)];
        let vae = vae
            .map(|(name, net)| Network::part(name, Role::Other, net))
            .to_vec();
        [vec![perturbation], self.critics.networks(), vae].concat()
    }

    fn objectives(&self, batch: &Batch, streams: &mut Streams) -> Result<Vec<Objective>> {
        check_batch(&self.rows, batch)?;
        let (latent, noise) = (batch.size * self.latent(), &mut streams.target_noise);
        let given = self.given(batch, &normal(latent, noise));
        let vae = Objective {
            networks: vec![3, 4],
            fixed: Vec::new(),
            loss: Box::new(move |nets| vae_loss([&nets[0], &nets[1]], given.clone())),
        };
        let latents = clamped(normal(latent * self.config.samples, noise));
        let targets = self.targets(batch, &latents);
        let critic = |place| critic_objective(place, &self.rows, batch, &targets);
        let latents = clamped(normal(latent, noise));
        let pair = self.proposals(batch, &latents);
        let phi = self.config.phi;
        let perturbation = Objective {
            networks: vec![0],
            fixed: vec![1],
            loss: Box::new(move |nets| perturbation_loss([&nets[0], &nets[1]], pair.clone(), phi)),
        };
        Ok(vec![perturbation, critic(1), critic(2), vae])
    }
}
