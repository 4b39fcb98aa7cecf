//! What updates report, averaged between evaluations.

use serde::{Deserialize, Serialize};

use crate::agent::UpdateReport;
use crate::progress::TrainMetrics;
use crate::{Error, Result};

/// Averages of what updates reported, by name, in the agent's order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Averages(pub Vec<Average>);

/// A sum of numbers and how many they were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Average {
    /// The metric's name.
    pub name: String,
    /// The sum so far.
    pub sum: f64,
    /// Numbers that were added.
    pub count: f64,
}

impl Averages {
    /// Of metrics with these names.
    pub(super) fn new(names: &[&str]) -> Self {
        let empty = |name: &&str| Average {
            name: (*name).to_owned(),
            ..Average::default()
        };
        Self(names.iter().map(empty).collect())
    }

    /// Adds the numbers of an update.
    ///
    /// # Errors
    /// [`Error::Config`] of a number whose name is none of the agent's metrics.
    pub(super) fn add(&mut self, report: &UpdateReport) -> Result<()> {
        for (name, number) in &report.metrics {
            let mut own = self.0.iter_mut();
            let Some(average) = own.find(|average| average.name == *name) else {
                let names: Vec<&str> = self.0.iter().map(|own| own.name.as_str()).collect();
                let allowed = format!("one of the agent's `metrics`: {}", names.join(", "));
                return Err(Error::config("metric", name, &allowed));
            };
            if !number.is_nan() {
                average.sum += f64::from(*number);
                average.count += 1.0;
            }
        }
        Ok(())
    }

    /// Goes on with the sums of another, of the metrics that both have.
    ///
    /// # Errors
    /// [`Error::Config`] where both have metrics and none in common: they are of other agents.
    pub(super) fn set(&mut self, stored: Self) -> Result<()> {
        let names = |all: &Self| {
            let names = all.0.iter().map(|average| average.name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        let mut shared = self.0.is_empty() || stored.0.is_empty();
        let allowed = names(self);
        for own in &mut self.0 {
            if let Some(stored) = stored.0.iter().find(|stored| stored.name == own.name) {
                own.clone_from(stored);
                shared = true;
            }
        }
        match shared {
            true => Ok(()),
            false => Err(Error::config(
                "metrics",
                names(&stored),
                format!("the agent's: {allowed}"),
            )),
        }
    }

    /// The averages, NaN of none; begins anew.
    pub(super) fn take(&mut self) -> TrainMetrics {
        let mean = |average: &mut Average| {
            let mean = average.sum / average.count;
            (average.sum, average.count) = (0.0, 0.0);
            (average.name.clone(), mean)
        };
        TrainMetrics(self.0.iter_mut().map(mean).collect())
    }
}
