//! `cargo xtask eval`: plays a trained policy without exploration noise.

use anyhow::{Result, bail};
use cli::jobs::EvalArgs;
use envs::VecEnv;
use rl_algos::algos::Policy;
use rl_algos::config::MOST_EPISODES;
use rl_algos::evaluate::{Returns, evaluate};
use rl_algos::rng::Streams;

use crate::table::{Cell, Table};
use crate::{note, policies, say};

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
    if episodes >= MANY {
        note(&format!(
            "plays {} episodes, which takes a while",
            args.episodes
        ));
    }
    let mut envs = VecEnv::new(&trained.env, episodes)?;
    let mut policy = Policy::open(&trained.weights, envs.info(), &device)?;
    let mut seeds = Streams::new(args.seed.unwrap_or(trained.seed)).evaluation;
    let returns = evaluate(&mut envs, &mut seeds, |seen, action| {
        policy.act(seen, action);
    })?;
    say(&format!(
        "{}, {}, {}\n\n{}",
        trained.env,
        trained.name,
        trained.when,
        table(&returns).text()
    ));
    Ok(())
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
