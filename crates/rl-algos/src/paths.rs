//! Whether an agent's actions can depend on its observations, by the connections of its networks.

use sparse_core::nn::{SparseMlp, SparseModule};

use crate::agent::{Agent, Role};
use crate::config::TrainConfig;
use crate::nets::sparsity_setting;
use crate::{Error, Result};

/// The outputs of an agent's networks that no connection leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutOff {
    /// Networks that learn nothing, by what they are for, with what is wrong: an actor without a path from any
    /// observation to any action, a critic without one from any action to its value.
    pub dead: Vec<(Role, String)>,
    /// Actions without a path from any observation, or to a critic's value; a line for each network.
    pub partly: Vec<String>,
}

impl CutOff {
    /// All of it, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let dead = self.dead.iter().map(|(_, what)| what);
        dead.chain(&self.partly).cloned().collect()
    }

    /// An actor whose outputs are reached from the observations so. A Gaussian policy's spreads follow its means.
    fn add_actor(&mut self, name: &str, reached: &[bool], actions: usize) {
        let what = "no connection leads from any observation to";
        let (means, spreads) = reached.split_at(actions);
        if !means.contains(&true) {
            let line =
                format!("{what} any action of the {name}: it does the same whatever it sees");
            return self.dead.push((Role::Actor, line));
        }
        let line = |which| format!("{what} {which} of the {name}");
        self.partly.extend(missing(means).map(line));
        let line = |which| format!("{what} the spread of {which} of the {name}");
        self.partly.extend(missing(spreads).map(line));
    }

    /// A critic whose value is reached from each action so.
    fn add_critic(&mut self, name: &str, reaches: &[bool]) {
        let what = "no connection leads from";
        if !reaches.contains(&true) {
            let line = format!(
                "{what} any action to the value of {name}: it cannot tell a good one from a bad one"
            );
            return self.dead.push((Role::Critic, line));
        }
        let line = |which| format!("{what} {which} to the value of {name}");
        self.partly.extend(missing(reaches).map(line));
    }
}

/// Outputs and inputs of a network.
fn sizes(network: &SparseMlp) -> (usize, usize) {
    let layers = network.sparse_layers();
    let outputs = layers.last().map_or(0, |layer| layer.pattern().outputs());
    let inputs = layers.first().map_or(0, |layer| layer.pattern().inputs());
    (outputs, inputs)
}

impl dyn Agent + '_ {
    /// Outputs that no connection leads to. An output without a path from its inputs is a constant, of which only the
    /// bias is trained. Only actors and critics that are plain networks are checked.
    #[must_use]
    pub fn cut_off(&self) -> CutOff {
        let networks = self.networks();
        let of = |role: Role| {
            let networks = networks.iter().filter(move |network| network.role == role);
            networks.filter_map(|network| Some((network.name, network.mlp()?)))
        };
        let mut found = CutOff::default();
        let Some((name, actor)) = of(Role::Actor).next() else {
            return found;
        };
        let (outputs, obs_dim) = sizes(actor);
        let actions = match of(Role::Critic).next() {
            None => outputs,
            Some((_, critic)) => sizes(critic).1.saturating_sub(obs_dim).min(outputs),
        };
        found.add_actor(name, &actor.reached_from(0..obs_dim), actions);
        for (name, net) in of(Role::Critic) {
            let inputs = obs_dim..obs_dim + actions;
            let reaches = inputs.map(|input| net.reached_from(input..input + 1).contains(&true));
            found.add_critic(name, &reaches.collect::<Vec<_>>());
        }
        found
    }

    /// Refuses an agent, as `config` drew it, that could not learn: see [`CutOff::dead`].
    ///
    /// # Errors
    /// [`Error::Config`] with the setting of the network's sparsity.
    pub fn check_paths(&self, config: &TrainConfig) -> Result<()> {
        let Some((role, what)) = self.cut_off().dead.into_iter().next() else {
            return Ok(());
        };
        let (asked, hidden, sizes) = match role {
            Role::Actor => (
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
        let (field, value) = sparsity_setting(config, asked);
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
