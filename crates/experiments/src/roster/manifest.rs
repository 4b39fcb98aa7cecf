//! The list of a study's runs: `manifest.jsonl`, a JSON object a line.
//!
//! A line holds all that a run is made from, so a worker needs no other file, and all that a reader groups runs by. Each
//! line says how many there are, so a manifest that was cut off is known as such.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most runs of a study.
pub const MOST_RUNS: usize = 100_000;

/// What a run learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Its task, as `train`.
    Online,
    /// A dataset, as `offline`.
    Offline,
}

/// A run of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Its place in the manifest, from 0.
    pub index: usize,
    /// Runs in the manifest.
    pub of: usize,
    /// Its name, and its folder's below `runs/`: for the eye the task, the method and the seed, and a hash of all settings.
    pub name: String,
    /// What it learns from.
    pub source: Source,
    /// Task, by Gymnasium's name; `none` of a dataset of no task.
    pub task: String,
    /// What is compared: the variant's name, or the recipe or algorithm, with what a grid sets.
    pub method: String,
    /// The recipe's full name, or the algorithm's.
    pub recipe: String,
    /// Seed of every stream of random numbers.
    pub seed: u64,
    /// Environment steps of an online run, updates of an offline one.
    pub length: u64,
    /// What computes it.
    pub device: String,
    /// What the study sets, by key, beside the seed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Value>,
    /// Where the data of an offline run lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The run of the study with whose networks it begins; its own are drawn where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_from: Option<InitFrom>,
    /// All settings, as the `config.toml` of a run has them.
    pub config: String,
}

impl Planned {
    /// What it learns from, by name: its dataset, else its task.
    #[must_use]
    pub fn learns_from(&self) -> &str {
        self.dataset.as_ref().unwrap_or(&self.task)
    }
}

/// What a new run takes of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Take {
    /// Connections and weights
    #[default]
    Networks,
    /// Connections, with weights that are drawn anew
    Connections,
    /// Connections, with the weights of step 0; 0 where there was none then
    Ticket,
}

/// What a run takes of another, which must be whole before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InitFrom {
    /// The other run's name.
    pub run: String,
    /// What is taken.
    pub take: Take,
}

/// The text of a manifest, with each run's place.
///
/// # Errors
/// When a value cannot be written as JSON.
pub fn to_text(runs: &[Planned]) -> Result<String> {
    let mut text = String::new();
    for (index, run) in runs.iter().enumerate() {
        let run = Planned {
            index,
            of: runs.len(),
            ..run.clone()
        };
        text += &serde_json::to_string(&run)?;
        text.push('\n');
    }
    Ok(text)
}

/// Reads a manifest.
///
/// # Errors
/// One line with the file, the line and what is wrong: no such file, a line that is no run, fewer lines than there were, a
/// name that is there twice or leads out of the folder.
pub fn read(path: &Path) -> Result<Vec<Planned>> {
    let place = path.display();
    let text = fs::read_to_string(path).with_context(|| place.to_string())?;
    let again = "`study plan FILE` writes it anew, and no run is lost";
    let mut runs: Vec<Planned> = Vec::new();
    let mut names = std::collections::HashSet::new();
    for (index, line) in text.lines().enumerate() {
        let at = index + 1;
        let run: Planned = serde_json::from_str(line).map_err(|error| {
            anyhow::anyhow!("{place}: line {at} is no run of a study: {error}; {again}")
        })?;
        if run.index != index {
            bail!(
                "{place}: line {at} is that of run {}: lines were moved or lost; {again}",
                run.index
            );
        }
        if !is_name(&run.name) {
            bail!(
                "{place}: line {at}: the name `{}` is no name of a folder; {again}",
                run.name
            );
        }
        if !names.insert(run.name.clone()) {
            bail!(
                "{place}: line {at}: the name `{}` is there twice; {again}",
                run.name
            );
        }
        runs.push(run);
    }
    let of = runs.first().map_or(0, |run| run.of);
    if runs.is_empty() {
        bail!("{place} is empty: it was cut off; {again}");
    }
    if runs.len() != of || runs.iter().any(|run| run.of != of) {
        bail!(
            "{place} has {} of {of} runs: it was cut off; {again}",
            runs.len()
        );
    }
    for (index, source) in sources(&runs).into_iter().enumerate() {
        let from = runs[index].init_from.as_ref();
        if let Some(from) = from.filter(|_| source.is_none_or(|source| source >= index)) {
            bail!(
                "{place}: line {}: it begins with the networks of `{}`, which is no run before it; {again}",
                index + 1,
                from.run
            );
        }
    }
    Ok(runs)
}

/// One run of a manifest, by its name, without a look at the others; none where no line is as [`to_text`] writes it.
///
/// # Errors
/// When the file cannot be read.
pub fn one(path: &Path, name: &str) -> Result<Option<Planned>> {
    let place = || path.display().to_string();
    let key = format!("\"name\":{}", serde_json::to_string(name)?);
    for line in BufReader::new(File::open(path).with_context(place)?).lines() {
        let line = line.with_context(place)?;
        if line.contains(&key) {
            let run: Option<Planned> = serde_json::from_str(&line).ok();
            if let Some(run) = run.filter(|run| run.name == name && is_name(name)) {
                return Ok(Some(run));
            }
        }
    }
    Ok(None)
}

/// The place of the run with whose networks each begins, if it does with another's.
#[must_use]
pub fn sources(runs: &[Planned]) -> Vec<Option<usize>> {
    let names = runs.iter().map(|run| run.name.as_str());
    let places: HashMap<&str, usize> = names.zip(0..).collect();
    let source = |run: &Planned| places.get(run.init_from.as_ref()?.run.as_str()).copied();
    runs.iter().map(source).collect()
}

/// The number of each run by which a study is cut into slices: its own, or that of the run at the head of those which
/// begin with each other's networks, so that one slice has them all.
#[must_use]
pub fn roots(runs: &[Planned]) -> Vec<usize> {
    let mut roots: Vec<usize> = Vec::with_capacity(runs.len());
    for (index, source) in sources(runs).into_iter().enumerate() {
        // A run stands behind its source.
        let root = source.and_then(|source| roots.get(source).copied());
        roots.push(root.unwrap_or(index));
    }
    roots
}

/// The first run of a manifest; none where it cannot be read.
#[must_use]
pub fn first(path: &Path) -> Option<Planned> {
    let mut line = String::new();
    BufReader::new(File::open(path).ok()?)
        .read_line(&mut line)
        .ok()?;
    serde_json::from_str(&line).ok()
}

/// Whether a text can name a folder of a run on any system.
fn is_name(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    !text.is_empty() && text.len() <= 200 && text.chars().all(good) && !text.starts_with('.')
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A run of a study, for tests.
    pub(crate) fn planned(name: &str, seed: u64) -> Planned {
        Planned {
            index: 0,
            of: 0,
            name: name.to_owned(),
            source: Source::Online,
            task: "Hopper-v5".to_owned(),
            method: "rlx2-td3".to_owned(),
            recipe: "rlx2-td3".to_owned(),
            seed,
            length: 100,
            device: "flex".to_owned(),
            settings: BTreeMap::from([("n_step.n".to_owned(), Value::from(2))]),
            dataset: None,
            init_from: None,
            config: "env = \"Hopper-v5\"\n".to_owned(),
        }
    }

    fn said(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.jsonl");
        fs::write(&path, text).unwrap();
        let line = format!("{:#}", read(&path).unwrap_err());
        assert!(
            line.contains("manifest.jsonl") && !line.contains('\n'),
            "{line}"
        );
        line
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.jsonl");
        let runs = [planned("a-s0", 0), planned("a-s1", 1)];
        let text = to_text(&runs).unwrap();
        assert_eq!(text.lines().count(), 2);
        fs::write(&path, text).unwrap();
        let back = read(&path).unwrap();
        assert_eq!((back[1].index, back[1].of), (1, 2));
        assert_eq!(back[0].settings, runs[0].settings);
        assert_eq!(back[1].config, runs[1].config);
    }

    #[test]
    fn wherever_a_manifest_is_cut_off_it_says_so() {
        let runs: Vec<Planned> = (0..3).map(|i| planned(&format!("a-s{i}"), i)).collect();
        let text = to_text(&runs).unwrap();
        for end in 0..text.len() - 1 {
            let line = said(&text[..end]);
            let told = line.contains("cut off") || line.contains("is no run of a study");
            assert!(told && line.contains("no run is lost"), "{line}");
        }
        // A whole line in the middle.
        let lines: Vec<&str> = text.lines().collect();
        assert!(said(&[lines[0], lines[2]].join("\n")).contains("line 2 is that of run 2"));
    }

    #[test]
    fn runs_that_begin_with_others_are_of_their_slice() {
        let after = |name: &str, run: &str| Planned {
            init_from: Some(InitFrom {
                run: run.to_owned(),
                take: Take::Ticket,
            }),
            ..planned(name, 0)
        };
        let runs = [
            planned("a", 0),
            planned("b", 0),
            after("c", "b"),
            after("d", "c"),
            after("e", "a"),
        ];
        assert_eq!(roots(&runs), [0, 1, 1, 1, 0]);
        let text = to_text(&runs).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.jsonl");
        fs::write(&path, text).unwrap();
        assert_eq!(read(&path).unwrap()[3].init_from, runs[3].init_from);
        for bad in [after("b", "nobody"), after("b", "b")] {
            let line = said(&to_text(&[planned("a", 0), bad]).unwrap());
            assert!(
                line.contains("line 2") && line.contains("no run before it"),
                "{line}"
            );
        }
        let line = said(&to_text(&[after("a", "b"), planned("b", 0)]).unwrap());
        assert!(line.contains("line 1") && line.contains("`b`"), "{line}");
    }

    #[test]
    fn one_run_is_found_by_its_name_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.jsonl");
        let mut runs = [planned("a-s1", 1), planned("a-s10", 10), planned("a", 0)];
        // What looks like another's name.
        runs[0].config = "x = \"\\\"name\\\":\\\"a\\\"\"\n".to_owned();
        runs[0].settings.insert("name".to_owned(), Value::from("a"));
        let text = to_text(&runs).unwrap();
        fs::write(&path, &text).unwrap();
        let all = read(&path).unwrap();
        for run in all {
            assert_eq!(one(&path, &run.name).unwrap(), Some(run));
        }
        assert_eq!(one(&path, "a-s").unwrap(), None);
        fs::write(&path, &text[..text.len() - 9]).unwrap();
        assert_eq!(one(&path, "a").unwrap(), None);
        assert!(one(&folder.path().join("none"), "a").is_err());
    }

    #[test]
    fn a_name_is_that_of_one_folder_below() {
        for bad in ["../x", "a/b", "", ".hidden", "a b"] {
            let text = to_text(&[planned(bad, 0)]).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("manifest.jsonl");
            fs::write(&path, &text).unwrap();
            assert_eq!(one(&path, bad).unwrap(), None);
            assert!(said(&text).contains("no name of a folder"), "{bad}");
        }
        let text = to_text(&[planned("a", 0), planned("a", 1)]).unwrap();
        assert!(said(&text).contains("line 2: the name `a` is there twice"));
    }
}
