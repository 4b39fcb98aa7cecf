//! Algorithms, one a file, and what they have in common.

mod gaussian;
pub mod parts;
mod policy;
mod sac;
pub mod td3;

use std::fmt::Debug;

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sparse_core::nn::{SparseMlp, SparseModule};
use sparse_core::record;
use sparse_core::trainer::{Memory, NetworkTrainer, StepReport};

pub use policy::Policy;
pub use sac::Sac;
pub use td3::Td3;

use crate::config::{AlgoConfig, TrainConfig};
use crate::replay::Batch;
use crate::rng::Streams;
use crate::{Error, Result};

/// Whoever acts and learns. Actions are in [-1, 1] per number.
pub trait Agent: Debug + Send {
    /// Writes the action for `observation` `[observation]`, without noise, to `action` `[action]`.
    ///
    /// # Panics
    /// When the observation or the action has another size than the agent was built for.
    fn act(&mut self, observation: &[f32], action: &mut [f32]);

    /// Writes an action that explores to `action`, and the one without noise to `mean`, `[action]` both.
    ///
    /// # Panics
    /// As [`act`](Self::act).
    fn explore(
        &mut self,
        observation: &[f32],
        rng: &mut ChaCha8Rng,
        mean: &mut [f32],
        action: &mut [f32],
    );

    /// Learns from a batch.
    ///
    /// # Errors
    /// [`sparse_core::Error::Diverged`] when a loss or a gradient is NaN or infinite; [`Error::Config`]
    /// when the batch is not made for this agent.
    fn update(&mut self, batch: &Batch, streams: &mut Streams) -> Result<UpdateReport>;

    /// The networks being trained, by name; the actor first.
    fn learners(&self) -> Vec<(&'static str, &NetworkTrainer<SparseMlp>)>;

    /// What is kept beside the learners.
    fn extra(&mut self) -> Extra<'_>;
}

/// What an agent keeps beside its learners, to be saved and set again.
#[derive(Debug)]
pub struct Extra<'a> {
    /// The networks being trained, in the order of [`Agent::learners`].
    pub learners: Vec<&'a mut NetworkTrainer<SparseMlp>>,
    /// Updates so far.
    pub updates: &'a mut u64,
    /// Other numbers.
    pub numbers: Vec<&'a mut f64>,
}

/// What one update did.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateReport {
    /// Sum of both critics' mean squared errors.
    pub critic_loss: f32,
    /// The actor's loss when it was updated.
    pub actor_loss: Option<f32>,
    /// Mean of the targets.
    pub target_mean: f32,
    /// Mean value of the batch by the first critic, before the update.
    pub value_mean: f32,
    /// SAC's weight of the entropy.
    pub temperature: Option<f32>,
    /// The policy's entropy (nats), estimated on the batch when the actor was updated.
    pub entropy: Option<f32>,
    /// Euclidean norms of the gradients: the actor's when it was updated, and both critics' together.
    pub gradient_norms: [Option<f32>; 2],
    /// Connections that were moved in all networks.
    pub moved: usize,
    /// Connections that went.
    pub dropped: usize,
    /// Connections that came.
    pub grown: usize,
    /// Hidden units that were drawn anew.
    pub recycled: usize,
}

/// Shares of the weights that exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Densities {
    /// Of the actor.
    pub actor: f64,
    /// Of both critics; NaN where there is none.
    pub critic: f64,
}

/// Weights of one network, biases not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    /// Weights that exist.
    pub active: usize,
    /// Weights that a dense network of this shape has.
    pub total: usize,
}

/// Draws the agent that `config` describes, for observations and actions of these sizes.
///
/// # Errors
/// As [`TrainConfig::validate`], or the networks' own when a layer would have no inputs.
pub fn build(
    config: &TrainConfig,
    observation: usize,
    action: usize,
    device: &Device,
    streams: &mut Streams,
) -> Result<Box<dyn Agent>> {
    let rows = parts::Rows {
        observation,
        action,
        device: device.clone(),
    };
    Ok(match &config.algo {
        AlgoConfig::Td3(_) => Box::new(Td3::new(config, rows, streams)?),
        AlgoConfig::Sac(_) => Box::new(Sac::new(config, rows, streams)?),
    })
}

impl dyn Agent + '_ {
    /// Weights of the actor; none where no network is trained.
    #[must_use]
    pub fn actor_weights(&self) -> Weights {
        self.weights(0)
    }

    /// Weights of one critic, the first; none where the actor is all that is trained.
    #[must_use]
    pub fn critic_weights(&self) -> Weights {
        self.weights(1)
    }

    /// Weights of all networks that are trained.
    #[must_use]
    pub fn all_weights(&self) -> Weights {
        let networks = (0..self.learners().len()).map(|index| self.weights(index));
        networks.fold(Weights::default(), |sum, weights| Weights {
            active: sum.active + weights.active,
            total: sum.total + weights.total,
        })
    }

    /// Weights of the network with this place in the list of learners; none where there is no such one.
    fn weights(&self, index: usize) -> Weights {
        let learners = self.learners();
        let learner = learners.get(index);
        learner.map_or(Weights::default(), |(_, learner)| {
            Weights::of(learner.net())
        })
    }

    /// Shares of the weights that exist; NaN of a network that there is none of.
    #[must_use]
    pub fn densities(&self) -> Densities {
        let density = |w: Weights| w.active as f64 / w.total as f64;
        Densities {
            actor: density(self.actor_weights()),
            critic: density(self.critic_weights()),
        }
    }

    /// Bytes that the learners hold, in the order of [`Agent::learners`].
    #[must_use]
    pub fn memory(&self) -> Vec<Memory> {
        let learners = self.learners().into_iter();
        learners.map(|(_, learner)| learner.memory()).collect()
    }

    /// The bytes of a safetensors file with the networks, for [`Policy::open`] and for other programs.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when the format cannot hold them.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let learners = self.learners();
        let networks: Vec<_> = learners.iter().map(|(name, l)| (*name, l.net())).collect();
        Ok(record::to_bytes(&networks)?)
    }

    /// The same bytes with the actor alone.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when the format cannot hold it; [`Error::Config`] when no network is trained.
    pub fn policy_bytes(&self) -> Result<Vec<u8>> {
        match self.learners().first() {
            Some((name, actor)) => Ok(record::to_bytes(&[(*name, actor.net())])?),
            None => Err(Error::config("learners", 0, "1 or more, the actor first")),
        }
    }
}

impl Weights {
    fn of(network: &SparseMlp) -> Self {
        let mut sum = Self::default();
        for layer in network.sparse_layers() {
            let pattern = layer.pattern();
            sum.active += pattern.nnz();
            sum.total += pattern.outputs() * pattern.inputs();
        }
        sum
    }
}

impl UpdateReport {
    /// What the steps of both critics and of the actor come to.
    fn of<C, A>(critics: &[StepReport<C>; 2], actor: Option<&StepReport<A>>) -> Self {
        fn counts<A>(report: &StepReport<A>) -> [usize; 4] {
            let moved = report.moved.unwrap_or(0);
            [moved, report.dropped, report.grown, report.recycled]
        }
        let all = critics.iter().map(counts).chain(actor.map(counts));
        let add = |sums: [usize; 4], more: [usize; 4]| std::array::from_fn(|k| sums[k] + more[k]);
        let [moved, dropped, grown, recycled] = all.fold([0; 4], add);
        Self {
            critic_loss: critics.iter().map(|report| report.loss).sum(),
            actor_loss: actor.map(|report| report.loss),
            target_mean: f32::NAN,
            value_mean: f32::NAN,
            temperature: None,
            entropy: None,
            gradient_norms: [
                actor.map(|report| report.gradient_norm),
                Some(
                    critics
                        .iter()
                        .fold(0.0, |norm, report| report.gradient_norm.hypot(norm)),
                ),
            ],
            moved,
            dropped,
            grown,
            recycled,
        }
    }
}

#[cfg(test)]
mod tests {
    use sparse_core::trainer::NetworkTrainerConfig;

    use super::*;
    use crate::paths::CutOff;
    use crate::recipes;

    /// An agent that trains so many of an actor and its critics.
    #[derive(Debug)]
    struct Part(Vec<(&'static str, NetworkTrainer<SparseMlp>)>, u64);

    impl Part {
        fn of(count: usize) -> (Self, TrainConfig) {
            let mut config = recipes::named("static-td3", "Hopper-v5").unwrap();
            config.sparsity.actor = 0.5;
            let rows = parts::Rows {
                observation: 11,
                action: 3,
                device: Device::flex(),
            };
            let mut streams = Streams::new(3);
            let actor = parts::Actor::new(&config, &rows, &mut streams).unwrap();
            let critics = parts::TwinCritic::new(&config, &rows, &mut streams).unwrap();
            let [first, second] = critics.learners();
            let all = [
                ("actor", actor.learner()),
                ("critic_1", first),
                ("critic_2", second),
            ];
            let again = |(name, learner): (&'static str, &NetworkTrainer<SparseMlp>)| {
                (
                    name,
                    NetworkTrainer::new(learner.net().clone(), NetworkTrainerConfig::default()),
                )
            };
            let learners = all.into_iter().take(count).map(again).collect();
            (Self(learners, 0), config)
        }
    }

    impl Agent for Part {
        fn act(&mut self, _: &[f32], _: &mut [f32]) {}

        fn explore(&mut self, _: &[f32], _: &mut ChaCha8Rng, _: &mut [f32], _: &mut [f32]) {}

        fn update(&mut self, _: &Batch, _: &mut Streams) -> Result<UpdateReport> {
            Err(Error::config("update", 0, "of another agent"))
        }

        fn learners(&self) -> Vec<(&'static str, &NetworkTrainer<SparseMlp>)> {
            self.0
                .iter()
                .map(|(name, learner)| (*name, learner))
                .collect()
        }

        fn extra(&mut self) -> Extra<'_> {
            Extra {
                learners: self.0.iter_mut().map(|(_, learner)| learner).collect(),
                updates: &mut self.1,
                numbers: Vec::new(),
            }
        }
    }

    #[test]
    fn agents_with_any_number_of_learners_tell_what_they_have() {
        for count in 0..=3 {
            let (mut agent, config) = Part::of(count);
            let agent: &mut dyn Agent = &mut agent;
            let Densities { actor, critic } = agent.densities();
            assert_eq!(actor.is_nan(), count == 0);
            assert_eq!(critic.is_nan(), count < 2);
            assert!(actor.is_nan() || (actor - 0.5).abs() < 1e-4, "{actor}");
            let each = agent
                .learners()
                .into_iter()
                .map(|(_, l)| Weights::of(l.net()).active);
            assert_eq!(agent.all_weights().active, each.sum::<usize>());
            assert_eq!(agent.memory().len(), count);
            assert_eq!(agent.policy_bytes().is_err(), count == 0);
            agent.to_bytes().unwrap();
            assert_eq!(agent.cut_off(), CutOff::default());
            agent.check_paths(&config).unwrap();
            let state = crate::checkpoint::AgentState::of(agent).unwrap();
            state.restore(agent).unwrap();
        }
    }
}
