//! Several criteria, sparsities and seeds: a run for each combination, side by side, and a picture of score by
//! sparsity.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::args::offline::OfflineArgs;
use crate::disk::files::{atomic_write, lock_dir};
use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use indicatif::MultiProgress;
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;

use super::job::{DENSE, Job, pruned};
use super::kept::{self, Kept};
use super::writer::{Data, Folder};
use super::{LAST, Outcome, Source, is_over, make, open};
use crate::charts::{self, Axis, Content, Figure, Line, Panel};
use crate::folder::names::{PICTURE, TABLE};
use crate::folder::offline as folder;
use crate::folder::places;
use crate::observe::ProgressObserver;
use crate::parallel::{self, Share};
use crate::settings::offline as settings;
use crate::stats::mean_of;
use crate::terminal::interrupt::{self, Interrupt};
use crate::terminal::progress::Progress;
use crate::terminal::table::{Cell, Table};
use crate::terminal::tell::print_line;

/// The columns of the table of all runs.
const COLUMNS: [&str; 11] = [
    "env",
    "algo",
    "criterion",
    "sparsity",
    "seed",
    "updates",
    "weights",
    "dense_weights",
    "return",
    "score",
    "seconds",
];

/// Whether several runs are asked for, or one that stands where several would.
pub(super) fn asked(args: &OfflineArgs) -> bool {
    !args.sweep.is_empty() || args.seeds.is_some() || args.criterion.len() > 1
}

/// What all runs share.
struct Shared<'a> {
    folder: PathBuf,
    data: Data,
    dataset: Dataset,
    device: &'a Device,
    /// The device's name.
    named: &'static str,
    interrupt: Interrupt,
    bars: MultiProgress,
    overwrite: bool,
    /// Whether to go on with what was cut off.
    keep: bool,
}

/// Makes all runs; writes `sweep.csv` and, where there are several sparsities, `sweep.svg`.
///
/// # Errors
/// Folders that are taken, before any run begins; afterwards the first run that failed, when the others are over.
pub(super) fn run(
    args: &OfflineArgs,
    base: &OfflineConfig,
    jobs: Vec<Job>,
    device: &Device,
    threads: usize,
) -> Result<ExitCode> {
    let place = args.agent.dataset();
    let label = settings::label(place);
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| Path::new("runs/offline").join(format!("{label}-{}", base.algo.name())));
    places::folder("--out", &folder)?;
    own_outputs(&folder)?;
    if !args.go_on {
        free(&folder, &jobs, args.overwrite)?;
    }
    let (dataset, data) = open(place, base, Share::of(threads, jobs.len()).at_once)?;
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    // Kept to the end.
    let _held = lock_dir(&folder)?;
    let (mut there, mut others) = (vec![None; jobs.len()], Vec::new());
    if args.go_on {
        for (job, there) in jobs.iter().zip(&mut there) {
            let config = job.config.resolved(&dataset);
            *there = kept::whole(&folder.join(&job.name), &config, &dataset, &data)?;
        }
        let named: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
        others = kept::others(&folder, &named, &base.resolved(&dataset), &dataset, &data)?;
    }
    let missing: Vec<usize> = (0..jobs.len()).filter(|i| there[*i].is_none()).collect();
    let share = Share::of(threads, missing.len());
    let shared = Shared {
        folder: folder.clone(),
        data,
        dataset,
        device,
        named: args.device()?.name(),
        interrupt: Interrupt::catch()?,
        bars: MultiProgress::new(),
        overwrite: args.overwrite,
        keep: args.go_on,
    };
    let mut said = format!("{} runs, {} at a time", missing.len(), share.at_once);
    if args.go_on {
        let cut_off = |job: &usize| folder.join(&jobs[*job].name).exists();
        let (kept, cut_off) = (
            jobs.len() - missing.len() + others.len(),
            missing.iter().filter(|job| cut_off(job)).count(),
        );
        let _ = write!(said, "; {kept} are whole and stay, {cut_off} were cut off");
    }
    super::header(base, &said, args)?;
    print_line(&format!("folder   {}\n", folder.display()));
    let made = parallel::all(missing.len(), share, &shared.interrupt, |index| {
        one(&jobs[missing[index]], &shared)
    })?;
    let there = there.into_iter().map(|there| there.map(|o| Ok(Some(o))));
    let mut outcomes: Vec<Option<Made>> = there.collect();
    for (index, made) in missing.into_iter().zip(made) {
        outcomes[index] = made;
    }
    let mut all: Vec<(Job, Option<Made>)> = jobs.into_iter().zip(outcomes).collect();
    all.extend(others.into_iter().map(earlier));
    let title = format!("{label}, {}", base.algo.name());
    finish(all, &folder, &title)
}

/// A run of an earlier command, as one of these.
fn earlier(kept: Kept) -> (Job, Option<Made>) {
    let (criterion, sparsity) = pruned(&kept.config);
    let job = Job {
        name: kept.name,
        criterion,
        sparsity,
        config: kept.config,
    };
    (job, Some(Ok(Some(kept.outcome))))
}

/// Refuses a folder with a table or a picture of the names of a sweep's that no sweep wrote.
///
/// # Errors
/// With that file.
fn own_outputs(folder: &Path) -> Result<()> {
    let [table, picture] = [TABLE, PICTURE].map(|name| folder.join(name));
    let begins = COLUMNS[..3].join(",");
    let is_own = fs::read(&table).is_ok_and(|bytes| bytes.starts_with(begins.as_bytes()));
    for file in [table, picture] {
        if file.exists() && !is_own {
            bail!(
                "{} is there already, and of no sweep; choose another folder",
                file.display()
            );
        }
    }
    Ok(())
}

/// Refuses a folder that holds runs or a sweep, unless they may be replaced.
///
/// # Errors
/// When it does.
fn free(folder: &Path, jobs: &[Job], overwrite: bool) -> Result<()> {
    for job in jobs {
        folder::check(&folder.join(&job.name), overwrite)?;
    }
    if folder.join(TABLE).exists() && !overwrite {
        bail!(
            "{} holds a sweep already; choose another folder, go on with it (--continue), or overwrite it (--overwrite)",
            folder.display()
        );
    }
    Ok(())
}

/// The result of a run; `None` for one that was stopped.
type Made = Result<Option<Outcome>>;

/// One of them.
fn one(job: &Job, shared: &Shared) -> Made {
    let path = shared.folder.join(&job.name);
    let config = job.config.resolved(&shared.dataset);
    let (data, named) = (&shared.data, shared.named);
    let (mut folder, state) = match shared.keep {
        true => kept::begin(&path, &config, data, named)?,
        false => (
            Folder::new(&path, shared.overwrite, &config, data, named)?,
            None,
        ),
    };
    let name = format!("{:<18}", job.name);
    let progress = Progress::of_several(job.config.updates, &name, &shared.bars).of_updates();
    let mut observer = ProgressObserver::new(progress, shared.interrupt.clone());
    let source = Source {
        config: &config,
        dataset: &shared.dataset,
        device: shared.device,
    };
    let trained = make(source, &path, (&mut folder, state), &mut observer, false)?;
    let outcome = Outcome::of_run(&trained, source, &folder);
    Ok(is_over(&trained, &config).then_some(outcome))
}

/// Writes and says what came of all.
fn finish(all: Vec<(Job, Option<Made>)>, folder: &Path, title: &str) -> Result<ExitCode> {
    let (runs, mut whole, mut failed, mut open) = (all.len(), Vec::new(), Vec::new(), 0);
    for (job, outcome) in all {
        match outcome {
            Some(Ok(Some(outcome))) => whole.push((job, outcome)),
            Some(Err(error)) => failed.push(error),
            _ => open += 1,
        }
    }
    if !whole.is_empty() {
        print_line(&format!("\n{}", table(&whole).text().trim_end()));
        print_line(&match whole.iter().any(|(_, outcome)| outcome.returns.is_some()) {
            true => format!(
                "\nreturn and score: means of the last {LAST} evaluations of a run, or of all where there are fewer"
            ),
            false => "\nno task to evaluate in, so no return and no picture; each run's metrics.csv has its losses"
                .to_owned(),
        });
        let (file, table) = (folder.join(TABLE), csv(&whole)?);
        atomic_write(&file, |file| file.write_all(&table))?;
        print_line(&format!("wrote {}", file.display()));
        if let Some(picture) = draw(&whole, title)? {
            let file = folder.join(PICTURE);
            atomic_write(&file, |file| file.write_all(picture.as_bytes()))?;
            print_line(&format!("wrote {}", file.display()));
        }
    }
    let count = failed.len();
    match failed.into_iter().next() {
        Some(error) => Err(error.context(format!("{count} of {runs} runs failed"))),
        None if open > 0 => {
            print_line(&format!(
                "\nstopped; {open} of {runs} runs are not over; --continue goes on"
            ));
            Ok(ExitCode::from(interrupt::STATUS))
        }
        None => Ok(ExitCode::SUCCESS),
    }
}

fn table(whole: &[(Job, Outcome)]) -> Table {
    let mut table = Table::new(&[
        "criterion",
        "sparsity",
        "seed",
        "weights",
        "return",
        "score",
        "updates_per_s",
    ]);
    for (job, outcome) in whole {
        table.push(vec![
            Cell::text(job.criterion.clone()),
            Cell::Number(job.sparsity, 3),
            Cell::Number(job.config.seed as f64, 0),
            Cell::Number(outcome.weights.0 as f64, 0),
            Cell::Number(outcome.returns.unwrap_or(f64::NAN), 1),
            Cell::Number(outcome.score.unwrap_or(f64::NAN), 1),
            Cell::Number(outcome.updates as f64 / outcome.seconds, 0),
        ]);
    }
    table
}

fn csv(whole: &[(Job, Outcome)]) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(COLUMNS)?;
    let cell = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
    for (job, outcome) in whole {
        csv.write_record([
            job.config.env.clone(),
            job.config.algo.name().to_owned(),
            job.criterion.clone(),
            job.sparsity.to_string(),
            job.config.seed.to_string(),
            outcome.updates.to_string(),
            outcome.weights.0.to_string(),
            outcome.weights.1.to_string(),
            cell(outcome.returns),
            cell(outcome.score),
            format!("{:.1}", outcome.seconds),
        ])?;
    }
    Ok(csv.into_inner()?)
}

/// A picture with a curve for each criterion, from the dense run on; none where there is only one sparsity, or no return.
fn draw(whole: &[(Job, Outcome)], title: &str) -> Result<Option<String>> {
    let mut sparsities: Vec<f64> = whole.iter().map(|(job, _)| job.sparsity).collect();
    sparsities.sort_by(f64::total_cmp);
    sparsities.dedup();
    let returns = whole.iter().all(|(_, outcome)| outcome.returns.is_some());
    if sparsities.len() < 2 || !returns {
        return Ok(None);
    }
    let scored = whole.iter().all(|(_, outcome)| outcome.score.is_some());
    let height = |outcome: &Outcome| match outcome.score {
        Some(score) if scored => score,
        _ => outcome.returns.unwrap_or(f64::NAN),
    };
    let mut criteria: Vec<&str> = whole
        .iter()
        .map(|(job, _)| job.criterion.as_str())
        .collect();
    criteria.retain(|name| *name != DENSE);
    criteria.sort_unstable();
    criteria.dedup();
    let mut lines = Vec::new();
    for (look, criterion) in criteria.iter().enumerate() {
        let mut points = Vec::new();
        for (place, sparsity) in sparsities.iter().enumerate() {
            let same = |(job, _): &&(Job, Outcome)| {
                job.sparsity == *sparsity && [criterion, DENSE].contains(&job.criterion.as_str())
            };
            let heights: Vec<f64> = whole.iter().filter(same).map(|(_, o)| height(o)).collect();
            if !heights.is_empty() {
                points.push((place as f64, mean_of(&heights)));
            }
        }
        lines.push(Line {
            look,
            points,
            band: Vec::new(),
        });
    }
    let places = sparsities.iter().zip(0..);
    let panel = Panel {
        title: String::new(),
        x: Axis {
            words: places.map(|(s, at)| (f64::from(at), percent(*s))).collect(),
            ..Axis::from_zero("weights pruned before training")
        },
        y: Axis::from_zero(if scored { "score" } else { "return" }),
        content: Content::Lines(lines),
    };
    let figure = Figure {
        title: title.to_owned(),
        legend: criteria.into_iter().map(str::to_owned).collect(),
        panels: vec![panel],
        columns: 1,
        height: None,
    };
    charts::svg(&figure).map(Some)
}

/// A share in percent, without zeros at its end.
fn percent(share: f64) -> String {
    let said = format!("{:.4}", 100.0 * share);
    let said = said.trim_end_matches('0').trim_end_matches('.');
    format!("{said} %")
}

#[cfg(test)]
mod tests {
    use super::super::job::jobs;
    use super::*;

    #[test]
    fn a_table_and_a_picture_of_no_sweep_are_left_alone() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        let put = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        own_outputs(folder).unwrap();
        put(PICTURE, "<svg/>");
        let error = own_outputs(folder).unwrap_err().to_string();
        assert!(error.contains(PICTURE), "{error}");
        put(TABLE, "date,price\n");
        let error = own_outputs(folder).unwrap_err().to_string();
        assert!(error.contains(TABLE), "{error}");
        put(TABLE, &COLUMNS.join(","));
        own_outputs(folder).unwrap();
    }

    fn args(words: &[&str]) -> OfflineArgs {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            args: OfflineArgs,
        }
        let words = ["offline", "/", "--env", "hopper"].iter().chain(words);
        <Line as clap::Parser>::try_parse_from(words).unwrap().args
    }

    fn names(words: &[&str]) -> Vec<String> {
        let args = args(words);
        let base = settings::config(&args.agent).unwrap();
        let jobs = jobs(&args, &base).unwrap();
        jobs.into_iter().map(|job| job.name).collect()
    }

    #[test]
    fn there_is_a_run_for_each_and_one_dense_run_for_each_seed() {
        assert_eq!(names(&[]), ["snip-0.95-s0"]);
        assert_eq!(names(&["--sparsity", "0"]), ["dense-s0"]);
        let words = [
            "--criterion",
            "snip,random",
            "--sweep",
            "0,0.9",
            "--seeds",
            "0..2",
        ];
        let expected = ["dense-s0", "snip-0.9-s0", "random-0.9-s0"];
        let names = names(&words);
        assert_eq!(names[..3], expected);
        assert_eq!(names[3..], expected.map(|name| name.replace("s0", "s1")));
    }

    #[test]
    fn places_of_the_axis_are_named_by_their_sparsity() {
        let said = [0.0, 0.5, 0.995].map(percent);
        assert_eq!(said, ["0 %", "50 %", "99.5 %"]);
    }

    #[test]
    fn curves_begin_with_the_dense_run() {
        let args = args(&["--criterion", "snip,random", "--sweep", "0,0.9"]);
        let base = settings::config(&args.agent).unwrap();
        let jobs = jobs(&args, &base).unwrap();
        let outcome = |score| Outcome {
            updates: 100,
            returns: Some(1.0),
            score: Some(score),
            weights: (7, 70),
            seconds: 2.0,
        };
        let scores = [90.0, 88.0, 12.0].map(outcome);
        let whole: Vec<_> = jobs.into_iter().zip(scores).collect();
        let svg = draw(&whole, "hopper").unwrap().unwrap();
        for text in ["snip", "random", "0 %", "90 %", "score"] {
            assert!(svg.contains(text), "{text}");
        }
        let text = String::from_utf8(csv(&whole).unwrap()).unwrap();
        assert!(
            text.contains("Hopper-v5,td3-bc,snip,0.9,0,100,7,70,1,88,2.0"),
            "{text}"
        );
        assert!(table(&whole).text().contains("90.0"));
    }
}
