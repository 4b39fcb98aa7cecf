//! AWAC: advantage-weighted actor-critic (Nair et al. 2020, arXiv:2006.09359), in the order of CORL's code
//! (arXiv:2210.07105): the critics, with targets at the policy's next actions, then the policy, which clones the data's
//! actions where they are better than its own.

use burn::tensor::Tensor;
use rl_algos::agent::{Network, Parts, Resumable, UpdateReport};
use rl_algos::nets::{
    BatchShape, Critics, check_batch, least, normal, par_halves, row_slice, value_mean,
};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use rl_algos::target::td_target;
use sparse_core::nn::SparseMlp;

use super::gaussian::{GaussianActor, weights};
use super::{
    Algorithm, actor_shape, agent, critic_input, critic_objective, critic_shape, report, take,
};
use crate::Result;
use crate::agent::{NetworkShape, Objective, OfflineAgent};
use crate::config::{AwacConfig, OfflineAgentConfig, OfflineConfig};

/// A Gaussian policy, and two critics with targets.
#[derive(Debug)]
struct Awac {
    config: AwacConfig,
    rows: BatchShape,
    actor: GaussianActor,
    critics: Critics,
}

impl OfflineAgentConfig for AwacConfig {
    /// The policy's mean, and two critics of its actions.
    fn shapes(&self, config: &OfflineConfig, rows: &BatchShape) -> Vec<NetworkShape> {
        vec![
            actor_shape(config, rows, 1),
            critic_shape(config, rows, "critic_1"),
            critic_shape(config, rows, "critic_2"),
        ]
    }

    fn build(
        &self,
        config: &OfflineConfig,
        rows: BatchShape,
        networks: Vec<SparseMlp>,
    ) -> Result<Box<dyn OfflineAgent>> {
        Ok(agent(Awac::new(config, self, rows, take(networks)?)?))
    }

    /// Three hidden layers (CORL's code).
    fn published(&self, base: &mut OfflineConfig) {
        base.networks.actor = vec![256; 3];
        base.networks.critic = vec![256; 3];
    }
}

impl Awac {
    /// An agent with these networks, the policy and both critics, whose targets start as their copies.
    ///
    /// # Errors
    /// As [`NetworkTrainer::new`](sparse_core::trainer::NetworkTrainer::new).
    fn new(
        config: &OfflineConfig,
        awac: &AwacConfig,
        rows: BatchShape,
        [actor, first, second]: [SparseMlp; 3],
    ) -> Result<Self> {
        let bounds = [awac.log_std_min, awac.log_std_max];
        let critics = config.critic_learner(Some(1));
        Ok(Self {
            config: awac.clone(),
            rows,
            actor: GaussianActor::new(actor, config.actor_learner(false), bounds)?,
            critics: Critics::from_networks([first, second], &critics)?,
        })
    }

    /// Observations with actions that the policy draws there.
    fn drawn(&self, observations: Tensor<2>, noise: &[f32]) -> Tensor<2> {
        let actions = self.actor.sampled(observations.clone(), noise);
        Tensor::cat(
            vec![observations, self.rows.tensor(actions, self.rows.act_dim)],
            1,
        )
    }

    /// `y = R + γⁿ min(Q₁', Q₂')(s', a')` with `a'` drawn from the policy, for each row (section 4).
    fn targets(&self, batch: &Batch, noise: &[f32]) -> Vec<f32> {
        let values = par_halves(batch.size, |half| {
            let next = self.rows.observations(&batch.next_observation, &half);
            let drawn = self.drawn(next, row_slice(noise, self.rows.act_dim, &half));
            self.critics.target_values(&drawn)
        });
        td_target(batch, &values, 1.0)
    }

    /// How much each row counts for the policy: `exp(A / λ)`, 100 at most (section 4), where the advantage `A` is over
    /// an action that the policy draws, and both are valued by the smaller of the critics.
    fn weights(&self, batch: &Batch, noise: &[f32]) -> Vec<f32> {
        let smaller = |input| least(self.critics.nets(), &input).into_iter();
        let advantages = par_halves(batch.size, |half| {
            let observations = self.rows.observations(&batch.observation, &half);
            let drawn = self.drawn(observations, row_slice(noise, self.rows.act_dim, &half));
            let values = smaller(critic_input(&self.rows, batch, &half)).zip(smaller(drawn));
            values.map(|(q, v)| q - v).collect()
        });
        weights(advantages.into_iter(), self.config.lambda)
    }
}

impl Resumable for Awac {
    fn parts(&mut self) -> Parts<'_> {
        self.critics.add_to(self.actor.parts())
    }
}

impl Algorithm for Awac {
    const METRICS: &'static [&'static str] = &["critic_loss", "value_mean", "actor_loss"];

    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.actor.act(observation, action);
    }

    /// Updates both critics, whose targets follow, and then the policy by them.
    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> rl_algos::Result<UpdateReport> {
        check_batch(&self.rows, batch)?;
        let noise = normal(batch.action.len(), &mut streams.target_noise);
        let targets = self.targets(batch, &noise);
        let input = [&batch.observation[..], &batch.action];
        let critics = self.critics.update(&self.rows, input, &targets, streams)?;

        let noise = normal(batch.action.len(), &mut streams.target_noise);
        let weights = self.weights(batch, &noise);
        let actor_loss =
            self.actor
                .minimise(&self.rows, batch, &weights, streams.topology("actor"))?;
        Ok(report([
            ("critic_loss", critics[0].loss + critics[1].loss),
            ("value_mean", value_mean(&critics)),
            ("actor_loss", actor_loss),
        ]))
    }

    fn networks(&self) -> Vec<Network<'_>> {
        [vec![self.actor.network()], self.critics.networks()].concat()
    }

    fn objectives(&self, batch: &Batch, streams: &mut Streams) -> Result<Vec<Objective>> {
        check_batch(&self.rows, batch)?;
        let mut noise = || normal(batch.action.len(), &mut streams.target_noise);
        let targets = self.targets(batch, &noise());
        let weights = self.weights(batch, &noise());
        let critic = |place| critic_objective(place, &self.rows, batch, &targets);
        let actor = self.actor.objective(&self.rows, batch, &weights);
        Ok(vec![actor, critic(1), critic(2)])
    }
}
