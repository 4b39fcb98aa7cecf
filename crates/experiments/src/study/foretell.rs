//! What a study will take, in words.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use super::cost;
use crate::disk::room;
use crate::parallel::thread_count;
use crate::roster::manifest::Planned;
use crate::roster::place::StudyDir;
use crate::roster::status::{State, Status};
use crate::terminal::table::{Cell, Table, span};
use crate::terminal::tell::print_line;

/// Says which runs a study has, and what they take.
///
/// # Errors
/// When it does not fit on the disk.
pub(super) fn tell(study: &StudyDir, runs: &[Planned], jobs: Option<u64>) -> Result<ExitCode> {
    let status = Status::of(study, runs);
    let costs = cost::of(runs, &status)?;
    let mut table = Table::new(&["task", "method", "runs", "length", "done", "core_hours"]);
    let mut groups: Vec<(&Planned, usize, usize, f64)> = Vec::new();
    let mut places: HashMap<cost::Kind<'_>, usize> = HashMap::new();
    for ((run, state), cost) in runs.iter().zip(&status.states).zip(&costs) {
        let done = usize::from(matches!(state, State::Done(_)));
        let place = *places.entry(cost::kind(run)).or_insert(groups.len());
        if place == groups.len() {
            groups.push((run, 0, 0, 0.0));
        }
        let (_, count, whole, seconds) = &mut groups[place];
        *count += 1;
        *whole += done;
        *seconds += cost.seconds;
    }
    for (run, count, done, seconds) in groups {
        table.push(vec![
            Cell::text(run.learns_from().to_owned()),
            Cell::text(run.method.clone()),
            Cell::Number(count as f64, 0),
            Cell::Number(run.length as f64, 0),
            Cell::Number(done as f64, 0),
            Cell::Number(seconds / 3600.0, 2),
        ]);
    }
    print_line(table.text().trim_end());
    let jobs = jobs.map_or_else(|| thread_count(None), |jobs| Ok(usize::try_from(jobs)?))?;
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
