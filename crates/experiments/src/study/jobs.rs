//! From the words of `cargo xtask study` to a job.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rl_algos::files::atomic_write;

use super::file::StudyFile;
use super::manifest::{self, Planned};
use super::place::StudyDir;
use super::status::{State, Status};
use super::{cost, engine, plan, show, worker};
use crate::args::study::{PlaceArgs, PlanArgs, StudyArgs, StudyJob};
use crate::args::values::Device;
use crate::disk::room;
use crate::folder::places;
use crate::parallel::thread_count;
use crate::terminal::table::{Cell, Table, span};
use crate::terminal::tell::print_line;

/// Does what is asked of a study.
///
/// # Errors
/// Those of the job.
pub(crate) fn run(args: &StudyArgs) -> Result<ExitCode> {
    match &args.what {
        StudyJob::Plan(args) => plan(args),
        StudyJob::Run(args) => engine::run(args),
        StudyJob::Status(args) => show::show(args),
        StudyJob::Make(args) => worker::make(args),
    }
}

/// The study that is meant, and its runs. A study file is planned anew, and its manifest written where it is another.
///
/// # Errors
/// When the file is wrong, or nothing can be written.
pub(crate) fn plan_of(
    place: &PlaceArgs,
    device: Option<Device>,
) -> Result<(StudyDir, Vec<Planned>)> {
    let folder = place.folder();
    if place.is_folder() {
        if place.out.is_some() {
            bail!(
                "{} is the folder of a study already; leave --out out",
                place.study.display()
            );
        }
        let study = StudyDir::open(&folder)?;
        let runs = study.runs()?;
        let named = runs.first().map_or("", |run| run.device.as_str());
        if let Some(asked) = device.filter(|device| device.name() != named) {
            bail!(
                "--device {asked}: the runs of {} are of {named}; plan the file anew for another",
                folder.display()
            );
        }
        return Ok((study, runs));
    }
    let file = StudyFile::read(&place.study)?;
    let device = device.unwrap_or_default();
    let runs =
        plan::runs(&file, device.name()).with_context(|| place.study.display().to_string())?;
    places::folder("--out", &folder)?;
    let study = StudyDir::at(&folder);
    let path = study.manifest_path();
    let text = manifest::to_text(runs)?;
    if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
        if path.exists() && !is_manifest(&path) {
            bail!(
                "{} is no manifest of a study, and is not replaced; choose another folder with --out",
                path.display()
            );
        }
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        atomic_write(&path, |file| file.write_all(text.as_bytes()))?;
    }
    let runs = study.runs()?;
    Ok((study, runs))
}

/// Whether a file begins as a manifest does, be it cut off.
fn is_manifest(path: &Path) -> bool {
    let text = fs::read(path).unwrap_or_default();
    let start = b"{\"index\":0,\"of\":";
    let both = text.len().min(start.len());
    text[..both] == start[..both]
}

/// Lists the runs, and says what they take.
fn plan(args: &PlanArgs) -> Result<ExitCode> {
    let (study, runs) = plan_of(&args.place, args.device)?;
    tell(&study, &runs, args.jobs)
}

/// Says which runs a study has, and what they take.
///
/// # Errors
/// When it does not fit on the disk.
pub(super) fn tell(study: &StudyDir, runs: &[Planned], jobs: Option<u64>) -> Result<ExitCode> {
    let status = Status::of(study, runs);
    let costs = cost::of(runs, &status)?;
    let mut table = Table::new(&["task", "method", "runs", "length", "done", "core_hours"]);
    let mut groups: Vec<(&Planned, usize, usize, f64)> = Vec::new();
    for ((run, state), cost) in runs.iter().zip(&status.states).zip(&costs) {
        let done = usize::from(matches!(state, State::Done(_)));
        let same = |(first, ..): &&mut (&Planned, usize, usize, f64)| {
            first.task == run.task && first.method == run.method && first.dataset == run.dataset
        };
        match groups.iter_mut().find(same) {
            Some((_, count, whole, seconds)) => {
                *count += 1;
                *whole += done;
                *seconds += cost.seconds;
            }
            None => groups.push((run, 1, done, cost.seconds)),
        }
    }
    for (run, count, done, seconds) in groups {
        table.push(vec![
            Cell::text(run.dataset.as_ref().unwrap_or(&run.task).clone()),
            Cell::text(run.method.clone()),
            Cell::Number(count as f64, 0),
            Cell::Number(run.length as f64, 0),
            Cell::Number(done as f64, 0),
            Cell::Number(seconds / 3600.0, 2),
        ]);
    }
    print_line(table.text().trim_end());
    let jobs = args
        .jobs
        .map_or_else(|| thread_count(None), |jobs| Ok(usize::try_from(jobs)?))?;
    let (seconds, bytes) = cost::sum(&costs, &status, jobs, false);
    let (_, kept) = cost::sum(&costs, &status, jobs, true);
    let left = Duration::try_from_secs_f64(seconds / jobs as f64).unwrap_or(Duration::MAX);
    print_line(&format!(
        "\nneeds    {:.1} core-hours, or {} with {jobs} runs at a time; {} of disk, {} with --keep-resume",
        seconds / 3600.0,
        span(left),
        room::said(bytes),
        room::said(kept)
    ));
    let whole = status.done;
    let from = match whole {
        0 => "guessed for a core with AVX-512; runs that are whole tell better".to_owned(),
        _ => format!("by the {whole} runs that are whole, else guessed for a core with AVX-512"),
    };
    print_line(&format!("         ({from})"));
    print_line(&format!(
        "manifest {}: {} runs",
        study.manifest_path().display(),
        runs.len()
    ));
    room::disk("the study", bytes, study.path())?;
    Ok(ExitCode::SUCCESS)
}
