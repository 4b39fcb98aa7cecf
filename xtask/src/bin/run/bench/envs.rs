//! Control steps per second of each task: one environment, one thread, uniformly random actions.

use ::envs::{Env, list, make};
use anyhow::Result;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::clock::{Times, in_turns};
use super::processor;
use crate::table::{Cell, Table};

/// Control steps of one timed call; also the length of the recorded random actions.
const STEPS: usize = 1000;
const REPEATS: usize = 9;
/// Length of a repeat (s).
const REPEAT: f64 = 0.2;

/// Measures every task, in turns.
pub(super) fn bench() -> Result<(String, Table)> {
    let mut table = Table::new(&[
        "task",
        "steps_per_s",
        "slowest",
        "fastest",
        "physics_steps_per_s",
    ]);
    for info in list() {
        let mut player = Player::new(info.id)?;
        let mut failed = None;
        let mut play = || failed = player.play().err().or(failed.take());
        let [times] = in_turns(REPEATS, REPEAT, [&mut play]);
        if let Some(error) = failed {
            return Err(error);
        }
        table.push(row(info.id, info.frame_skip, &times));
    }
    let title = format!(
        "Control steps per second: one thread, random actions, episodes reset when over, {}.\n\
         Median, slowest and fastest of {REPEATS} repeats.",
        processor()
    );
    Ok((title, table))
}

fn row(id: &str, frame_skip: usize, times: &Times) -> Vec<Cell> {
    let rate = |seconds: f64| STEPS as f64 / seconds;
    let (fastest, slowest) = times.extremes();
    vec![
        Cell::text(id),
        Cell::Number(rate(times.median()), 0),
        Cell::Number(rate(slowest), 0),
        Cell::Number(rate(fastest), 0),
        Cell::Number(rate(times.median()) * frame_skip as f64, 0),
    ]
}

/// An environment, its recorded random actions and where in them it is.
struct Player {
    env: Box<dyn Env>,
    actions: Vec<Vec<f64>>,
    observation: Vec<f64>,
    episodes: u64,
}

impl Player {
    fn new(id: &str) -> Result<Self> {
        let env = make(id)?;
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let ranges = env.info().action;
        let mut draw = || -> Vec<f64> {
            let draw = ranges.iter().map(|q| rng.random_range(q.low..=q.high));
            draw.collect()
        };
        let actions = (0..STEPS).map(|_| draw()).collect();
        let mut player = Self {
            observation: vec![0.0; env.info().observation.len()],
            actions,
            env,
            episodes: 0,
        };
        player.restart()?;
        Ok(player)
    }

    /// Takes one step per recorded action.
    fn play(&mut self) -> Result<()> {
        for at in 0..self.actions.len() {
            let step = self.env.step(&self.actions[at], &mut self.observation)?;
            if step.terminated || step.truncated {
                self.restart()?;
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<()> {
        self.env.reset(self.episodes, &mut self.observation)?;
        self.episodes += 1;
        Ok(())
    }
}
