//! A run's settings and evaluations. Of the settings only what names it counts, so runs of earlier versions are read too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use toml::{Table, Value};

use super::find::{Place, real};
use super::{Run, name_of};
use crate::folder::names::{CONFIG, DATA, DATASET, FROM, METRICS, TABLE};
use crate::paths::plain;

/// A run as it was read, with what tells it from others beside its settings.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) run: Run,
    /// The folder of the study or of the sweep that names its method.
    pub(super) origin: Option<PathBuf>,
    /// What the study sets for it, by key.
    pub(super) set: BTreeMap<String, String>,
    /// Where its data lie, and what they are known by, of a run on a dataset.
    pub(super) data: Option<[String; 2]>,
}

/// What is at a place.
pub(super) enum Read {
    /// A run, or those of a sweep.
    Runs(Vec<Found>),
    /// A run that has just begun.
    NoEvaluation,
}

/// Reads what is at a place.
///
/// # Errors
/// When a file cannot be read or is not as a run writes it.
pub(super) fn run(place: &Place) -> Result<Read> {
    let path = &place.path;
    let folder = match path.is_file() {
        true => path.parent().unwrap_or(Path::new("")),
        false => path.as_path(),
    };
    let settings = Settings::read(&folder.join(CONFIG))?;
    let name = match folder.as_os_str().is_empty() {
        true => name_of(path),
        false => name_of(folder),
    };
    if path.is_dir() && path.join(TABLE).is_file() {
        return sweep(path, &settings);
    }
    let metrics = match path.is_file() {
        true => path.clone(),
        false => path.join(METRICS),
    };
    if !metrics.exists() {
        return Ok(Read::NoEvaluation);
    }
    let Some(columns) = columns(&metrics)? else {
        return Ok(Read::NoEvaluation);
    };
    let run = described(path, &name, &settings.all, columns);
    let mut found = Found {
        data: settings.data,
        origin: None,
        set: BTreeMap::new(),
        run,
    };
    if let Some(of) = &place.of {
        found.run.method.clone_from(&of.method);
        found.origin = Some(of.folder.clone());
        found.set.clone_from(&of.set);
    }
    Ok(Read::Runs(vec![found]))
}

/// The dense run and the pruned ones of a sweep, each with a file of its own, `CRITERION-SPARSITY-sSEED.csv`.
fn sweep(path: &Path, settings: &Settings) -> Result<Read> {
    let entries = fs::read_dir(path).with_context(|| path.display().to_string())?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut runs = Vec::new();
    for file in files {
        let name = name_of(&file);
        let stem = name.strip_suffix(".csv").and_then(|s| s.rsplit_once("-s"));
        let Some((kept, seed)) = stem.and_then(|(kept, seed)| Some((kept, seed.parse().ok()?)))
        else {
            continue;
        };
        let Some(columns) = columns(&file)? else {
            continue;
        };
        let mut run = described(&file, &name, &settings.all, columns);
        run.method = format!("{} {}", run.recipe, kept.replace('-', " "));
        run.seed = seed;
        runs.push(Found {
            run,
            origin: Some(real(path)),
            set: BTreeMap::new(),
            data: settings.data.clone(),
        });
    }
    match runs.is_empty() {
        true => Ok(Read::NoEvaluation),
        false => Ok(Read::Runs(runs)),
    }
}

/// The settings of a run.
#[derive(Default)]
struct Settings {
    /// By dotted key.
    all: Vec<(String, String)>,
    /// Where its data lie, and what they are known by.
    data: Option<[String; 2]>,
}

impl Settings {
    /// None where there is no file.
    fn read(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Ok(Self::default());
        }
        let place = || path.display().to_string();
        let text = fs::read_to_string(path).with_context(place)?;
        let table: Table = toml::from_str(&text)
            .map_err(|error: toml::de::Error| anyhow!("{}: {}", place(), error.message()))?;
        let mut all = Vec::new();
        flatten("", &Value::Table(table), &mut all);
        let said = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
        // It began with networks that its settings do not tell of.
        let taken = said(FROM).and_then(|from| from.split(" of ").next());
        all.extend(taken.map(|taken| ("init-from".to_owned(), taken.to_owned())));
        let known = said(DATA).unwrap_or_default();
        Ok(Self {
            data: said(DATASET).map(|place| [place, known].map(str::to_owned)),
            all,
        })
    }
}

fn flatten(key: &str, value: &Value, all: &mut Vec<(String, String)>) {
    match value {
        Value::Table(table) => {
            for (name, value) in table {
                let key = match key {
                    "" => name.clone(),
                    _ => format!("{key}.{name}"),
                };
                flatten(&key, value, all);
            }
        }
        Value::String(text) => all.push((key.to_owned(), text.clone())),
        other => all.push((key.to_owned(), other.to_string())),
    }
}

/// Steps, whether they are updates, and the other columns.
struct Columns {
    offline: bool,
    steps: Vec<f64>,
    others: Vec<(String, Vec<f64>)>,
}

/// Columns that name a run and tell nothing of its course.
const LABELS: [&str; 1] = ["seed"];

/// Reads the evaluations; `None` where there is none yet.
fn columns(path: &Path) -> Result<Option<Columns>> {
    let place = || path.display().to_string();
    let mut reader = csv::Reader::from_path(path).with_context(place)?;
    let headers = reader.headers().with_context(place)?.clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    // Runs from a dataset count updates.
    let (step, offline) = match (column("step"), column("update")) {
        (Some(at), _) => (at, false),
        (None, Some(at)) => (at, true),
        (None, None) => bail!("{}: no column `step`", place()),
    };
    if column(super::RETURN).is_none() {
        bail!("{}: no column `{}`", place(), super::RETURN);
    }
    let mut read: Vec<Vec<f64>> = vec![Vec::new(); headers.len()];
    for record in reader.records() {
        let record = record.with_context(place)?;
        let line = record.position().map_or(0, csv::Position::line);
        for (at, values) in read.iter_mut().enumerate() {
            let word = record.get(at).unwrap_or("");
            let number = word.parse::<f64>().unwrap_or(f64::NAN);
            if at == step && !number.is_finite() {
                bail!("{}:{line}: `{word}` is no number", place());
            }
            if at == step && values.last().is_some_and(|last| *last >= number) {
                bail!(
                    "{}:{line}: step {word} comes after {}",
                    place(),
                    values[values.len() - 1]
                );
            }
            let told = word.is_empty() || ["nan", "inf", "-inf"].contains(&&*word.to_lowercase());
            if number.is_nan() && !told {
                bail!("{}:{line}: `{word}` is no number", place());
            }
            values.push(number);
        }
    }
    let steps = std::mem::take(&mut read[step]);
    if steps.is_empty() {
        return Ok(None);
    }
    let names = headers.iter().map(str::to_owned).zip(read);
    let others = names.filter(|(name, values)| !values.is_empty() && !LABELS.contains(&&**name));
    Ok(Some(Columns {
        offline,
        steps,
        others: others.collect(),
    }))
}

/// A run by its settings, else by its name.
fn described(path: &Path, name: &str, settings: &[(String, String)], columns: Columns) -> Run {
    let of = |key: &str| {
        let found = settings.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.clone())
    };
    // An algorithm without settings of its own is a word, one with settings a table.
    let table = settings
        .iter()
        .find_map(|(key, _)| key.strip_prefix("algo."));
    let algo = table.and_then(|rest| rest.split('.').next());
    let algo = of("algo").or_else(|| algo.map(|name| name.replace('_', "-")));
    let recipe = of("recipe").or(algo).unwrap_or_else(|| name.to_owned());
    Run {
        name: name.to_owned(),
        path: path.to_owned(),
        task: of("env").map_or_else(|| "none".to_owned(), |env| plain(&env)),
        method: String::new(),
        recipe,
        seed: of("seed").and_then(|seed| seed.parse().ok()).unwrap_or(0),
        offline: columns.offline,
        settings: settings.to_vec(),
        steps: columns.steps,
        columns: columns.others,
    }
}
