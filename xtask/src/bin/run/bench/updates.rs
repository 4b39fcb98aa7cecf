//! Updates per second of TD3 and SAC: the dense recipe and RLx2's, before and after its delay of targets over several
//! steps, in turns, on synthetic transitions that go through the
//! same replay and the same update as in training.

use anyhow::{Context, Result};
use burn::tensor::Device;
use rand::RngExt;
use rl_algos::agent::Agent;
use rl_algos::algos::build;
use rl_algos::config::TrainConfig;
use rl_algos::keep_workers_awake;
use rl_algos::recipes;
use rl_algos::replay::{Batch, Replay, Transition};
use rl_algos::rng::Streams;

use super::clock::{Times, in_turns, ratio};
use super::processor;
use experiments::terminal::table::{Cell, Table};

const TASKS: [&str; 2] = ["Hopper-v5", "HalfCheetah-v5"];
/// Transitions in the replay, and steps of an episode.
const TRANSITIONS: usize = 20_000;
const EPISODE: usize = 200;
/// Updates before the clock starts.
const WARM_UP: usize = 50;
const REPEATS: usize = 9;
/// Length of a repeat (s).
const REPEAT: f64 = 0.5;

/// Measures both recipes on the shapes of both tasks.
pub(super) fn bench(device: &str, threads: usize) -> Result<(String, Table)> {
    let mut table = Table::new(&[
        "task",
        "recipe",
        "n_step",
        "actor_sparsity",
        "critic_sparsity",
        "updates_per_s",
        "slowest",
        "fastest",
        "times_dense",
        "rewire_ms",
    ]);
    let backend = sparse_core::device::by_name(device)?;
    for task in TASKS {
        for algorithm in ["td3", "sac"] {
            let learning = |recipe, change: fn(&mut TrainConfig)| {
                let mut config = recipes::named(&format!("{recipe}-{algorithm}"), task)?;
                change(&mut config);
                Learning::new(config, &backend)
            };
            let mut dense = learning("dense", |_| {})?;
            let mut one_step = learning("rlx2", |config| config.n_step.n = 1)?;
            let mut rlx2 = learning("rlx2", |_| {})?;
            let mut moving = learning("rlx2", always_moving)?;
            for _ in 0..WARM_UP {
                for rival in [&mut dense, &mut one_step, &mut rlx2, &mut moving] {
                    rival.update();
                }
            }
            let rivals: [&mut dyn FnMut(); 4] = [
                &mut || dense.update(),
                &mut || one_step.update(),
                &mut || rlx2.update(),
                &mut || moving.update(),
            ];
            let [dense_times, one_step_times, times, moving_times] =
                in_turns(REPEATS, REPEAT, rivals);
            moving.check()?;
            let rewire = 1e3 * (moving_times.median() - times.median());
            table.push(dense.row(&dense_times, 1.0, f64::NAN)?);
            let faster = ratio(&dense_times, &one_step_times);
            table.push(one_step.row(&one_step_times, faster, f64::NAN)?);
            table.push(rlx2.row(&times, ratio(&dense_times, &times), rewire)?);
        }
    }
    let batch = recipes::named("dense", TASKS[0])?.learning.batch_size;
    let title = format!(
        "Updates per second: batch {batch}, device {device}, {threads} threads, {}.\n\
         Median, slowest and fastest of {REPEATS} turns; times dense is the median of the turns' ratios. Rewire is how\n\
         much longer an update takes in which every network moves connections whose turn it is.",
        processor()
    );
    Ok((title, table))
}

/// Lets connections move with every update.
fn always_moving(config: &mut TrainConfig) {
    if let Some(topology) = &mut config.topology {
        topology.every = 1;
    }
}

/// An agent with a full replay.
struct Learning {
    config: TrainConfig,
    agent: Box<dyn Agent>,
    replay: Replay,
    batch: Batch,
    streams: Streams,
    /// The first update that failed; the clock cannot stop for it.
    failed: Option<rl_algos::Error>,
}

impl Learning {
    fn new(config: TrainConfig, device: &Device) -> Result<Self> {
        let env = envs_info(&config.env)?;
        let (seen, done) = (env.observation.len(), env.action.len());
        let mut streams = Streams::new(0);
        Ok(Self {
            agent: build(&config, seen, done, device, &mut streams)?,
            replay: replay(seen, done, &mut streams),
            batch: Batch {
                skip_intermediate: config.algo.name() == "td3",
                ..Batch::default()
            },
            streams,
            failed: None,
            config,
        })
    }

    /// One update as the training loop makes it.
    fn update(&mut self) {
        let (n, gamma) = (self.config.n_step.n, self.config.learning.gamma as f32);
        let size = self.config.learning.batch_size;
        let (agent, replay) = (&mut self.agent, &self.replay);
        let (batch, streams) = (&mut self.batch, &mut self.streams);
        let done = keep_workers_awake(|| {
            replay.sample(n, gamma, size, &mut streams.replay, batch);
            agent.update(batch, streams)
        });
        self.failed = self.failed.take().or(done.err());
    }

    /// Whether all updates went well.
    fn check(&mut self) -> Result<()> {
        match self.failed.take() {
            Some(error) => Err(error).context("an update failed"),
            None => Ok(()),
        }
    }

    fn row(&mut self, times: &Times, ratio: f64, rewire: f64) -> Result<Vec<Cell>> {
        self.check()?;
        let (fastest, slowest) = times.extremes();
        let sparsity = &self.config.sparsity;
        Ok(vec![
            Cell::text(self.config.env.as_str()),
            Cell::text(self.config.recipe.as_str()),
            Cell::Number(self.config.n_step.n as f64, 0),
            Cell::Number(sparsity.actor, 2),
            Cell::Number(sparsity.critic, 2),
            Cell::Number(1.0 / times.median(), 0),
            Cell::Number(1.0 / slowest, 0),
            Cell::Number(1.0 / fastest, 0),
            Cell::Number(ratio, 2),
            Cell::Number(rewire, 2),
        ])
    }
}

fn envs_info(task: &str) -> Result<::envs::TaskInfo> {
    Ok(::envs::make(task)?.info().clone())
}

/// A replay of random transitions, in episodes that follow on.
fn replay(seen: usize, done: usize, streams: &mut Streams) -> Replay {
    let rng = &mut streams.environment;
    let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-1.0..1.0)).collect() };
    let mut replay = Replay::new(seen, done, TRANSITIONS);
    let mut observation = draw(seen);
    for step in 1..=TRANSITIONS {
        let (action, next_observation) = (draw(done), draw(seen));
        let over = step % EPISODE == 0;
        replay.push(&Transition {
            observation: &observation,
            action: &action,
            mean_action: &action,
            reward: draw(1)[0],
            next_observation: &next_observation,
            terminated: over,
            truncated: false,
        });
        observation = if over { draw(seen) } else { next_observation };
    }
    replay
}
