//! The named rules of a process.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde_json::{Map, Value};

use super::NamedRule;
use super::any::{AnyRule, RuleEntry};
use super::rules::ALL;
use crate::error::{Error, Result};

/// Those that were registered, by name.
fn registered() -> &'static RwLock<BTreeMap<&'static str, RuleEntry>> {
    static REGISTERED: OnceLock<RwLock<BTreeMap<&'static str, RuleEntry>>> = OnceLock::new();
    REGISTERED.get_or_init(RwLock::default)
}

/// Lets configurations name your own rule, for the whole process.
///
/// # Errors
/// [`Error::Config`] when the name is taken, or is none: lower case letters, digits and `_`.
pub fn register_rule<R: NamedRule>() -> Result<()> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if R::NAME.is_empty() || !R::NAME.chars().all(letter) {
        let allowed = "a name of lower case letters, digits and `_`";
        return Err(Error::config("rule", format!("`{}`", R::NAME), allowed));
    }
    let taken = || Error::config("rule", R::NAME, "a name that no other rule has");
    if ALL.iter().any(|entry| entry.name == R::NAME) {
        return Err(taken());
    }
    let mut registered = registered().write().unwrap_or_else(PoisonError::into_inner);
    if registered.contains_key(R::NAME) {
        return Err(taken());
    }
    registered.insert(R::NAME, RuleEntry::of::<R>());
    Ok(())
}

/// All rules that configurations may name: this crate's, then the registered ones.
#[must_use]
pub fn rules() -> Vec<RuleEntry> {
    let registered = registered().read().unwrap_or_else(PoisonError::into_inner);
    ALL.iter().chain(registered.values()).copied().collect()
}

/// The rule of this name with these settings; `Null` where none are given.
pub(super) fn read(name: &str, settings: Value) -> Result<Arc<dyn AnyRule>, String> {
    let rules = rules();
    let Some(entry) = rules.iter().find(|entry| entry.name == name) else {
        return Err(unknown(name, &rules));
    };
    let rule = match settings {
        // A rule without settings is written as nothing, one with settings of which none is given as an empty map.
        Value::Null => (entry.read)(Value::Null).or_else(|_| (entry.read)(Map::new().into())),
        settings => (entry.read)(settings),
    };
    rule.map_err(|error| format!("rule `{name}`: {error}"))
}

/// What to say of a name that no rule has.
fn unknown(name: &str, rules: &[RuleEntry]) -> String {
    let names: Vec<String> = rules
        .iter()
        .map(|entry| format!("`{}`", entry.name))
        .collect();
    let distance = |entry: &&RuleEntry| strsim::osa_distance(entry.name, name);
    let nearest = rules
        .iter()
        .min_by_key(distance)
        .filter(|entry| distance(entry) <= 3);
    let meant = nearest.map(|entry| format!(" did you mean `{}`?", entry.name));
    let (known, meant) = (names.join(", "), meant.unwrap_or_default());
    format!("unknown rule `{name}`;{meant} known rules: {known}")
}
