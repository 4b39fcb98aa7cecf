//! `study status`: how far a study is.

use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::json;

use crate::args::study::StatusArgs;
use crate::roster::manifest::Planned;
use crate::roster::place::StudyDir;
use crate::roster::status::{self, State, Status};
use crate::terminal::tell::print_line;

/// Prints how far a study is. Reads its folder alone.
///
/// # Errors
/// When there is none, or its manifest is damaged.
pub fn show(args: &StatusArgs) -> Result<ExitCode> {
    let folder = args.place.folder();
    if !args.place.is_folder() && !args.place.study.is_file() {
        bail!(
            "{} is neither a study file nor a folder",
            args.place.study.display()
        );
    }
    let study = StudyDir::open(&folder)?;
    let runs = study.runs()?;
    let status = Status::of(&study, &runs);
    if args.json {
        for (run, state) in runs.iter().zip(&status.states) {
            print_line(&object(run, state).to_string());
        }
        return Ok(ExitCode::SUCCESS);
    }
    print_line(status::table(&runs, &status).text().trim_end());
    let going = runs
        .iter()
        .zip(&status.states)
        .filter_map(|(run, state)| match state {
            State::Going(beat) => Some((run, beat)),
            _ => None,
        });
    for (run, beat) in going {
        let of = run.length;
        let returns = beat
            .last_return
            .map_or(String::new(), |mean| format!(", return {mean:.0}"));
        print_line(&format!(
            "going    {}: {} of {of}{returns}, by process {} on {}",
            run.name, beat.step, beat.pid, beat.host
        ));
    }
    for line in status::failures(&study, &runs, &status) {
        print_line(&line);
    }
    print_line(&format!("study    {}: {status}", folder.display()));
    Ok(ExitCode::SUCCESS)
}

/// A run for scripts.
fn object(run: &Planned, state: &State) -> serde_json::Value {
    let (word, step, seconds, error) = match state {
        State::Missing => ("missing", Some(0), None, None),
        State::CutOff(step) => ("cut_off", Some(*step), None, None),
        State::Going(beat) => ("going", Some(beat.step), None, None),
        State::Failed(failed) => ("failed", None, None, Some(&failed.error)),
        State::Done(done) => ("done", Some(run.length), Some(done.seconds), None),
    };
    json!({
        "name": run.name, "task": run.task, "dataset": run.dataset, "method": run.method, "seed": run.seed, "state": word, "step": step,
        "length": run.length, "seconds": seconds, "error": error,
    })
}
