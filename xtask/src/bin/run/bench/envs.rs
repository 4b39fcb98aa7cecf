//! Control steps per second of each task: one environment on one thread, many on all, and MuJoCo's C library
//! doing the same work in turns.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ::envs::dynamics::{Model, State, step};
use ::envs::{Env, EnvState, TaskInfo, VecEnv, list, make};
use anyhow::{Context, Result, bail};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::clock::{Times, in_turns};
use super::mujoco::{Mujoco, Work};
use super::processor;
use experiments::terminal::table::{Cell, Table};

/// Control steps of one timed call.
const STEPS: usize = 1000;
const REPEATS: usize = 9;
/// Length of a repeat (s).
const REPEAT: f64 = 0.2;
/// Environments in a [`VecEnv`].
const TOGETHER: usize = 64;

/// Whether a task is measured: Gymnasium's newest versions, and the control suite but for what differs in the reward only.
fn measured(info: &TaskInfo) -> bool {
    const SUITE: [&str; 24] = [
        "acrobot-swingup",
        "ball_in_cup-catch",
        "cartpole-swingup",
        "cartpole-three_poles",
        "cheetah-run",
        "dog-fetch",
        "dog-walk",
        "finger-spin",
        "fish-swim",
        "hopper-hop",
        "humanoid-run",
        "humanoid_CMU-run",
        "manipulator-bring_ball",
        "manipulator-insert_peg",
        "pendulum-swingup",
        "point_mass-easy",
        "quadruped-fetch",
        "quadruped-walk",
        "reacher-easy",
        "stacker-stack_2",
        "stacker-stack_4",
        "swimmer-swimmer15",
        "swimmer-swimmer6",
        "walker-run",
    ];
    match info.id.strip_prefix("dmc/") {
        Some(task) => SUITE.contains(&task),
        None => info.id.ends_with("-v5"),
    }
}

/// Measures these tasks, in turns; `threads` is for the many together.
pub(super) fn bench(threads: usize) -> Result<(String, Table)> {
    let mut table = Table::new(&[
        "task",
        "steps_per_s",
        "slowest",
        "fastest",
        "physics_steps_per_s",
        "together_steps_per_s",
        "times_alone",
    ]);
    for info in list().into_iter().filter(|info| measured(info)) {
        let mut player = Player::new(info.id)?;
        let mut many = Many::new(info.id)?;
        let mut failed = None;
        let mut also = None;
        let mut play = || failed = player.play().err().or(failed.take());
        let mut play_many = || also = many.play().err().or(also.take());
        let [alone, together] = in_turns(REPEATS, REPEAT, [&mut play, &mut play_many]);
        if let Some(error) = failed.or(also) {
            return Err(error);
        }
        let rate = |seconds: f64| STEPS as f64 / seconds;
        let (fastest, slowest) = alone.extremes();
        let (one, all) = (rate(alone.median()), rate(together.median()));
        table.push(vec![
            Cell::text(info.id),
            Cell::Number(one, 0),
            Cell::Number(rate(slowest), 0),
            Cell::Number(rate(fastest), 0),
            Cell::Number(one * info.frame_skip as f64, 0),
            Cell::Number(all, 0),
            Cell::Number(all / one, 2),
        ]);
    }
    let title = format!(
        "Control steps per second: one environment on one thread, and {TOGETHER} together on {threads}; random\n\
         actions, episodes reset when over, {}. Median, slowest and fastest of {REPEATS} repeats.",
        processor()
    );
    Ok((title, table))
}

/// Measures these tasks, or these models if there are any, beside MuJoCo's rollout loop: the same start, the same
/// actions, no resets, one thread each, in turns.
pub(super) fn bench_beside(python: &Path, models: &[PathBuf]) -> Result<(String, Table)> {
    let tasks = list().into_iter().filter(|info| measured(info));
    let what: Vec<What> = if models.is_empty() {
        tasks.map(|info| What::Task(info.id)).collect()
    } else {
        models.iter().map(|file| What::Model(file)).collect()
    };
    let mut table = Table::new(&[
        "task",
        "steps_per_s",
        "mujoco_steps_per_s",
        "ratio",
        "apart",
    ]);
    let (mut logarithms, mut version) = (0.0, String::new());
    for what in &what {
        let (mut rival, work) = Mujoco::start(python, &what.asked()?)?;
        let mut ours = what.replay(&work)?;
        let (mut here, mut there) = (Times::default(), Times::default());
        let mut apart: f64 = 0.0;
        // The first run of each warms up.
        for repeat in 0..=REPEATS {
            let (seconds, qpos) = ours.run(&work)?;
            let run = rival.run()?;
            apart = largest_difference(&qpos, &run.qpos);
            if repeat > 0 {
                here.push(seconds);
                there.push(run.seconds);
            }
        }
        let steps = work.actions.len() as f64;
        let ratio = super::clock::ratio(&there, &here);
        logarithms += ratio.ln();
        version.clone_from(&work.version);
        table.push(vec![
            Cell::text(what.name()),
            Cell::Number(steps / here.median(), 0),
            Cell::Number(steps / there.median(), 0),
            Cell::Number(ratio, 2),
            Cell::text(format!("{apart:.0e}")),
        ]);
    }
    if what.is_empty() {
        bail!("there is no task to measure");
    }
    let mean = f64::exp(logarithms / what.len() as f64);
    let title = format!(
        "Control steps per second beside MuJoCo {version}'s rollout loop: one thread each, the same start and the same\n\
         {STEPS} random actions, no resets, {}. Medians of {REPEATS} turns; `apart` is the largest difference in\n\
         position at the end, where chaos may have parted the two. Geometric mean of the ratios: {mean:.2}.",
        processor()
    );
    Ok((title, table))
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
        let mut player = Self {
            observation: vec![0.0; env.info().observation.len()],
            actions: random_actions(&*env, STEPS),
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

/// Environments together and a few rounds of random actions.
struct Many {
    envs: VecEnv,
    rounds: Vec<Vec<f64>>,
    /// Environments that still have to step for a call of [`STEPS`].
    owed: usize,
}

impl Many {
    fn new(id: &str) -> Result<Self> {
        let mut envs = VecEnv::new(id, TOGETHER)?;
        envs.reset(0)?;
        let rounds = random_actions(envs.env(0), 16 * TOGETHER)
            .chunks_exact(TOGETHER)
            .map(<[Vec<f64>]>::concat)
            .collect();
        Ok(Self {
            envs,
            rounds,
            owed: 0,
        })
    }

    /// Takes [`STEPS`] steps in all, on average over calls.
    fn play(&mut self) -> Result<()> {
        self.owed += STEPS;
        let mut round = 0;
        while self.owed >= TOGETHER {
            self.envs.step(&self.rounds[round % self.rounds.len()])?;
            round += 1;
            self.owed -= TOGETHER;
        }
        Ok(())
    }
}

fn random_actions(env: &dyn Env, steps: usize) -> Vec<Vec<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let ranges = &env.info().action;
    let mut draw = || -> Vec<f64> {
        let draw = ranges.iter().map(|q| rng.random_range(q.low..=q.high));
        draw.collect()
    };
    (0..steps).map(|_| draw()).collect()
}

/// What is measured beside MuJoCo.
enum What<'a> {
    Task(&'a str),
    Model(&'a Path),
}

impl What<'_> {
    /// What MuJoCo's side is asked for.
    fn asked(&self) -> Result<String> {
        Ok(match self {
            Self::Task(id) => (*id).to_owned(),
            Self::Model(file) => {
                let path = file.to_str().with_context(|| {
                    format!("the path {} is not UTF-8; rename it", file.display())
                })?;
                format!("file:{path}")
            }
        })
    }

    /// A task's id, or a model's file and the folder that it is in.
    fn name(&self) -> String {
        match self {
            Self::Task(id) => (*id).to_owned(),
            Self::Model(file) => {
                let names: Vec<_> = file.iter().map(std::ffi::OsStr::to_string_lossy).collect();
                names[names.len().saturating_sub(2)..].join("/")
            }
        }
    }

    fn replay(&self, work: &Work) -> Result<Box<dyn Replay>> {
        Ok(match self {
            Self::Task(id) => Box::new(TaskReplay::new(id, work)?),
            Self::Model(file) => Box::new(ModelReplay::new(file, work)?),
        })
    }
}

/// Our side of the work that MuJoCo does.
trait Replay {
    /// Seconds that it takes, and the positions at the end.
    fn run(&mut self, work: &Work) -> Result<(f64, Vec<f64>)>;
}

struct TaskReplay {
    env: Box<dyn Env>,
    start: EnvState,
    observation: Vec<f64>,
}

impl TaskReplay {
    fn new(id: &str, work: &Work) -> Result<Self> {
        let env = make(id)?;
        Ok(Self {
            start: EnvState::at(&work.qpos, &work.qvel),
            observation: vec![0.0; env.info().observation.len()],
            env,
        })
    }
}

impl Replay for TaskReplay {
    fn run(&mut self, work: &Work) -> Result<(f64, Vec<f64>)> {
        self.env.set_state(&self.start, &mut self.observation)?;
        let began = Instant::now();
        for action in &work.actions {
            self.env.step(action, &mut self.observation)?;
        }
        let seconds = began.elapsed().as_secs_f64();
        Ok((seconds, self.env.state()?.qpos))
    }
}

struct ModelReplay {
    model: Model,
    start: State,
}

impl ModelReplay {
    fn new(file: &Path, work: &Work) -> Result<Self> {
        let model = Model::from_mjcf(file)?;
        let mut start = State::new(&model);
        start.qpos.copy_from_slice(&work.qpos);
        start.qvel.copy_from_slice(&work.qvel);
        start.act.copy_from_slice(&work.act);
        Ok(Self { model, start })
    }
}

impl Replay for ModelReplay {
    fn run(&mut self, work: &Work) -> Result<(f64, Vec<f64>)> {
        let mut state = self.start.clone();
        let began = Instant::now();
        for action in &work.actions {
            state.ctrl.copy_from_slice(action);
            for _ in 0..work.skip {
                step(&self.model, &mut state);
            }
        }
        Ok((began.elapsed().as_secs_f64(), state.qpos))
    }
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}
