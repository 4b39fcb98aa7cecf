//! Rules that change a network's connections while it is trained.
//!
//! A [`Topology`] is a rule and a schedule. When the schedule is [`due`](Schedule::due), the rule's plan is carried out
//! instead of an optimizer step. Most rules drop connections and grow as many ([`DropGrow`]); gradual pruning drops and
//! grows none; recycling keeps all connections and redraws the values of dormant units.
//!
//! A rule is a type that implements [`Rule`], in this crate (one file in `rules/`, one line in its list) or in any other.
//! [`RuleConfig`] holds any rule, and [`register_rule`] gives one a name in configurations. [`TopologyUpdater`] lets a rule
//! act on any module with sparse layers, under any optimizer of Burn's; [`FollowsConnections`] is what else is kept per
//! connection.

mod any;
mod candidates;
mod change;
mod config;
mod dormant;
mod drop;
mod drop_grow;
mod exploration;
mod follow;
mod grown;
mod optimizer;
mod registry;
mod rewire_budget;
mod rule;
mod rules;
mod schedule;
mod state;
mod trace;
mod updater;

use serde::{Deserialize, Serialize};

pub use any::RuleEntry;
pub use candidates::Candidates;
pub(crate) use change::resolve;
pub use change::{AppliedChange, LayerChange};
pub use config::RuleConfig;
pub use dormant::dormant_units;
pub use drop::DropCriterion;
pub use drop_grow::{DropGrow, Grow};
pub use exploration::ExplorationRate;
pub use follow::{FollowsConnections, TopologyChange};
pub use grown::{GrownMoments, GrownValue};
pub use registry::{register_rule, rules};
pub use rewire_budget::RewireBudget;
pub use rule::{NamedRule, Rule, Signal, Update};
pub use rules::*;
pub use schedule::{DropFraction, Schedule};
pub use state::{LayerState, NetworkState};
pub use trace::Trace;
pub(crate) use updater::check_all_sparse;
pub use updater::{TopologyState, TopologyUpdater};

use crate::error::Result;

/// A rule and when it acts.
///
/// It is stored in formats that say what they hold (TOML, JSON), for a rule is read as the name or the table that stands there.
/// Formats that do not (postcard, bincode) cannot read it.
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
    pub fn new(rule: impl Into<RuleConfig>, schedule: Schedule) -> Self {
        Self {
            rule: rule.into(),
            schedule,
            min_inputs_per_unit: 0,
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) with the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        self.fits(&[])
    }

    /// Checks every field, and that a network whose layers are `shapes` (`(outputs, inputs)`) can become as sparse as the
    /// rule makes it.
    ///
    /// # Errors
    /// As [`validate`](Self::validate); [`Error::Budget`](crate::Error::Budget) with the layer that would be left without
    /// connections; [`Error::Shape`](crate::Error::Shape) when an allocation is for another number of layers.
    pub fn fits(&self, shapes: &[(usize, usize)]) -> Result<()> {
        self.schedule.validate()?;
        self.rule.validate(&self.schedule, shapes)
    }

    /// The share of connections to move after update `step` (counted from 1), if the rule acts then. Rules that move
    /// none ignore the share.
    #[must_use]
    pub fn due(&self, step: u64) -> Option<f64> {
        let fraction = self.schedule.due(step)?;
        self.rule.signal(step).map(|_| fraction)
    }

    /// The signal that the rule needs after update `step`; [`Signal::None`] where it does not act then.
    #[must_use]
    pub fn signal(&self, step: u64) -> Signal {
        let signal = self.due(step).and_then(|_| self.rule.signal(step));
        signal.unwrap_or(Signal::None)
    }

    /// The plan for a network after update `step`, in which the share `fraction` moves.
    fn plan(
        &self,
        step: u64,
        fraction: f64,
        network: &NetworkState,
        rng: &mut dyn rand::Rng,
    ) -> Result<Vec<Option<AppliedChange>>> {
        let budget = RewireBudget {
            fraction,
            min_inputs_per_unit: self.min_inputs_per_unit,
        };
        let changes = self.rule.plan(network, Update { step, budget }, rng)?;
        resolve(self.rule.name(), network, changes)
    }
}
