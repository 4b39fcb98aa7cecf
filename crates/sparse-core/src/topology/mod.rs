//! Rules that change a layer's connections while it is trained.
//!
//! A [`Topology`] is a rule and a schedule. When the schedule is [`due`](Schedule::due), the rule's
//! [`Action`] is taken instead of an optimizer step. Most rules [move](Move) connections: [`rewire`] drops the
//! share of them that scores lowest and grows as many that score highest, so their number never changes. Gradual
//! pruning drops and grows none; recycling keeps all connections and re-draws the values of dormant units. A rule
//! is one file in `rules/`, and one line in [`RuleConfig`].

mod dormant;
mod drop;
mod explored;
mod free;
mod grown;
mod plan;
mod prune;
mod recycle;
mod rules;
mod schedule;
mod update;

use serde::{Deserialize, Serialize};

pub use dormant::dormant_units;
pub use drop::Drop;
pub use explored::Explored;
pub use grown::{GrownMoments, GrownValue};
pub(crate) use plan::{Change, LayerState, NetworkState, Reset, plan};
pub use rules::{GradualMagnitude, ReDo, RigL, RuleConfig, Set, Static};
pub use schedule::{DropFraction, Schedule};
pub use update::{Extent, rewire};

use crate::budget::Allocation;
use crate::error::{Error, Result};

/// What a rule must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Nothing but the values.
    None,
    /// The gradient at every weight that the layer could have, `[outputs, inputs]`.
    DenseGradient,
    /// The mean magnitude of each hidden unit's output.
    Activation,
}

/// What a rule does when it is due.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Nothing, ever.
    Stay,
    /// Drops connections and grows as many.
    Move(Move),
    /// Drops the smallest values down to the sparsity that the update is to have; grows none.
    Prune(&'a GradualMagnitude),
    /// Draws dormant units anew; the connections stay.
    Recycle(&'a ReDo),
}

impl Action<'_> {
    /// What must be at hand for it.
    #[must_use]
    pub fn needs(&self) -> Signal {
        match self {
            Self::Move(how) if how.grow == Grow::Gradient => Signal::DenseGradient,
            Self::Recycle(_) => Signal::Activation,
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
    /// Whether a connection may be grown in the very step that drops it. It is then kept: its value and its
    /// moments stay, as in the released code of RigL and RLx2.
    pub allow_regrow: bool,
    /// The value that a grown connection starts from.
    pub grown_value: GrownValue,
    /// The optimizer moments that a grown connection starts from.
    pub grown_moments: GrownMoments,
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
    fn action(&self) -> Action<'_>;

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
    /// What changes.
    pub rule: RuleConfig,
    /// When, and how many connections move.
    pub schedule: Schedule,
    /// A unit that has more inputs than this never falls below it; one that has no more loses none. 0, which
    /// sets no floor, is what the papers do.
    #[serde(default)]
    pub min_inputs_per_unit: usize,
}

impl Topology {
    /// A rule on a schedule, without a floor of inputs per unit.
    #[must_use]
    pub fn new(rule: RuleConfig, schedule: Schedule) -> Self {
        Self {
            rule,
            schedule,
            min_inputs_per_unit: 0,
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Config`] with the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        self.schedule.validate()?;
        match self.rule.action() {
            Action::Prune(rule) => {
                rule.validate()?;
                // The last change must be one that has the final sparsity.
                let last = self.schedule.until.saturating_sub(1) / self.schedule.every;
                if last * self.schedule.every < rule.end {
                    let allowed =
                        "so late that a multiple of `every` lies between the rule's `end` and it";
                    return Err(Error::config(
                        "schedule.until",
                        self.schedule.until,
                        allowed,
                    ));
                }
                Ok(())
            }
            Action::Recycle(rule) => rule.validate(),
            Action::Stay | Action::Move(_) => Ok(()),
        }
    }

    /// Checks that a network whose layers are `shapes` (`(outputs, inputs)`) can become as sparse as the rule makes it.
    ///
    /// # Errors
    /// [`Error::Budget`] with the layer that would be left without connections; [`Error::Shape`] when the allocation is for
    /// another number of layers.
    pub fn fits(&self, shapes: &[(usize, usize)]) -> Result<()> {
        match self.rule.action() {
            // Which layer the best scores of all leave nothing is known then.
            Action::Prune(rule) if rule.allocation != Allocation::Global => {
                rule.allocation.counts(shapes, rule.final_sparsity)?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The share of connections to move after update `step` (counted from 1), if the rule acts then. Rules that
    /// move none have no use for the share.
    #[must_use]
    pub fn due(&self, step: u64) -> Option<f64> {
        match self.rule.action() {
            Action::Stay => None,
            Action::Prune(rule) if step < rule.begin => None,
            _ => self.schedule.due(step),
        }
    }
}
