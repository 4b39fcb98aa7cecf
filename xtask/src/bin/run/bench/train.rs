//! Where a training step's time goes: environment, acting, storing, sampling, update.

use std::time::Instant;

use ::envs::{Step, VecEnv};
use anyhow::Result;
use rl_algos::agent::Agent;
use rl_algos::algos::build;
use rl_algos::config::TrainConfig;
use rl_algos::keep_workers_awake;
use rl_algos::recipes;
use rl_algos::replay::{Batch, Replay, Transition};
use rl_algos::rng::Streams;
use rl_algos::scale::{ActionRange, to_agent};

use super::clock::Times;
use super::processor;
use experiments::terminal::table::{Cell, Table};

const TASKS: [&str; 2] = ["Hopper-v5", "HalfCheetah-v5"];
const RECIPES: [&str; 4] = ["rlx2-td3", "dense-td3", "rlx2-sac", "dense-sac"];
/// Steps before the first update, and steps with updates before the clock counts.
const RANDOM: usize = 2_000;
/// Transitions in the replay, those steps again and again: what RLx2's holds after half a million steps, and far more than
/// a processor keeps near.
const STORED: usize = 300_000;
const WARM_UP: usize = 50;
/// Seconds that each row is measured.
const SECONDS: f64 = 4.0;
/// Act, environment, store, sample, update.
const STAGES: usize = 5;

/// Measures each recipe on each task.
pub(super) fn bench(device: &str, threads: usize) -> Result<(String, Table)> {
    let mut table = Table::new(&[
        "task",
        "recipe",
        "act_us",
        "environment_us",
        "store_us",
        "sample_us",
        "update_us",
        "step_us",
        "steps_per_s",
    ]);
    for task in TASKS {
        for recipe in RECIPES {
            let stages = Loop::new(&recipes::named(recipe, task)?, device)?.measure()?;
            let micros = stages.each_ref().map(|times| 1e6 * times.median());
            let whole: f64 = micros.iter().sum();
            let mut row = vec![Cell::text(task), Cell::text(recipe)];
            row.extend(micros.map(|micros| Cell::Number(micros, 1)));
            row.extend([Cell::Number(whole, 1), Cell::Number(1e6 / whole, 0)]);
            table.push(row);
        }
    }
    let title = format!(
        "A training step by stage (µs, medians over {SECONDS} s): device {device}, {threads} threads, {}.\n\
         The replay holds {STORED} transitions.\n\
         TD3's update is the mean of one with the actor's and one without.",
        processor()
    );
    Ok((title, table))
}

/// A training loop, taken apart.
struct Loop {
    config: TrainConfig,
    streams: Streams,
    agent: Box<dyn Agent>,
    env: VecEnv,
    range: ActionRange,
    replay: Replay,
    batch: Batch,
    observation: Vec<f32>,
    next_observation: Vec<f32>,
    mean_action: Vec<f32>,
    action: Vec<f32>,
    told: Vec<f64>,
}

impl Loop {
    fn new(config: &TrainConfig, device: &str) -> Result<Self> {
        let device = sparse_core::device::by_name(device)?;
        let mut streams = Streams::new(0);
        let mut env = VecEnv::new(&config.env, 1)?;
        env.reset(0)?;
        let (seen, done) = (env.info().observation.len(), env.info().action.len());
        let mut new = Self {
            agent: build(config, seen, done, &device, &mut streams)?,
            range: ActionRange::of(&env.info().action)?,
            replay: Replay::new(seen, done, config.replay.capacity),
            batch: Batch {
                skip_intermediate: config.algo.name() == "td3",
                ..Batch::default()
            },
            observation: vec![0.0; seen],
            next_observation: vec![0.0; seen],
            mean_action: vec![0.0; done],
            action: vec![0.0; done],
            told: vec![0.0; done],
            config: config.clone(),
            streams,
            env,
        };
        to_agent(new.env.observations(), &mut new.observation)?;
        Ok(new)
    }

    /// Times of the stages, in their order.
    fn measure(mut self) -> Result<[Times; STAGES]> {
        for _ in 0..RANDOM {
            self.act();
            let step = self.step()?;
            self.store(step)?;
        }
        let made = self.replay.clone();
        let left = STORED.saturating_sub(made.len());
        let again = made.transitions().cycle().take(left);
        again.for_each(|transition| self.replay.push(&transition));
        let mut stages = [const { Times::new() }; STAGES];
        let mut steps = 0;
        let start = Instant::now();
        while start.elapsed().as_secs_f64() < SECONDS || steps < 2 * WARM_UP {
            // Two steps, one of which has TD3's update of the actor.
            let mut spent = [0.0; STAGES];
            for _ in 0..2 {
                let one = self.timed()?;
                spent.iter_mut().zip(one).for_each(|(a, b)| *a += b / 2.0);
            }
            steps += 2;
            if steps > WARM_UP {
                stages.iter_mut().zip(spent).for_each(|(t, s)| t.push(s));
            }
        }
        Ok(stages)
    }

    /// One step; seconds of its stages.
    fn timed(&mut self) -> Result<[f64; STAGES]> {
        let mut clock = Instant::now();
        let mut lap = || {
            let now = Instant::now();
            let spent = (now - clock).as_secs_f64();
            clock = now;
            spent
        };
        self.act();
        let act = lap();
        let step = self.step()?;
        let environment = lap();
        self.store(step)?;
        let store = lap();
        let learning = &self.config.learning;
        let (n, gamma) = (self.config.n_step.n, learning.gamma as f32);
        let rng = &mut self.streams.replay;
        let batch = &mut self.batch;
        self.replay
            .sample(n, gamma, learning.batch_size, rng, batch);
        let sample = lap();
        let (agent, batch, streams) = (&mut self.agent, &self.batch, &mut self.streams);
        keep_workers_awake(|| agent.update(batch, streams))?;
        Ok([act, environment, store, sample, lap()])
    }

    fn act(&mut self) {
        let rng = &mut self.streams.exploration;
        let (mean, action) = (&mut self.mean_action, &mut self.action);
        self.agent.explore(&self.observation, rng, mean, action);
    }

    fn step(&mut self) -> Result<Step> {
        self.range.to_task(&self.action, &mut self.told);
        Ok(self.env.step(&self.told)?[0])
    }

    fn store(&mut self, step: Step) -> Result<()> {
        let next = self.env.final_observation(0);
        let next = next.unwrap_or(self.env.observations());
        to_agent(next, &mut self.next_observation)?;
        self.replay.push(&Transition {
            observation: &self.observation,
            action: &self.action,
            mean_action: &self.mean_action,
            reward: step.reward as f32,
            next_observation: &self.next_observation,
            terminated: step.terminated,
            truncated: step.truncated,
        });
        Ok(to_agent(self.env.observations(), &mut self.observation)?)
    }
}
