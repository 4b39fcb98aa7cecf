//! The agents that learn from datasets, by name: open to agents of one's own.

use rl_algos::config::{AgentChoice, AgentConfig, AgentKind, AgentRegistry, Registered};
use rl_algos::nets::BatchShape;
use sparse_core::nn::SparseMlp;

use super::OfflineConfig;
use super::agents::{AwacConfig, BcConfig, BcqConfig, IqlConfig, Td3BcConfig};
use crate::agent::{NetworkShape, OfflineAgent};
use crate::dataset::Dataset;
use crate::{Error, Result};

/// Settings of an agent that learns from a dataset, and how it is made.
pub trait OfflineAgentConfig: AgentConfig {
    /// The networks that it trains, in its order.
    fn shapes(&self, config: &OfflineConfig, rows: &BatchShape) -> Vec<NetworkShape>;

    /// The agent with these networks, dense or pruned, in the order of [`shapes`](Self::shapes).
    ///
    /// # Errors
    /// When there are more networks or fewer, and the networks' own.
    fn build(
        &self,
        config: &OfflineConfig,
        rows: BatchShape,
        networks: Vec<SparseMlp>,
    ) -> Result<Box<dyn OfflineAgent>>;

    /// Changes the settings of [`OfflineConfig::new`] to those that this agent was published with.
    fn published(&self, base: &mut OfflineConfig) {
        let _ = base;
    }

    /// Sets what was left to the dataset.
    fn resolve(&mut self, dataset: &Dataset) {
        let _ = dataset;
    }
}

/// The agents that learn from datasets.
#[derive(Clone, Copy, Debug)]
pub enum Offline {}

impl AgentRegistry for Offline {
    fn agents() -> Vec<AgentKind> {
        let makers = REGISTERED.after(&OURS).into_iter();
        makers.map(|maker| maker.kind).collect()
    }
}

/// The agent of a run on a dataset. Configurations write its name, or as a table its settings: `[algo.td3-bc]`.
pub type AlgoConfig = AgentChoice<Offline>;

type Build = fn(&OfflineConfig, BatchShape, Vec<SparseMlp>) -> Result<Box<dyn OfflineAgent>>;

/// How an agent is made.
#[derive(Clone, Copy)]
struct Maker {
    kind: AgentKind,
    shapes: fn(&OfflineConfig, &BatchShape) -> Vec<NetworkShape>,
    build: Build,
    published: fn(&mut OfflineConfig),
    resolve: fn(&mut OfflineConfig, &Dataset),
}

impl Maker {
    const fn of<A: OfflineAgentConfig>() -> Self {
        Self {
            kind: AgentKind::of::<A>(),
            shapes: |config, rows| match config.algo.get::<A>() {
                Some(settings) => settings.shapes(config, rows),
                None => Vec::new(),
            },
            build: |config, rows, networks| match config.algo.get::<A>() {
                Some(settings) => settings.build(config, rows, networks),
                None => Err(unregistered(config)),
            },
            published: |config| {
                if let Some(settings) = config.algo.get::<A>().cloned() {
                    settings.published(config);
                }
            },
            resolve: |config, dataset| {
                if let Some(settings) = config.algo.get_mut::<A>() {
                    settings.resolve(dataset);
                }
            },
        }
    }
}

/// The agents of this crate: one line for each.
const OURS: [Maker; 5] = [
    Maker::of::<BcConfig>(),
    Maker::of::<Td3BcConfig>(),
    Maker::of::<IqlConfig>(),
    Maker::of::<AwacConfig>(),
    Maker::of::<BcqConfig>(),
];

static REGISTERED: Registered<Maker> = Registered::new();

/// Gives an agent of one's own its name in configurations, in all of the process.
///
/// # Errors
/// [`rl_algos::Error::Config`] when the name is taken.
pub fn register_agent<A: OfflineAgentConfig>() -> Result<()> {
    let ours = OURS.iter().map(|maker| maker.kind.name);
    Ok(REGISTERED.add("agent", A::NAME, Maker::of::<A>(), ours)?)
}

/// All agents that configurations may name: this crate's, then those that were registered.
#[must_use]
pub fn agent_kinds() -> Vec<AgentKind> {
    Offline::agents()
}

impl OfflineConfig {
    fn maker(&self) -> Option<Maker> {
        let mut makers = REGISTERED.after(&OURS).into_iter();
        makers.find(|maker| maker.kind.name == self.algo.name())
    }

    /// The networks that the agent trains, in its order; none of an agent that was not registered.
    #[must_use]
    pub fn shapes(&self, rows: &BatchShape) -> Vec<NetworkShape> {
        self.maker()
            .map_or_else(Vec::new, |maker| (maker.shapes)(self, rows))
    }

    /// The agent with these networks, dense or pruned, in the order of [`shapes`](Self::shapes).
    ///
    /// # Errors
    /// As [`validate`](Self::validate), and when there are more networks or fewer.
    pub fn build(
        &self,
        rows: BatchShape,
        networks: Vec<SparseMlp>,
    ) -> Result<Box<dyn OfflineAgent>> {
        self.validate()?;
        match self.maker() {
            Some(maker) => (maker.build)(self, rows, networks),
            None => Err(unregistered(self)),
        }
    }

    /// The settings that the agent was published with.
    pub(super) fn set_published(&mut self) {
        if let Some(maker) = self.maker() {
            (maker.published)(self);
        }
    }

    /// The same settings with what was left to the dataset, such as IQL's
    /// [`reward_scale`](super::IqlConfig::reward_scale).
    #[must_use]
    pub fn resolved(&self, dataset: &Dataset) -> Self {
        let mut config = self.clone();
        if let Some(maker) = self.maker() {
            (maker.resolve)(&mut config, dataset);
        }
        config
    }
}

fn unregistered(config: &OfflineConfig) -> Error {
    Error::config("algo", config.algo.name(), "a registered agent")
}
