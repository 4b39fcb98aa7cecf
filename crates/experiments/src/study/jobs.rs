//! From the words of `cargo xtask study` to a job.

use std::process::ExitCode;

use anyhow::Result;

use super::listed::plan_of;
use super::{engine, foretell, show, submit, worker};
use crate::args::study::{PlanArgs, StudyArgs, StudyJob};
use crate::export;
use crate::roster::place::StudyDir;

/// Does what is asked of a study.
///
/// # Errors
/// Those of the job.
pub(crate) fn run(args: &StudyArgs) -> Result<ExitCode> {
    match &args.what {
        StudyJob::Plan(args) => plan(args),
        StudyJob::Run(args) => engine::run(args),
        StudyJob::Submit(args) => submit::submit(args),
        StudyJob::Status(args) => show::show(args),
        StudyJob::Export(args) => {
            StudyDir::open(&args.place.folder())?;
            export::run(&args.as_export()).map(|()| ExitCode::SUCCESS)
        }
        StudyJob::Make(args) => worker::make(args),
    }
}

/// Lists the runs, and says what they take.
fn plan(args: &PlanArgs) -> Result<ExitCode> {
    let (study, runs) = plan_of(&args.place, args.device)?;
    foretell::tell(&study, &runs, args.jobs)
}
