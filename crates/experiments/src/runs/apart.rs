//! Runs of several datasets, studies or sweeps in one set: what has one name and is not the same is told apart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::label::is_free;
use super::read::Found;
use crate::paths::{differing, plain};

/// What a study or a sweep calls a method, and what the set calls it.
pub(super) type Called = BTreeMap<(PathBuf, String), String>;

/// Names the dataset behind the task where runs of one task learned from several.
pub(super) fn datasets(found: &mut [Found]) {
    // The same data have one name, wherever they lie.
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    let places: Vec<Option<String>> = found
        .iter()
        .map(|found| {
            let data = found.data.as_ref()?;
            Some(match data[1].as_str() {
                "" => plain(&data[0]),
                known => first
                    .entry(known)
                    .or_insert_with(|| plain(&data[0]))
                    .clone(),
            })
        })
        .collect();
    let mut tasks: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (found, place) in found.iter().zip(&places) {
        if let Some(place) = place {
            let task = tasks.entry(found.run.task.clone()).or_default();
            task.insert(place);
        }
    }
    for (found, place) in found.iter_mut().zip(&places) {
        let Some((place, all)) = place.as_deref().zip(tasks.get(&found.run.task)) else {
            continue;
        };
        let all: Vec<&str> = all.iter().copied().collect();
        let at = all.iter().position(|other| *other == place);
        if let Some(at) = at.filter(|_| all.len() > 1) {
            let name = &differing(&all)[at];
            found.run.task = format!("{} ({name})", found.run.task);
        }
    }
}

/// The task itself, of a name that [`datasets`] gave.
pub(super) fn env(task: &str) -> &str {
    task.split(" (").next().unwrap_or(task)
}

/// Names the study behind a method that several call so, unless the runs of all can be runs of one: they have the same
/// settings, and no seed of a task twice.
pub(super) fn studies(found: &mut [Found]) -> Called {
    let mut methods: BTreeMap<String, BTreeMap<Option<PathBuf>, Vec<&Found>>> = BTreeMap::new();
    for one in found.iter() {
        let method = methods.entry(one.run.method.clone()).or_default();
        method.entry(one.origin.clone()).or_default().push(one);
    }
    let mut called = Called::new();
    for (method, origins) in &methods {
        let groups: Vec<Group> = origins.values().map(|all| Group::of(all)).collect();
        let mut pairs = (1..groups.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        if pairs.all(|(a, b)| groups[a].is_same(&groups[b])) {
            continue;
        }
        let folders: Vec<&PathBuf> = origins.keys().flatten().collect();
        let texts: Vec<String> = folders
            .iter()
            .map(|folder| folder.to_string_lossy().into_owned())
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for (folder, name) in folders.into_iter().zip(differing(&texts)) {
            let key = (folder.clone(), method.clone());
            called.insert(key, format!("{method} ({name})"));
        }
    }
    for one in found {
        let Some(origin) = &one.origin else { continue };
        let key = (origin.clone(), one.run.method.clone());
        if let Some(name) = called.get(&key) {
            one.run.method.clone_from(name);
        }
    }
    called
}

/// The runs that a study calls the same.
struct Group<'a> {
    recipes: BTreeSet<&'a str>,
    /// Of each task, the seeds, and the settings that are the same for all runs of a method.
    tasks: BTreeMap<&'a str, (BTreeSet<u64>, BTreeSet<Settings<'a>>)>,
    /// What the study sets; none of runs of no study.
    set: Option<Settings<'a>>,
}

type Settings<'a> = BTreeMap<&'a str, &'a str>;

impl<'a> Group<'a> {
    fn of(all: &[&'a Found]) -> Self {
        let bound = |pairs: &mut dyn Iterator<Item = (&'a String, &'a String)>| -> Settings<'a> {
            let pairs = pairs.filter(|(key, _)| !is_free(key));
            pairs.map(|(key, value)| (&**key, &**value)).collect()
        };
        let mut tasks: BTreeMap<&str, (BTreeSet<u64>, BTreeSet<Settings>)> = BTreeMap::new();
        for Found { run, .. } in all {
            let (seeds, settings) = tasks.entry(&run.task).or_default();
            seeds.insert(run.seed);
            let mut pairs = run.settings.iter().map(|(key, value)| (key, value));
            settings.insert(bound(&mut pairs));
        }
        let first = all.first().filter(|one| one.origin.is_some());
        Self {
            recipes: all.iter().map(|one| one.run.recipe.as_str()).collect(),
            tasks,
            set: first.map(|one| bound(&mut one.set.iter())),
        }
    }

    /// Whether the runs of both can be those of one method.
    fn is_same(&self, other: &Self) -> bool {
        let mut is_shared = false;
        for (task, (seeds, settings)) in &self.tasks {
            if let Some((others, theirs)) = other.tasks.get(task) {
                is_shared = true;
                if !seeds.is_disjoint(others) || settings != theirs {
                    return false;
                }
            }
        }
        // What differs between tasks alone belongs to the recipe, unless the studies set it.
        let mut sets = self.set.iter().zip(&other.set);
        self.recipes == other.recipes && (is_shared || sets.all(|(own, other)| own == other))
    }
}
