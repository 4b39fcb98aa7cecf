//! What actor-critic algorithms are made of: an actor that acts one observation at a time, twin critics, and rows of
//! numbers as tensors.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use sparse_core::budget::Allocation;
use sparse_core::nn::{Inference, SparseMlp, SparseMlpConfig};
use sparse_core::topology::GradualMagnitude;
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig, StepReport};

use crate::agent::{Network, Parts, Role};
use crate::config::TrainConfig;
use crate::replay::Batch;
use crate::rng::Streams;
use crate::{Error, Result};

/// Sizes of observations and actions, and where tensors lie.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Numbers in an observation.
    pub observation: usize,
    /// Numbers in an action.
    pub action: usize,
    /// Where tensors lie.
    pub device: Device,
}

impl Rows {
    /// A tensor `[rows, width]`.
    #[must_use]
    pub fn tensor(&self, data: impl Into<Vec<f32>>, width: usize) -> Tensor<2> {
        let data = data.into();
        let shape = [data.len() / width, width];
        Tensor::from_data(TensorData::new(data, shape), &self.device)
    }

    /// Some rows of observations as a tensor `[rows, observation]`.
    #[must_use]
    pub fn observations(&self, all: &[f32], rows: &Range<usize>) -> Tensor<2> {
        self.tensor(cut(all, self.observation, rows), self.observation)
    }

    /// What a critic judges: `[rows, observation + action]`.
    #[must_use]
    pub fn judged(&self, observations: &[f32], actions: &[f32]) -> Tensor<2> {
        let (seen, done) = (self.observation, self.action);
        let mut rows = Vec::with_capacity(observations.len() + actions.len());
        for (o, a) in observations.chunks(seen).zip(actions.chunks(done)) {
            rows.extend_from_slice(o);
            rows.extend_from_slice(a);
        }
        self.tensor(rows, seen + done)
    }
}

/// Refuses an action with another number of elements than the task's.
///
/// # Panics
/// When it has one.
#[track_caller]
pub fn check_action(action: &[f32], expected: usize) {
    let got = action.len();
    assert!(got == expected, "action: got {got}, must be {expected}");
}

/// The first and the second half of so many rows.
#[must_use]
pub fn halves(rows: usize) -> [Range<usize>; 2] {
    [0..rows / 2, rows / 2..rows]
}

/// Some rows of a matrix with rows of `width`.
#[must_use]
pub fn cut<'a>(data: &'a [f32], width: usize, rows: &Range<usize>) -> &'a [f32] {
    &data[rows.start * width..rows.end * width]
}

/// The numbers of a tensor, row after row.
#[must_use]
pub fn to_vec(tensor: Tensor<2>) -> Vec<f32> {
    let data = tensor.into_data();
    data.as_slice()
        .map_or_else(|_| data.iter::<f32>().collect(), <[f32]>::to_vec)
}

/// So many numbers from the standard normal distribution.
pub fn normal(count: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..count).map(|_| StandardNormal.sample(rng)).collect()
}

/// What a target is for each row of a batch: the window's return times `scale`, and what follows is worth.
#[must_use]
pub fn bootstrapped(batch: &Batch, values: &[f32], scale: f64) -> Vec<f32> {
    let rewards = batch.return_n.iter().zip(&batch.discount);
    let target = |((r, discount), value): ((&f32, &f32), &f32)| scale as f32 * r + discount * value;
    rewards.zip(values).map(target).collect()
}

/// Computes both halves of so many rows at the same time, where there are threads for it, and joins them. `half` gives
/// as many numbers for each row.
pub fn in_halves(rows: usize, half: impl Fn(Range<usize>) -> Vec<f32> + Sync) -> Vec<f32> {
    let [first, second] = halves(rows);
    let of = |rows: Range<usize>| {
        if rows.is_empty() {
            Vec::new()
        } else {
            half(rows)
        }
    };
    let (mut first, second) = rayon::join(|| of(first), || of(second));
    first.extend(second);
    first
}

/// What a network is drawn from, beside what all have in common.
struct Drawn {
    sizes: Vec<usize>,
    /// At first.
    sparsity: f64,
    layer_norm: bool,
    settings: NetworkTrainerConfig,
    /// The setting of its hidden layers.
    hidden: &'static str,
    /// The setting of its sparsity, and what that says.
    asked: (&'static str, f64),
}

impl Drawn {
    /// The actor, for observations and actions of these sizes.
    fn actor(config: &TrainConfig, [observation, action]: [usize; 2]) -> Self {
        let hidden = config.networks.actor.as_slice();
        let outputs = config.algo.actor_outputs(action);
        Self {
            sizes: [&[observation], hidden, &[outputs]].concat(),
            sparsity: config.initial_sparsity()[0],
            layer_norm: false,
            settings: config.actor_learner(),
            hidden: "networks.actor",
            asked: ("sparsity.actor", config.sparsity.actor),
        }
    }

    /// One of the critics.
    fn critic(config: &TrainConfig, [observation, action]: [usize; 2]) -> Self {
        let hidden = config.networks.critic.as_slice();
        Self {
            sizes: [&[observation + action], hidden, &[1]].concat(),
            sparsity: config.initial_sparsity()[1],
            layer_norm: config.networks.critic_layer_norm,
            settings: config.critic_learner(),
            hidden: "networks.critic",
            asked: ("sparsity.critic", config.sparsity.critic),
        }
    }

    fn allocation(&self, config: &TrainConfig) -> Allocation {
        match self.sparsity {
            0.0 => Allocation::default(),
            _ => config.sparsity.allocation.clone(),
        }
    }

    /// Checks that every layer keeps connections, now and when it is pruned; of the best scores of all layers that is
    /// known when they are drawn.
    fn fits(&self, config: &TrainConfig) -> Result<()> {
        let shapes: Vec<(usize, usize)> = self.sizes.windows(2).map(|w| (w[1], w[0])).collect();
        let can_be = |&(outputs, inputs): &(usize, usize)| {
            let weights = outputs.checked_mul(inputs);
            weights.is_some_and(|weights| (1..1 << 32).contains(&weights))
        };
        if !shapes.iter().all(can_be) {
            let sizes = format!("{:?} with inputs and outputs", self.sizes);
            let allowed = "of layers with 1 or more weights and fewer than 2^32";
            return Err(Error::config(self.hidden, sizes, allowed));
        }
        self.keeps(config, &shapes)
            .map_err(|error| self.blame(config, error))
    }

    fn keeps(&self, config: &TrainConfig, shapes: &[(usize, usize)]) -> sparse_core::Result<()> {
        if let Some(topology) = &self.settings.topology {
            topology.fits(shapes)?;
        }
        match self.allocation(config) {
            Allocation::Global => Ok(()),
            allocation => allocation.counts(shapes, self.sparsity).map(drop),
        }
    }

    /// What is wrong with the network, as a setting.
    fn blame(&self, config: &TrainConfig, error: sparse_core::Error) -> Error {
        if !error.is_budget() {
            return error.into();
        }
        let (field, value) = blamed(config, self.asked);
        let allowed = format!("one that leaves every layer connections; {error}");
        Error::config(field, value, &allowed)
    }
}

/// Checks that a run's networks keep connections in every layer, for observations and actions of these sizes.
///
/// # Errors
/// [`Error::Config`] when their sparsity leaves a layer without, now or when it is pruned.
pub fn check_networks(config: &TrainConfig, sizes: [usize; 2]) -> Result<()> {
    for drawn in [Drawn::actor(config, sizes), Drawn::critic(config, sizes)] {
        drawn.fits(config)?;
    }
    Ok(())
}

/// The setting that says how sparse a network is, and what it says.
pub(crate) fn blamed(config: &TrainConfig, asked: (&'static str, f64)) -> (&'static str, String) {
    let rule = config.topology.as_ref().map(|topology| &topology.rule);
    match rule.and_then(|rule| rule.get::<GradualMagnitude>()) {
        Some(rule) => (
            "topology.rule.gradual_magnitude.final_sparsity",
            rule.final_sparsity.to_string(),
        ),
        _ if config.sparsity.is_by_layer() => (
            "sparsity.allocation",
            format!("{:?}", config.sparsity.allocation),
        ),
        _ => (asked.0, asked.1.to_string()),
    }
}

/// Draws a network.
///
/// # Errors
/// [`Error::Config`] when its sparsity leaves a layer without connections, now or when it is pruned.
fn network(
    config: &TrainConfig,
    drawn: &Drawn,
    device: &Device,
    streams: &mut Streams,
) -> Result<SparseMlp> {
    let shared = &config.sparsity;
    let network = SparseMlpConfig::new(drawn.sizes.clone())
        .with_sparsity(drawn.sparsity)
        .with_allocation(drawn.allocation(config))
        .with_mask(shared.mask)
        .with_storage(shared.storage)
        .with_layer_norm(drawn.layer_norm);
    drawn.fits(config)?;
    let made = network.try_init(device, &mut streams.init);
    made.map_err(|error| drawn.blame(config, error))
}

/// A policy's network, which acts without tensors.
#[derive(Debug)]
pub struct Actor {
    learner: NetworkTrainer<SparseMlp>,
    /// The network as it acts, until its next update.
    inference: Option<Inference>,
}

impl Actor {
    /// Draws the network.
    ///
    /// # Errors
    /// The network's own, such as when a layer would have no inputs.
    pub fn new(config: &TrainConfig, rows: &Rows, streams: &mut Streams) -> Result<Self> {
        let drawn = Drawn::actor(config, [rows.observation, rows.action]);
        let net = network(config, &drawn, &rows.device, streams)?;
        Self::from_network(net, drawn.settings)
    }

    /// An actor with this network, which is trained by these settings.
    ///
    /// # Errors
    /// As [`NetworkTrainer::new`].
    pub fn from_network(net: SparseMlp, settings: NetworkTrainerConfig) -> Result<Self> {
        Ok(Self {
            learner: NetworkTrainer::new(net, settings)?,
            inference: None,
        })
    }

    /// What is trained.
    #[must_use]
    pub fn learner(&self) -> &NetworkTrainer<SparseMlp> {
        &self.learner
    }

    /// What is trained, to be changed.
    pub fn learner_mut(&mut self) -> &mut NetworkTrainer<SparseMlp> {
        self.inference = None;
        &mut self.learner
    }

    /// The network's output for one observation.
    ///
    /// # Panics
    /// When the observation has another size.
    #[must_use]
    pub fn output(&mut self, observation: &[f32]) -> &[f32] {
        let net = self.learner.net();
        let inference = self.inference.get_or_insert_with(|| Inference::of(net));
        let output = inference.forward(observation);
        output.unwrap_or_else(|error| panic!("observation: {error}"))
    }

    /// Writes the action for `observation` `[observation]` to `action` `[action]`: the first outputs through tanh.
    ///
    /// # Panics
    /// When the observation has another size.
    pub fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        let output = self.output(observation);
        for (action, output) in action.iter_mut().zip(output) {
            *action = output.tanh();
        }
    }
}

/// The rows of a batch whose losses are computed at the same time: the halves of a batch of even size, so that the mean
/// over parts is that over rows.
#[must_use]
pub fn equal_parts(rows: usize) -> Vec<Range<usize>> {
    match rows.is_multiple_of(2) {
        true => halves(rows).into(),
        false => vec![Range {
            start: 0,
            end: rows,
        }],
    }
}

/// Critics that judge observations with actions, each with its target: any number, 1 or more.
#[derive(Debug)]
pub struct Critics {
    /// `critic_1`, `critic_2` and so on.
    names: Vec<String>,
    learners: Vec<NetworkTrainer<SparseMlp>>,
}

impl Critics {
    /// Draws so many, 1 or more.
    ///
    /// # Errors
    /// The networks' own, such as when a layer would have no inputs.
    pub fn new(
        count: usize,
        config: &TrainConfig,
        rows: &Rows,
        streams: &mut Streams,
    ) -> Result<Self> {
        let drawn = Drawn::critic(config, [rows.observation, rows.action]);
        let nets = (0..count).map(|_| network(config, &drawn, &rows.device, streams));
        let nets: Vec<SparseMlp> = nets.collect::<Result<_>>()?;
        Self::from_networks(nets, &drawn.settings)
    }

    /// Critics with these networks, which are trained by these settings.
    ///
    /// # Errors
    /// As [`NetworkTrainer::new`].
    pub fn from_networks(
        nets: impl IntoIterator<Item = SparseMlp>,
        settings: &NetworkTrainerConfig,
    ) -> Result<Self> {
        let nets = nets.into_iter();
        let learners = nets.map(|net| NetworkTrainer::new(net, settings.clone()));
        let learners: Vec<_> = learners.collect::<sparse_core::Result<_>>()?;
        Ok(Self {
            names: (1..=learners.len())
                .map(|i| format!("critic_{i}"))
                .collect(),
            learners,
        })
    }

    /// What is trained.
    #[must_use]
    pub fn learners(&self) -> &[NetworkTrainer<SparseMlp>] {
        &self.learners
    }

    /// The networks.
    #[must_use]
    pub fn nets(&self) -> Vec<&SparseMlp> {
        self.learners.iter().map(NetworkTrainer::net).collect()
    }

    /// The network of the first.
    ///
    /// # Panics
    /// When there is no critic.
    #[must_use]
    pub fn first(&self) -> &SparseMlp {
        self.learners[0].net()
    }

    /// The networks by name.
    #[must_use]
    pub fn networks(&self) -> Vec<Network<'_>> {
        let all = self.names.iter().zip(&self.learners);
        all.map(|(name, learner)| Network::of(name, Role::Critic, learner))
            .collect()
    }

    /// The parts of an agent, with these.
    #[must_use]
    pub fn add_to<'a>(&'a mut self, parts: Parts<'a>) -> Parts<'a> {
        let all = self.names.iter().zip(&mut self.learners);
        all.fold(parts, |parts, (name, learner)| parts.learner(name, learner))
    }

    /// The smallest target value of each row of `judged` `[rows, observation + action]`.
    #[must_use]
    pub fn target_values(&self, judged: &Tensor<2>) -> Vec<f32> {
        least(self.learners.iter().map(NetworkTrainer::target), judged)
    }

    /// One step of each down its mean squared error, all at the same time; beside it the mean value of the rows before
    /// the step.
    ///
    /// # Errors
    /// As [`NetworkTrainer::minimise`].
    pub fn regress(
        &mut self,
        judged: &Tensor<2>,
        targets: &Tensor<2>,
        streams: &mut Streams,
    ) -> Result<Vec<StepReport<f32>>> {
        let loss = |critic: &SparseMlp, judged: Tensor<2>| {
            let values = critic.forward(judged);
            let mean = values.clone().inner().mean().into_scalar::<f32>();
            ((values - targets.clone()).square().mean(), mean)
        };
        let rngs = streams.topologies(&self.names);
        let steps = self.learners.par_iter_mut().zip(rngs);
        let steps = steps.map(|(critic, rng)| critic.minimise([judged.clone()], loss, rng));
        Ok(steps.collect::<sparse_core::Result<_>>()?)
    }
}

/// The smallest of what some critics say of each row of `judged`.
#[must_use]
pub fn least<'a>(critics: impl IntoIterator<Item = &'a SparseMlp>, judged: &Tensor<2>) -> Vec<f32> {
    let values = critics.into_iter();
    let values = values.map(|critic| to_vec(critic.forward(judged.clone())));
    let least = values.reduce(|mut least, values| {
        for (least, value) in least.iter_mut().zip(values) {
            *least = least.min(value);
        }
        least
    });
    least.unwrap_or_default()
}

/// A number that is trained beside the networks, by Adam with PyTorch's betas: SAC's log α, log σ of a policy.
#[derive(Clone, Debug)]
pub struct Trainable {
    value: f64,
    first: f64,
    second: f64,
    steps: f64,
}

impl Trainable {
    /// A number before its first step.
    #[must_use]
    pub fn new(value: f64) -> Self {
        Self {
            value,
            first: 0.0,
            second: 0.0,
            steps: 0.0,
        }
    }

    /// The number.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// All that later steps depend on, to be saved and set again.
    pub fn state(&mut self) -> [&mut f64; 4] {
        [
            &mut self.value,
            &mut self.first,
            &mut self.second,
            &mut self.steps,
        ]
    }

    /// One step down a gradient.
    pub fn step(&mut self, gradient: f64, learning_rate: f64) {
        const BETAS: [f64; 2] = [0.9, 0.999];
        self.steps += 1.0;
        self.first += (1.0 - BETAS[0]) * (gradient - self.first);
        self.second += (1.0 - BETAS[1]) * (gradient * gradient - self.second);
        let [first, second] = BETAS.map(|beta| 1.0 - beta.powf(self.steps));
        let step = (self.first / first) / ((self.second / second).sqrt() + 1e-8);
        self.value -= learning_rate * step;
    }
}

/// Refuses a batch that is not made for these sizes, or whose parts are not of one.
///
/// # Errors
/// [`Error::Config`] naming what does not fit.
pub fn check_batch(rows: &Rows, batch: &Batch) -> Result<()> {
    let (size, passed) = (batch.size, batch.between_row.len());
    let (seen, done) = (rows.observation, rows.action);
    for (field, length, expected) in [
        ("batch.observation", batch.observation.len(), size * seen),
        ("batch.action", batch.action.len(), size * done),
        ("batch.return_n", batch.return_n.len(), size),
        ("batch.discount", batch.discount.len(), size),
        (
            "batch.next_observation",
            batch.next_observation.len(),
            size * seen,
        ),
        (
            "batch.between_observation",
            batch.between_observation.len(),
            passed * seen,
        ),
        (
            "batch.between_discount",
            batch.between_discount.len(),
            passed,
        ),
    ] {
        if length != expected {
            let allowed = format!(
                "{expected}, as the batch and the agent's observations and actions have it"
            );
            return Err(Error::config(field, format!("{length} numbers"), &allowed));
        }
    }
    if size == 0 {
        return Err(Error::config("batch.size", size, "1 or more"));
    }
    match batch.between_row.iter().find(|row| **row as usize >= size) {
        Some(row) => Err(Error::config("batch.between_row", row, "below batch.size")),
        None => Ok(()),
    }
}
