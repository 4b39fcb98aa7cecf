//! IQL: implicit Q-learning (Kostrikov et al. 2021, arXiv:2110.06169), in the order of its released code: the value of
//! states as an expectile of the values of the data's actions, the policy, the critics.
//!
//! It evaluates no action outside the data.

use burn::tensor::Tensor;
use rl_algos::agent::{Network, Parts, Resumable, Role, UpdateReport};
use rl_algos::nets::{
    BatchShape, Critics, check_batch, equal_parts, par_halves, to_vec, value_mean,
};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use rl_algos::target::td_target;
use sparse_core::nn::SparseMlp;
use sparse_core::op::mean;
use sparse_core::trainer::NetworkTrainer;

use super::gaussian::{GaussianActor, weights};
use super::{
    Algorithm, actor_shape, agent, all, critic_input, critic_objective, critic_shape, report, take,
};
use crate::Result;
use crate::agent::{NetworkShape, Objective, OfflineAgent};
use crate::config::{IqlConfig, OfflineAgentConfig, OfflineConfig};
use crate::dataset::Dataset;

/// A Gaussian policy, two critics with targets, and the value of states.
#[derive(Debug)]
struct Iql {
    config: IqlConfig,
    rows: BatchShape,
    actor: GaussianActor,
    critics: Critics,
    value: NetworkTrainer<SparseMlp>,
}

impl OfflineAgentConfig for IqlConfig {
    /// The policy's mean, two critics, and a network that values states.
    fn shapes(&self, config: &OfflineConfig, rows: &BatchShape) -> Vec<NetworkShape> {
        let hidden = config.networks.critic.as_slice();
        vec![
            actor_shape(config, rows, 1),
            critic_shape(config, rows, "critic_1"),
            critic_shape(config, rows, "critic_2"),
            NetworkShape {
                name: "value",
                sizes: [&[rows.obs_dim], hidden, &[1]].concat(),
                critic: true,
            },
        ]
    }

    fn build(
        &self,
        config: &OfflineConfig,
        rows: BatchShape,
        networks: Vec<SparseMlp>,
    ) -> Result<Box<dyn OfflineAgent>> {
        Ok(agent(Iql::new(config, self, rows, take(networks)?)?))
    }

    /// Observations as they are.
    fn published(&self, base: &mut OfflineConfig) {
        base.normalise_observations = false;
    }

    fn resolve(&mut self, dataset: &Dataset) {
        let scale = self.reward_scale;
        self.reward_scale = scale.or_else(|| Some(reward_scale(dataset)));
    }
}

/// 1,000 over the range of the undiscounted returns of a dataset's episodes; 1 where all are the same.
fn reward_scale(dataset: &Dataset) -> f64 {
    let rewards = dataset.rewards();
    let returns = dataset
        .episodes()
        .map(|rows| rewards[rows].iter().map(|r| f64::from(*r)).sum::<f64>());
    let none = [f64::INFINITY, f64::NEG_INFINITY];
    let [least, most] = returns.fold(none, |[least, most], r| [least.min(r), most.max(r)]);
    if most > least {
        1000.0 / (most - least)
    } else {
        1.0
    }
}

impl Iql {
    /// An agent with these networks: the policy, both critics, the value. The critics' targets start as their copies.
    ///
    /// # Errors
    /// As [`NetworkTrainer::new`](sparse_core::trainer::NetworkTrainer::new).
    fn new(
        config: &OfflineConfig,
        iql: &IqlConfig,
        rows: BatchShape,
        [actor, first, second, value]: [SparseMlp; 4],
    ) -> Result<Self> {
        let bounds = [iql.log_std_min, iql.log_std_max];
        let critics = config.critic_learner(Some(1));
        Ok(Self {
            config: iql.clone(),
            rows,
            actor: GaussianActor::new(actor, config.actor_learner(false), bounds)?,
            critics: Critics::from_networks([first, second], &critics)?,
            value: NetworkTrainer::new(value, config.critic_learner(None))?,
        })
    }

    /// The values of the data's actions: `min(Q₁', Q₂')(s, a)` of each row.
    fn q_values(&self, batch: &Batch) -> Vec<f32> {
        par_halves(batch.size, |half| {
            self.critics
                .target_values(&critic_input(&self.rows, batch, &half))
        })
    }

    /// `V(s)` of each row of observations.
    fn values(&self, observations: &[f32], rows: usize) -> Vec<f32> {
        par_halves(rows, |half| {
            let observations = self.rows.observations(observations, &half);
            to_vec(self.value.net().forward(observations))
        })
    }

    /// How much each row counts for the policy: `exp(β (min(Q₁', Q₂')(s, a) - V(s)))`, 100 at most (equation 7).
    fn weights(&self, batch: &Batch, q_values: &[f32]) -> Vec<f32> {
        let values = self.values(&batch.observation, batch.size);
        let advantages = q_values.iter().zip(values).map(|(q, v)| q - v);
        weights(advantages, 1.0 / self.config.beta)
    }

    /// `y = R + γⁿ V(s')` for each row (equation 6).
    fn targets(&self, batch: &Batch) -> Vec<f32> {
        let values = self.values(&batch.next_observation, batch.size);
        td_target(batch, &values, self.config.reward_scale.unwrap_or(1.0))
    }
}

/// `|τ - 1(u < 0)| u²` with `u = Q(s, a) - V(s)`, the mean over rows (equation 5): for τ above a half, values too low
/// weigh more.
fn expectile_loss(
    value: &SparseMlp,
    [observations, q_values]: [Tensor<2>; 2],
    expectile: f64,
) -> Tensor<1> {
    let [observations, q_values] = [observations, q_values].map(Tensor::from_inner);
    let error = q_values - value.forward(observations);
    let below = error.clone().clamp_max(0.0);
    let above = error.clamp_min(0.0);
    mean(above.square() * expectile + below.square() * (1.0 - expectile))
}

impl Resumable for Iql {
    fn parts(&mut self) -> Parts<'_> {
        let parts = self.critics.add_to(self.actor.parts());
        parts.learner("value", &mut self.value)
    }
}

impl Algorithm for Iql {
    const METRICS: &'static [&'static str] =
        &["critic_loss", "value_mean", "value_loss", "actor_loss"];

    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.actor.act(observation, action);
    }

    /// Updates the value, then the policy by it, then both critics, whose targets follow.
    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> rl_algos::Result<UpdateReport> {
        check_batch(&self.rows, batch)?;
        let q_values = self.q_values(batch);
        let (rows, expectile) = (&self.rows, self.config.expectile);
        let loss = |value: &SparseMlp, some: std::ops::Range<usize>| {
            let observations = rows.observations(&batch.observation, &some);
            let pair = [observations, rows.tensor(&q_values[some], 1)];
            expectile_loss(value, pair, expectile)
        };
        let (parts, rng) = (equal_parts(rows, batch.size), streams.topology("actor"));
        let value_loss = self.value.minimise(parts, loss, rng)?.loss;

        let weights = self.weights(batch, &q_values);
        let actor_loss =
            self.actor
                .minimise(&self.rows, batch, &weights, streams.topology("actor"))?;

        let targets = self.targets(batch);
        let input = [&batch.observation[..], &batch.action];
        let critics = self.critics.update(&self.rows, input, &targets, streams)?;
        Ok(report([
            ("critic_loss", critics[0].loss + critics[1].loss),
            ("value_mean", value_mean(&critics)),
            ("value_loss", value_loss),
            ("actor_loss", actor_loss),
        ]))
    }

    fn networks(&self) -> Vec<Network<'_>> {
        let value = Network::of("value", Role::Value, &self.value);
        [
            vec![self.actor.network()],
            self.critics.networks(),
            vec![value],
        ]
        .concat()
    }

    fn objectives(&self, batch: &Batch, _: &mut Streams) -> Result<Vec<Objective>> {
        check_batch(&self.rows, batch)?;
        let q_values = self.q_values(batch);
        let weights = self.weights(batch, &q_values);
        let observations = self.rows.observations(&batch.observation, &all(batch));
        let pair = [observations, self.rows.tensor(q_values, 1)];
        let expectile = self.config.expectile;
        let value = Objective {
            networks: vec![3],
            fixed: Vec::new(),
            loss: Box::new(move |nets| expectile_loss(&nets[0], pair.clone(), expectile)),
        };
        let targets = self.targets(batch);
        let critic = |place| critic_objective(place, &self.rows, batch, &targets);
        let actor = self.actor.objective(&self.rows, batch, &weights);
        Ok(vec![actor, critic(1), critic(2), value])
    }
}
