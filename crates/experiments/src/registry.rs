//! What a user adds under names: tasks, agents, recipes and rules.

use anyhow::{Error, Result};
use envs::Env;
use offline_prune::config::OfflineAgentConfig;
use rl_algos::algos::{BuildAgent, register_agent};
use rl_algos::recipes::{Recipe, register_recipe};
use sparse_core::topology::{NamedRule, register_rule};

/// Adds a user's own to what configurations, checkpoints and the command line know by name, in all of the process.
///
/// Each method adds at once, to registries of the process that nothing is ever removed from: dropping a `Registry` takes
/// nothing back, and a second one that adds the same names fails, in tests as well. A program makes one, at its start.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use experiments::{Registry, cli};
/// use rl_algos::{config::TrainConfig, recipes::Recipe};
///
/// fn main() -> ExitCode {
///     let quick = Recipe {
///         name: "quick",
///         about: "20,000 steps",
///         source: "this program",
///         settings: |base, _task| TrainConfig { steps: 20_000, ..base },
///     };
///     cli::run(Registry::new().recipe(quick))
/// }
/// ```
#[derive(Debug, Default)]
pub struct Registry {
    /// What could not be added, of the first that could not.
    error: Option<Error>,
}

impl Registry {
    /// With nothing added.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a task: `name` ends on a version, as [`envs::register`] says.
    #[must_use]
    pub fn task(
        self,
        name: &'static str,
        constructor: impl Fn() -> envs::Result<Box<dyn Env>> + Send + Sync + 'static,
    ) -> Self {
        self.with(|| Ok(envs::register(name, constructor)?))
    }

    /// Adds an agent, with which every recipe can be had.
    #[must_use]
    pub fn agent<A: BuildAgent>(self) -> Self {
        self.with(|| Ok(register_agent::<A>()?))
    }

    /// Adds an agent that learns from datasets.
    #[must_use]
    pub fn offline_agent<A: OfflineAgentConfig>(self) -> Self {
        self.with(|| Ok(offline_prune::config::register_agent::<A>()?))
    }

    /// Adds a recipe, which can be had with every agent.
    #[must_use]
    pub fn recipe(self, recipe: Recipe) -> Self {
        self.with(|| Ok(register_recipe(recipe)?))
    }

    /// Adds a rule by which connections move.
    #[must_use]
    pub fn rule<R: NamedRule>(self) -> Self {
        self.with(|| Ok(register_rule::<R>()?))
    }

    /// Whether all could be added.
    ///
    /// # Errors
    /// The first that could not, such as a name that is taken.
    pub fn check(self) -> Result<()> {
        self.error.map_or(Ok(()), Err)
    }

    /// Adds one more, unless one before could not be.
    fn with(mut self, add: impl FnOnce() -> Result<()>) -> Self {
        if self.error.is_none() {
            self.error = add().err();
        }
        self
    }
}
