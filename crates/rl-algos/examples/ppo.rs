//! PPO (Schulman et al., arXiv 1707.06347), an on-policy agent written outside of the library: it brings its own storage
//! and its own losses, and takes environments, networks, the trainer and observers from here.
//!
//! `cargo run --release -p rl-algos --example ppo -- 0` trains with seed 0 until ten episodes of InvertedPendulum earn
//! 1,000 each, the most there is, and fails where 100,000 steps do not get there.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::f32::consts::PI;
use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rl_algos::agent::{Agent, Experience, Moves, Network, Parts, Resumable, Role, UpdateReport};
use rl_algos::config::EvaluationConfig;
use rl_algos::nets::{Actor, BatchShape, normal, to_vec};
use rl_algos::observe::{Evaluation, Observer, Progress};
use rl_algos::replay::Transition;
use rl_algos::rng::Streams;
use rl_algos::train::{LoopConfig, Trainer};
use rl_algos::{Error, Result};
use sparse_core::nn::{SparseMlp, SparseMlpConfig};
use sparse_core::optim::AdamConfig;
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig};

/// Steps of a rollout, epochs over it, and rows of a minibatch (Table 3 of the paper).
const HORIZON: usize = 2048;
const EPOCHS: usize = 10;
const MINIBATCH: usize = 64;
/// Discount, λ of the advantages' estimator, and clipping range.
const GAMMA: f32 = 0.99;
const LAMBDA: f32 = 0.95;
const CLIP: f32 = 0.2;

/// What happened on the way, in rows.
#[derive(Debug, Default)]
struct Rollout {
    observations: Vec<f32>,
    next_observations: Vec<f32>,
    /// Before they were cut to [-1, 1].
    actions: Vec<f32>,
    /// Log-probabilities of these when they were drawn.
    logs: Vec<f32>,
    rewards: Vec<f32>,
    terminated: Vec<bool>,
    /// Whether the episode ends with this step, for whatever reason.
    last: Vec<bool>,
}

/// A Gaussian policy and a value of states.
#[derive(Debug)]
struct Ppo {
    shape: BatchShape,
    actor: Actor,
    value: NetworkTrainer<SparseMlp>,
    rollout: Rollout,
    /// The action that was drawn last, before it was cut, and its log-probability.
    drawn: (Vec<f32>, f32),
}

/// The bounds of log σ: the network's output goes through tanh and is stretched between them.
const LOG_STD: [f32; 2] = [-2.0, 0.0];

fn log_std(output: f32) -> f32 {
    LOG_STD[0] + 0.5 * (LOG_STD[1] - LOG_STD[0]) * (output.tanh() + 1.0)
}

/// log N(a; μ, σ), summed over the numbers of an action; each row is the means with the outputs for σ behind them.
fn log_probability(output: &[f32], action: &[f32]) -> f32 {
    let (means, spreads) = output.split_at(action.len());
    let each = action.iter().zip(means).zip(spreads);
    each.map(|((action, mean), spread)| {
        let log_std = log_std(*spread);
        let unit = (action - mean) / log_std.exp();
        -0.5 * unit * unit - log_std - 0.5 * (2.0 * PI).ln()
    })
    .sum()
}

impl Ppo {
    fn new(shape: BatchShape, streams: &mut Streams) -> Result<Self> {
        let mut net = |sizes: [usize; 4]| {
            let config = SparseMlpConfig::new(sizes.to_vec());
            config.try_init(&shape.device, &mut streams.init)
        };
        let (obs_dim, act_dim) = (shape.obs_dim, shape.act_dim);
        let actor = net([obs_dim, 64, 64, 2 * act_dim])?;
        let value = net([obs_dim, 64, 64, 1])?;
        let settings = |learning_rate| NetworkTrainerConfig {
            adam: AdamConfig {
                learning_rate,
                ..AdamConfig::default()
            },
            ..NetworkTrainerConfig::default()
        };
        Ok(Self {
            actor: Actor::from_network(actor, settings(3e-4))?,
            value: NetworkTrainer::new(value, settings(1e-3))?,
            rollout: Rollout::default(),
            drawn: (vec![0.0; act_dim], 0.0),
            shape,
        })
    }

    fn store(&mut self, step: &Transition<'_>) {
        let rollout = &mut self.rollout;
        rollout.observations.extend_from_slice(step.observation);
        rollout
            .next_observations
            .extend_from_slice(step.next_observation);
        rollout.actions.extend_from_slice(&self.drawn.0);
        rollout.logs.push(self.drawn.1);
        rollout.rewards.push(step.reward);
        rollout.terminated.push(step.terminated);
        rollout.last.push(step.terminated || step.truncated);
    }

    /// Generalised advantages (arXiv 1506.02438) and what the value is to say, row by row.
    fn advantages(&self, rollout: &Rollout) -> (Vec<f32>, Vec<f32>) {
        let value = |observations: &[f32]| {
            let rows = self.shape.tensor(observations, self.shape.obs_dim);
            to_vec(self.value.net().forward(rows))
        };
        let now = value(&rollout.observations);
        let next = value(&rollout.next_observations);
        let mut advantages = vec![0.0; now.len()];
        let mut running = 0.0;
        for t in (0..now.len()).rev() {
            let follows = if rollout.terminated[t] { 0.0 } else { next[t] };
            let error = rollout.rewards[t] + GAMMA * follows - now[t];
            let goes_on = if rollout.last[t] { 0.0 } else { 1.0 };
            running = error + GAMMA * LAMBDA * goes_on * running;
            advantages[t] = running;
        }
        let targets = advantages.iter().zip(&now).map(|(a, v)| a + v).collect();
        (advantages, targets)
    }

    /// Some epochs over the rollout, which is empty then.
    fn update(&mut self, streams: &mut Streams) -> Result<UpdateReport> {
        let rollout = std::mem::take(&mut self.rollout);
        let (mut advantages, targets) = self.advantages(&rollout);
        standardise(&mut advantages);
        let mut order: Vec<usize> = (0..advantages.len()).collect();
        let mut report = UpdateReport::default();
        for _ in 0..EPOCHS {
            order.shuffle(streams.named("minibatch"));
            for rows in order.chunks(MINIBATCH) {
                let batch = Minibatch::of(&self.shape, &rollout, rows, &advantages, &targets);
                report.add(self.step(batch, streams)?);
            }
        }
        Ok(report)
    }

    /// One step of both networks.
    fn step(&mut self, batch: Minibatch, streams: &mut Streams) -> Result<UpdateReport> {
        let act_dim = self.shape.act_dim;
        let observations = batch.observations.clone();
        let loss = |actor: &SparseMlp, batch: Minibatch| batch.policy_loss(actor, act_dim);
        let learner = self.actor.learner_mut();
        let policy = learner.minimise([batch.clone()], loss, streams.topology("actor"))?;
        let loss = |value: &SparseMlp, targets: Tensor<2>| {
            let values = value.forward(Tensor::from_inner(observations.clone()));
            (values - Tensor::from_inner(targets)).square().mean()
        };
        let rng = streams.topology("value");
        let value = self.value.minimise([batch.targets], loss, rng)?;
        Ok(UpdateReport {
            updates: 1,
            metrics: vec![
                ("policy_loss", policy.loss),
                ("value_loss", value.loss),
                ("clip_fraction", policy.aux[0]),
            ],
            moves: [Moves::of(&policy), Moves::of(&value)].into_iter().sum(),
        })
    }
}

/// To mean 0 and deviation 1.
fn standardise(numbers: &mut [f32]) {
    let count = numbers.len() as f32;
    let mean = numbers.iter().sum::<f32>() / count;
    let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count;
    let scale = 1.0 / (variance.sqrt() + 1e-8);
    numbers.iter_mut().for_each(|x| *x = (*x - mean) * scale);
}

/// Some rows of a rollout as tensors, `[rows, ·]`.
#[derive(Clone)]
struct Minibatch {
    observations: Tensor<2>,
    actions: Tensor<2>,
    logs: Tensor<2>,
    advantages: Tensor<2>,
    targets: Tensor<2>,
}

impl Minibatch {
    fn of(
        shape: &BatchShape,
        rollout: &Rollout,
        rows: &[usize],
        advantages: &[f32],
        targets: &[f32],
    ) -> Self {
        let some = |data: &[f32], width: usize| {
            let rows = rows.iter().flat_map(|row| &data[row * width..][..width]);
            shape.tensor(rows.copied().collect::<Vec<f32>>(), width)
        };
        Self {
            observations: some(&rollout.observations, shape.obs_dim),
            actions: some(&rollout.actions, shape.act_dim),
            logs: some(&rollout.logs, 1),
            advantages: some(advantages, 1),
            targets: some(targets, 1),
        }
    }

    /// The clipped surrogate (equation 7), negated, and the share of rows that are clipped.
    fn policy_loss(self, actor: &SparseMlp, act_dim: usize) -> (Tensor<1>, f32) {
        let Self {
            observations,
            actions,
            logs,
            advantages,
            ..
        } = self;
        let [observations, actions, logs, advantages] =
            [observations, actions, logs, advantages].map(Tensor::from_inner);
        let outputs = actor.forward(observations);
        let means = outputs.clone().narrow(1, 0, act_dim);
        let half = 0.5 * (LOG_STD[1] - LOG_STD[0]);
        let log_std = (outputs.narrow(1, act_dim, act_dim).tanh() + 1.0) * half + LOG_STD[0];
        let units = (actions - means) / log_std.clone().exp();
        let new = (units.square() * -0.5 - log_std - 0.5 * (2.0 * PI).ln()).sum_dim(1);
        let ratios = (new - logs).exp();
        let clipped = ratios.clone().clamp(1.0 - CLIP, 1.0 + CLIP);
        let outside = to_vec(ratios.clone().inner());
        let outside = outside.iter().filter(|r| (**r - 1.0).abs() > CLIP).count() as f32;
        let rows = ratios.dims()[0] as f32;
        let surrogate = (ratios * advantages.clone()).min_pair(clipped * advantages);
        (surrogate.mean().neg(), outside / rows)
    }
}

impl Agent for Ppo {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        let means = self.actor.output(observation);
        for (action, mean) in action.iter_mut().zip(means) {
            *action = mean.clamp(-1.0, 1.0);
        }
    }

    fn explore(
        &mut self,
        observation: &[f32],
        rng: &mut ChaCha8Rng,
        mean: &mut [f32],
        action: &mut [f32],
    ) {
        self.act(observation, mean);
        let output = self.actor.output(observation);
        let noise = normal(action.len(), rng);
        let (means, spreads) = output.split_at(action.len());
        for (k, drawn) in self.drawn.0.iter_mut().enumerate() {
            *drawn = means[k] + log_std(spreads[k]).exp() * noise[k];
            action[k] = drawn.clamp(-1.0, 1.0);
        }
        self.drawn.1 = log_probability(output, &self.drawn.0);
    }

    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> Result<UpdateReport> {
        if let Some(step) = experience.transition() {
            self.store(step);
        }
        match self.rollout.rewards.len() < HORIZON {
            true => Ok(UpdateReport::default()),
            false => self.update(streams),
        }
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["policy_loss", "value_loss", "clip_fraction"]
    }

    fn networks(&self) -> Vec<Network<'_>> {
        vec![
            Network::of("actor", Role::Actor, self.actor.learner()),
            Network::of("value", Role::Value, &self.value),
        ]
    }
}

impl Resumable for Ppo {
    /// The networks and their optimizers. A rollout under way is not kept: a run that goes on collects a new one.
    fn parts(&mut self) -> Parts<'_> {
        Parts::default()
            .learner("actor", self.actor.learner_mut())
            .learner("value", &mut self.value)
    }
}

/// Prints evaluations, and ends the run with the first that is perfect.
#[derive(Default)]
struct UntilPerfect(bool);

impl Observer for UntilPerfect {
    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        let Evaluation {
            progress,
            metrics,
            returns,
            ..
        } = evaluation;
        let Some(returns) = returns else {
            return Ok(());
        };
        println!(
            "{:>7} steps  return {:>6.1} ± {:<5.1} value loss {:.3}",
            progress.step,
            returns.mean,
            returns.std,
            metrics.get("value_loss")
        );
        self.0 = returns.mean >= 1_000.0;
        Ok(())
    }

    fn on_step(&mut self, _: &Progress) -> ControlFlow<()> {
        match self.0 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

fn main() -> Result<()> {
    let seed = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let seed = seed.unwrap_or(0);
    let env = envs::make("InvertedPendulum-v5")?;
    let shape = BatchShape {
        obs_dim: env.info().observation.len(),
        act_dim: env.info().action.len(),
        device: Device::flex(),
    };
    let mut streams = Streams::new(seed);
    let agent = Ppo::new(shape, &mut streams)?;
    let config = LoopConfig {
        steps: 100_000,
        seed,
        random_steps: 0,
        replay: None,
        evaluation: EvaluationConfig {
            every: HORIZON as u64,
            episodes: 10,
            keep_policies: false,
            at_start: false,
        },
        ..LoopConfig::default()
    };
    let trained = Trainer::new(agent, env)
        .config(config)
        .streams(streams)
        .observe(UntilPerfect::default())
        .run()?;
    let best = trained.returns.iter().copied().fold(f64::NAN, f64::max);
    println!("seed {seed}: {best:.1} after {} steps", trained.steps);
    match best >= 1_000.0 {
        true => Ok(()),
        false => Err(Error::Config {
            field: "steps".into(),
            value: trained.steps.to_string(),
            allowed: format!("enough for a mean return of 1,000; the best was {best:.1}"),
        }),
    }
}
