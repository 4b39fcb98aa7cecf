//! Reads the command line, does the light jobs and starts the `run` binary for the others.

use std::process::ExitCode;

use anyhow::Result;
use experiments::args;
use experiments::terminal::tell;
use xtask::{Cli, Command};

mod launch;
mod suite;
mod tidy;

fn main() -> ExitCode {
    let done = match args::read::<Cli>().command {
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
