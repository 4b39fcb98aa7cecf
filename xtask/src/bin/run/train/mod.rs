//! `cargo xtask train`: says what is trained, shows how it goes, ends with what came of it.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use cli::train::TrainArgs;
use cli::values::Device;
use rl_algos::algos::{self, Agent, Weights};
use rl_algos::config::TrainConfig;
use rl_algos::observe::{Evaluation, Observer, Progress as At, TensorBoard};
use rl_algos::rng::Streams;
use rl_algos::run_dir::RunDir;
use rl_algos::train::{Trained, train};
use sparse_core::kernels::Kernels;

use crate::progress::{Now, Progress, span};
use crate::say;
use crate::settings;
use crate::table::thousands;

/// Status of a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Trains as the options say.
///
/// # Errors
/// Bad settings, a folder that already holds a run, a run that diverges.
pub(crate) fn run(args: &TrainArgs) -> Result<()> {
    let config = settings::config(args)?;
    let name = args.device.unwrap_or_default();
    let device = sparse_core::device::by_name(name.name())?;
    let threads = crate::threads(args.threads)?;
    // The networks are drawn once before the folder is touched: what they refuse must not cost an old run.
    let agent = networks(&config, &device)?;
    let folder = settings::folder(args, &config);
    let dir = RunDir::create(&folder, &config, args.overwrite)?;
    header(&config, &*agent, name, threads, &folder)?;
    drop(agent);

    let watcher = Watcher::start(config.steps);
    watcher.end_on_interrupt(&folder)?;
    let mut observer = Shown {
        watcher: watcher.clone(),
        now: Now::default(),
    };
    let mut board = TensorBoard::create(dir.path())?;
    let trained = train(&config, &device, &dir, &mut [&mut board, &mut observer]);
    let took = watcher.progress.finish();
    let trained = trained.with_context(|| {
        format!(
            "the run in {} ended early; its last checkpoint stays",
            folder.display()
        )
    })?;
    summary(&config, &trained, took, &folder);
    Ok(())
}

/// The agent that the run starts from.
fn networks(config: &TrainConfig, device: &burn::tensor::Device) -> Result<Box<dyn Agent>> {
    let env = envs::make(&config.env)?;
    let (seen, done) = (env.info().observation.len(), env.info().action.len());
    let mut streams = Streams::new(config.seed);
    Ok(algos::build(config, seen, done, device, &mut streams)?)
}

/// Says what is trained.
fn header(
    config: &TrainConfig,
    agent: &dyn Agent,
    device: Device,
    threads: usize,
    folder: &Path,
) -> Result<()> {
    let env = envs::make(&config.env)?;
    let (seen, done) = (env.info().observation.len(), env.info().action.len());
    let layers = |first: usize, hidden: &[usize], last: usize| {
        let sizes = [&[first], hidden, &[last]].concat();
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        sizes.join("-")
    };
    let weights = |weights: Weights| {
        let (active, total) = (weights.active as f64, weights.total as f64);
        let share = 100.0 * active / total;
        format!(
            "{} of {} weights ({share:.1} %)",
            thousands(active),
            thousands(total)
        )
    };
    say(&format!(
        "task     {}, {} steps, seed {}",
        config.env,
        thousands(config.steps as f64),
        config.seed
    ));
    let outputs = config.algo.actor_outputs(done);
    say(&format!("recipe   {}", config.recipe));
    say(&format!(
        "actor    {}: {}",
        layers(seen, &config.networks.actor, outputs),
        weights(agent.actor_weights())
    ));
    let critics = layers(seen + done, &config.networks.critic, 1);
    say(&format!(
        "critics  two of {critics}: {} each",
        weights(agent.critic_weights())
    ));
    let kernels = Kernels::best().isa();
    say(&format!(
        "device   {device}, {threads} threads, {kernels:?} kernels"
    ));
    say(&format!("folder   {}\n", folder.display()));
    Ok(())
}

/// What Ctrl-C and the observer share.
struct Watcher {
    progress: Progress,
    step: AtomicU64,
}

impl Watcher {
    fn start(steps: u64) -> Arc<Self> {
        Arc::new(Self {
            progress: Progress::start(steps),
            step: AtomicU64::new(0),
        })
    }

    /// On Ctrl-C says where the run was and what of it stays, and ends the process. Configurations and checkpoints
    /// are written beside their place and moved there, so none is left half written; TensorBoard passes over a
    /// record that is.
    fn end_on_interrupt(self: &Arc<Self>, folder: &Path) -> Result<()> {
        let (watcher, folder) = (Arc::clone(self), folder.to_owned());
        ctrlc::set_handler(move || {
            watcher.progress.finish();
            let step = thousands(watcher.step.load(Ordering::Relaxed) as f64);
            watcher.progress.line(&format!(
                "stopped at step {step}; what the last evaluation wrote stays in {}",
                folder.display()
            ));
            std::process::exit(INTERRUPTED);
        })
        .context("Ctrl-C cannot be caught")
    }
}

/// The observer that shows the run.
struct Shown {
    watcher: Arc<Watcher>,
    now: Now,
}

impl Shown {
    fn see(&mut self, at: &At) {
        self.now.training = (!at.train_return.is_nan()).then_some(at.train_return);
        self.now.densities = (at.densities.actor, at.densities.critic);
        self.now.replay = at.replay_size;
    }
}

impl Observer for Shown {
    fn on_step(&mut self, at: &At) -> ControlFlow<()> {
        self.watcher.step.store(at.step, Ordering::Relaxed);
        if self.watcher.progress.is_due(at.step) {
            self.see(at);
            self.watcher.progress.step(at.step, &self.now);
        }
        ControlFlow::Continue(())
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> rl_algos::Result<()> {
        self.see(&evaluation.progress);
        self.now.evaluation = Some(evaluation.returns.mean);
        let step = evaluation.progress.step;
        self.watcher
            .progress
            .evaluated(step, evaluation.returns.std, &self.now);
        Ok(())
    }
}

/// Says what came of it, and what to do with it.
fn summary(config: &TrainConfig, trained: &Trained, took: Duration, folder: &Path) {
    let returns = &trained.returns;
    let (actor, critic) = (
        trained.agent.actor_weights(),
        trained.agent.critic_weights(),
    );
    let active = actor.active + 2 * critic.active;
    let total = actor.total + 2 * critic.total;
    let rate = config.steps as f64 / took.as_secs_f64();
    let share = 100.0 * active as f64 / total as f64;
    let best = returns.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let last = &returns[returns.len().saturating_sub(5)..];
    let mean = last.iter().sum::<f64>() / last.len() as f64;
    let first = returns.first().copied().unwrap_or(f64::NAN);
    say(&format!(
        "\nreturn   first evaluation {}, best {}, mean of the last {} {}",
        thousands(first),
        thousands(best),
        last.len(),
        thousands(mean)
    ));
    say(&format!(
        "speed    {} steps in {}: {} steps/s",
        thousands(config.steps as f64),
        span(took),
        thousands(rate)
    ));
    say(&format!(
        "weights  {} of {} ({share:.1} %), actor and both critics",
        thousands(active as f64),
        thousands(total as f64)
    ));
    let folder = folder.display();
    say(&format!(
        "folder   {folder}\n\nnext     cargo xtask eval {folder}\n         cargo xtask plot {folder}\n         tensorboard --logdir {folder}"
    ));
}
