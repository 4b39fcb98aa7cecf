//! `cargo xtask train`: prints what is trained, shows progress, ends with a summary.
//!
//! In reading order: this file (one run, new or gone on with), [`from`] (networks of another run), [`seeds`] (several side by
//! side), [`stop`] (an early end), [`report`] (what is printed before and after).

mod from;
mod report;
mod seeds;
mod stop;

use std::path::Path;
use std::process::ExitCode;

use crate::args::train::TrainArgs;
use crate::args::values::Device;
use crate::folder::learn::{begin_as_stored, check_resumable, lengthen, resume, train};
use crate::folder::run_dir::RunDir;
use crate::folder::task_files;
use crate::observe::{ProgressObserver, TensorBoard};
use anyhow::Result;
use burn::tensor::Device as Backend;
use rl_algos::agent::Agent;
use rl_algos::algos;
use rl_algos::config::TrainConfig;
use rl_algos::observe::{Observer, Start};
use rl_algos::rng::Streams;
use rl_algos::train::Trained;

use crate::disk::room;
use crate::folder::kind::Kind;
use crate::folder::offline;
use crate::folder::places;
use crate::roster::Take;
use crate::settings::online as settings;
use crate::terminal::interrupt::{self, Interrupt};
use crate::terminal::progress::Progress;
use crate::terminal::table::thousands;
use crate::terminal::tell::print_line;
use stop::Stop;

/// Weights that are drawn in some two seconds.
const MANY: u64 = 200_000_000;

/// How a run begins: [`train`] or [`resume`].
type Begin =
    fn(&TrainConfig, &Backend, &RunDir, &mut [&mut dyn Observer]) -> crate::Result<Trained>;

/// Trains as the options say. A run that Ctrl-C ended has its own exit status.
///
/// # Errors
/// Bad settings, a folder that already holds a run, a run that diverges.
pub(crate) fn run(args: &TrainArgs) -> Result<ExitCode> {
    if let Some(folder) = &args.resume {
        places::run(folder)?;
        Kind::Online.check_run(folder)?;
        let (dir, mut config) = RunDir::open(folder)?;
        // Before the task is opened, which may be another by now, or none.
        task_files::check(dir.path(), &config.env, &config.env_settings)?;
        if let Some(steps) = args.steps.filter(|steps| *steps != config.steps) {
            let longer = lengthen(&config, &dir, steps)?;
            for note in report::lengthened(&config, &longer) {
                print_line(&format!("note     {note}"));
            }
            config = longer;
        }
        return one(args, &config, |_| Ok(dir), resume);
    }
    let config = settings::config(args)?;
    if let Some(list) = &args.seeds {
        return seeds::run(args, &config, &list.0);
    }
    let folder = settings::folder(args, &config);
    places::folder("--out", &folder)?;
    offline::online(&folder)?;
    let create = |agent: &dyn Agent| {
        agent.check_paths(&config)?;
        new(args, &folder, &config, agent)
    };
    one(args, &config, create, train)
}

/// The folder of a new run.
fn new(args: &TrainArgs, folder: &Path, config: &TrainConfig, agent: &dyn Agent) -> Result<RunDir> {
    let named = args.device.unwrap_or_default().name();
    let dir = match &args.init_from {
        None => RunDir::create(folder, config, args.overwrite)?,
        Some(source) => {
            let device = sparse_core::device::by_name(named)?;
            let from = (source.as_path(), args.take.unwrap_or_default());
            begin_with(from, folder, config, args.overwrite, agent, &device)?
        }
    };
    dir.keep_device(named)?;
    Ok(dir)
}

/// The folder of a new run that begins with the networks of another, where `agent` is the one that its own are drawn for.
///
/// # Errors
/// When that folder holds no run with such networks, or those of a new folder.
pub(crate) fn begin_with(
    (source, take): (&Path, Take),
    folder: &Path,
    config: &TrainConfig,
    overwrite: bool,
    agent: &dyn Agent,
    device: &Backend,
) -> Result<RunDir> {
    let networks = from::record(source, take, config, agent, device)?;
    let said = format!(
        "{} of {}",
        format!("{take:?}").to_lowercase(),
        source.display()
    );
    let networks = Some((networks.as_slice(), said.as_str()));
    Ok(RunDir::create_from(folder, config, overwrite, networks)?)
}

/// One run in the folder that `open` gives, which sees the networks that the run was or is drawn with. The header tells those
/// that it begins with.
fn one(
    args: &TrainArgs,
    config: &TrainConfig,
    open: impl FnOnce(&dyn Agent) -> Result<RunDir>,
    begin: Begin,
) -> Result<ExitCode> {
    let named = args.device()?;
    let device = sparse_core::device::by_name(named.name())?;
    let threads = crate::parallel::threads(args.threads)?;
    // The networks are drawn once before the folder is touched: what they refuse must not cost an old run.
    fits(config, 1)?;
    let mut agent = networks(config, &device)?;
    let dir = open(&*agent)?;
    begin_as_stored(&mut *agent, &dir)?;
    let seed = format!("seed {}", config.seed);
    report::header(config, &*agent, &seed)?;
    report::machine(named, &format!("{threads} threads"));
    print_line(&format!("folder   {}\n", dir.path().display()));
    drop(agent);

    let mut observer = ProgressObserver::new(Progress::start(config.steps), Interrupt::catch()?);
    let mut board = TensorBoard::new(dir.path(), config);
    let mut stop = Stop::new(args);
    let mut named = Named {
        dir: &dir,
        device: args.device.filter(|_| args.resume.is_some()),
    };
    let trained = begin(
        config,
        &device,
        &dir,
        &mut [&mut named, &mut board, &mut observer, &mut stop],
    );
    let took = observer.progress.finish();
    let trained = trained.map_err(|error| why(error, observer.started, dir.path()))?;
    if trained.stopped {
        if let Some(why) = stop.why {
            print_line(&format!("\nended early: {why}"));
            print_line(&report::stopped(&trained, dir.path()));
            return Ok(ExitCode::SUCCESS);
        }
        print_line(&report::stopped(&trained, dir.path()));
        return Ok(ExitCode::from(interrupt::STATUS));
    }
    let made = observer.began().map(|began| trained.steps - began);
    report::summary(&trained, made.zip(Some(took)), dir.path());
    Ok(ExitCode::SUCCESS)
}

/// Keeps the name of another device for a run that goes on with it, once it does.
struct Named<'a> {
    dir: &'a RunDir,
    device: Option<Device>,
}

impl Observer for Named<'_> {
    fn on_start(&mut self, start: &mut Start<'_>) -> rl_algos::Result<()> {
        let over = start.progress.step >= start.config.steps;
        match self.device.filter(|_| !over) {
            Some(device) => Ok(self.dir.keep_device(device.name())?),
            None => Ok(()),
        }
    }
}

/// The error of a run that failed or was refused.
fn why(error: crate::Error, started: bool, folder: &Path) -> anyhow::Error {
    let error = anyhow::Error::from(error);
    match started {
        true => error.context(format!(
            "the run in {} ended early; its last checkpoint stays",
            folder.display()
        )),
        false => error,
    }
}

/// Checks that `runs` runs at a time fit into this machine's memory; notes what takes long.
fn fits(config: &TrainConfig, runs: usize) -> Result<()> {
    let env = config.make_env()?;
    // What cannot be resumed is told before anything is written.
    check_resumable(&*env)?;
    let (seen, done) = (env.info().observation.len(), env.info().action.len());
    room::memory(&config.needs(seen, done), runs)?;
    let weights = config.possible_weights(seen, done);
    if weights > MANY {
        print_line(&format!(
            "note     {} weights are drawn to choose the first connections, which takes a while",
            thousands(weights as f64)
        ));
    }
    Ok(())
}

/// The agent that the run starts from.
///
/// # Errors
/// When its networks cannot be drawn.
pub(crate) fn networks(config: &TrainConfig, device: &Backend) -> Result<Box<dyn Agent>> {
    let env = config.make_env()?;
    let (seen, done) = (env.info().observation.len(), env.info().action.len());
    let mut streams = Streams::new(config.seed);
    Ok(algos::build(config, seen, done, device, &mut streams)?)
}
