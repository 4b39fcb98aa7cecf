//! A run in a folder: settings by name, metrics and checkpoints as files.

use std::ops::ControlFlow;

use burn::tensor::Device;
use envs::Env;

use super::checkpoint::{Checkpoints, StoredRun, difference};
use super::names::STATE_NAME;
use super::run_dir::{Checkpoint, CheckpointInfo, RunDir};
use super::task_files;
use crate::disk::files::lock_dir;
use crate::observe::{Csv, Layout, Metrics};
use crate::roster::claim;
use crate::version::version;
use crate::{Error, Result};
use rl_algos::agent::{Agent, adopt};
use rl_algos::algos::{self, check_checkpoint, is_registered};
use rl_algos::config::TrainConfig;
use rl_algos::observe::{Evaluation, Observer, Progress, Start};
use rl_algos::rng::Streams;
use rl_algos::train::{LoopConfig, Snapshot, Trained, Trainer};
use sparse_core::record::Record;

/// Trains as `config` says, writes metrics and checkpoints to `run`, and tells `observers`.
///
/// # Errors
/// [`Error::RunExists`] when the folder has metrics or a state to go on from: [`RunDir::create`] makes one without.
/// [`rl_algos::Error::File`] when its `config.toml` has other settings. [`rl_algos::Error::Config`] when a network is drawn without a way
/// from what it sees to what it does. As [`Trainer::run`]; when a run diverges, the last good checkpoint stays. Those of
/// the configuration, the environment and the files.
pub fn train(
    config: &TrainConfig,
    device: &Device,
    run: &RunDir,
    observers: &mut [&mut dyn Observer],
) -> Result<Trained> {
    let _held = lock_dir(run.path())?;
    // What another command made there since the folder was.
    if run.metrics_path().exists() || run.resume_path().join(STATE_NAME).exists() {
        let path = run.path().to_owned();
        return Err(Error::RunExists { path });
    }
    let (_, written) = RunDir::open(run.path())?;
    if let Some([then, now]) = difference(&written, config)? {
        let message = format!("says `{then}`, but the run is to begin with `{now}`");
        return Err(Error::file(&run.config_path())(message));
    }
    begin(config, device, run, observers)
}

/// Goes on with a run that was stopped or killed, as if it had not stopped: the rows of `metrics.csv` become those of
/// a run without a break, but for the columns that tell the time (of dense networks, with the instruction set that the run had). A
/// `metrics.csv` that was changed meanwhile is kept under another name, and made anew. A run that was killed before its
/// first checkpoint begins anew; one that is over makes no step. `config` is the run's, as [`RunDir::open`] gives it.
///
/// # Errors
/// [`rl_algos::Error::File`] with the file when a checkpoint is missing, damaged, or of another configuration, or when the files of
/// the task have changed; nothing has changed in the run then. Otherwise as [`train`].
pub fn resume(
    config: &TrainConfig,
    device: &Device,
    run: &RunDir,
    observers: &mut [&mut dyn Observer],
) -> Result<Trained> {
    let _held = lock_dir(run.path())?;
    task_files::check(run.path(), &config.env, &config.env_settings)?;
    let Some((checkpoints, stored, replay)) = Checkpoints::open(&run.resume_path(), config)? else {
        check_unbegun(run)?;
        return begin(config, device, run, observers);
    };
    let files = RunFiles {
        run,
        config,
        device,
        open: None,
        resumed: Some((checkpoints, stored.metrics)),
        checked: false,
    };
    let trainer = trainer(config, device, files, observers)?;
    Ok(trainer.resume(stored.state, replay).run()?)
}

/// Refuses a task that cannot be resumed: at the first checkpoint it could not be kept, and later not gone on with.
pub(crate) fn check_resumable(env: &dyn Env) -> Result<()> {
    let mut env = env.clone_env();
    let mut seen = vec![0.0; env.info().observation.len()];
    env.reset(0, &mut seen)?;
    let state = env.state()?;
    Ok(env.set_state(&state, &mut seen)?)
}

/// A run from its first step, in a folder that is held.
fn begin(
    config: &TrainConfig,
    device: &Device,
    run: &RunDir,
    observers: &mut [&mut dyn Observer],
) -> Result<Trained> {
    let files = RunFiles {
        run,
        config,
        device,
        open: None,
        resumed: None,
        checked: false,
    };
    Ok(trainer(config, device, files, observers)?.run()?)
}

/// Puts a run under another number of steps, so that it goes on to that, and returns its settings then. It has not gone on
/// when this returns. What ends with the run as it began does not move: [`TrainConfig::lengthened`].
///
/// # Errors
/// When it was to make more steps, or cannot go on, because nothing was kept of it to go on from.
pub(crate) fn lengthen(
    config: &TrainConfig,
    run: &RunDir,
    steps: u64,
) -> anyhow::Result<TrainConfig> {
    let _held = lock_dir(run.path())?;
    if steps < config.steps {
        anyhow::bail!(
            "--steps {steps}: must be {} or more, the run's length, from which its schedules are counted; --budget, \
             --stop-at-return and --patience end a run early",
            config.steps
        );
    }
    let longer = config.lengthened(steps);
    longer.validate()?;
    if longer == *config {
        return Ok(longer);
    }
    let last = run.info(Checkpoint::Latest).map_or(0, |last| last.step);
    if !Checkpoints::put_under(&run.resume_path(), config, &longer)? {
        if last > 0 {
            let message = "missing: nothing was kept that the run could go on from; a new run can begin with its \
                           networks (--init-from)";
            let file = run.resume_path().join(STATE_NAME);
            return Err(Error::file(&file)(message).into());
        }
        check_unbegun(run)?;
    }
    run.put_under(&longer)?;
    Ok(longer)
}

/// The trainer of a run, which tells its files first.
fn trainer<'a>(
    config: &TrainConfig,
    device: &Device,
    files: RunFiles<'a>,
    observers: &'a mut [&mut dyn Observer],
) -> Result<Trainer<'a, Box<dyn Agent>>> {
    let env = config.make_env()?;
    let [observation, action] = [env.info().observation.len(), env.info().action.len()];
    check_resumable(&*env)?;
    let mut streams = Streams::new(config.seed);
    let mut agent = algos::build(config, observation, action, device, &mut streams)?;
    if files.resumed.is_none() {
        begin_as_stored(&mut *agent, files.run)?;
        (*agent).check_paths(config)?;
    }
    let trainer = Trainer::new(agent, env)
        .config(LoopConfig::from(config))
        .streams(streams)
        .observe(files);
    let observers = observers.iter_mut();
    Ok(observers.fold(trainer, |trainer, observer| {
        trainer.observe(&mut **observer)
    }))
}

/// Gives an agent the networks of step 0 that its run's folder has: its own where it was killed before its first checkpoint,
/// else those that it is to begin with.
pub(crate) fn begin_as_stored(agent: &mut dyn Agent, run: &RunDir) -> Result<()> {
    let initial = run.initial_path();
    if initial.exists() {
        adopt(agent, &Record::open(&initial)?)?;
    }
    Ok(())
}

/// Refuses to begin anew where something would be lost. A run makes the folder of its checkpoints before its first step,
/// and writes one after every evaluation: it was killed before the first only where that folder is there and there is one row
/// at most.
fn check_unbegun(run: &RunDir) -> Result<()> {
    let rows = Csv::rows(&run.metrics_path())?;
    let evaluated = rows > 0 || run.weights_path(Checkpoint::Latest).exists();
    if rows < 2 && (run.resume_path().exists() || !evaluated) {
        return Ok(());
    }
    let missing = run.resume_path().join(STATE_NAME);
    let message = format!(
        "missing, so a run of {rows} evaluations cannot go on; begin another in a folder of its own"
    );
    Err(Error::file(&missing)(message))
}

/// Writes the files of a run: `metrics.csv`, weights, and what a stopped run goes on from.
struct RunFiles<'a> {
    run: &'a RunDir,
    config: &'a TrainConfig,
    device: &'a Device,
    /// Open once the run is under way.
    open: Option<Open>,
    /// What was read of a run that goes on, until it does.
    resumed: Option<(Checkpoints, Metrics)>,
    /// Whether a checkpoint was compared with the agent that it is of.
    checked: bool,
}

struct Open {
    csv: Csv,
    checkpoints: Checkpoints,
}

impl RunFiles<'_> {
    fn open(&mut self, agent: &dyn Agent, returns: &[f64]) -> Result<Open> {
        let (path, seed) = (self.run.metrics_path(), self.config.seed);
        let layout = Layout::Task { seed };
        Ok(match self.resumed.take() {
            Some((checkpoints, metrics)) => Open {
                csv: Csv::resume(&path, layout, metrics, returns)?,
                checkpoints,
            },
            None => Open {
                csv: Csv::begin(&path, layout, agent.metrics(), 0.0)?,
                checkpoints: Checkpoints::create(&self.run.resume_path())?,
            },
        })
    }

    /// Refuses to write over what another worker of a study writes.
    fn check_mine(&self) -> Result<()> {
        claim::check_mine().map_err(Error::file(self.run.path()))
    }

    /// Writes the weights of the latest checkpoint, and the best if this evaluation is higher than all before.
    fn save(&mut self, snapshot: &mut Snapshot<'_>, evaluation: &Evaluation) -> Result<()> {
        // This project's agents act by their actor; others by what is theirs to say.
        let is_registered = is_registered(self.config.algo.name());
        let weights = match is_registered {
            false => snapshot.agent().to_bytes()?,
            true => snapshot.agent_mut().checkpoint()?,
        };
        if is_registered {
            self.check(snapshot, &weights)?;
        }
        let info = CheckpointInfo {
            version: version(),
            step: evaluation.progress.step,
            updates: evaluation.progress.updates,
            return_mean: evaluation.returns.as_ref().map_or(f64::NAN, |r| r.mean),
        };
        self.run.save(Checkpoint::Latest, &weights, &info)?;
        if self.config.evaluation.keep_policies {
            let policy = match is_registered {
                false => &snapshot.agent().policy_bytes()?,
                true => &weights,
            };
            self.run.keep_policy(info.step, policy)?;
        }
        if snapshot.is_best() {
            self.run.save(Checkpoint::Best, &weights, &info)?;
        }
        Ok(())
    }

    /// Checks once that the agent can be played by its checkpoint.
    fn check(&mut self, snapshot: &mut Snapshot<'_>, checkpoint: &[u8]) -> Result<()> {
        if !std::mem::replace(&mut self.checked, true) {
            let env = self.config.make_env()?;
            let agent = snapshot.agent_mut();
            check_checkpoint(agent, checkpoint, self.config, env.info(), self.device)?;
        }
        Ok(())
    }
}

impl Observer for RunFiles<'_> {
    fn on_start(&mut self, start: &mut Start<'_>) -> rl_algos::Result<()> {
        self.check_mine()?;
        if start.progress.step == 0 {
            self.run.keep_initial(&start.agent.to_bytes()?)?;
        }
        let open = self.open(start.agent, start.returns)?;
        let open = self.open.insert(open);
        for note in open.csv.notes() {
            start.note(note);
        }
        Ok(())
    }

    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        match &mut self.open {
            Some(open) => open.csv.on_step(progress),
            None => ControlFlow::Continue(()),
        }
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> rl_algos::Result<()> {
        self.check_mine()?;
        match &mut self.open {
            Some(open) => open.csv.on_evaluation(evaluation),
            None => Ok(()),
        }
    }

    fn on_checkpoint(&mut self, snapshot: &mut Snapshot<'_>) -> rl_algos::Result<()> {
        self.check_mine()?;
        if let Some(evaluation) = snapshot.evaluation {
            self.save(snapshot, evaluation)?;
        }
        let Some(Open { csv, checkpoints }) = &mut self.open else {
            return Ok(());
        };
        for note in csv.notes() {
            snapshot.note(note);
        }
        let (config, metrics) = (self.config.to_toml()?, csv.written()?);
        let (state, replay) = (snapshot.state()?, snapshot.replay());
        checkpoints.save(replay, |replay| StoredRun {
            config,
            metrics,
            replay,
            state,
        })
    }
}
