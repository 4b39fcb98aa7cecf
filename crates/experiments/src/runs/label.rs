//! What runs are compared as.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use super::read::Found;

/// Settings in which runs of one method may differ.
const FREE: [&str; 5] = ["seed", "env", "recipe", "steps", "updates"];

/// Tables of them.
const FREE_TABLES: [&str; 1] = ["evaluation."];

/// Whether runs of one method may differ in a setting.
pub(super) fn is_free(key: &str) -> bool {
    FREE.contains(&key) || FREE_TABLES.iter().any(|table| key.starts_with(table))
}

/// Names the method of each run that a study has not named: its recipe or algorithm, and where runs of that differ within
/// a task the settings in which they do. What differs between tasks alone belongs to the recipe, as RLx2's sparsities do.
pub(super) fn methods(found: &mut [Found]) {
    let mut runs: Vec<&mut Run> = found.iter_mut().map(|found| &mut found.run).collect();
    let mut values: BTreeMap<(&str, &str, &str), BTreeSet<Option<&str>>> = BTreeMap::new();
    let keys: BTreeSet<(&str, &str)> = runs
        .iter()
        .filter(|run| run.method.is_empty())
        .flat_map(|run| {
            let keys = run.settings.iter().map(|(key, _)| key.as_str());
            keys.map(|key| (run.recipe.as_str(), key))
        })
        .filter(|(_, key)| !is_free(key))
        .collect();
    for run in runs.iter().filter(|run| run.method.is_empty()) {
        let own = keys.iter().filter(|(recipe, _)| *recipe == run.recipe);
        for (recipe, key) in own {
            let at = (*recipe, run.task.as_str(), *key);
            values.entry(at).or_default().insert(run.setting(key));
        }
    }
    let differ: BTreeSet<(String, String)> = values
        .iter()
        .filter(|(_, values)| values.len() > 1)
        .map(|((recipe, _, key), _)| ((*recipe).to_owned(), (*key).to_owned()))
        .collect();
    for run in runs.iter_mut().filter(|run| run.method.is_empty()) {
        let own = differ.iter().filter(|(recipe, _)| *recipe == run.recipe);
        let said = own.filter_map(|(_, key)| Some(format!("{key}={}", run.setting(key)?)));
        let parts: Vec<String> = [run.recipe.clone()].into_iter().chain(said).collect();
        run.method = parts.join(", ");
    }
}

/// Tells runs of the same task, method and seed after the first apart by their folder's name.
pub(super) fn twins(found: &mut [Found]) {
    let mut seen = BTreeSet::new();
    for Found { run, .. } in found {
        let mut twin = 1;
        let method = run.method.clone();
        while !seen.insert((run.task.clone(), run.method.clone(), run.seed)) {
            run.method = match twin {
                1 => format!("{method} ({})", run.name),
                _ => format!("{method} ({}, {twin})", run.name),
            };
            twin += 1;
        }
    }
}
