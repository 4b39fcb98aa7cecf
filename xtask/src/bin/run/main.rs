//! The jobs that link the libraries. `cargo xtask` builds this binary as a job needs it and starts it with the
//! words of its own command line.

use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result};
use cli::tell::{self, note, say};
use cli::{Job, RunCli};

mod bench;
mod chart;
mod collect;
mod eval;
mod interrupt;
mod kind;
mod offline;
mod output;
mod places;
mod plot;
mod policies;
mod progress;
mod prune;
mod recipes;
mod room;
mod settings;
mod side_by_side;
mod table;
mod train;
mod watch;

// Tensors come and go ten thousand times a second.
#[global_allocator]
static MEMORY: sparse_core::kernels::Recycler = sparse_core::kernels::Recycler::new();

fn main() -> ExitCode {
    let job = cli::read::<RunCli>().job;
    // The product of these is a folder, and no failure to tell of it makes it less.
    let is_folder = matches!(job, Job::Train(_) | Job::Offline(_));
    match (does(job), tell::said()) {
        (Err(error), _) => fail(&error),
        (Ok(_), Err(error)) if !is_folder => fail(&error),
        (Ok(status), Err(error)) => {
            note(&format!("note: {error:#}"));
            status
        }
        (Ok(status), Ok(())) => status,
    }
}

fn does(job: Job) -> Result<ExitCode> {
    match job {
        Job::Train(args) => return train::run(&args),
        Job::Offline(args) => return offline::run(&args),
        Job::Watch(args) => return watch::run(&args),
        Job::Recipes(args) => recipes::run(&args),
        Job::Eval(args) => eval::run(&args),
        Job::Collect(args) => collect::run(&args),
        Job::Bench(args) => bench::bench(&args),
        Job::Prune(args) => prune::run(&args),
        Job::Plot(args) => plot::run(&args),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Sets how many threads compute, and says how many do.
///
/// # Errors
/// When they cannot be started.
fn threads(asked: Option<u64>) -> Result<usize> {
    let threads = thread_count(asked)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build_global()
        .context("the threads cannot be started")?;
    Ok(threads)
}

/// How many threads are asked for; else as many as there are cores.
///
/// # Errors
/// When the number does not fit.
fn thread_count(asked: Option<u64>) -> Result<usize> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Ok(asked.map_or(Ok(cores), usize::try_from)?)
}

fn fail(error: &anyhow::Error) -> ExitCode {
    note(&format!("error: {error:#}"));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use cli::values::{ALGORITHMS, CRITERIA, OFFLINE_ALGORITHMS, RECIPES, TASKS};

    #[test]
    fn the_command_line_knows_every_name() {
        let tasks: Vec<&str> = envs::names().collect();
        assert_eq!(tasks, TASKS);
        let recipes = rl_algos::recipes::RECIPES.map(|recipe| (recipe.name, recipe.about));
        assert_eq!(recipes, RECIPES);
        assert_eq!(rl_algos::config::AlgoConfig::NAMES, ALGORITHMS);
        let criteria = offline_prune::criteria::CriterionConfig::all().map(|c| c.name());
        assert_eq!(criteria, CRITERIA);
        assert_eq!(offline_prune::config::AlgoConfig::NAMES, OFFLINE_ALGORITHMS);
    }
}
