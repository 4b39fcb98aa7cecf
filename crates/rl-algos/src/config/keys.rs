//! Keys that no configuration has, and which one was probably meant.

use strsim::osa_distance;
use toml::{Table, Value};

use sparse_core::topology::rules;

use super::catalogue::{find, is_known, is_section, keys};
use super::fields::MOVED;
use crate::{Error, Result};

/// The section that the task reads.
const ENV_SETTINGS: &str = "env_settings";

/// Checks that all keys are known.
///
/// # Errors
/// [`Error::UnknownKey`] with the first that is not.
pub(super) fn check(given: &Table) -> Result<()> {
    match unknown(given, "") {
        None => Ok(()),
        Some(key) => Err(Error::UnknownKey {
            hint: hint(&key),
            key,
        }),
    }
}

/// The path of the first key that is not known. Of an unknown section it is the first key inside, which says more.
fn unknown(given: &Table, section: &str) -> Option<String> {
    given.iter().find_map(|(key, value)| {
        let path = join(section, key);
        match value {
            _ if is_read_by_owner(&path) => None,
            Value::Table(inner) if is_section(&path) => unknown(inner, &path),
            Value::Table(inner) if !is_known(&path) => Some(first(inner, path)),
            _ => (!is_known(&path)).then_some(path),
        }
    })
}

/// Whether a key has settings without rows of a table, which whoever reads them checks: those of the task, those of a
/// topology rule, and what lies under a setting of an agent.
fn is_read_by_owner(path: &str) -> bool {
    if path == ENV_SETTINGS {
        return true;
    }
    let rule = ["topology.rule.", "topology.actor_rule."];
    match rule.iter().find_map(|start| path.strip_prefix(start)) {
        Some(name) => find(path).is_none() && rules().iter().any(|rule| rule.name == name),
        None => find(path).is_none() && is_known(path) && path.matches('.').count() > 1,
    }
}

/// The path of the first key in an unknown section, or the section's own where it has none.
fn first(section: &Table, path: String) -> String {
    match section.iter().next() {
        Some((key, Value::Table(inner))) => first(inner, join(&path, key)),
        Some((key, _)) => join(&path, key),
        None => path,
    }
}

fn join(section: &str, key: &str) -> String {
    if section.is_empty() {
        key.to_owned()
    } else {
        format!("{section}.{key}")
    }
}

/// Section and name of a key.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// What was probably meant, or what there is.
fn hint(unknown: &str) -> String {
    let known = keys();
    let moved = MOVED.iter().find(|(old, _)| *old == unknown);
    let meant = moved.map(|(_, new)| *new);
    if let Some(meant) = meant.or_else(|| nearest(unknown, &known)) {
        return format!("did you mean `{meant}`?");
    }
    let section = split(unknown).0;
    let section = if is_section(section) { section } else { "" };
    let names = known.iter().map(|key| split(key));
    let names = names.filter(|(own, _)| *own == section);
    let names: Vec<&str> = names.map(|(_, name)| name).collect();
    match section {
        "" => format!("known keys: {}", names.join(", ")),
        _ => format!("known keys of {section}: {}", names.join(", ")),
    }
}

/// The known key that is nearest: one of the same name in the most similar section, else one of a similar name in the
/// same section, else one of a similar path. At most a third of the letters may differ, and two of a short name.
#[must_use]
pub fn nearest<'a>(unknown: &str, known: &'a [String]) -> Option<&'a str> {
    let (section, name) = split(unknown);
    let keys = || known.iter().map(String::as_str);
    let by_path = |key: &&str| osa_distance(unknown, key);
    let close = |a: &str, b: &str| osa_distance(a, b) <= (a.len() / 3).max(2);
    let namesake = keys()
        .filter(|key| split(key).1 == name)
        .min_by_key(by_path);
    let sibling = || {
        let same = keys().filter(|key| split(key).0 == section && close(name, split(key).1));
        same.min_by_key(by_path)
    };
    let similar = || keys().filter(|key| close(unknown, key)).min_by_key(by_path);
    namesake.or_else(sibling).or_else(similar)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        check(&toml::from_str(text).unwrap())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn an_unknown_key_names_the_one_that_was_meant() {
        for (text, unknown, meant) in [
            ("[learning]\ngama = 0.9", "learning.gama", "learning.gamma"),
            ("stpes = 5", "stpes", "steps"),
            ("gamma = 0.9", "gamma", "learning.gamma"),
            ("[sparse]\nactor = 0.9", "sparse.actor", "sparsity.actor"),
            (
                "[n_step]\ndelays = 5\nn = 3",
                "n_step.delays",
                "n_step.delay",
            ),
            (
                "[algo.sac]\ntarget_noise = 0.2",
                "algo.sac.target_noise",
                "algo.td3.target_noise",
            ),
            (
                "[topology.rule.rigl]\nregrow = true",
                "topology.rule.rigl.regrow",
                "topology.rule.rigl.allow_regrow",
            ),
        ] {
            let expected = format!("unknown key `{unknown}`; did you mean `{meant}`?");
            assert_eq!(message(text), expected);
        }
    }

    #[test]
    fn keys_of_the_old_layout_name_their_new_place() {
        for (old, new) in [
            ("td3.hidden", "networks.actor` and `networks.critic"),
            ("td3.batch_size", "learning.batch_size"),
            ("td3.policy_delay", "algo.td3.policy_delay"),
            ("td3.critic_learning_rate", "learning.critic_learning_rate"),
            ("exploration.noise", "algo.td3.exploration_noise"),
        ] {
            let (section, name) = split(old);
            let expected = format!("unknown key `{old}`; did you mean `{new}`?");
            assert_eq!(message(&format!("[{section}]\n{name} = 1")), expected);
        }
    }

    #[test]
    fn a_key_like_none_lists_those_of_its_section() {
        let expected = "unknown key `n_step.bootstrapped`; known keys of n_step: n, delay";
        assert_eq!(message("[n_step]\nbootstrapped = 1"), expected);
        let top = message("[horizon]\n");
        assert!(top.contains("`horizon`; known keys: env, recipe"), "{top}");
    }

    #[test]
    fn known_keys_pass() {
        let text = "steps = 5\n[sparsity.allocation]\nlambda = [7.0, 64.0]\n[topology]\nrule = \"static\"\n";
        check(&toml::from_str(text).unwrap()).unwrap();
    }
}
