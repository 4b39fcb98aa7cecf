//! A run between two updates, as plain data.

use rand_chacha::ChaCha8Rng;
use rl_algos::agent::AgentState;
use rl_algos::nets::BatchShape;
use rl_algos::rng::Streams;
use serde::{Deserialize, Serialize};

use super::Evaluation;
use super::averages::Averages;
use crate::algos::{self, OfflineAgent};
use crate::config::OfflineConfig;
use crate::dataset::Dataset;
use crate::{Error, Result};

/// The setting that [`OfflineConfig::resolved`] takes from the data.
const FITTED: &str = "reward_scale = ";

/// Everything that a run's later updates depend on, to be stored and [gone on with](super::resume).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// The configuration, as TOML.
    pub config: String,
    /// The [digest](Dataset::digest) of the data.
    pub data: String,
    /// Updates that were made.
    pub updates: u64,
    /// The generators.
    pub streams: Streams,
    /// The generator that draws the next batch.
    pub batches: ChaCha8Rng,
    /// What updates told since the last evaluation.
    pub averages: Averages,
    /// All evaluations that were made, in order.
    pub evaluations: Vec<Evaluation>,
    /// The agent.
    pub agent: AgentState,
}

impl State {
    /// The agent as it was, where it was stored under this configuration and on these data.
    ///
    /// # Errors
    /// As [`fits`](Self::fits), and [`sparse_core::Error::Record`] when its networks do not fit.
    pub(super) fn agent(
        &self,
        config: &OfflineConfig,
        dataset: &Dataset,
        rows: BatchShape,
    ) -> Result<Box<dyn OfflineAgent>> {
        let config = &config.resolved(dataset);
        self.fits(config, &dataset.digest())?;
        let dense = algos::draw(config, &rows, &mut Streams::new(config.seed))?;
        let mut agent = algos::build(config, rows, dense)?;
        self.agent.clone().restore(&mut *agent)?;
        Ok(agent)
    }

    /// Whether it was stored under this configuration, which is [resolved](OfflineConfig::resolved) to its dataset, and on
    /// data of this [digest](Dataset::digest).
    ///
    /// # Errors
    /// [`Error::Resume`] with what is another.
    pub fn fits(&self, config: &OfflineConfig, data: &str) -> Result<()> {
        let refused = |what: String| Err(Error::Resume { what });
        let now = config.to_toml()?;
        // What is fitted to the data follows them.
        let fitted = |line: &str| line.starts_with(FITTED) && self.data != data;
        let mut lines = self.config.lines().zip(now.lines());
        if let Some((then, now)) = lines.find(|(then, now)| then != now && !fitted(then)) {
            return refused(format!(
                "it was stored under `{then}`, but its configuration now says `{now}`; set it back, or begin a new run"
            ));
        }
        if self.data != data {
            let then = &self.data;
            return refused(format!(
                "its data are others now ({data}; they were {then}); give it the old ones, or begin a new run"
            ));
        }
        if self.config != now {
            return refused("it was stored under other settings; begin a new run".to_owned());
        }
        Ok(())
    }
}
