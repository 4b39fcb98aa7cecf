//! Scores of weights. One criterion, one file, one paper.
//!
//! A [`Criterion`] gives each weight of a [`Group`] a score; the highest scores stay. Iterative criteria score the
//! remaining weights in rounds, each sparser than the one before, and return the scores of the last round.

mod common;
mod force;
mod grasp;
mod iterative_snip;
mod magnitude;
mod random;
mod snip;
mod synflow;

use std::fmt;
use std::str::FromStr;

use rand::Rng;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};

pub use force::Force;
pub use grasp::Grasp;
pub use iterative_snip::IterativeSnip;
pub use magnitude::Magnitude;
pub use random::Random;
pub use snip::Snip;
pub use synflow::SynFlow;

use crate::weights::{Budget, Group, PerWeight};
use crate::{Error, Result};

/// How weights are scored.
pub trait Criterion {
    /// A score for each weight of the group; the highest stay. Weights that an earlier round removed for good score minus
    /// infinity. A criterion may compute the losses any number of times. `budget` is the target that rounds approach
    /// step by step; `rng` draws random scores.
    ///
    /// # Errors
    /// [`Error::Loss`] when a loss is missing or not finite, [`rl_algos::Error::Config`] when the budget cannot be met.
    fn scores(&self, group: &Group, budget: &Budget, rng: &mut dyn Rng) -> Result<PerWeight>;

    /// Checks the settings.
    ///
    /// # Errors
    /// [`rl_algos::Error::Config`] with the field, its value and what is allowed.
    fn validate(&self) -> Result<()> {
        Ok(())
    }
}

/// A criterion by name, as configurations write it. `FromStr` takes the bare names, with default settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CriterionConfig {
    /// Change of the loss when a weight is removed, to first order.
    #[default]
    Snip,
    /// Change of the gradient's norm when a weight is removed.
    Grasp,
    /// Share of a weight in the flow from the inputs to the outputs, without data.
    #[serde(rename = "synflow")]
    SynFlow(SynFlow),
    /// SNIP in rounds; what was removed stays so.
    IterativeSnip(IterativeSnip),
    /// SNIP in rounds; what was removed may return.
    Force(Force),
    /// Size of the weight.
    Magnitude,
    /// Chance.
    Random,
}

impl CriterionConfig {
    /// Each criterion, with its defaults.
    #[must_use]
    pub fn all() -> [Self; 7] {
        [
            Self::Snip,
            Self::Grasp,
            Self::SynFlow(SynFlow::default()),
            Self::IterativeSnip(IterativeSnip::default()),
            Self::Force(Force::default()),
            Self::Magnitude,
            Self::Random,
        ]
    }

    /// The name in files and configurations.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Snip => "snip",
            Self::Grasp => "grasp",
            Self::SynFlow(_) => "synflow",
            Self::IterativeSnip(_) => "iterative-snip",
            Self::Force(_) => "force",
            Self::Magnitude => "magnitude",
            Self::Random => "random",
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub fn about(&self) -> &'static str {
        match self {
            Self::Snip => "change of the loss when a weight is removed, to first order",
            Self::Grasp => "change of the gradient's norm when a weight is removed",
            Self::SynFlow(_) => {
                "share of a weight in the flow from inputs to outputs, without data"
            }
            Self::IterativeSnip(_) => "SNIP in rounds; what was removed stays so",
            Self::Force(_) => "SNIP in rounds; what was removed may return",
            Self::Magnitude => "size of the weight",
            Self::Random => "chance",
        }
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> &'static str {
        match self {
            Self::Snip => "Lee et al. 2019",
            Self::Grasp => "Wang et al. 2020",
            Self::SynFlow(_) => "Tanaka et al. 2020",
            Self::IterativeSnip(_) | Self::Force(_) => "de Jorge et al. 2021",
            Self::Magnitude => "Han et al. 2015",
            Self::Random => "the baseline",
        }
    }

    fn criterion(&self) -> &dyn Criterion {
        match self {
            Self::Snip => &Snip,
            Self::Grasp => &Grasp,
            Self::SynFlow(criterion) => criterion,
            Self::IterativeSnip(criterion) => criterion,
            Self::Force(criterion) => criterion,
            Self::Magnitude => &Magnitude,
            Self::Random => &Random,
        }
    }
}

impl Criterion for CriterionConfig {
    fn scores(&self, group: &Group, budget: &Budget, rng: &mut dyn Rng) -> Result<PerWeight> {
        self.criterion().scores(group, budget, rng)
    }

    fn validate(&self) -> Result<()> {
        self.criterion().validate()
    }
}

impl FromStr for CriterionConfig {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let all = Self::all();
        let found = all.iter().find(|criterion| criterion.name() == name);
        found.copied().ok_or_else(|| {
            let names = all.map(|criterion| criterion.name()).join(", ");
            Error::config("criterion", name, format!("one of {names}"))
        })
    }
}

/// Reads a criterion that is written as its name or as a table of its settings.
pub(crate) fn by_name_or_settings<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<CriterionConfig, D::Error> {
    struct Either;

    impl<'de> Visitor<'de> for Either {
        type Value = CriterionConfig;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the name of a criterion, or a table with its settings")
        }

        fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
            name.parse().map_err(E::custom)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            CriterionConfig::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(Either)
}
