//! TD3: Twin Delayed Deep Deterministic policy gradient (Fujimoto et al., arXiv 1802.09477, Algorithm 1).
//!
//! Read with the paper: networks, target, critic loss, actor loss, update. That the networks are sparse shows
//! only where they are made: a [`Learner`] takes a loss and moves weights or connections.

use std::ops::Range;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use sparse_core::learner::{Learner, Memory, StepReport};
use sparse_core::nn::{SparseMlp, SparseMlpConfig, SparseModule};
use sparse_core::op::tanh;
use sparse_core::record::{self, Record};

use crate::config::{SparsityConfig, Td3Config, TrainConfig};
use crate::replay::Batch;
use crate::rng::Streams;
use crate::{Error, Result};

/// A deterministic policy and two critics, each with its optimizer, its topology rule and its target.
#[derive(Debug)]
pub struct Td3 {
    config: Td3Config,
    sizes: Sizes,
    device: Device,
    actor: Learner<SparseMlp>,
    critics: [Learner<SparseMlp>; 2],
    updates: u64,
}

/// Numbers in an observation and in an action.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    observation: usize,
    action: usize,
}

/// What one update did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateReport {
    /// Sum of both critics' mean squared errors.
    pub critic_loss: f32,
    /// The actor's loss, the negated mean value of its actions, when it was updated.
    pub actor_loss: Option<f32>,
    /// Mean of the targets.
    pub target_mean: f32,
    /// Connections that were moved in all networks.
    pub moved: usize,
}

/// Shares of the weights that exist.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Densities {
    /// Of the actor.
    pub actor: f64,
    /// Of both critics.
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

// --- Networks -------------------------------------------------------------------------------------------

impl Td3 {
    /// Draws the networks; the targets start as their copies.
    ///
    /// # Errors
    /// As [`TrainConfig::validate`], or the networks' own when a layer would have no inputs.
    pub fn new(
        config: &TrainConfig,
        observation: usize,
        action: usize,
        device: &Device,
        streams: &mut Streams,
    ) -> Result<Self> {
        config.validate()?;
        let hidden = &config.td3.hidden;
        let sizes = |first, last| [&[first], hidden.as_slice(), &[last]].concat();
        let mut network = |sizes, sparsity| {
            let config = network(sizes, sparsity, &config.sparsity);
            config.init(device, &mut streams.init)
        };
        let actor = network(sizes(observation, action), config.sparsity.actor)?;
        let mut critic = || network(sizes(observation + action, 1), config.sparsity.critic);
        let critics = [critic()?, critic()?];
        Ok(Self {
            actor: Learner::new(actor, config.actor_learner()),
            critics: critics.map(|net| Learner::new(net, config.critic_learner())),
            config: config.td3.clone(),
            sizes: Sizes {
                observation,
                action,
            },
            device: device.clone(),
            updates: 0,
        })
    }

    /// The policy's actions in [-1, 1], `[rows, action]`, for any number of observations `[rows, observation]`.
    #[must_use]
    pub fn act(&self, observations: &[f32]) -> Vec<f32> {
        let observations = self.rows(observations, self.sizes.observation);
        to_vec(policy(self.actor.net(), observations))
    }

    /// A tensor `[rows, width]` on the agent's device.
    fn rows(&self, data: impl Into<Vec<f32>>, width: usize) -> Tensor<2> {
        let data = data.into();
        let shape = [data.len() / width, width];
        Tensor::from_data(TensorData::new(data, shape), &self.device)
    }

    /// What a critic judges: `[rows, observation + action]`.
    fn judged(&self, observations: &[f32], actions: &[f32]) -> Tensor<2> {
        let Sizes {
            observation,
            action,
        } = self.sizes;
        let mut rows = Vec::with_capacity(observations.len() + actions.len());
        for (o, a) in observations.chunks(observation).zip(actions.chunks(action)) {
            rows.extend_from_slice(o);
            rows.extend_from_slice(a);
        }
        self.rows(rows, observation + action)
    }
}

/// The configuration of one network.
fn network(sizes: Vec<usize>, sparsity: f64, shared: &SparsityConfig) -> SparseMlpConfig {
    SparseMlpConfig::new(sizes)
        .with_sparsity(sparsity)
        .with_allocation(shared.allocation.clone())
        .with_mask(shared.mask)
}

/// π(s), `[batch, action]` in [-1, 1].
fn policy(actor: &SparseMlp, observations: Tensor<2>) -> Tensor<2> {
    tanh(actor.forward(observations))
}

// --- Target ---------------------------------------------------------------------------------------------

impl Td3 {
    /// `y = R + γⁿ min(Q₁', Q₂')(s', π'(s') + clipped noise)` (paper, equation 14; n-step as RLx2 §4.2.1).
    fn targets(&self, batch: &Batch, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let (sigma, clip) = (
            self.config.target_noise as f32,
            self.config.target_noise_clip as f32,
        );
        let mut noise = || -> f32 {
            let unit: f32 = StandardNormal.sample(rng);
            (sigma * unit).clamp(-clip, clip)
        };
        let noise: Vec<f32> = (0..batch.action.len()).map(|_| noise()).collect();
        let values = |rows: Range<usize>| {
            let next = cut(&batch.next_observation, self.sizes.observation, &rows);
            self.next_values(next, cut(&noise, self.sizes.action, &rows))
        };
        let [first, second] = halves(batch.size);
        let (first, second) = rayon::join(|| values(first), || values(second));
        let values = first.iter().chain(&second);
        let rewards = batch.return_n.iter().zip(&batch.discount);
        let target = |((r, discount), value): ((&f32, &f32), &f32)| r + discount * value;
        rewards.zip(values).map(target).collect()
    }

    /// The smaller target value of some observations under the target policy with this noise.
    fn next_values(&self, observations: &[f32], noise: &[f32]) -> Vec<f32> {
        if observations.is_empty() {
            return Vec::new();
        }
        let rows = self.rows(observations, self.sizes.observation);
        let mut actions = to_vec(policy(self.actor.target(), rows));
        for (action, noise) in actions.iter_mut().zip(noise) {
            *action = (*action + noise).clamp(-1.0, 1.0);
        }
        let judged = self.judged(observations, &actions);
        let [first, second] = &self.critics;
        let value = |critic: &Learner<SparseMlp>| to_vec(critic.target().forward(judged.clone()));
        let pairs = value(first).into_iter().zip(value(second));
        pairs.map(|(a, b)| a.min(b)).collect()
    }
}

// --- Losses ---------------------------------------------------------------------------------------------

/// Mean squared error of a critic.
fn critic_loss(critic: &SparseMlp, judged: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    (critic.forward(judged) - targets).square().mean()
}

/// The negated mean value of the actor's actions; the critic is a constant in it.
fn actor_loss(actor: &SparseMlp, critic: &SparseMlp, observations: Tensor<2>) -> Tensor<1> {
    let observations = Tensor::from_inner(observations);
    let actions = policy(actor, observations.clone());
    let judged = Tensor::cat(vec![observations, actions], 1);
    critic.forward(judged).mean().neg()
}

// --- Update ---------------------------------------------------------------------------------------------

impl Td3 {
    /// Updates both critics on a batch and, every `policy_delay`-th time, the actor and all targets.
    ///
    /// # Errors
    /// [`sparse_core::Error::Diverged`] when a loss is NaN or infinite.
    pub fn update(&mut self, batch: &Batch, streams: &mut Streams) -> Result<UpdateReport> {
        self.updates += 1;
        let targets = self.targets(batch, &mut streams.target_noise);
        let target_mean = targets.iter().sum::<f32>() / targets.len() as f32;
        let targets = self.rows(targets, 1);
        let judged = self.judged(&batch.observation, &batch.action);

        let [first, second] = &mut self.critics;
        let [actor_rng, first_rng, second_rng] = &mut streams.topology;
        let step = |critic: &mut Learner<SparseMlp>, rng: &mut ChaCha8Rng| {
            let (judged, targets) = (judged.clone(), targets.clone());
            critic.minimise(|critic| critic_loss(critic, judged, targets), rng)
        };
        let (first, second) = rayon::join(|| step(first, first_rng), || step(second, second_rng));
        let critics = [first?, second?];

        let mut actor = None;
        if self.updates.is_multiple_of(self.config.policy_delay) {
            actor = Some(self.update_actor(batch, actor_rng)?);
        }
        let moved = |report: &StepReport| report.moved.unwrap_or(0);
        Ok(UpdateReport {
            critic_loss: critics.iter().map(|report| report.loss).sum(),
            actor_loss: actor.map(|report| report.loss),
            target_mean,
            moved: critics.iter().chain(&actor).map(moved).sum(),
        })
    }
}

impl Td3 {
    /// One step of the actor. The halves of a batch of even size, whose mean is the batch's, are worked on at
    /// the same time.
    fn update_actor(&mut self, batch: &Batch, rng: &mut ChaCha8Rng) -> Result<StepReport> {
        let width = self.sizes.observation;
        let critic = self.critics[0].net();
        let halves = halves(batch.size);
        if halves[0].len() != halves[1].len() {
            let observations = self.rows(batch.observation.as_slice(), width);
            let loss = |actor: &SparseMlp| actor_loss(actor, critic, observations);
            return Ok(self.actor.minimise(loss, rng)?);
        }
        let losses = halves.map(|rows| {
            let observations = self.rows(cut(&batch.observation, width, &rows), width);
            move |actor: &SparseMlp| actor_loss(actor, critic, observations)
        });
        Ok(self.actor.minimise_both(losses, rng)?)
    }
}

/// The first and the second half of a batch.
fn halves(size: usize) -> [Range<usize>; 2] {
    [0..size / 2, size / 2..size]
}

/// Some rows of a matrix with rows of `width`.
fn cut<'a>(data: &'a [f32], width: usize, rows: &Range<usize>) -> &'a [f32] {
    &data[rows.start * width..rows.end * width]
}

// --- What is known of it, and files ---------------------------------------------------------------------

impl Td3 {
    /// Updates so far.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Shares of the weights that exist.
    #[must_use]
    pub fn densities(&self) -> Densities {
        let density = |w: Weights| w.active as f64 / w.total as f64;
        Densities {
            actor: density(self.actor_weights()),
            critic: density(self.critic_weights()),
        }
    }

    /// Weights of the actor.
    #[must_use]
    pub fn actor_weights(&self) -> Weights {
        weights(self.actor.net())
    }

    /// Weights of one critic; both have as many.
    #[must_use]
    pub fn critic_weights(&self) -> Weights {
        weights(self.critics[0].net())
    }

    /// Bytes that the actor's and the critics' learners hold.
    #[must_use]
    pub fn memory(&self) -> [Memory; 3] {
        let [first, second] = &self.critics;
        [self.actor.memory(), first.memory(), second.memory()]
    }

    /// The bytes of a safetensors file with the networks and their targets.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when the format cannot hold them.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let [first, second] = &self.critics;
        Ok(record::to_bytes(&[
            ("actor", self.actor.net()),
            ("actor_target", self.actor.target()),
            ("critic_1", first.net()),
            ("critic_1_target", first.target()),
            ("critic_2", second.net()),
            ("critic_2_target", second.target()),
        ])?)
    }
}

/// A trained policy, for evaluation and deployment.
#[derive(Debug)]
pub struct Policy {
    actor: SparseMlp,
    device: Device,
    observation: usize,
}

impl Policy {
    /// Reads the actor of a file that [`Td3::to_bytes`] made.
    ///
    /// # Errors
    /// [`Error::Sparse`] when the file cannot be read or holds no actor.
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let actor = Record::open(path)?.network("actor", device)?;
        let layers = actor.sparse_layers();
        let first = layers.first().ok_or(Error::NoRun {
            path: path.to_owned(),
            missing: "actor",
        })?;
        let observation = first.pattern().inputs();
        Ok(Self {
            actor,
            device: device.clone(),
            observation,
        })
    }

    /// Numbers in an observation.
    #[must_use]
    pub fn observation_size(&self) -> usize {
        self.observation
    }

    /// As [`Td3::act`].
    #[must_use]
    pub fn act(&self, observations: &[f32]) -> Vec<f32> {
        let shape = [observations.len() / self.observation, self.observation];
        let data = TensorData::new(observations.to_vec(), shape);
        to_vec(policy(&self.actor, Tensor::from_data(data, &self.device)))
    }
}

fn weights(network: &SparseMlp) -> Weights {
    let mut sum = Weights::default();
    for layer in network.sparse_layers() {
        let pattern = layer.pattern();
        sum.active += pattern.nnz();
        sum.total += pattern.outputs() * pattern.inputs();
    }
    sum
}

fn to_vec(tensor: Tensor<2>) -> Vec<f32> {
    let data = tensor.into_data();
    data.as_slice()
        .map_or_else(|_| data.iter::<f32>().collect(), <[f32]>::to_vec)
}
