//! One run of a study, in a process of its own: takes it, tells that it is there, makes it, says what came of it.

use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use rl_algos::config::TrainConfig;
use rl_algos::observe::{Evaluation, Observer, Progress};

use crate::args::offline::{AgentArgs, OfflineArgs};
use crate::args::study::MakeArgs;
use crate::args::values;
use crate::folder::checkpoint::difference;
use crate::folder::learn;
use crate::folder::names::{CONFIG, METRICS, RESUME};
use crate::folder::run_dir::{Checkpoint, RunDir};
use crate::observe::TensorBoard;
use crate::offline;
use crate::parallel::threads;
use crate::roster::claim::{self, BEAT, Beat, Claim, check_mine};
use crate::roster::manifest::{InitFrom, Planned, Source};
use crate::roster::place::StudyDir;
use crate::roster::status::{self, Done, State};
use crate::terminal::interrupt::{self, Interrupt};
use crate::terminal::tell::{note, print_line};
use crate::train::{begin_with, networks};

/// The exit status of a process whose run another one has.
pub(super) const TAKEN: u8 = 75;

/// The exit status of a process whose run is not in the study, as when that was planned anew.
pub(super) const LEFT_OUT: u8 = 76;

/// Makes a run, unless it is whole or another worker has it.
///
/// # Errors
/// When the study cannot be read, and those of the run.
pub(super) fn make(args: &MakeArgs) -> Result<ExitCode> {
    let study = StudyDir::open(&args.study)?;
    let Some(run) = study.run(&args.name)? else {
        let study = args.study.display();
        note(&format!("error: {study} has no run {}", args.name));
        return Ok(ExitCode::from(LEFT_OUT));
    };
    if matches!(State::of(&study, &run), State::Done(_)) {
        return Ok(ExitCode::SUCCESS);
    }
    let Some(claim) = Claim::take(&study, &run.name)? else {
        return Ok(ExitCode::from(TAKEN));
    };
    // Somebody may have ended it between both looks.
    if matches!(State::of(&study, &run), State::Done(_)) {
        claim.release(Beat::here())?;
        return Ok(ExitCode::SUCCESS);
    }
    // Who looks at it from now on is not to take it for failed, as when this try is cut off.
    let _ = fs::remove_file(study.failed_path(&run.name));
    let pulse = Arc::new(Pulse::default());
    claim::hold(claim);
    keep_telling(&pulse);
    let interrupt = Interrupt::catch()?;
    end_with_input(&interrupt);
    let path = study.run_path(&run.name);
    let made = match run.source {
        Source::Online => online(&run, &study, args.threads, &interrupt, &pulse),
        Source::Offline => on_dataset(&run, &path, &study, args.threads),
    };
    let made = made.and_then(|whole| {
        if whole {
            check_mine().map_err(anyhow::Error::msg)?;
            let done = Done {
                length: run.length,
                seconds: seconds(&path),
            };
            status::keep(&study.done_path(&run.name), &done)?;
            if !args.keep_resume {
                drop_resume(&path);
            }
        }
        Ok(whole)
    });
    if let Some(claim) = claim::give_up().filter(Claim::is_mine) {
        claim.release(pulse.beat())?;
    }
    Ok(match made? {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(interrupt::STATUS),
    })
}

/// Makes or goes on with a run in its task; whether it is whole.
fn online(
    run: &Planned,
    study: &StudyDir,
    threads_asked: Option<u64>,
    interrupt: &Interrupt,
    pulse: &Arc<Pulse>,
) -> Result<bool> {
    threads(threads_asked)?;
    let path = &study.run_path(&run.name);
    let config = TrainConfig::from_toml(&run.config)?;
    let device = sparse_core::device::by_name(
        values::device(&run.device)
            .map_err(anyhow::Error::msg)?
            .name(),
    )?;
    let mut watch = Watch {
        pulse: Arc::clone(pulse),
        interrupt: interrupt.clone(),
    };
    let begun = path.join(CONFIG).exists();
    let dir = match begun {
        true => {
            let (dir, written) = RunDir::open(path)?;
            if let Some([there, asked]) = difference(&written, &config)? {
                bail!(
                    "{} has `{there}`, not `{asked}`: it is another run's; move it elsewhere",
                    path.display()
                );
            }
            dir
        }
        false => {
            let dir = match &run.init_from {
                None => RunDir::create(path, &config, false)?,
                Some(InitFrom { run, take }) => {
                    if !study.done_path(run).exists() {
                        bail!("it begins with the networks of {run}, which is not whole");
                    }
                    let source = study.run_path(run);
                    let agent = networks(&config, &device)?;
                    let from = (source.as_path(), *take);
                    begin_with(from, path, &config, false, &*agent, &device)?
                }
            };
            dir.keep_device(&run.device)?;
            dir
        }
    };
    let last = dir.info(Checkpoint::Latest).ok();
    let is_over = last.is_some_and(|last| last.step == config.steps);
    if is_over && !dir.resume_path().exists() {
        return Ok(true);
    }
    let begin = if begun { learn::resume } else { learn::train };
    let mut board = TensorBoard::new(dir.path(), &config);
    let trained = begin(&config, &device, &dir, &mut [&mut board, &mut watch])?;
    Ok(trained.steps >= config.steps)
}

/// Makes or goes on with a run on a dataset; whether it is whole.
fn on_dataset(run: &Planned, path: &Path, study: &StudyDir, threads: Option<u64>) -> Result<bool> {
    let file = study.state_path(&run.name).join(CONFIG);
    fs::write(&file, &run.config).with_context(|| file.display().to_string())?;
    let args = OfflineArgs {
        agent: AgentArgs {
            dataset: run.dataset.as_ref().map(Into::into),
            config: Some(file),
            device: Some(values::device(&run.device).map_err(anyhow::Error::msg)?),
            threads,
            ..AgentArgs::default()
        },
        out: Some(path.to_owned()),
        go_on: true,
        ..OfflineArgs::default()
    };
    Ok(offline::run(&args)? == ExitCode::SUCCESS)
}

/// Removes what a run could go on from.
pub(super) fn drop_resume(path: &Path) {
    // What cannot be removed does no harm.
    let _ = fs::remove_dir_all(path.join(RESUME));
}

/// Time that a run took (s), by the last row of its metrics; 0 where it does not say.
fn seconds(path: &Path) -> f64 {
    let text = fs::read_to_string(path.join(METRICS)).unwrap_or_default();
    let mut lines = text.lines();
    let column = lines
        .next()
        .and_then(|names| names.split(',').position(|name| name == "seconds"));
    let last = lines.next_back().zip(column);
    let cell = last.and_then(|(row, column)| row.split(',').nth(column)?.parse().ok());
    cell.unwrap_or(0.0)
}

/// How far the run is, for those who look at its claim.
#[derive(Debug)]
struct Pulse {
    began: Instant,
    /// The first step that was seen in this process, plus one; 0 before.
    first: AtomicU64,
    step: AtomicU64,
    /// Bits of the last mean return; those of NaN before the first.
    last: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            first: AtomicU64::new(0),
            step: AtomicU64::new(0),
            last: AtomicU64::new(f64::NAN.to_bits()),
        }
    }
}

impl Pulse {
    fn beat(&self) -> Beat {
        let [first, step] = [&self.first, &self.step].map(|n| n.load(Ordering::Relaxed));
        let last = f64::from_bits(self.last.load(Ordering::Relaxed));
        Beat {
            step,
            pace: (step + 1).saturating_sub(first.max(1)) as f64
                / self.began.elapsed().as_secs_f64(),
            last_return: Some(last).filter(|last| !last.is_nan()),
            ..Beat::here()
        }
    }
}

/// Tells every few seconds that the worker is there, and ends the process when the run is another's.
fn keep_telling(pulse: &Arc<Pulse>) {
    let pulse = Arc::clone(pulse);
    thread::spawn(move || {
        loop {
            thread::sleep(BEAT);
            if let Err(what) = check_mine() {
                note(&format!("error: {what}"));
                std::process::exit(i32::from(TAKEN));
            }
            // A disk that is full for a moment costs no run; a claim that stays silent expires.
            let _ = claim::tell(&pulse.beat());
        }
    });
}

/// Ends the run after its step when its standard input ends: `study run` holds the other end, and asks so, or is gone.
fn end_with_input(interrupt: &Interrupt) {
    let interrupt = interrupt.clone();
    thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        interrupt.set();
    });
}

/// Follows a run.
struct Watch {
    pulse: Arc<Pulse>,
    interrupt: Interrupt,
}

impl Observer for Watch {
    fn on_note(&mut self, note: &str) {
        print_line(&format!("note     {note}"));
    }

    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        let first = &self.pulse.first;
        if first.load(Ordering::Relaxed) == 0 {
            first.store(progress.step, Ordering::Relaxed);
            print_line(&match progress.step - 1 {
                0 => "begins".to_owned(),
                step => format!("goes on from step {step}"),
            });
        }
        self.pulse.step.store(progress.step, Ordering::Relaxed);
        match self.interrupt.is_set() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> rl_algos::Result<()> {
        let returns = evaluation.returns.as_ref();
        let mean = returns.map_or(f64::NAN, |returns| returns.mean);
        self.pulse.last.store(mean.to_bits(), Ordering::Relaxed);
        Ok(())
    }
}
