//! `cargo xtask eval`: plays a trained policy without exploration noise.

use anyhow::Result;
use cli::jobs::EvalArgs;
use envs::VecEnv;
use rl_algos::algos::Policy;
use rl_algos::evaluate::{Returns, evaluate};
use rl_algos::rng::Streams;
use rl_algos::run_dir::{Checkpoint, RunDir};

use crate::say;
use crate::table::{Cell, Table, thousands};

/// Evaluates the checkpoint of a run.
///
/// # Errors
/// When the folder holds no run, or its checkpoint does not fit its task.
pub(crate) fn run(args: &EvalArgs) -> Result<()> {
    let (dir, config) = RunDir::open(&args.run)?;
    let which = if args.best {
        Checkpoint::Best
    } else {
        Checkpoint::Latest
    };
    let info = dir.info(which)?;
    let device = sparse_core::device::by_name(args.device.unwrap_or_default().name())?;
    let episodes = usize::try_from(args.episodes)?;
    let mut envs = VecEnv::new(&config.env, episodes)?;
    let mut policy = Policy::open(&dir.weights_path(which), envs.info(), &device)?;
    let mut seeds = Streams::new(args.seed.unwrap_or(config.seed)).evaluation;
    let returns = evaluate(&mut envs, &mut seeds, |seen, action| {
        policy.act(seen, action);
    })?;
    say(&format!(
        "{}, recipe {}, seed {}, checkpoint of step {} (return {} then)\n\n{}",
        config.env,
        config.recipe,
        config.seed,
        thousands(info.step as f64),
        thousands(info.return_mean),
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
