//! A run between two updates, as plain data.

use rl_algos::train::TrainState;
use serde::{Deserialize, Serialize};

use crate::config::OfflineConfig;
use crate::{Error, Result};

/// The setting that [`OfflineConfig::resolved`] takes from the data.
const REWARD_SCALE: &str = "reward_scale = ";

/// Everything that a run's later updates depend on, to be stored and [gone on with](super::resume).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// The configuration, [resolved](OfflineConfig::resolved) to the data, as TOML.
    pub config: String,
    /// The [digest](crate::dataset::Dataset::digest) of the data.
    pub data: String,
    /// The run.
    pub train: TrainState,
}

impl State {
    /// Updates that were made.
    #[must_use]
    pub fn updates(&self) -> u64 {
        // A step of a run on a dataset is an update.
        let progress = &self.train.progress;
        progress.step
    }

    /// Whether it was stored under this configuration, which is [resolved](OfflineConfig::resolved) to its dataset, and on
    /// data of this [digest](crate::dataset::Dataset::digest).
    ///
    /// # Errors
    /// [`Error::Resume`] with what is another.
    pub fn fits(&self, config: &OfflineConfig, data: &str) -> Result<()> {
        let refused = |what: String| Err(Error::Resume { what });
        let stored = OfflineConfig::from_toml(&self.config)?;
        let (then, now) = (stored.to_toml()?, config.to_toml()?);
        // What is fitted to the data follows them.
        let is_fitted = |line: &str| line.starts_with(REWARD_SCALE) && self.data != data;
        let mut lines = then.lines().zip(now.lines());
        if let Some((then, now)) = lines.find(|(then, now)| then != now && !is_fitted(then)) {
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
        if then != now {
            return refused("it was stored under other settings; begin a new run".to_owned());
        }
        Ok(())
    }
}
