//! Number and choice of weights, and how connections move.

use serde::{Deserialize, Serialize};
use sparse_core::budget::Allocation;
use sparse_core::nn::{InitialMask, Storage};
use sparse_core::optim::AdamConfig;
use sparse_core::topology::{DropFraction, GradualMagnitude, RuleConfig, Schedule, Topology};
use sparse_core::trainer::{NetworkTrainerConfig, TargetConfig};

use super::{NetworksConfig, TrainConfig, at_least_one, check};
use crate::{Error, Result};

/// How many weights of each network exist, and which at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SparsityConfig {
    /// Share of the actor's weights that do not exist, in [0, 1); 0 is a dense network. An allocation by layer
    /// (`per_layer`, `lambda`) decides by itself, and this is its result.
    pub actor: f64,
    /// Share of each critic's weights that do not exist, likewise.
    pub critic: f64,
    /// How the existing weights are divided among the layers.
    pub allocation: Allocation,
    /// Which weights exist at first.
    pub mask: InitialMask,
    /// Which kernels compute the layers.
    #[serde(default)]
    pub storage: Storage,
}

/// How connections move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopologyConfig {
    /// Which connections are dropped and grown.
    pub rule: RuleConfig,
    /// The actor's own, where it has another than the critics, such as a static one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_rule: Option<RuleConfig>,
    /// Updates of a network between two moves, 1 or more.
    pub every: u64,
    /// The actor's own interval, where it differs from the critics'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_every: Option<u64>,
    /// Share of the connections that the first move replaces, in [0, 1].
    pub drop_fraction: f64,
    /// How that share goes on.
    pub decay: Decay,
    /// Share of a network's updates after which connections stay, in (0, 1].
    pub until: f64,
}

/// How the share of connections that move changes with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// Not at all.
    Constant,
    /// It falls to 0 with a half cosine, until the last move.
    Cosine,
}

/// Gradual magnitude pruning (Zhu & Gupta 2017): networks start dense and end with the sparsities of `sparsity`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PruningConfig {
    /// Share of a network's updates before the first connections go, in [0, 1).
    pub begin: f64,
    /// Share of the updates when the last go, above `begin` and below 1.
    pub end: f64,
    /// Updates of a network between two prunings, 1 or more; fewer in runs too short for them.
    pub every: u64,
}

impl SparsityConfig {
    pub(super) fn validate(&self, networks: &NetworksConfig) -> Result<()> {
        self.fits("networks.actor", &networks.actor)?;
        self.fits("networks.critic", &networks.critic)?;
        for (field, value) in [
            ("sparsity.actor", self.actor),
            ("sparsity.critic", self.critic),
        ] {
            check(field, value, (0.0..1.0).contains(&value))?;
        }
        Ok(())
    }

    /// Refuses an allocation by layer that no network has.
    pub(super) fn validate_new_run(&self) -> Result<()> {
        if self.is_by_layer() && (self.actor, self.critic) == (0.0, 0.0) {
            let allowed = "above 0, or that of the critics, with an allocation by layer (`per_layer`, `lambda`): \
                           0 is a dense network";
            return Err(Error::config("sparsity.actor", self.actor, allowed));
        }
        Ok(())
    }

    /// Whether the allocation counts for itself, whatever the total.
    pub(crate) fn is_by_layer(&self) -> bool {
        let allocation = &self.allocation;
        matches!(allocation, Allocation::PerLayer(_) | Allocation::Lambda(_))
    }

    /// Checks that an allocation by layer has as many numbers as the network needs.
    fn fits(&self, name: &str, hidden: &[usize]) -> Result<()> {
        let (field, numbers, needed) = match &self.allocation {
            Allocation::PerLayer(each) => ("sparsity.allocation.per_layer", each, hidden.len() + 1),
            Allocation::Lambda(each) => ("sparsity.allocation.lambda", each, hidden.len()),
            _ => return Ok(()),
        };
        if numbers.len() == needed {
            return Ok(());
        }
        let allowed = format!("{needed} numbers, for {name} = {hidden:?}");
        Err(Error::config(field, format!("{numbers:?}"), &allowed))
    }
}

impl TopologyConfig {
    pub(super) fn validate(&self) -> Result<()> {
        at_least_one("topology.every", self.every)?;
        at_least_one("topology.actor_every", self.actor_every.unwrap_or(1))?;
        let fraction = self.drop_fraction;
        let good = (0.0..=1.0).contains(&fraction);
        check("topology.drop_fraction", fraction, good)?;
        let good = self.until > 0.0 && self.until <= 1.0;
        check("topology.until", self.until, good)
    }

    /// The actor's rule.
    pub(crate) fn actor_rule(&self) -> &RuleConfig {
        self.actor_rule.as_ref().unwrap_or(&self.rule)
    }

    /// A rule on its schedule, for a network that is updated so often in all.
    fn scheduled(&self, rule: &RuleConfig, every: u64, updates: u64) -> Option<Topology> {
        let end = (self.until * updates as f64).round() as u64;
        let fraction = match self.decay {
            Decay::Constant => DropFraction::Constant(self.drop_fraction),
            Decay::Cosine => DropFraction::Cosine {
                initial: self.drop_fraction,
                end,
            },
        };
        let schedule = Schedule {
            every,
            until: end,
            fraction,
        };
        (end > 0).then(|| Topology::new(rule.clone(), schedule))
    }
}

impl PruningConfig {
    pub(super) fn validate(&self) -> Result<()> {
        let (begin, end) = (self.begin, self.end);
        let good = (0.0..1.0).contains(&begin);
        check("pruning.begin", begin, good)?;
        let allowed = format!("above begin = {begin} and below 1");
        if !(end > begin && end < 1.0) {
            return Err(Error::config("pruning.end", end, &allowed));
        }
        at_least_one("pruning.every", self.every)
    }

    /// The rule that prunes to `sparsity`, for a network with `updates` updates in all.
    fn scheduled(&self, sparsity: f64, shared: &SparsityConfig, updates: u64) -> Option<Topology> {
        let at = |share: f64| (share * updates as f64) as u64;
        let (begin, end) = (at(self.begin), at(self.end));
        // One pruning must fall between the end and the last update.
        let every = self.every.min(updates.saturating_sub(end)).max(1);
        let rule = GradualMagnitude {
            initial_sparsity: 0.0,
            final_sparsity: sparsity,
            begin,
            end: end.max(begin + 1),
            allocation: shared.allocation.clone(),
        };
        let schedule = Schedule {
            every,
            until: updates + 1,
            fraction: DropFraction::Constant(0.0),
        };
        let room = sparsity > 0.0 && updates > rule.end;
        room.then(|| Topology::new(RuleConfig::new(rule), schedule))
    }
}

/// What is wrong with a network's schedule or its rule, which stands at `place`, by the names that settings have here.
fn of_network(error: sparse_core::Error, who: &str, place: &str) -> Error {
    match error {
        sparse_core::Error::Config {
            field,
            value,
            allowed,
        } => {
            let field = field.replace("topology.schedule.", "topology.");
            let field = field.replace("topology.rule", place);
            Error::config(field, value, format!("{allowed} (of the {who})"))
        }
        other => other.into(),
    }
}

impl TrainConfig {
    /// Refuses a rule whose initial sparsity differs from the networks'.
    pub(super) fn check_beginning(&self) -> Result<()> {
        let Some(topology) = &self.topology else {
            return Ok(());
        };
        let SparsityConfig { actor, critic, .. } = self.sparsity;
        for (who, rule, start) in [
            ("actor", topology.actor_rule(), actor),
            ("critic", &topology.rule, critic),
        ] {
            let rule = rule.get::<GradualMagnitude>();
            if let Some(rule) = rule.filter(|rule| rule.initial_sparsity > start) {
                let field = format!(
                    "{}.gradual_magnitude.initial_sparsity",
                    self.rule_place(who)
                );
                let allowed =
                    format!("at most sparsity.{who} = {start}, with which the network starts");
                return Err(Error::config(field, rule.initial_sparsity, &allowed));
            }
        }
        Ok(())
    }

    /// Where the settings of a network's rule stand.
    fn rule_place(&self, who: &str) -> &'static str {
        let topology = self.topology.as_ref();
        match topology.and_then(|topology| topology.actor_rule.as_ref()) {
            Some(_) if who == "actor" => "topology.actor_rule",
            _ => "topology.rule",
        }
    }

    /// Checks when connections come and go.
    pub(super) fn validate_schedules(&self) -> Result<()> {
        for (who, learner) in [
            ("actor", self.actor_learner()),
            ("critic", self.critic_learner()),
        ] {
            let place = self.rule_place(who);
            learner
                .validate()
                .map_err(|error| of_network(error, who, place))?;
        }
        Ok(())
    }

    /// Settings of the actor's learner; it is updated with every `policy_delay`-th update. SAC's has no target.
    #[must_use]
    pub fn actor_learner(&self) -> NetworkTrainerConfig {
        let delay = self.algo.policy_delay().max(1);
        let topology = self.topology.as_ref();
        let moves = topology.map(|t| (t.actor_rule(), t.actor_every.unwrap_or(t.every)));
        let target = self.algo.shape().actor_target;
        NetworkTrainerConfig {
            adam: self.adam(self.learning.actor_learning_rate),
            topology: self.moves(self.sparsity.actor, moves, self.updates() / delay),
            target: target.then(|| self.target(self.learning.target_every / delay)),
        }
    }

    /// Settings of each critic's learner.
    #[must_use]
    pub fn critic_learner(&self) -> NetworkTrainerConfig {
        let moves = self.topology.as_ref().map(|t| (&t.rule, t.every));
        NetworkTrainerConfig {
            adam: self.adam(self.learning.critic_learning_rate),
            topology: self.moves(self.sparsity.critic, moves, self.updates()),
            target: Some(self.target(self.learning.target_every)),
        }
    }

    /// The initial sparsities of the actor and of each critic.
    #[must_use]
    pub fn initial_sparsity(&self) -> [f64; 2] {
        match self.pruning {
            Some(_) => [0.0, 0.0],
            None => [self.sparsity.actor, self.sparsity.critic],
        }
    }

    /// How a network's connections change over its updates: by a rule, so often, where there is one.
    fn moves(
        &self,
        sparsity: f64,
        rule: Option<(&RuleConfig, u64)>,
        updates: u64,
    ) -> Option<Topology> {
        match (&self.topology, &self.pruning) {
            (Some(topology), _) => {
                rule.and_then(|(rule, every)| topology.scheduled(rule, every, updates))
            }
            (None, Some(pruning)) => pruning.scheduled(sparsity, &self.sparsity, updates),
            (None, None) => None,
        }
    }

    fn adam(&self, learning_rate: f64) -> AdamConfig {
        AdamConfig {
            learning_rate,
            weight_decay: self.learning.weight_decay,
            ..AdamConfig::default()
        }
    }

    fn target(&self, every: u64) -> TargetConfig {
        TargetConfig {
            tau: self.learning.tau,
            every,
            connections: self.learning.target_connections,
        }
    }
}
