//! Several seeds in one command: a run and a folder for each, up to one per thread at a time.

use std::fmt::Write;
use std::process::ExitCode;

use crate::args::train::TrainArgs;
use crate::disk::files::lock_dir;
use crate::folder::learn::{begin_as_stored, train};
use crate::folder::run_dir::RunDir;
use crate::observe::{ProgressObserver, TensorBoard};
use anyhow::Result;
use burn::tensor::Device;
use indicatif::MultiProgress;
use rl_algos::config::TrainConfig;

use super::stop::Stop;
use super::{fits, networks, new, report, why};
use crate::folder::offline;
use crate::folder::places;
use crate::parallel::{self, Share, thread_count};
use crate::settings::online as settings;
use crate::stats::{deviation_of, mean_of};
use crate::terminal::interrupt::{self, Interrupt};
use crate::terminal::progress::Progress;
use crate::terminal::table::{Cell, Table};
use crate::terminal::tell::print_line;

/// Evaluations at the end of a run whose mean is reported.
const LAST: usize = 10;

/// A run of its own.
struct Run {
    config: TrainConfig,
    dir: RunDir,
}

/// What came of a seed.
struct Outcome {
    stopped: bool,
    returns: Vec<f64>,
}

/// What all runs share.
struct Shared {
    device: Device,
    interrupt: Interrupt,
    bars: MultiProgress,
}

/// Trains with each of the seeds.
///
/// # Errors
/// As of one run, before any begins; afterwards the first that failed, when the others are over.
pub(super) fn run(args: &TrainArgs, config: &TrainConfig, seeds: &[u64]) -> Result<ExitCode> {
    let named = args.device()?;
    let device = sparse_core::device::by_name(named.name())?;
    let threads = thread_count(args.threads)?;
    let share = Share::of(threads, seeds.len());
    fits(config, share.at_once)?;
    let mut agent = networks(config, &device)?;
    let runs = folders(args, config, seeds, &device)?;
    if let Some(first) = runs.first() {
        begin_as_stored(&mut *agent, &first.dir)?;
    }
    let names: Vec<String> = seeds.iter().map(u64::to_string).collect();
    report::header(config, &*agent, &format!("seeds {}", names.join(", ")))?;
    let shared = Shared {
        device,
        interrupt: Interrupt::catch()?,
        bars: MultiProgress::new(),
    };
    let Share { at_once, threads } = share;
    report::machine(
        named,
        &format!("{at_once} runs at a time, threads of each: {threads}"),
    );
    for run in &runs {
        print_line(&format!("folder   {}", run.dir.path().display()));
    }
    print_line("");
    drop(agent);
    let outcomes = all(args, &runs, share, &shared)?;
    finish(&runs, outcomes)
}

/// The folders of all runs, made when none of them holds one already and every seed draws networks that can learn.
fn folders(
    args: &TrainArgs,
    config: &TrainConfig,
    seeds: &[u64],
    device: &Device,
) -> Result<Vec<Run>> {
    let configs = seeds.iter().map(|&seed| TrainConfig {
        seed,
        ..config.clone()
    });
    let configs: Vec<TrainConfig> = configs.collect();
    let mut held = Vec::new();
    for config in &configs {
        config.validate()?;
        networks(config, device)?.check_paths(config)?;
        let path = settings::folder(args, config);
        places::folder("--out", &path)?;
        offline::online(&path)?;
        RunDir::check_free(&path, args.overwrite)?;
        if RunDir::is_taken(&path) {
            held.push(lock_dir(&path)?);
        }
    }
    // All are free.
    drop(held);
    let create = |config: TrainConfig| {
        let agent = networks(&config, device)?;
        let dir = new(args, &settings::folder(args, &config), &config, &*agent)?;
        Ok(Run { config, dir })
    };
    configs.into_iter().map(create).collect()
}

/// Makes the runs, and returns the result of each, in order; `None` for those that were not begun.
fn all(
    args: &TrainArgs,
    runs: &[Run],
    share: Share,
    shared: &Shared,
) -> Result<Vec<Option<Result<Outcome>>>> {
    parallel::all(runs.len(), share, &shared.interrupt, |index| {
        one(args, &runs[index], shared)
    })
}

/// One of them.
fn one(args: &TrainArgs, run: &Run, shared: &Shared) -> Result<Outcome> {
    let Run { config, dir } = run;
    let progress = Progress::of_several(
        config.steps,
        &format!("seed {:<3}", config.seed),
        &shared.bars,
    );
    let mut observer = ProgressObserver::new(progress, shared.interrupt.clone());
    let mut board = TensorBoard::new(dir.path(), config);
    let mut stop = Stop::new(args);
    let trained = train(
        config,
        &shared.device,
        dir,
        &mut [&mut board, &mut observer, &mut stop],
    );
    observer.progress.finish();
    let trained = trained.map_err(|error| why(error, observer.started, dir.path()))?;
    Ok(Outcome {
        stopped: trained.stopped && stop.why.is_none(),
        returns: trained.returns,
    })
}

/// Prints the results, and the runs that are left.
fn finish(runs: &[Run], outcomes: Vec<Option<Result<Outcome>>>) -> Result<ExitCode> {
    let (mut whole, mut open, mut failed) = (Vec::new(), String::new(), Vec::new());
    for (run, outcome) in runs.iter().zip(outcomes) {
        match outcome {
            Some(Ok(outcome)) if !outcome.stopped => whole.push((run.config.seed, outcome.returns)),
            Some(Err(error)) => failed.push(error),
            _ => {
                let command = report::resume_command(run.dir.path());
                // Writing to a string cannot fail.
                let _ = write!(open, "\n         {command}");
            }
        }
    }
    if !whole.is_empty() {
        print_line(&format!("\n{}", table(&whole).text().trim_end()));
        print_line(&format!(
            "\nreturns of evaluations; last_{LAST} is the mean of the last {LAST}, or of all where there are fewer; \
             std is the sample's, over seeds"
        ));
    }
    let stopped = !open.is_empty();
    if stopped {
        print_line(&format!("\nstopped; go on with{open}"));
    }
    let count = failed.len();
    match failed.into_iter().next() {
        Some(error) => Err(error.context(format!("{count} of {} runs failed", runs.len()))),
        None if stopped => Ok(ExitCode::from(interrupt::STATUS)),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// A row per seed, and the mean and the spread over seeds.
fn table(runs: &[(u64, Vec<f64>)]) -> Table {
    let mut table = Table::new(&["seed", "last", "best", "last_10"]);
    let numbers: Vec<[f64; 3]> = runs.iter().map(|(_, returns)| told(returns)).collect();
    let names = runs.iter().map(|(seed, _)| seed.to_string());
    let rows = names.zip(numbers.iter().copied());
    let over = |of: fn(&[f64]) -> f64| {
        [0, 1, 2].map(|column| of(&numbers.iter().map(|row| row[column]).collect::<Vec<_>>()))
    };
    let all = [
        ("mean".to_owned(), over(mean_of)),
        ("std".to_owned(), over(deviation_of)),
    ];
    for (name, row) in rows.chain(all) {
        let mut cells = vec![Cell::text(name)];
        cells.extend(row.map(|value| Cell::Number(value, 1)));
        table.push(cells);
    }
    table
}

/// The last evaluation, the best, and the mean of the last ten.
fn told(returns: &[f64]) -> [f64; 3] {
    let last = returns.last().copied().unwrap_or(f64::NAN);
    let best = returns.iter().copied().fold(f64::NAN, f64::max);
    [
        last,
        best,
        mean_of(&returns[returns.len().saturating_sub(LAST)..]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ends_with_mean_and_spread_over_seeds() {
        let first: Vec<f64> = (0..12).map(f64::from).collect();
        let text = table(&[(3, first), (7, vec![30.0, 20.0])]).text();
        let rows: Vec<Vec<&str>> = text
            .lines()
            .map(|l| l.split_whitespace().collect())
            .collect();
        let expected = [
            ["3", "11.0", "11.0", "6.5"],
            ["7", "20.0", "30.0", "25.0"],
            ["mean", "15.5", "20.5", "15.8"],
            ["std", "6.4", "13.4", "13.1"],
        ];
        assert_eq!(rows[1..], expected.map(|row| row.to_vec()), "{text}");
    }

    fn small(folder: &std::path::Path, seeds: &[u64]) -> (TrainArgs, TrainConfig) {
        let args = TrainArgs {
            env: Some("Hopper-v5".into()),
            steps: Some(240),
            out: Some(folder.to_owned()),
            seeds: Some(crate::args::seeds::Seeds(seeds.to_vec())),
            ..TrainArgs::default()
        };
        let mut config = settings::config(&args).unwrap();
        (config.evaluation.every, config.evaluation.episodes) = (80, 1);
        config.networks.actor = vec![64, 64];
        config.networks.critic = vec![64, 64];
        (config.sparsity.actor, config.sparsity.critic) = (0.7, 0.7);
        (args, config)
    }

    fn shared() -> Shared {
        Shared {
            device: sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap(),
            interrupt: Interrupt::default(),
            bars: MultiProgress::new(),
        }
    }

    #[test]
    fn a_seed_among_others_makes_the_run_that_it_makes_alone() {
        let folder = std::env::temp_dir().join(format!("seeds-{}", std::process::id()));
        let (args, config) = small(&folder.join("together"), &[0, 3, 4]);
        let runs = folders(&args, &config, &[0, 3, 4], &shared().device).unwrap();
        let outcomes = all(&args, &runs, Share::of(3, 3), &shared()).unwrap();
        let returns = |outcome: &Option<Result<Outcome>>| match outcome {
            Some(Ok(outcome)) => outcome.returns.clone(),
            _ => panic!("it failed"),
        };
        let together: Vec<Vec<f64>> = outcomes.iter().map(returns).collect();
        assert!(together[0] != together[1] && together[0].len() == 3);
        let (args, config) = small(&folder.join("alone"), &[3]);
        let runs = folders(&args, &config, &[3], &shared().device).unwrap();
        let alone = all(&args, &runs, Share::of(2, 1), &shared()).unwrap();
        assert_eq!(returns(&alone[0]), together[1]);
        let kept = std::fs::read_to_string(runs[0].dir.device_path()).unwrap();
        assert_eq!(kept, "flex\n");

        // A folder that is taken is found before any other is made.
        let (args, config) = small(&folder.join("together"), &[9, 4]);
        let Err(error) = folders(&args, &config, &[9, 4], &shared().device) else {
            panic!("it takes a folder that holds a run")
        };
        assert!(
            error.to_string().contains("s4 already holds a run"),
            "{error}"
        );
        assert!(!folder.join("together/s9").exists());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
