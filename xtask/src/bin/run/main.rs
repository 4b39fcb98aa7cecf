//! The jobs that link the libraries. `cargo xtask` builds this binary as a job needs it and starts it with the
//! words of its own command line.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use cli::{Job, RunCli};

mod bench;
mod table;

fn main() -> ExitCode {
    match run(&RunCli::parse().job) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn run(job: &Job) -> Result<()> {
    match job {
        Job::Bench(args) => bench::bench(args),
        Job::Train(_) | Job::Eval(_) | Job::Plot(_) => anyhow::bail!("soon"),
    }
}

#[allow(clippy::print_stderr, reason = "this is the command line")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
