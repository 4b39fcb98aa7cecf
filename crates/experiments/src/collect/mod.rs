//! `cargo xtask collect`: datasets of D4RL's kinds from the policies and the replay of a run.

mod plan;
mod source;

use std::fs;
use std::io::{ErrorKind, IsTerminal, stderr};
use std::path::Path;
use std::time::Instant;

use crate::args::collect::{CollectArgs, Kind};
use crate::disk::files::lock_dir;
use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use offline_prune::dataset::minari::{self, Written};

use crate::disk::room;
use crate::folder::places;
use crate::stats::mean_of;
use crate::terminal::progress::bar;
use crate::terminal::table::{Cell, Table, thousands};
use crate::terminal::tell::note;
use crate::terminal::tell::print_line;
use plan::Plan;
use source::Source;

/// One line, which fits 80 columns.
const LINE: &str = "{bar:10.cyan/black} {human_pos}/{human_len}  {per_sec}  {eta} left";

/// Collects the requested datasets. Everything is checked before the first one is begun.
///
/// # Errors
/// When the run lacks what a kind needs, a dataset is there already, or one cannot be written.
pub(crate) fn run(args: &CollectArgs) -> Result<()> {
    crate::parallel::threads(args.threads)?;
    places::folder("--out", &args.out)?;
    let source = Source::open(args)?;
    let plans = plans(args, &source)?;
    if let Some(said) = source.said() {
        note(&said);
    }
    let names = &[
        "dataset",
        "transitions",
        "episodes",
        "return",
        "std",
        "lowest",
        "highest",
        "score",
        "MB",
        "s",
    ];
    let mut table = Table::new(names);
    for plan in plans {
        let start = Instant::now();
        let description = plan.description.clone();
        note(&format!("{}: {}", description.id, plan.said));
        let written = write(args, plan)?;
        let data = written.folder.join("data");
        let reference = description.reference;
        let score = reference.map(|reference| reference.normalised(mean_of(&written.returns)));
        let seconds = start.elapsed().as_secs_f64();
        table.push(row(
            &description.id,
            &written,
            score,
            [megabytes(&data)?, seconds],
        ));
    }
    print_line(&table.text());
    Ok(())
}

/// The datasets to collect. A replay that has dropped what medium-replay needs is an error only where that kind was
/// requested: RLx2's drops old rows.
fn plans(args: &CollectArgs, source: &Source) -> Result<Vec<Plan>> {
    let kinds = match (args.kinds.as_slice(), source.run()) {
        ([], None) => &[Kind::Random],
        ([], Some(_)) => Kind::ALL.as_slice(),
        (kinds, _) => kinds,
    };
    if let (Some(name), true) = (&args.name, kinds.len() > 1) {
        let count = kinds.len();
        bail!("--name {name} is for one kind, and {count} are collected; give --kind one of them");
    }
    let mut plans: Vec<Plan> = Vec::new();
    for kind in kinds {
        let plan = match Plan::new(*kind, args, source) {
            Err(error) if args.kinds.is_empty() && *kind == Kind::MediumReplay => {
                note(&format!("no medium-replay: {error:#}"));
                continue;
            }
            plan => plan?,
        };
        let id = &plan.description.id;
        let folder = args.out.join(id);
        places::folder("--out", &folder)?;
        DATA.iter()
            .try_for_each(|name| only_data(&folder.join(name)))?;
        if folder.join("data").exists() && !args.overwrite {
            let folder = folder.display();
            bail!(
                "{folder} holds a dataset already; choose another --out or --name, or --overwrite it"
            );
        }
        if plans.iter().any(|before| before.description.id == *id) {
            bail!("--kind names {} twice; give each kind once", kind.name());
        }
        plans.push(plan);
    }
    let bytes = plans.iter().map(Plan::bytes).fold(0, u64::saturating_add);
    room::disk("what is collected", bytes, &args.out)?;
    Ok(plans)
}

/// Folders that are replaced by a dataset.
const DATA: [&str; 2] = ["data", "data.partial"];

/// Files of such a folder.
const FILES: [&str; 2] = ["main_data.hdf5", "metadata.json"];

/// Refuses a folder that holds more than a dataset, which would be lost with it.
fn only_data(folder: &Path) -> Result<()> {
    let place = || folder.display().to_string();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(place),
    };
    for entry in entries {
        let name = entry.with_context(place)?.file_name();
        if !FILES.iter().any(|own| name == *own) {
            let name = name.to_string_lossy();
            bail!(
                "{} holds {name}, which is of no dataset; choose another --out or --name",
                place()
            );
        }
    }
    Ok(())
}

/// Makes a dataset, replacing an existing one.
fn write(args: &CollectArgs, plan: Plan) -> Result<Written> {
    let bar = match stderr().is_terminal() {
        true => bar(plan.transitions as u64, LINE),
        false => ProgressBar::hidden(),
    };
    let mut description = plan.description.clone();
    description.replace = args.overwrite;
    let folder = args.out.join(&description.id);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    // Two commands would write to one file.
    let _held = lock_dir(&folder)?;
    let episodes = plan.episodes(args)?;
    let seen = episodes.inspect(|episode| {
        if let Ok(episode) = episode {
            bar.inc(episode.rewards.len() as u64);
        }
    });
    let written = minari::try_write(&args.out, &description, seen);
    if written.is_err() {
        // Half a dataset is of no use and may take the last space.
        let _ = fs::remove_dir_all(folder.join(DATA[1]));
    }
    let written = written?;
    bar.finish_and_clear();
    Ok(written)
}

fn row(
    id: &str,
    written: &Written,
    score: Option<f64>,
    [megabytes, seconds]: [f64; 2],
) -> Vec<Cell> {
    let returns = written.returns.iter();
    let mean = mean_of(&written.returns);
    let squares: f64 = returns.clone().map(|r| (r - mean).powi(2)).sum();
    vec![
        Cell::text(id),
        Cell::Number(written.steps as f64, 0),
        Cell::Number(written.episodes as f64, 0),
        Cell::Number(mean, 1),
        Cell::Number((squares / written.episodes as f64).sqrt(), 1),
        Cell::Number(returns.clone().copied().fold(f64::INFINITY, f64::min), 1),
        Cell::Number(returns.copied().fold(f64::NEG_INFINITY, f64::max), 1),
        score.map_or_else(|| Cell::text("-"), |score| Cell::Number(score, 1)),
        Cell::Number(megabytes, 1),
        Cell::Number(seconds, 1),
    ]
}

/// Size of a folder's files.
fn megabytes(folder: &Path) -> Result<f64> {
    let size = || -> std::io::Result<u64> {
        let sizes = fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len()));
        sizes.sum()
    };
    let bytes = size().with_context(|| folder.display().to_string())?;
    Ok(bytes as f64 / 1e6)
}

/// A return as people read it.
fn rounded(value: f64) -> String {
    match value.abs() < 100.0 {
        true => format!("{value:.1}"),
        false => thousands(value),
    }
}
