//! Rules that move a layer's connections while it is trained.
//!
//! A [`Topology`] is a rule and a schedule. When the schedule is [`due`](Schedule::due), [`rewire`] drops the
//! share of connections that the rule scores lowest and grows as many that it scores highest, so the number
//! of connections never changes. A rule is one file in `rules/`, and one line in [`RuleConfig`].

mod rules;
mod schedule;
mod update;

use serde::{Deserialize, Serialize};

pub use rules::{RigL, RuleConfig, Set, Static};
pub use schedule::{DropFraction, Schedule};
pub use update::rewire;

use crate::error::Result;

/// What a rule must be given to score growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Nothing: connections are grown uniformly at random.
    None,
    /// The gradient at every weight that the layer could have, `[outputs, inputs]`.
    DenseGradient,
}

/// How connections are chosen to be dropped and to be grown.
pub trait Rule {
    /// Whether the rule ever moves a connection.
    fn rewires(&self) -> bool {
        true
    }

    /// What [`grow_score`](Self::grow_score) is computed from.
    fn needs(&self) -> Signal;

    /// Connections of the lowest score are dropped.
    fn drop_score(&self, value: f32) -> f32 {
        value.abs()
    }

    /// Connections of the highest score are grown, when the rule [`needs`](Self::needs) the gradient.
    fn grow_score(&self, gradient: f32) -> f32 {
        gradient.abs()
    }

    /// Whether a connection may be grown in the very step that drops it; it then keeps its value.
    fn allow_regrow(&self) -> bool;
}

/// A rule and when it acts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// Which connections move.
    pub rule: RuleConfig,
    /// When, and how many.
    pub schedule: Schedule,
}

impl Topology {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) with the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        self.schedule.validate()
    }

    /// The share of connections to move after update `step` (counted from 1), if any.
    #[must_use]
    pub fn due(&self, step: u64) -> Option<f64> {
        self.rule
            .rewires()
            .then(|| self.schedule.due(step))
            .flatten()
    }
}
