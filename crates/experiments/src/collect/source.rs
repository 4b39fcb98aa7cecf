//! Sources of datasets: a task, and a run with its policies and its replay.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::args::collect::CollectArgs;
use crate::folder::run_dir::{Checkpoint, RunDir};
use anyhow::{Context, Result, bail};
use envs::{Env, Settings, TaskInfo, VecEnv};
use offline_prune::score::Reference;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rl_algos::config::TrainConfig;
use rl_algos::evaluate::evaluate;
use rl_algos::replay::Replay;

use super::rounded;
use crate::folder::kind::Kind;
use crate::folder::names::CONFIG;
use crate::folder::places;
use crate::folder::task_files;
use crate::runs::{RETURN, RunSet};
use crate::settings::set;
use crate::terminal::table::thousands;

/// Episodes whose mean is a random policy's return.
const RANDOM_EPISODES: usize = 100;

/// The stream of the random policy's episodes. Trainings take those from 0 on, and must not begin where data do.
const RANDOM_STREAM: u64 = 1 << 32;

/// The first stream of datasets.
pub(super) const STREAMS: u64 = 1 << 33;

/// Where datasets come from.
pub(super) struct Source {
    pub(super) env: Box<dyn Env>,
    pub(super) task: TaskInfo,
    /// What is set of the task.
    pub(super) env_settings: Settings,
    run: Option<Run>,
}

/// A run, and the returns that its policies are measured by.
pub(super) struct Run {
    dir: RunDir,
    pub(super) config: TrainConfig,
    /// Mean return of uniformly random actions.
    pub(super) random: f64,
    pub(super) expert: Kept,
}

/// A policy of a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    /// Environment steps before it.
    pub(super) step: u64,
    /// Mean return of its evaluation, without noise.
    pub(super) mean: f64,
    pub(super) file: PathBuf,
}

/// Some of a run's replay.
pub(super) struct Stored {
    pub(super) replay: Replay,
    /// Transitions, counted from the oldest that is stored.
    pub(super) rows: Range<usize>,
    /// The steps of the first and of the last of them, counted from 1.
    pub(super) steps: [u64; 2],
    /// The step of the oldest stored transition; earlier ones were dropped.
    pub(super) oldest: u64,
}

impl Source {
    pub(super) fn open(args: &CollectArgs) -> Result<Self> {
        let run = args.run.as_deref();
        let run = run.map(|path| Run::open(path, args.seed)).transpose()?;
        let task = run.as_ref().map(|run| run.config.env.as_str());
        let task = task.or(args.env.as_deref()).context("RUN is missing")?;
        let env_settings = match &run {
            Some(run) => run.config.env_settings.clone(),
            None => set::over(&Settings::default(), &args.env_set)?,
        };
        let env = envs::make_with(task, &env_settings)?;
        Ok(Self {
            task: env.info().clone(),
            env,
            env_settings,
            run,
        })
    }

    pub(super) fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// The reference returns, and their source.
    pub(super) fn reference(&self) -> Option<(Reference, &'static str)> {
        // D4RL's are of the published settings.
        let published = Some(self.task.id).filter(|_| self.env_settings.is_empty());
        if let Some(known) = published.and_then(|task| Reference::of(task).ok()) {
            return Some((known, "D4RL"));
        }
        let Run { random, expert, .. } = self.run.as_ref()?;
        let (min, max) = (*random, expert.mean);
        let own = "uniformly random actions, and the run's best evaluation";
        (min < max).then_some((Reference { min, max }, own))
    }

    /// A line about the returns that policies are chosen by.
    pub(super) fn said(&self) -> Option<String> {
        let Run { random, expert, .. } = self.run.as_ref()?;
        Some(format!(
            "{}: a random policy's return is {}, the run's best {} (step {})",
            self.task.id,
            rounded(*random),
            rounded(expert.mean),
            thousands(expert.step as f64)
        ))
    }
}

impl Run {
    fn open(path: &Path, seed: u64) -> Result<Self> {
        places::run(path)?;
        let text = std::fs::read_to_string(path.join(CONFIG)).unwrap_or_default();
        if Kind::of(&text) == Some(Kind::Offline) {
            bail!(
                "{} is a run of `{}`, which keeps neither a replay nor policies of several skills; take one of `{}`",
                path.display(),
                Kind::Offline.command(),
                Kind::Online.command()
            );
        }
        let (dir, config) = RunDir::open(path)?;
        task_files::tell_change(path, &config.env, &config.env_settings)?;
        let best = dir.info(Checkpoint::Best)?;
        Ok(Self {
            random: random_return(&config, seed)?,
            expert: Kept {
                step: best.step,
                mean: best.return_mean,
                file: dir.weights_path(Checkpoint::Best),
            },
            dir,
            config,
        })
    }

    /// The last part of the run's path.
    pub(super) fn name(&self) -> String {
        let path = self.dir.path();
        let name = path.file_name().unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// The return that a medium policy should have: a third of the way from a random policy to the expert.
    pub(super) fn medium_return(&self) -> f64 {
        self.random + (self.expert.mean - self.random) / 3.0
    }

    /// The kept policy whose evaluation is nearest to that.
    pub(super) fn medium(&self) -> Result<Kept> {
        let mut kept = Vec::new();
        let set = RunSet::read(&[self.dir.metrics_path()])?;
        let run = &set.runs()[0];
        let means = run.column(RETURN).unwrap_or_default();
        for (step, mean) in run.steps.iter().zip(means.iter().copied()) {
            let step = *step as u64;
            let file = self.dir.policy_path(step);
            if file.exists() {
                kept.push(Kept { step, mean, file });
            }
        }
        let path = self.dir.path().display();
        nearest(kept, self.medium_return()).with_context(|| {
            format!("{path} keeps no policies (policies/ is empty): train with --keep-policies")
        })
    }

    /// The run's replay up to a step, the newest `most` of its transitions.
    pub(super) fn replay(&self, until: u64, most: usize) -> Result<Stored> {
        let (replay, newest) = self.dir.replay(&self.config)?;
        let oldest = newest + 1 - replay.len() as u64;
        let until = until.min(newest);
        if until < oldest {
            let path = self.dir.path().display();
            let [until, oldest] = [until, oldest].map(|step| thousands(step as f64));
            bail!(
                "{path}: the replay has forgotten the steps before {oldest}, and the medium policy is of step {until}; \
                 train with a replay that forgets nothing (a recipe other than rlx2)"
            );
        }
        let held = usize::try_from(until + 1 - oldest)?;
        let rows = held.saturating_sub(most)..held;
        let steps = [oldest + rows.start as u64, until];
        Ok(Stored {
            replay,
            rows,
            steps,
            oldest,
        })
    }
}

/// The policy with the return nearest to `wanted`, of several the earliest.
fn nearest(kept: Vec<Kept>, wanted: f64) -> Option<Kept> {
    let distance = |kept: &Kept| (kept.mean - wanted).abs();
    let kept = kept.into_iter();
    kept.min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// A random stream of a seed.
pub(super) fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

fn random_return(config: &TrainConfig, seed: u64) -> Result<f64> {
    let mut envs = VecEnv::from_envs(vec![config.make_env()?; RANDOM_EPISODES])?;
    let mut actions = stream(seed, RANDOM_STREAM);
    let returns = evaluate(
        &mut envs,
        &mut stream(seed, RANDOM_STREAM + 1),
        |_, action| {
            action.fill_with(|| actions.random_range(-1.0..=1.0));
        },
    )?;
    Ok(returns.mean)
}

#[cfg(test)]
mod tests {
    use rl_algos::recipes;

    use super::*;

    #[test]
    fn medium_is_the_earliest_of_the_nearest() {
        let kept = |returns: &[f64]| -> Vec<Kept> {
            let each = (1..).zip(returns);
            each.map(|(step, mean)| Kept {
                step,
                mean: *mean,
                file: PathBuf::new(),
            })
            .collect()
        };
        let found = |returns: &[f64]| nearest(kept(returns), 100.0).map(|kept| kept.step);
        assert_eq!(found(&[10.0, 130.0, 95.0, 300.0, 105.0]), Some(3));
        assert_eq!(found(&[f64::NAN, 500.0]), Some(2));
        assert_eq!(found(&[]), None);
    }

    /// Gymnasium's Hopper falls over at once: D4RL's random policy has -20 in an older version, where a fall costs.
    #[test]
    fn a_random_policy_of_hopper_scores_little() {
        let hopper = recipes::named("tiny", "Hopper-v5").unwrap();
        let mean = random_return(&hopper, 0).unwrap();
        assert!((10.0..30.0).contains(&mean), "{mean}");
        assert_eq!(random_return(&hopper, 0).unwrap(), mean);
    }
}
