//! `cargo xtask eval`: plays a trained policy without exploration noise.

use std::path::Path;

use crate::args::jobs::EvalArgs;
use anyhow::{Context, Result, bail};
use envs::tasks::from_file;
use envs::{Env, Settings, TaskInfo, VecEnv};
use rl_algos::config::{MOST_EPISODES, Spread};
use rl_algos::evaluate::{Returns, evaluate};
use rl_algos::rng::Streams;

use crate::folder::kind::Kind;
use crate::folder::policies::{self, Trained};
use crate::folder::run_dir::RunDir;
use crate::settings::set::{self, told};
use crate::terminal::table::{Cell, Table};
use crate::terminal::tell::note;
use crate::terminal::tell::print_line;

/// Episodes that may take longer than somebody waits without a word.
const MANY: usize = 500;

/// Evaluates the checkpoint of a run.
///
/// # Errors
/// When the folder holds no run, or its checkpoint does not fit its task.
pub(crate) fn run(args: &EvalArgs) -> Result<()> {
    let trained = policies::of_run(&args.run, args.best)?;
    let device = sparse_core::device::by_name(args.device.unwrap_or_default().name())?;
    let episodes = usize::try_from(args.episodes)?;
    if episodes > MOST_EPISODES {
        bail!(
            "--episodes {episodes}: must be {MOST_EPISODES} at most, each has an environment of its own"
        );
    }
    let env = args.env.as_ref().unwrap_or(&trained.env);
    let settings = set::over(&trained.env_settings, &args.env_set)?;
    let one = same_spaces(&trained, env, &settings)?;
    if episodes >= MANY {
        note(&format!(
            "plays {} episodes, which takes a while",
            args.episodes
        ));
    }
    let mut envs = VecEnv::from_envs(vec![one; episodes])?;
    let mut policy = trained.player(envs.info(), &device)?;
    let streams = Streams::new(args.seed.unwrap_or(trained.seed));
    let (mut seeds, mut noise) = (streams.evaluation, streams.exploration);
    let spread = match args.sample {
        true => Some(spread(&args.run)?),
        false => None,
    };
    let returns = evaluate(&mut envs, &mut seeds, |seen, action| match spread {
        Some(spread) => policy.sample(seen, spread, &mut noise, action),
        None => policy.act(seen, action),
    })?;
    print_line(&format!(
        "{env}{}, {}, {}{}{}\n\n{}",
        told(&settings),
        trained.name,
        trained.when,
        if args.sample { ", by samples" } else { "" },
        match *env == trained.env {
            true => String::new(),
            false => format!(", trained for {}", trained.env),
        },
        table(&returns).text()
    ));
    Ok(())
}

/// The spread of a run's policy.
///
/// # Errors
/// When it has none.
fn spread(run: &Path) -> Result<Spread> {
    let place = run.display();
    if Kind::Online.check_run(run).is_err() {
        bail!(
            "--sample: {place} learned from a dataset; samples are of Gaussian policies of `train`, as sac has"
        );
    }
    let (_, config) = RunDir::open(run)?;
    config.algo.spread().with_context(|| {
        format!(
            "--sample: the policy of {place} is {}'s, which has one action in a state; leave it out",
            config.algo.name()
        )
    })
}

/// The environment of a task that is asked for, with these settings. Refuses one that is no other version of the task that
/// a policy is for, or has other observations or actions.
///
/// # Errors
/// When it is so, with the versions that fit.
fn same_spaces(trained: &Trained, asked: &str, settings: &Settings) -> Result<Box<dyn Env>> {
    let own = envs::make_with(&trained.env, &trained.env_settings)?;
    let own = own.info();
    let family = |id: &str| id.split("-v").next().map(str::to_owned);
    let fits = |task: &TaskInfo| {
        let range = |task: &TaskInfo| -> Vec<[f64; 2]> {
            task.action.iter().map(|q| [q.low, q.high]).collect()
        };
        let same = family(task.id) == family(own.id);
        (same || from_file::is_file(task.id) || from_file::is_file(own.id))
            && task.observation.len() == own.observation.len()
            && range(task) == range(own)
    };
    let env = envs::make_with(asked, settings)?;
    if fits(env.info()) {
        return Ok(env);
    }
    let names = envs::names().into_iter();
    let fitting = names.filter(|name| {
        let env = envs::make_with(name, settings);
        family(name) == family(own.id) && env.is_ok_and(|env| fits(env.info()))
    });
    let fitting: Vec<&str> = fitting.collect();
    bail!(
        "--env {asked}{}: the policy is for {}{}, and reads and acts in {} alone",
        told(settings),
        trained.env,
        told(&trained.env_settings),
        match fitting.as_slice() {
            [] => "that".to_owned(),
            fitting => fitting.join(", "),
        }
    )
}

fn table(returns: &Returns) -> Table {
    let names = &[
        "episodes",
        "mean_return",
        "std",
        "lowest",
        "highest",
        "mean_length",
    ];
    let mut table = Table::new(names);
    table.push(vec![
        Cell::Number(returns.episodes.len() as f64, 0),
        Cell::Number(returns.mean, 1),
        Cell::Number(returns.std, 1),
        Cell::Number(returns.min, 1),
        Cell::Number(returns.max, 1),
        Cell::Number(returns.length, 1),
    ]);
    table
}
