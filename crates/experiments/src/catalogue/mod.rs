//! Every name that a user can choose, once: tasks, recipes, algorithms, rules, criteria and devices, each with a line on it
//! and where it comes from. Help, completions, errors and the book's tables read this.
//!
//! Where the libraries are linked they are asked, so that what a user has registered is among them. Without them the same
//! list is read from `catalogue.txt`, which a test writes from the libraries.

mod device;
#[cfg(feature = "run")]
mod libraries;

pub use device::Device;

use crate::paths;

/// What the path of a task's file ends on.
const TASK_FILE: &str = ".toml";

/// What the path of a model ends on.
const MODEL_FILE: &str = ".xml";

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A task of `envs`.
    Task,
    /// A recipe of `rl-algos`, without the algorithm on which its full name ends.
    Recipe,
    /// An algorithm that learns in a task.
    Algorithm,
    /// An algorithm that learns from a dataset.
    OfflineAlgorithm,
    /// What a weight is worth.
    Criterion,
    /// How connections move.
    Rule,
    /// What computes.
    Device,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Task,
        Self::Recipe,
        Self::Algorithm,
        Self::OfflineAlgorithm,
        Self::Criterion,
        Self::Rule,
        Self::Device,
    ];

    /// The word that the file has for it.
    #[cfg(any(not(feature = "run"), test))]
    fn tag(self) -> &'static str {
        match self {
            Self::OfflineAlgorithm => "offline-algorithm",
            _ => self.called()[0],
        }
    }

    /// What one of them is called, and what several are.
    fn called(self) -> [&'static str; 2] {
        match self {
            Self::Task => ["task", "tasks"],
            Self::Recipe => ["recipe", "recipes"],
            Self::Algorithm => ["algorithm", "algorithms"],
            Self::OfflineAlgorithm => ["algorithm", "algorithms"],
            Self::Criterion => ["criterion", "criteria"],
            Self::Rule => ["rule", "rules"],
            Self::Device => ["device", "devices"],
        }
    }
}

/// A name, with what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// What it is, in a line.
    pub about: String,
    /// Where it comes from.
    pub source: String,
}

/// All names of a kind.
#[must_use]
pub fn entries(kind: Kind) -> Vec<Entry> {
    #[cfg(feature = "run")]
    let entries = libraries::entries(kind);
    #[cfg(not(feature = "run"))]
    let entries = written(kind);
    entries
}

/// The names of a kind alone.
#[must_use]
pub fn names(kind: Kind) -> Vec<String> {
    entries(kind).into_iter().map(|entry| entry.name).collect()
}

/// The names of a kind in a sentence, with `word` before the last: `flex, ndarray or cuda`.
#[must_use]
pub fn listed(kind: Kind, word: &str) -> String {
    let names = names(kind);
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        _ => names.join(", "),
    }
}

/// The known name that a text means: case is forgiven, in a task's name hyphens and the newest version too. The path of a
/// task's file is a name, without what leads nowhere in it.
///
/// # Errors
/// When there is none; the error has the nearest names and all names.
pub fn find(kind: Kind, text: &str) -> Result<String, String> {
    if kind == Kind::Task && text.to_ascii_lowercase().ends_with(TASK_FILE) {
        return Ok(paths::plain(text));
    }
    if kind == Kind::Task && text.to_ascii_lowercase().ends_with(MODEL_FILE) {
        return Err("it is a model; `task new` with it writes the file of a task".to_owned());
    }
    let names = names(kind);
    let plain = |name: &str| match kind {
        Kind::Task => simple(name),
        _ => name.trim().to_ascii_lowercase(),
    };
    let wanted = plain(text);
    let exact = names.iter().find(|name| plain(name) == wanted);
    let newest = || {
        let mut tasks = names.iter().filter(|_| kind == Kind::Task);
        tasks.find(|name| unversioned(name).is_some_and(|name| simple(name) == wanted))
    };
    match exact.or_else(newest) {
        Some(name) => Ok(name.clone()),
        None => Err(unknown(kind, &names, &wanted)),
    }
}

/// A task's name as it is compared: letters and digits, in lower case.
fn simple(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A task's name without its version, if it has one.
fn unversioned(name: &str) -> Option<&str> {
    let (name, version) = name.rsplit_once("-v")?;
    version.parse::<u32>().is_ok().then_some(name)
}

/// The error of an unknown name, with the nearest names.
fn unknown(kind: Kind, names: &[String], wanted: &str) -> String {
    let [one, many] = kind.called();
    let wanted = simple(wanted);
    let far = |name: &str| strsim::damerau_levenshtein(&simple(name), &wanted);
    let distance = |name: &&String| far(name).min(unversioned(name).map_or(usize::MAX, far));
    let near = names
        .iter()
        .filter(|name| distance(name) <= 1 + wanted.len() / 4);
    let meant = match near.min_by_key(distance) {
        Some(name) => format!("; did you mean {name}?"),
        None => ";".to_owned(),
    };
    format!("unknown {one}{meant} known {many}: {}", names.join(", "))
}

/// The file: a line for each name, its columns separated by tabs.
#[cfg(any(not(feature = "run"), test))]
const WRITTEN: &str = include_str!("catalogue.txt");

/// What the file has of a kind.
#[cfg(any(not(feature = "run"), test))]
fn written(kind: Kind) -> Vec<Entry> {
    let line = |line: &'static str| {
        let mut columns = line.split('\t');
        let is = columns.next()? == kind.tag();
        let mut column = || columns.next().map(str::to_owned);
        let entry = Entry {
            name: column()?,
            about: column()?,
            source: column()?,
        };
        is.then_some(entry)
    };
    WRITTEN.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests;
