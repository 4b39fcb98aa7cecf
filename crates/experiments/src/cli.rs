//! From the words of the command line to a job.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::Registry;
use crate::args::{self, Job};
use crate::terminal::tell::{self, note};
use crate::{charts, collect, export, offline, play, recipes, report, study, train};

/// All that a program of one's own takes.
#[derive(Debug, Parser)]
#[command(
    about = "Train, evaluate, film and draw.",
    disable_help_subcommand = true
)]
struct Line {
    /// The job.
    #[command(subcommand)]
    job: Job,
}

/// The whole command line for a program of one's own, which knows what `registry` adds: reads the words of this process
/// and does what they say.
///
/// The program is called by its file's name in help and in commands that are printed. As fast as `cargo xtask` it is
/// with `sparse-core`'s allocator, which a program sets itself (`#[global_allocator]`).
#[must_use]
pub fn run(registry: Registry) -> ExitCode {
    if let Err(error) = registry.check() {
        return finish(Err(error), false);
    }
    let program = env::args_os().next();
    let program = program.as_deref().map(Path::new).and_then(Path::file_stem);
    if let Some(name) = program {
        tell::call_program(&name.to_string_lossy());
    }
    perform(args::read::<Line>().job)
}

/// Does a job. What went wrong is one line on standard error.
#[must_use]
pub fn perform(job: Job) -> ExitCode {
    // These make a folder, which a failure to print does not harm.
    let is_folder = matches!(
        job,
        Job::Train(_) | Job::Offline(_) | Job::Study(_) | Job::Reproduce(_)
    );
    finish(done(job), is_folder)
}

fn done(job: Job) -> Result<ExitCode> {
    match job {
        Job::Train(args) => return train::run(&args),
        Job::Offline(args) => return offline::run(&args),
        Job::Study(args) => return study::run(&args),
        Job::Reproduce(args) => return study::reproduce(&args),
        Job::Watch(args) => return play::watch::run(&args),
        Job::Task(args) => return play::task::run(&args),
        Job::Recipes(args) => recipes::run(&args),
        Job::Eval(args) => play::eval::run(&args),
        Job::Collect(args) => collect::run(&args),
        Job::Prune(args) => offline::prune::run(&args),
        Job::Plot(args) => charts::plot::run(&args),
        Job::Report(args) => report::make::run(&args),
        Job::Export(args) => export::run(&args),
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
