//! Reads the command line, does the light jobs and starts the `run` binary for the others.

use std::process::ExitCode;

use anyhow::Result;
use experiments::args::study::{StudyArgs, StudyJob};
use experiments::args::{self, Job};
use experiments::study;
use experiments::terminal::tell;
use xtask::{Cli, Command, Heavy};

mod launch;
mod suite;
mod tidy;

fn main() -> ExitCode {
    let done = match args::read::<Cli>().command {
        Command::Heavy(Heavy::Job(Job::Study(StudyArgs {
            what: StudyJob::Status(args),
        }))) => study::show::show(&args),
        Command::Heavy(job) => job.device().and_then(launch::run),
        Command::Test(args) => suite::run(&args),
        Command::Tidy => tidy::tidy(),
        Command::Ci => launch::ci(),
    };
    finish(done)
}

/// The exit status of a job; an error is one line.
fn finish(done: Result<ExitCode>) -> ExitCode {
    let said = done.and_then(|code| tell::said().map(|()| code));
    said.unwrap_or_else(|error| {
        tell::note(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}
