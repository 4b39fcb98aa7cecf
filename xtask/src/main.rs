//! Reads the command line, does the light jobs and starts the `run` binary for the others.

use std::process::ExitCode;

use anyhow::Result;
use cli::{Cli, Command};

mod launch;
mod suite;
mod tidy;

fn main() -> ExitCode {
    let done = match cli::read::<Cli>().command {
        Command::Job(job) => job.device().and_then(launch::run),
        Command::Test(args) => suite::run(&args),
        Command::Tidy => tidy::tidy(),
        Command::Ci => launch::ci(),
    };
    finish(done)
}

/// The exit status of a job; what went wrong is one line.
#[allow(clippy::print_stderr, reason = "this is the command line")]
fn finish(done: Result<ExitCode>) -> ExitCode {
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
