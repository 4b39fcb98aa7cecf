//! How a run is set up: an agent, where its experience comes from, settings, observers.

use burn::tensor::Device;
use envs::{Env, VecEnv};

use super::collector::Collector;
use super::observer::Observer;
use super::session::Session;
use super::settings::LoopConfig;
use super::source::Source;
use super::state::{TrainState, Trained};
use crate::agent::{Agent, Role};
use crate::algos;
use crate::config::TrainConfig;
use crate::replay::{Batches, OfflineData, Replay};
use crate::rng::Streams;
use crate::{ActiveRunGuard, Error, Result};

/// Trains an agent in an environment, or on recorded transitions. Nothing is written but by observers.
///
/// The same agent, experience and settings give the same run, whatever the number of threads, and for sparse networks
/// in compressed rows on every CPU ([`sparse_core::kernels`]).
///
/// ```no_run
/// use rl_algos::recipes;
/// use rl_algos::train::Trainer;
/// use sparse_core::device;
///
/// let config = recipes::named("dense-td3", "InvertedPendulum-v5")?;
/// let env = config.make_env()?;
/// let trained = Trainer::from_config(&config, env, &device::by_name("flex")?)?.run()?;
/// println!("{:.0?}", trained.returns.last());
/// # Ok::<(), rl_algos::Error>(())
/// ```
pub struct Trainer<'a, A> {
    agent: A,
    experience: Origin<'a>,
    /// Where it is evaluated.
    task: Option<Box<dyn Env>>,
    config: LoopConfig,
    streams: Option<Streams>,
    observers: Vec<Box<dyn Observer + 'a>>,
    resumed: Option<(TrainState, Option<Replay>)>,
}

/// Where experience is to come from.
enum Origin<'a> {
    Environment(Box<dyn Env>),
    Recorded(Box<dyn OfflineData + 'a>),
}

impl Trainer<'_, Box<dyn Agent>> {
    /// Trains the agent that `config` describes in `env`, with the configuration's settings of the loop and streams of its
    /// seed.
    ///
    /// # Errors
    /// As [`algos::build`].
    pub fn from_config(
        config: &TrainConfig,
        env: impl Into<Box<dyn Env>>,
        device: &Device,
    ) -> Result<Self> {
        let env = env.into();
        let [observation, action] = [env.info().observation.len(), env.info().action.len()];
        let mut streams = Streams::new(config.seed);
        let agent = algos::build(config, observation, action, device, &mut streams)?;
        Ok(Self::new(agent, env)
            .config(LoopConfig::from(config))
            .streams(streams))
    }
}

impl<'a, A: Agent> Trainer<'a, A> {
    /// Trains `agent` in `env`, where it is evaluated too, with the default [`LoopConfig`]: give the agent of a recipe the
    /// recipe's, for discount, steps of a return, batches and the replay's forgetting are settings of the loop.
    pub fn new(agent: A, env: impl Into<Box<dyn Env>>) -> Self {
        let env = env.into();
        let task = Some(env.clone_env());
        Self::with(agent, Origin::Environment(env), task)
    }

    /// Trains `agent` on recorded transitions, with the default [`LoopConfig`], whose steps are calls of
    /// [`Agent::learn`]. It is evaluated in [a task](Self::evaluate_in) if it is given one.
    pub fn offline(agent: A, data: impl OfflineData + 'a) -> Self {
        Self::with(agent, Origin::Recorded(Box::new(data)), None)
    }

    fn with(agent: A, experience: Origin<'a>, task: Option<Box<dyn Env>>) -> Self {
        Self {
            agent,
            experience,
            task,
            config: LoopConfig::default(),
            streams: None,
            observers: Vec::new(),
            resumed: None,
        }
    }

    /// Evaluates the agent in `env`.
    #[must_use]
    pub fn evaluate_in(self, env: impl Into<Box<dyn Env>>) -> Self {
        Self {
            task: Some(env.into()),
            ..self
        }
    }

    /// With these settings.
    #[must_use]
    pub fn config(self, config: LoopConfig) -> Self {
        Self { config, ..self }
    }

    /// With these streams of random numbers, such as those that the agent was drawn by; otherwise those of the
    /// settings' seed.
    #[must_use]
    pub fn streams(self, streams: Streams) -> Self {
        Self {
            streams: Some(streams),
            ..self
        }
    }

    /// Tells an observer of the run, after those that were given before. A `&mut` to one is one too.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer + 'a) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Goes on from a state that a run with the same settings was [kept in](super::Snapshot::state), as if it had not stopped.
    /// A run that is over makes no step. [`run`](Self::run) refuses what shows that it is of another run: networks, metrics, a
    /// replay or an environment of another shape; settings that show nowhere, such as a learning rate, are the caller's.
    #[must_use]
    pub fn resume(self, state: TrainState, replay: Option<Replay>) -> Self {
        Self {
            resumed: Some((state, replay)),
            ..self
        }
    }

    /// Makes all steps, or as many as observers let it.
    ///
    /// # Errors
    /// [`Error::Diverged`] when a loss, a reward, an observation or the physics is not finite;
    /// [`Error::Config`] as [`LoopConfig::validate`], and when the agent's networks were drawn for
    /// another task; [`Error::ActionRange`] of an action without a finite range. Those of the
    /// agent, the environment and the observers.
    pub fn run(self) -> Result<Trained<A>> {
        // Inside the pool a fork costs one wake-up; from outside it would cost three.
        let _training = ActiveRunGuard::begin();
        rayon::scope(|_| {
            let config = self.config;
            config.validate()?;
            let mut streams = self.streams.unwrap_or(Streams::new(config.seed));
            let source = match self.experience {
                Origin::Environment(env) => {
                    let info = env.info().clone();
                    let env = VecEnv::from_envs(vec![env])?;
                    let collector = Collector::new(env, &mut streams)?;
                    check_sizes(&self.agent, collector.sizes(), info.id)?;
                    Source::environment(collector, &config)
                }
                Origin::Recorded(data) => {
                    config.validate_recorded()?;
                    check_sizes(&self.agent, data.sizes(), "what it learns from")?;
                    let (n, gamma, size) =
                        (config.n_step.n, config.gamma as f32, config.batch_size);
                    let rng = streams.replay.clone();
                    Source::recorded(Batches::boxed(data, n, gamma, size, rng))
                }
            };
            let copies = config.evaluation.episodes;
            let task = self
                .task
                .map(|env| VecEnv::from_envs(vec![env; copies]))
                .transpose()?;
            let mut session = Session::new(self.agent, source, task, config, streams)?;
            if let Some((state, replay)) = self.resumed {
                session.restore(state, replay)?;
            }
            session.run(self.observers)
        })
    }
}

/// Refuses an agent whose networks were drawn for other observations and actions than those of `what`.
fn check_sizes(agent: &dyn Agent, [observation, action]: [usize; 2], what: &str) -> Result<()> {
    for network in agent.networks() {
        // Of another module it is not known what it reads.
        if network.mlp().is_none() {
            continue;
        }
        let expected = match network.role {
            Role::Actor | Role::Value => observation,
            Role::Critic => observation + action,
            Role::Other => continue,
        };
        let inputs = network.sizes().first().copied().unwrap_or(0);
        if inputs != expected {
            let field = format!("inputs of the agent's network `{}`", network.name);
            let allowed =
                format!("{expected}: {what} observes {observation} numbers and takes {action}");
            return Err(Error::config(field, inputs, allowed));
        }
    }
    Ok(())
}
