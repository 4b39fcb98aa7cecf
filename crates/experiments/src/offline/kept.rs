//! What earlier commands left: complete runs and interrupted ones.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;
use offline_prune::train::{State, reference};
use rl_algos::nets::BatchShape;
use toml::{Table, Value};

use super::job::{job, pruned};
use super::stored::Stored;
use super::writer::{Data, Folder};
use super::{LAST, Outcome};
use crate::folder::names::{CONFIG, DATA, DEVICE, METRICS, NETWORKS, PRUNING, STATE};
use crate::folder::offline as folder;
use crate::folder::task_files;

/// A run in a folder of runs.
pub(super) struct Kept {
    /// Its folder's name.
    pub(super) name: String,
    pub(super) config: OfflineConfig,
    pub(super) outcome: Outcome,
}

/// The settings of a run from data of this [content](folder::content); none where there is no run.
///
/// # Errors
/// When the folder holds a run of another kind, or from other data, or one whose settings cannot be read.
fn settings(path: &Path, content: &str) -> Result<Option<OfflineConfig>> {
    let file = path.join(CONFIG);
    if !file.exists() {
        folder::check(path, false)?;
        return Ok(None);
    }
    folder::offline(path)?;
    let place = || file.display().to_string();
    let text = fs::read_to_string(&file).with_context(place)?;
    let data = text.lines().find_map(|line| line.strip_prefix(DATA));
    if data != Some(content) {
        bail!(
            "{} learned from other data ({}; these are {content}); choose another folder",
            path.display(),
            data.unwrap_or("it does not say which")
        );
    }
    Ok(Some(OfflineConfig::from_toml(&text).with_context(place)?))
}

/// The result of the run in a folder, if it is complete; complete or not, it must have these settings.
///
/// # Errors
/// As [`others`], and when it has other settings.
pub(super) fn whole(
    path: &Path,
    asked: &OfflineConfig,
    dataset: &Dataset,
    data: &Data,
) -> Result<Option<Outcome>> {
    let Some(config) = settings(path, &data.content)? else {
        return Ok(None);
    };
    same(path, &config, asked)?;
    outcome(path, &config, dataset, data)
}

/// The folder of a run that is to be whole, and what it goes on from: that of the run that was cut off there, if it left
/// a state; else of one from the beginning.
///
/// # Errors
/// When another command writes there, or what it goes on from is damaged or was computed on another device.
pub(super) fn begin(
    path: &Path,
    config: &OfflineConfig,
    data: &Data,
    device: &str,
) -> Result<(Folder, Option<State>)> {
    if path.join(STATE).exists() {
        let named = fs::read_to_string(path.join(DEVICE)).unwrap_or_default();
        let named = named.trim();
        if !named.is_empty() && named != device {
            bail!(
                "the run in {} was computed on {named}: add --device {named}, or make it anew with --overwrite",
                path.display()
            );
        }
        check_task(path, config)?;
        let (folder, state) = Folder::go_on(path, config, data)?;
        if state.is_some() {
            return Ok((folder, state));
        }
    }
    Ok((Folder::new(path, true, config, data, device)?, None))
}

/// The whole runs of a folder besides those named. All must be runs of `base` with another seed, criterion or sparsity,
/// in the folder that such a run has.
///
/// # Errors
/// When one has other settings, learned from other data, or cannot be read.
pub(super) fn others(
    folder: &Path,
    named: &[&str],
    base: &OfflineConfig,
    dataset: &Dataset,
    data: &Data,
) -> Result<Vec<Kept>> {
    let mut kept = Vec::new();
    let place = || folder.display().to_string();
    let entries = fs::read_dir(folder).with_context(place)?;
    let paths = entries.map(|entry| Ok(entry.with_context(place)?.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<Result<_>>()?;
    paths.sort();
    for path in paths.iter().filter(|path| path.join(CONFIG).exists()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(config) = settings(path, &data.content)?.filter(|_| !named.contains(&&*name))
        else {
            continue;
        };
        let (criterion, sparsity) = pruned(&config);
        let criterion = Some(criterion).filter(|_| sparsity > 0.0);
        let pruning = crate::settings::offline::pruned(base, criterion.as_ref(), Some(sparsity))?;
        let fitting = job(base, config.seed, pruning);
        let place = path.display();
        same(path, &config, &fitting.config).with_context(|| {
            format!("{place} is none of the runs that are asked for, and cannot stand beside them")
        })?;
        if fitting.name != name {
            bail!(
                "{place} holds a copy of {}; move it elsewhere",
                fitting.name
            );
        }
        if let Some(outcome) = outcome(path, &config, dataset, data)? {
            kept.push(Kept {
                name: name.into_owned(),
                config,
                outcome,
            });
        }
    }
    Ok(kept)
}

/// Refuses a task whose files changed since the run began.
fn check_task(path: &Path, config: &OfflineConfig) -> Result<()> {
    Ok(task_files::check(path, &config.env, &config.env_settings)?)
}

/// Refuses other settings, and names the first that is another.
fn same(path: &Path, there: &OfflineConfig, asked: &OfflineConfig) -> Result<()> {
    check_task(path, asked)?;
    let table = |config: &OfflineConfig| Table::try_from(config);
    if let Some((key, there, asked)) = difference(&table(there)?, &table(asked)?, "") {
        bail!(
            "{} has {key} = {there}, not {asked}; choose another folder for runs with other settings",
            path.display()
        );
    }
    Ok(())
}

/// The first key whose values differ, and both.
fn difference(a: &Table, b: &Table, section: &str) -> Option<(String, String, String)> {
    let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
    for key in keys {
        let path = format!("{section}{key}");
        match (a.get(key), b.get(key)) {
            (Some(Value::Table(a)), Some(Value::Table(b))) => {
                let found = difference(a, b, &format!("{path}."));
                if found.is_some() {
                    return found;
                }
            }
            (a, b) if a == b => {}
            (a, b) => {
                let said = |value: Option<&Value>| value.map_or("nothing".into(), Value::to_string);
                return Some((path, said(a), said(b)));
            }
        }
    }
    None
}

/// The result of a run; `None` for one that was interrupted, or whose metrics are not those that it wrote.
///
/// # Errors
/// When it learned from other data.
fn outcome(
    path: &Path,
    config: &OfflineConfig,
    dataset: &Dataset,
    data: &Data,
) -> Result<Option<Outcome>> {
    if !path.join(NETWORKS).exists() {
        return Ok(None);
    }
    let Some(stored) = Stored::read(path)? else {
        return by_metrics(path, config, dataset);
    };
    let run = &stored.run;
    run.fits(config, &data.digest)
        .with_context(|| path.display().to_string())?;
    let metrics = fs::read_to_string(path.join(METRICS)).unwrap_or_default();
    if run.updates() < config.updates || metrics != stored.metrics {
        return Ok(None);
    }
    let weights = weights(path, config, dataset)?;
    let (returns, reference) = (&run.train.returns, reference(config, dataset));
    let outcome = Outcome::of(run.updates(), returns, reference, weights, stored.seconds);
    Ok(Some(outcome))
}

/// The result of a run of a version that kept no record of its own.
fn by_metrics(path: &Path, config: &OfflineConfig, dataset: &Dataset) -> Result<Option<Outcome>> {
    let columns = ["update", "seconds", "return_mean", "score"];
    let rows = numbers(&path.join(METRICS), columns)?;
    let Some(last) = rows
        .last()
        .filter(|row| row[0] == Some(config.updates as f64))
    else {
        return Ok(None);
    };
    let told = &rows[rows.len().saturating_sub(LAST)..];
    let mean = |column: usize| -> Option<f64> {
        let sum: Option<f64> = told.iter().map(|row| row[column]).sum();
        sum.map(|sum| sum / told.len() as f64)
    };
    Ok(Some(Outcome {
        updates: config.updates,
        returns: mean(2),
        score: mean(3),
        weights: weights(path, config, dataset)?,
        seconds: last[1].unwrap_or(f64::NAN),
    }))
}

/// Weights that were trained, and weights of the dense networks.
fn weights(path: &Path, config: &OfflineConfig, dataset: &Dataset) -> Result<(usize, usize)> {
    let file = path.join(PRUNING);
    if file.exists() {
        let rows = numbers(&file, ["kept", "weights"])?;
        let sum = |column: usize| rows.iter().filter_map(|row| row[column]).sum::<f64>() as usize;
        return Ok((sum(0), sum(1)));
    }
    let rows = BatchShape {
        obs_dim: dataset.observation_size(),
        act_dim: dataset.action_size(),
        device: Device::default(),
    };
    let networks = config.shapes(&rows).into_iter();
    let layers = networks.flat_map(|network| {
        let pairs = network.sizes.windows(2).map(|pair| pair[0] * pair[1]);
        pairs.collect::<Vec<_>>()
    });
    let all = layers.sum();
    Ok((all, all))
}

/// The numbers in some columns of a table; none where a cell is empty.
fn numbers<const N: usize>(file: &Path, columns: [&str; N]) -> Result<Vec<[Option<f64>; N]>> {
    let place = || file.display().to_string();
    let mut reader = csv::Reader::from_path(file).with_context(place)?;
    let headers = reader.headers().with_context(place)?.clone();
    let at = columns.map(|name| headers.iter().position(|header| header == name));
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.with_context(place)?;
        rows.push(at.map(|at| at.and_then(|at| record.get(at)?.parse().ok())));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_other_setting_is_named_with_its_section() {
        let one = OfflineConfig::new("td3-bc".parse().unwrap(), "Hopper-v5");
        let mut other = one.clone();
        let path = Path::new("runs/x");
        assert!(same(path, &one, &other).is_ok());
        other.learning.batch_size = 100;
        let error = same(path, &one, &other).unwrap_err().to_string();
        let expected = "runs/x has learning.batch_size = 256, not 100; choose";
        assert!(error.starts_with(expected), "{error}");
        other.learning.batch_size = 256;
        other.pruning = Some(Default::default());
        let error = same(path, &one, &other).unwrap_err().to_string();
        assert!(
            error.starts_with("runs/x has pruning = nothing, not {"),
            "{error}"
        );
    }
}
