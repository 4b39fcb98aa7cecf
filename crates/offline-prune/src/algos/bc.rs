//! BC: behavioural cloning with a deterministic policy, which minimises the mean squared distance of its actions from
//! the data's (the baseline of TD3+BC's paper, arXiv:2106.06860, and of CORL, arXiv:2210.07105).

use burn::tensor::Tensor;
use rl_algos::agent::{Network, Parts, Resumable, UpdateReport};
use rl_algos::algos::td3::policy;
use rl_algos::nets::{Actor, BatchShape, check_batch, equal_parts};
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;
use sparse_core::nn::SparseMlp;
use sparse_core::op::mean;

use super::{Algorithm, actions, actor_shape, agent, all, report, take};
use crate::Result;
use crate::agent::{NetworkShape, Objective, OfflineAgent};
use crate::config::{BcConfig, OfflineAgentConfig, OfflineConfig};

/// A policy that imitates.
#[derive(Debug)]
struct Bc {
    rows: BatchShape,
    actor: Actor,
}

impl OfflineAgentConfig for BcConfig {
    /// One network, the policy.
    fn shapes(&self, config: &OfflineConfig, rows: &BatchShape) -> Vec<NetworkShape> {
        vec![actor_shape(config, rows, 1)]
    }

    fn build(
        &self,
        config: &OfflineConfig,
        rows: BatchShape,
        networks: Vec<SparseMlp>,
    ) -> Result<Box<dyn OfflineAgent>> {
        Ok(agent(Bc::new(config, rows, take(networks)?)?))
    }
}

impl Bc {
    /// An agent with this policy.
    ///
    /// # Errors
    /// As [`NetworkTrainer::new`](sparse_core::trainer::NetworkTrainer::new).
    fn new(config: &OfflineConfig, rows: BatchShape, [actor]: [SparseMlp; 1]) -> Result<Self> {
        Ok(Self {
            rows,
            actor: Actor::from_network(actor, config.actor_learner(false))?,
        })
    }
}

/// The mean squared distance of the policy's actions from those of the data, over rows and numbers.
pub(super) fn distance(policy_actions: Tensor<2>, actions: Tensor<2>) -> Tensor<1> {
    mean((policy_actions - actions).square())
}

fn loss(actor: &SparseMlp, observations: Tensor<2>, actions: Tensor<2>) -> Tensor<1> {
    let [observations, actions] = [observations, actions].map(Tensor::from_inner);
    distance(policy(actor, observations), actions)
}

impl Resumable for Bc {
    fn parts(&mut self) -> Parts<'_> {
        Parts::default().learner("actor", self.actor.learner_mut())
    }
}

impl Algorithm for Bc {
    const METRICS: &'static [&'static str] = &["actor_loss"];

    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.actor.act(observation, action);
    }

    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> rl_algos::Result<UpdateReport> {
        check_batch(&self.rows, batch)?;
        let loss = |actor: &SparseMlp, some| {
            let observations = self.rows.observations(&batch.observation, &some);
            let actions = actions(&self.rows, batch, &some);
            loss(actor, observations, actions)
        };
        let (parts, rng) = (
            equal_parts(&self.rows, batch.size),
            streams.topology("actor"),
        );
        let step = self.actor.learner_mut().minimise(parts, loss, rng)?;
        Ok(report([("actor_loss", step.loss)]))
    }

    fn networks(&self) -> Vec<Network<'_>> {
        vec![self.actor.network()]
    }

    fn objectives(&self, batch: &Batch, _: &mut Streams) -> Result<Vec<Objective>> {
        check_batch(&self.rows, batch)?;
        let observations = self.rows.observations(&batch.observation, &all(batch));
        let actions = actions(&self.rows, batch, &all(batch));
        Ok(vec![Objective {
            networks: vec![0],
            fixed: Vec::new(),
            loss: Box::new(move |nets| loss(&nets[0], observations.clone(), actions.clone())),
        }])
    }
}
