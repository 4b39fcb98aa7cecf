//! What the libraries have, with what was registered.

use offline_prune::config::agent_kinds as offline_agent_kinds;
use offline_prune::criteria::CriterionConfig;
use rl_algos::config::agent_kinds;
use rl_algos::recipes::recipes;
use sparse_core::topology::rules;

use super::{Device, Entry, Kind};

/// All names of a kind.
pub(super) fn entries(kind: Kind) -> Vec<Entry> {
    match kind {
        Kind::Task => envs::catalogue()
            .into_iter()
            .map(|task| entry(task.name, task.about, task.source))
            .collect(),
        Kind::Recipe => recipes()
            .into_iter()
            .map(|recipe| entry(recipe.name, recipe.about, recipe.source))
            .collect(),
        Kind::Algorithm => agent_kinds()
            .into_iter()
            .map(|agent| entry(agent.name, agent.about, agent.source))
            .collect(),
        Kind::Rule => rules()
            .into_iter()
            .map(|rule| entry(rule.name, rule.about, ""))
            .collect(),
        Kind::OfflineAlgorithm => offline_agent_kinds()
            .into_iter()
            .map(|agent| entry(agent.name, agent.about, agent.source))
            .collect(),
        Kind::Criterion => CriterionConfig::all()
            .map(|criterion| entry(criterion.name(), criterion.about(), criterion.source()))
            .to_vec(),
        Kind::Device => Device::ALL
            .map(|device| entry(device.name(), device.about(), device.source()))
            .to_vec(),
    }
}

fn entry(name: &str, about: &str, source: &str) -> Entry {
    Entry {
        name: name.to_owned(),
        about: about.to_owned(),
        source: source.to_owned(),
    }
}
