//! The rows of all keys: those that every run has, and those of every agent.

use super::algo::agents;
use super::fields::{FIELDS, Field};

/// The rows of all keys: those here, and those of every agent.
pub(super) fn all() -> impl Iterator<Item = &'static Field> {
    let agents = agents().into_iter().flat_map(|kind| kind.fields);
    FIELDS.iter().chain(agents)
}

/// The row of a key. The actor's own topology rule has the rows of the other.
pub(super) fn find(key: &str) -> Option<&'static Field> {
    let own = key.strip_prefix("topology.actor_rule.");
    let shared = own.map(|rest| format!("topology.rule.{rest}"));
    let key = shared.as_deref().unwrap_or(key);
    all().find(|field| field.key == key)
}

/// The range of a key, for an error about its value.
pub(super) fn allowed(key: &str) -> &'static str {
    find(key).map_or("another value", |field| field.allowed)
}

/// All keys: those with a row, and the settings of agents without rows.
pub(super) fn keys() -> Vec<String> {
    let rows = all().map(|field| field.key.to_owned());
    let agents = agents().into_iter().filter(|agent| agent.fields.is_empty());
    let agents = agents.flat_map(|agent| {
        let name = format!("algo.{}", agent.name);
        let settings = agent.keys().into_iter();
        let settings: Vec<String> = settings.map(|key| format!("{name}.{key}")).collect();
        [vec![name], settings].concat()
    });
    rows.chain(agents).collect()
}

/// Whether a configuration can have this key.
pub(super) fn is_known(key: &str) -> bool {
    find(key).is_some() || keys().iter().any(|known| known == key)
}

/// Whether a key is a section: others lie under it.
pub(super) fn is_section(key: &str) -> bool {
    let own = key.strip_prefix("topology.actor_rule");
    let key = own.map_or(key.to_owned(), |rest| format!("topology.rule{rest}"));
    let start = format!("{key}.");
    keys().iter().any(|known| known.starts_with(&start))
}
