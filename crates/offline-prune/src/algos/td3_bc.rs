//! TD3+BC: TD3 whose actor also clones the data (Fujimoto & Gu 2021, arXiv:2106.06860, equations 3 to 5).

use burn::tensor::Tensor;
use rl_algos::algos::parts::{Actor, Rows, TwinCritic, in_halves, to_vec};
use rl_algos::algos::td3::{policy, targets};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::learner::Learner;
use sparse_core::nn::SparseMlp;

use super::bc::distance;
use super::{
    NetworkShape, Objective, OfflineAgent, actions, actor_shape, all, check, critic_objective,
    critic_shape,
};
use crate::Result;
use crate::config::{OfflineConfig, Td3BcConfig};

/// A policy and two critics, each with its target.
#[derive(Debug)]
pub struct Td3Bc {
    config: Td3BcConfig,
    rows: Rows,
    actor: Actor,
    critics: TwinCritic,
    updates: u64,
}

/// The policy, and two critics of its actions.
pub(super) fn shapes(config: &OfflineConfig, rows: &Rows) -> Vec<NetworkShape> {
    let critic = |name| critic_shape(config, rows, name);
    vec![
        actor_shape(config, rows, 1),
        critic("critic_1"),
        critic("critic_2"),
    ]
}

impl Td3Bc {
    /// An agent with these networks, the policy and both critics; targets start as their copies.
    #[must_use]
    pub fn new(
        config: &OfflineConfig,
        td3_bc: &Td3BcConfig,
        rows: Rows,
        [actor, first, second]: [SparseMlp; 3],
    ) -> Self {
        let critics = config.critic_learner(Some(td3_bc.policy_delay));
        Self {
            config: td3_bc.clone(),
            rows,
            actor: Actor::from_network(actor, config.actor_learner(true)),
            critics: TwinCritic::from_networks([first, second], &critics),
            updates: 0,
        }
    }

    /// What both critics are to say of each row.
    fn targets(&self, batch: &Batch, streams: &mut Streams) -> Vec<f32> {
        let noise = [self.config.target_noise, self.config.target_noise_clip];
        let (actor, rng) = (self.actor.learner().target(), &mut streams.target_noise);
        targets(&self.rows, actor, &self.critics, batch, noise, rng)
    }

    /// Weight of the value in the actor's loss: α over the mean size of the values of its actions. Not differentiated.
    fn value_weight(&self, batch: &Batch) -> f32 {
        let [critic, _] = self.critics.learners().map(Learner::net);
        let actor = self.actor.learner().net();
        let values = in_halves(batch.size, |half| {
            let observations = self.rows.observations(&batch.observation, &half);
            let done = policy(actor, observations.clone());
            to_vec(critic.forward(Tensor::cat(vec![observations, done], 1)))
        });
        let sizes: f64 = values.iter().map(|value| f64::from(value.abs())).sum();
        // Values that are all zero weigh nothing, whatever divides them; α = 0 is cloning alone.
        let mean = (sizes / values.len() as f64).max(1e-12);
        (self.config.alpha / mean) as f32
    }
}

/// `-λ Q(s, π(s)) + (π(s) - a)²`, means over rows, and over numbers of the actions; the critic is a constant in it.
fn actor_loss(
    [actor, critic]: [&SparseMlp; 2],
    [observations, actions]: [Tensor<2>; 2],
    weight: f32,
) -> Tensor<1> {
    let [observations, actions] = [observations, actions].map(Tensor::from_inner);
    let done = policy(actor, observations.clone());
    let judged = Tensor::cat(vec![observations, done.clone()], 1);
    distance(done, actions) - critic.forward(judged).mean() * weight
}

impl OfflineAgent for Td3Bc {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.actor.act(observation, action);
    }

    /// Updates both critics and, every `policy_delay`-th time, the actor. Targets follow as they are due.
    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> Result<Vec<(&'static str, f32)>> {
        check(&self.rows, batch)?;
        self.updates += 1;
        let targets = self.rows.tensor(self.targets(batch, streams), 1);
        let judged = self.rows.judged(&batch.observation, &batch.action);
        let [actor_rng, first, second] = &mut streams.topology;
        let (critics, value_mean) = self.critics.regress(&judged, &targets, [first, second])?;
        let critic_loss = critics[0].loss + critics[1].loss;
        let mut lost = f32::NAN;
        if self.updates.is_multiple_of(self.config.policy_delay) {
            let weight = self.value_weight(batch);
            let critic = self.critics.learners()[0].net();
            let rows = &self.rows;
            let loss = |some| {
                let seen = rows.observations(&batch.observation, &some);
                let pair = [seen, actions(rows, batch, &some)];
                move |actor: &SparseMlp| actor_loss([actor, critic], pair, weight)
            };
            let report = self.actor.minimise(batch.size, loss, actor_rng)?;
            lost = report.loss;
        }
        Ok(vec![
            ("critic_loss", critic_loss),
            ("value_mean", value_mean),
            ("actor_loss", lost),
        ])
    }

    fn networks(&self) -> Vec<(&'static str, &SparseMlp)> {
        let [first, second] = self.critics.learners().map(Learner::net);
        vec![
            ("actor", self.actor.learner().net()),
            ("critic_1", first),
            ("critic_2", second),
        ]
    }

    fn policy(&self) -> Result<&SparseMlp> {
        Ok(self.actor.learner().net())
    }

    fn objectives(&self, batch: &Batch, streams: &mut Streams) -> Result<Vec<Objective>> {
        check(&self.rows, batch)?;
        let weight = self.value_weight(batch);
        let observations = self.rows.observations(&batch.observation, &all(batch));
        let pair = [observations, actions(&self.rows, batch, &all(batch))];
        let actor = Objective {
            networks: vec![0],
            fixed: vec![1],
            loss: Box::new(move |nets| actor_loss([&nets[0], &nets[1]], pair.clone(), weight)),
        };
        let targets = self.targets(batch, streams);
        let critic = |place| critic_objective(place, &self.rows, batch, &targets);
        Ok(vec![actor, critic(1), critic(2)])
    }
}
