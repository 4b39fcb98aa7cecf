//! From the words of the command line to a job.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Job;
use crate::terminal::tell::{self, note};
use crate::{charts, collect, offline, play, recipes, train};

/// Does a job. An error is one line on standard error.
#[must_use]
pub fn perform(job: Job) -> ExitCode {
    // These make a folder, which a failure to print does not harm.
    let is_folder = matches!(job, Job::Train(_) | Job::Offline(_));
    finish(done(job), is_folder)
}

fn done(job: Job) -> Result<ExitCode> {
    match job {
        Job::Train(args) => return train::run(&args),
        Job::Offline(args) => return offline::run(&args),
        Job::Watch(args) => return play::watch::run(&args),
        Job::Recipes(args) => recipes::run(&args),
        Job::Eval(args) => play::eval::run(&args),
        Job::Collect(args) => collect::run(&args),
        Job::Prune(args) => offline::prune::run(&args),
        Job::Plot(args) => charts::plot::run(&args),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The exit status of a job. With `made`, the job made files, so a failure to print is only a note.
#[must_use]
pub fn finish(done: Result<ExitCode>, made: bool) -> ExitCode {
    match (done, tell::said()) {
        (Ok(status), Err(error)) if made => {
            note(&format!("note: {error:#}"));
            status
        }
        (Err(error), _) | (Ok(_), Err(error)) => {
            note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
        (Ok(status), Ok(())) => status,
    }
}
