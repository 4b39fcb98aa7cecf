//! Writes the files of an array, and submits it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::array::Array;
use super::{hyperqueue, slurm};
use crate::args::study::{MakingArgs, Scheduler, SubmitArgs};
use crate::disk::whole::replace;
use crate::parallel::thread_count;
use crate::roster::manifest;
use crate::roster::place::StudyDir;
use crate::roster::status::{State, Status};
use crate::study::listed::plan_of;
use crate::study::{cost, engine, foretell};
use crate::terminal::shell::{argument, word};
use crate::terminal::tell::{print_line, program};

/// Time that an element of Slurm's takes at least, where nobody says how many there are (s).
const LEAST: f64 = 3600.0;

/// Hands what is missing to a cluster, or with `dry_run` only writes what it would be handed.
///
/// # Errors
/// A study file that is wrong, a study that does not fit on the disk, options of another engine, a program that submits and
/// is not there or refuses.
pub(in crate::study) fn submit(args: &SubmitArgs) -> Result<ExitCode> {
    if args.engine == Scheduler::Local {
        return here(args);
    }
    let (study, runs) = plan_of(&args.place, args.device)?;
    let status = Status::of(&study, &runs);
    let whole = |state: &State| matches!(state, State::Done(_));
    let missing = status.states.iter().filter(|state| !whole(state)).count();
    if missing == 0 {
        print_line("nothing to submit: all runs are whole");
        return Ok(ExitCode::SUCCESS);
    }
    let costs = cost::of(&runs, &status)?;
    let (seconds, _) = cost::sum(&costs, &status, 1, args.keep_resume);
    let (cores, slices) = match args.engine {
        Scheduler::Slurm => {
            let cores = args
                .cores
                .map_or_else(|| Ok(thread_count(None)? as u64), anyhow::Ok)?;
            let most = missing.div_ceil(cores as usize).min(slurm::MOST_ELEMENTS);
            let long = (seconds / cores as f64 / LEAST) as usize;
            (cores, long.clamp(1, most))
        }
        _ => (args.cores.unwrap_or(1), runs.len()),
    };
    let slices = args.elements.map_or(Ok(slices), usize::try_from)?;
    let roots = manifest::roots(&runs);
    let mut open: Vec<usize> = roots
        .iter()
        .zip(&status.states)
        .filter(|(_, state)| !whole(state))
        .map(|(root, _)| root % slices)
        .collect();
    open.sort_unstable();
    open.dedup();
    foretell::tell(&study, &runs, Some(cores * open.len() as u64))?;
    let path = study.path();
    let real = path
        .canonicalize()
        .with_context(|| path.display().to_string())?;
    let folder = real.join("submit");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let array = Array {
        name: name(&real),
        program: kept_program(&folder)?,
        study: real,
        started_in: env::current_dir().context("the current folder cannot be read")?,
        folder,
        slices,
        open,
        cores,
        time: args.time,
        options: args.option.clone(),
        keep_resume: args.keep_resume,
    };
    let (command, words) = match args.engine {
        Scheduler::Slurm => {
            let script = written(&array, "slurm.sh", &slurm::script(&array))?;
            ("sbatch", vec![script.into_os_string()])
        }
        _ => {
            let entries = written(&array, "hyperqueue.json", &hyperqueue::entries(&array))?;
            let script = written(&array, "hyperqueue.sh", &hyperqueue::script(&array))?;
            ("hq", hyperqueue::words(&array, &entries, &script))
        }
    };
    hand(args, &study, &array, command, &words)
}

/// Makes what is missing on this machine.
fn here(args: &SubmitArgs) -> Result<ExitCode> {
    if args.elements.is_some() || !args.option.is_empty() {
        bail!(
            "--elements and --option are of arrays; --engine local makes the runs here, as `study run`"
        );
    }
    if args.dry_run {
        let (study, runs) = plan_of(&args.place, args.device)?;
        let told = foretell::tell(&study, &runs, args.cores)?;
        print_line(&format!(
            "local    {} study run {}",
            program(),
            word(study.path())
        ));
        return Ok(told);
    }
    let (study, runs) = plan_of(&args.place, args.device)?;
    let making = MakingArgs {
        jobs: args.cores,
        threads: None,
        budget: args.time,
        slice: None,
        keep_resume: args.keep_resume,
    };
    engine::make(study, runs, &making)
}

/// Submits, and says how one follows it.
fn hand(
    args: &SubmitArgs,
    study: &StudyDir,
    array: &Array,
    command: &str,
    words: &[OsString],
) -> Result<ExitCode> {
    let shown: Vec<String> = words.iter().map(|word| argument(word)).collect();
    let shown = format!("{command} {}", shown.join(" "));
    print_line(&format!(
        "array    {} elements of {} cores",
        array.open.len(),
        array.cores
    ));
    if args.dry_run {
        print_line(&format!("submit   {shown}"));
        return Ok(ExitCode::SUCCESS);
    }
    let done = Command::new(command).args(words).status();
    let done = done.with_context(|| {
        format!(
            "{command} cannot be started; what it would be given stays in {}",
            array.folder.display()
        )
    })?;
    if !done.success() {
        bail!("{shown} ended with {done}");
    }
    print_line(&format!(
        "follow   {} study status {}",
        program(),
        word(study.path())
    ));
    Ok(ExitCode::SUCCESS)
}

/// A name in a queue, after the study's folder.
fn name(study: &Path) -> String {
    let name = study.file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| match c.is_ascii_alphanumeric() || "-_.".contains(c) {
        true => c,
        false => '-',
    };
    name.chars().map(plain).collect()
}

/// A copy of this program, so that the runs of an array are made by one build, whatever is built while it waits.
fn kept_program(folder: &Path) -> Result<PathBuf> {
    let own = env::current_exe().context("this program's file is gone")?;
    let bytes = fs::read(&own).with_context(|| own.display().to_string())?;
    let hash = Sha256::digest(&bytes);
    let hash: String = hash
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let kept = folder.join(format!("run-{hash}"));
    if !kept.exists() {
        let beside = folder.join(format!("run-{hash}.{}", std::process::id()));
        let place = || beside.display().to_string();
        let copied = fs::copy(&own, &beside).and_then(|_| fs::rename(&beside, &kept));
        if copied.is_err() {
            // Half a program is of no use and may take the last space.
            let _ = fs::remove_file(&beside);
        }
        copied.with_context(place)?;
    }
    Ok(kept)
}

fn written(array: &Array, name: &str, text: &str) -> Result<PathBuf> {
    let path = array.folder.join(name);
    replace(&path, text)?;
    print_line(&format!("written  {}", path.display()));
    Ok(path)
}
