//! TD3+BC: TD3 whose actor also clones the data (Fujimoto & Gu 2021, arXiv:2106.06860, equations 3 to 5).

use burn::tensor::Tensor;
use rl_algos::agent::{Network, Parts, Resumable, UpdateReport};
use rl_algos::algos::td3::{policy, targets};
use rl_algos::nets::{Actor, BatchShape, Critics, check_batch, equal_parts, to_vec, value_mean};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::nn::SparseMlp;
use sparse_core::op::mean;

use super::bc::distance;
use super::{
    Algorithm, actions, actor_shape, agent, all, critic_objective, critic_shape, report, take,
};
use crate::Result;
use crate::agent::{NetworkShape, Objective, OfflineAgent};
use crate::config::{OfflineAgentConfig, OfflineConfig, Td3BcConfig};

/// A policy and two critics, each with its target.
#[derive(Debug)]
struct Td3Bc {
    config: Td3BcConfig,
    rows: BatchShape,
    actor: Actor,
    critics: Critics,
}

impl OfflineAgentConfig for Td3BcConfig {
    /// The policy, and two critics of its actions.
    fn shapes(&self, config: &OfflineConfig, rows: &BatchShape) -> Vec<NetworkShape> {
        let critic = |name| critic_shape(config, rows, name);
        vec![
            actor_shape(config, rows, 1),
            critic("critic_1"),
            critic("critic_2"),
        ]
    }

    fn build(
        &self,
        config: &OfflineConfig,
        rows: BatchShape,
        networks: Vec<SparseMlp>,
    ) -> Result<Box<dyn OfflineAgent>> {
        Ok(agent(Td3Bc::new(config, self, rows, take(networks)?)?))
    }
}

impl Td3Bc {
    /// An agent with these networks, the policy and both critics; targets start as their copies.
    ///
    /// # Errors
    /// As [`NetworkTrainer::new`](sparse_core::trainer::NetworkTrainer::new).
    fn new(
        config: &OfflineConfig,
        td3_bc: &Td3BcConfig,
        rows: BatchShape,
        [actor, first, second]: [SparseMlp; 3],
    ) -> Result<Self> {
        let critics = config.critic_learner(Some(td3_bc.policy_delay));
        Ok(Self {
            config: td3_bc.clone(),
            rows,
            actor: Actor::from_network(actor, config.actor_learner(true))?,
            critics: Critics::from_networks([first, second], &critics)?,
        })
    }

    /// What both critics are to say of each row.
    fn targets(&self, batch: &Batch, streams: &mut Streams) -> Vec<f32> {
        let noise = [self.config.target_noise, self.config.target_noise_clip];
        let (actor, rng) = (self.actor.learner().target(), &mut streams.target_noise);
        targets(&self.rows, actor, &self.critics, batch, noise, rng)
    }
}

/// λ, the weight of the value in the actor's loss: α over the mean size of the values of its actions. Not
/// differentiated.
fn value_weight<'a>(alpha: f64, values: impl IntoIterator<Item = &'a Tensor<2>>) -> f32 {
    let values = values.into_iter().map(|part| to_vec(part.clone()));
    let values = values.collect::<Vec<_>>().concat();
    let sizes: f64 = values.iter().map(|value| f64::from(value.abs())).sum();
    // Values that are all zero weigh nothing, whatever divides them; α = 0 is cloning alone.
    let mean = (sizes / values.len() as f64).max(1e-12);
    (alpha / mean) as f32
}

/// The policy's actions, and their values by the critic, a constant here.
fn actions_and_values([actor, critic]: [&SparseMlp; 2], observations: Tensor<2>) -> [Tensor<2>; 2] {
    let policy_actions = policy(actor, observations.clone());
    let values = critic.forward(Tensor::cat(vec![observations, policy_actions.clone()], 1));
    [policy_actions, values]
}

/// `-λ Q(s, π(s)) + (π(s) - a)²`, means over rows, and over numbers of the actions.
fn actor_loss(
    [policy_actions, values]: [Tensor<2>; 2],
    actions: Tensor<2>,
    weight: f32,
) -> Tensor<1> {
    distance(policy_actions, Tensor::from_inner(actions)) - mean(values) * weight
}

impl Resumable for Td3Bc {
    fn parts(&mut self) -> Parts<'_> {
        self.critics
            .add_to(Parts::default().learner("actor", self.actor.learner_mut()))
    }
}

impl Algorithm for Td3Bc {
    const METRICS: &'static [&'static str] = &["critic_loss", "value_mean", "actor_loss"];

    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.actor.act(observation, action);
    }

    /// Updates both critics and, every `policy_delay`-th time, the actor. Targets follow as they are due.
    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> rl_algos::Result<UpdateReport> {
        check_batch(&self.rows, batch)?;
        let targets = self.targets(batch, streams);
        let input = [&batch.observation[..], &batch.action];
        let critics = self.critics.update(&self.rows, input, &targets, streams)?;
        let critic_loss = critics[0].loss + critics[1].loss;
        let mut lost = f32::NAN;
        let critic = &self.critics.learners()[0];
        if critic.updates().is_multiple_of(self.config.policy_delay) {
            let critic = critic.net();
            let forward = |actor: &SparseMlp, some| {
                let observations =
                    Tensor::from_inner(self.rows.observations(&batch.observation, &some));
                let actions = actions(&self.rows, batch, &some);
                (actions_and_values([actor, critic], observations), actions)
            };
            let alpha = self.config.alpha;
            let weight = |parts: &[&([Tensor<2>; 2], Tensor<2>)]| {
                value_weight(alpha, parts.iter().map(|([_, values], _)| values))
            };
            let loss = |(by_policy, actions), weight: &f32| actor_loss(by_policy, actions, *weight);
            let (parts, rng) = (
                equal_parts(&self.rows, batch.size),
                streams.topology("actor"),
            );
            let actor = self.actor.learner_mut();
            let report = actor.minimise_coupled(parts, forward, weight, loss, rng)?;
            lost = report.loss;
        }
        Ok(report([
            ("critic_loss", critic_loss),
            ("value_mean", value_mean(&critics)),
            ("actor_loss", lost),
        ]))
    }

    fn networks(&self) -> Vec<Network<'_>> {
        [vec![self.actor.network()], self.critics.networks()].concat()
    }

    fn objectives(&self, batch: &Batch, streams: &mut Streams) -> Result<Vec<Objective>> {
        check_batch(&self.rows, batch)?;
        let observations = self.rows.observations(&batch.observation, &all(batch));
        let actions = actions(&self.rows, batch, &all(batch));
        let critic = self.critics.first();
        let pair = [self.actor.learner().net(), critic];
        let [_, values] = actions_and_values(pair, observations.clone());
        let weight = value_weight(self.config.alpha, [&values]);
        let actor = Objective {
            networks: vec![0],
            fixed: vec![1],
            loss: Box::new(move |nets| {
                let observations = Tensor::from_inner(observations.clone());
                let by_policy = actions_and_values([&nets[0], &nets[1]], observations);
                actor_loss(by_policy, actions.clone(), weight)
            }),
        };
        let targets = self.targets(batch, streams);
        let critic = |place| critic_objective(place, &self.rows, batch, &targets);
        Ok(vec![actor, critic(1), critic(2)])
    }
}
