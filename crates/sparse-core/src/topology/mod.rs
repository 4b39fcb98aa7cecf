//! Rules that change a layer's connections while it is trained.
//!
//! A [`Topology`] is a rule and a schedule. When the schedule is [`due`](Schedule::due), the rule's
//! [`Action`] is taken instead of an optimizer step. Most rules [move](Move) connections: [`rewire`] drops the
//! share of them that scores lowest and grows as many that score highest, so their number never changes. A rule
//! is one file in `rules/`, and one line in [`RuleConfig`].

mod drop;
mod free;
mod rules;
mod schedule;
mod update;

use serde::{Deserialize, Serialize};

pub use drop::Drop;
pub use rules::{RigL, RuleConfig, Set, Static};
pub use schedule::{DropFraction, Schedule};
pub use update::{Extent, rewire};

use crate::error::Result;

/// What a rule must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Nothing but the values.
    None,
    /// The gradient at every weight that the layer could have, `[outputs, inputs]`.
    DenseGradient,
}

/// What a rule does when it is due.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Nothing, ever.
    Stay,
    /// Drops connections and grows as many.
    Move(Move),
}

impl Action {
    /// What must be at hand for it.
    #[must_use]
    pub fn needs(&self) -> Signal {
        match self {
            Self::Move(how) if how.grow == Grow::Gradient => Signal::DenseGradient,
            _ => Signal::None,
        }
    }
}

/// How connections are dropped and grown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Move {
    /// Which go.
    pub drop: Drop,
    /// Which come.
    pub grow: Grow,
    /// Whether a connection may be grown in the very step that drops it; it then keeps its value.
    pub allow_regrow: bool,
}

/// Where connections are grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grow {
    /// Uniformly at random.
    Random,
    /// Where the rule's score of the dense gradient is highest.
    Gradient,
}

/// How connections are chosen to be dropped and to be grown.
pub trait Rule {
    /// What the rule does when it is due; always the same.
    fn action(&self) -> Action;

    /// Turns values into scores, in place; connections of the lowest score are dropped.
    fn drop_scores(&self, values: &mut [f32]) {
        values.iter_mut().for_each(|value| *value = value.abs());
    }

    /// Turns entries of the dense gradient into scores, in place; connections of the highest score are grown by
    /// a rule that grows by [gradient](Grow::Gradient).
    fn grow_scores(&self, gradient: &mut [f32]) {
        gradient.iter_mut().for_each(|entry| *entry = entry.abs());
    }
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
        match self.rule.action() {
            Action::Stay => None,
            Action::Move(_) => self.schedule.due(step),
        }
    }
}
