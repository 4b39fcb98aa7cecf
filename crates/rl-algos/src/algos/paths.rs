//! Whether what an agent does can depend on what it sees, by the connections of its networks.

use sparse_core::nn::{SparseMlp, SparseModule};

use super::Agent;
use super::parts::blamed;
use crate::config::TrainConfig;
use crate::{Error, Result};

/// What of an agent's networks no connection leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutOff {
    /// Networks that learn nothing, by name, with what is wrong: an actor without a way from any observation to any
    /// action, a critic without one from any action to its value.
    pub dead: Vec<(&'static str, String)>,
    /// Actions without a way from any observation, or to a critic's value; a line for each network.
    pub partly: Vec<String>,
}

impl CutOff {
    /// All of it, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let dead = self.dead.iter().map(|(_, what)| what);
        dead.chain(&self.partly).cloned().collect()
    }
}

impl dyn Agent + '_ {
    /// What no connection leads to: an output without a way to it from what it should depend on is a constant, and is not
    /// trained but for its bias.
    #[must_use]
    pub fn cut_off(&self) -> CutOff {
        let learners = self.learners();
        let mut found = CutOff::default();
        let mut networks = learners
            .iter()
            .map(|(name, learner)| (*name, learner.net()));
        let Some((name, actor)) = networks.next() else {
            return found;
        };
        let inputs = |net: &SparseMlp| {
            let layers = net.sparse_layers();
            layers.first().map_or(0, |layer| layer.pattern().inputs())
        };
        let seen = inputs(actor);
        let reached = actor.reached_from(0..seen);
        let judged = learners.get(1).map(|(_, critic)| inputs(critic.net()));
        let actions = judged.map_or(reached.len(), |judged| judged.saturating_sub(seen));
        // A Gaussian policy's spreads follow its means.
        let (means, spreads) = reached.split_at(actions.min(reached.len()));
        if means.iter().any(|reached| *reached) {
            let what = "no connection leads from any observation to";
            if let Some(which) = missing(means) {
                found.partly.push(format!("{what} {which} of the {name}"));
            }
            if let Some(which) = missing(spreads) {
                let line = format!("{what} the spread of {which} of the {name}");
                found.partly.push(line);
            }
        } else {
            let what = format!(
                "no connection leads from any observation to any action of the {name}: it does the same whatever it sees"
            );
            found.dead.push((name, what));
        }
        for (name, critic) in networks {
            let reaches = |action: usize| {
                let input = seen + action;
                critic.reached_from(input..input + 1).contains(&true)
            };
            let reach: Vec<bool> = (0..actions).map(reaches).collect();
            if !reach.contains(&true) {
                let what = format!(
                    "no connection leads from any action to the value of {name}: it cannot tell a good one from a bad one"
                );
                found.dead.push((name, what));
            } else if let Some(which) = missing(&reach) {
                let line = format!("no connection leads from {which} to the value of {name}");
                found.partly.push(line);
            }
        }
        found
    }

    /// Refuses an agent, as `config` drew it, that could not learn: see [`CutOff::dead`].
    ///
    /// # Errors
    /// [`Error::Config`] with the setting of the network's sparsity.
    pub fn check_paths(&self, config: &TrainConfig) -> Result<()> {
        let Some((name, what)) = self.cut_off().dead.into_iter().next() else {
            return Ok(());
        };
        let (asked, hidden, sizes) = match name {
            "actor" => (
                ("sparsity.actor", config.sparsity.actor),
                "networks.actor",
                &config.networks.actor,
            ),
            _ => (
                ("sparsity.critic", config.sparsity.critic),
                "networks.critic",
                &config.networks.critic,
            ),
        };
        let (field, value) = blamed(config, asked);
        let allowed = format!(
            "lower, or {hidden} = {sizes:?} wider, or another seed than {} be taken; {what}",
            config.seed
        );
        Err(Error::config(field, value, &allowed))
    }
}

/// The actions that are not reached, counted from 0, in words.
fn missing(reached: &[bool]) -> Option<String> {
    let missing = reached.iter().zip(0..).filter(|(reached, _)| !**reached);
    let missing: Vec<String> = missing
        .map(|(_, action): (_, usize)| action.to_string())
        .collect();
    match missing.as_slice() {
        [] => None,
        [one] => Some(format!("action {one}")),
        [some @ .., last] => Some(format!("the actions {} and {last}", some.join(", "))),
    }
}
