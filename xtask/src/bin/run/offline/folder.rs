//! A run on disk: `config.toml`, `pruning.csv`, `metrics.csv`, `policy.safetensors` and `networks.safetensors`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};
use offline_prune::config::OfflineConfig;
use offline_prune::dataset::Dataset;
use offline_prune::train::{Evaluation, Start, Trained};
use offline_prune::{Error, Result as Offline};
use rl_algos::files::{Held, hold, put};
use sparse_core::record;

use super::layers;
use super::sweep::{PICTURE, TABLE};

/// What the line of `config.toml` that tells of the data begins with.
pub(super) const DATA: &str = "# data: ";

/// The settings, which an online run has under the same name.
pub(crate) const CONFIG: &str = "config.toml";
pub(super) const METRICS: &str = "metrics.csv";
pub(super) const PRUNING: &str = "pruning.csv";
/// Written last of all.
pub(super) const NETWORKS: &str = "networks.safetensors";
/// The policy, which reads the task's own observations.
pub(crate) const POLICY: &str = "policy.safetensors";

const FILES: [&str; 5] = [CONFIG, METRICS, PRUNING, POLICY, NETWORKS];

/// What a run of `cargo xtask train` has in its folder.
const ONLINE: [&str; 2] = ["checkpoints", "resume"];

/// The folder of a run.
pub(super) struct Folder {
    path: PathBuf,
    /// What `config.toml` is to say.
    config: String,
    /// Opened with the first evaluation, which names the columns.
    metrics: Option<csv::Writer<File>>,
    begun: Instant,
    /// That no other command writes here.
    held: Option<Held>,
}

impl Folder {
    /// A folder for a run on a dataset of this name with this [content], which holds none, or one that may be
    /// replaced. Nothing is touched before [`start`](Self::start).
    ///
    /// # Errors
    /// When it holds a run and may not, or one of another kind.
    pub(super) fn new(
        path: &Path,
        overwrite: bool,
        config: &OfflineConfig,
        [file, data]: [&str; 2],
    ) -> Result<Self> {
        check(path, overwrite)?;
        let settings = config.to_toml()?;
        Ok(Self {
            path: path.to_owned(),
            config: format!("# dataset: {file}\n{DATA}{data}\n{settings}"),
            metrics: None,
            begun: Instant::now(),
            held: None,
        })
    }

    /// Makes the folder, without what an old run left, and writes the settings and what pruning left.
    pub(super) fn start(&mut self, start: &Start) -> Offline<()> {
        self.begun = Instant::now();
        let place = |error: std::io::Error| fault(&self.path, &error);
        fs::create_dir_all(&self.path).map_err(place)?;
        self.held = Some(hold(&self.path)?);
        for name in FILES {
            let file = self.path.join(name);
            if file.exists() {
                fs::remove_file(&file).map_err(place)?;
            }
        }
        self.write(CONFIG, self.config.as_bytes())?;
        if start.pruning.is_empty() {
            return Ok(());
        }
        let csv = layers::csv(&start.pruning).map_err(|error| fault(&self.path, &error))?;
        self.write(PRUNING, &csv)
    }

    /// Puts a file in its place in one move.
    fn write(&self, name: &str, bytes: &[u8]) -> Offline<()> {
        Ok(put(&self.path.join(name), |file| file.write_all(bytes))?)
    }

    /// Adds a row.
    pub(super) fn evaluated(&mut self, evaluation: &Evaluation) -> Offline<()> {
        let file = self.path.join(METRICS);
        self.row(&file, evaluation)
            .map_err(|error| fault(&file, &error))
    }

    fn row(&mut self, file: &Path, evaluation: &Evaluation) -> Result<()> {
        let csv = match &mut self.metrics {
            Some(csv) => csv,
            none => {
                let mut csv = csv::Writer::from_path(file)?;
                let fixed = ["update", "seconds", "return_mean", "return_std"];
                let fixed = fixed.into_iter().chain(["episode_length", "score"]);
                csv.write_record(fixed.chain(evaluation.losses.iter().map(|(name, _)| *name)))?;
                none.insert(csv)
            }
        };
        let returns = evaluation.returns.as_ref();
        let returns = returns.map_or([f64::NAN; 3], |r| [r.mean, r.std, r.length]);
        let mut row = vec![evaluation.update.to_string()];
        row.push(format!("{:.2}", self.begun.elapsed().as_secs_f64()));
        let cell = |number: f64| match number.is_nan() {
            true => String::new(),
            false => number.to_string(),
        };
        row.extend(returns.map(cell));
        row.push(cell(evaluation.score.unwrap_or(f64::NAN)));
        row.extend(evaluation.losses.iter().map(|(_, loss)| cell(*loss)));
        csv.write_record(row)?;
        Ok(csv.flush()?)
    }

    /// Writes the networks and, where it is one network, the policy.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn finish(&self, trained: &Trained, dataset: &Dataset) -> Result<()> {
        if trained.agent.policy().is_ok() {
            self.write(POLICY, &trained.policy(dataset)?)?;
        }
        let networks = record::to_bytes(&trained.agent.networks())?;
        Ok(self.write(NETWORKS, &networks)?)
    }
}

/// What a dataset's data are known by, in the second line of `config.toml`.
pub(super) fn content(dataset: &Dataset) -> String {
    let rewards: f64 = dataset.rewards().iter().map(|r| f64::from(*r)).sum();
    // Not the observations, which an algorithm may normalise.
    let actions: f64 = dataset.actions().iter().map(|a| f64::from(a.abs())).sum();
    let terminals = (0..dataset.len()).filter(|row| dataset.is_terminal(*row));
    format!(
        "{} transitions in {} episodes, {} terminals; sums: rewards {rewards}, sizes of actions {actions}",
        dataset.len(),
        dataset.episodes().len(),
        terminals.count()
    )
}

/// Refuses a folder that holds a run, unless it is one that may be replaced, and a folder with files of no run that have
/// the names of a run's.
///
/// # Errors
/// As [`Folder::new`].
pub(super) fn check(path: &Path, overwrite: bool) -> Result<()> {
    let place = path.display();
    offline(path)?;
    let there = FILES.iter().find(|name| path.join(name).exists());
    match there {
        Some(name) if !is_taken(path) => {
            bail!("{place} holds a file {name} of no run; choose another folder")
        }
        Some(&CONFIG) if !overwrite => bail!(
            "{place} already holds a run; choose another folder, keep what is whole (--keep), or overwrite it \
             (--overwrite)"
        ),
        Some(name) if !overwrite => {
            bail!(
                "{place} holds a file {name}; choose another folder, or overwrite it (--overwrite)"
            )
        }
        _ => Ok(()),
    }
}

/// Whether a folder holds a run on a dataset, or a sweep of them, by what its files prove.
pub(crate) fn is_taken(folder: &Path) -> bool {
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let settings: toml::Table = toml::from_str(&text(CONFIG)).unwrap_or_default();
    let set = |key: &&str| settings.contains_key(*key);
    ["env", "algo", "updates"].iter().all(set)
        || text(CONFIG).lines().any(|line| line.starts_with(DATA))
        || text(METRICS).starts_with("update,seconds,return_mean")
        || text(TABLE).starts_with("env,algo,criterion")
}

/// Whether a run or a sweep writes a file of this path, relative to its folder.
pub(crate) fn is_own(name: &Path) -> bool {
    let names = FILES.iter().chain(&[TABLE, PICTURE]);
    names.into_iter().any(|own| name == Path::new(own))
}

/// Refuses a folder with a run of another kind.
///
/// # Errors
/// When it holds one.
pub(super) fn offline(path: &Path) -> Result<()> {
    if ONLINE.iter().any(|name| path.join(name).exists()) {
        let place = path.display();
        bail!("{place} holds a run of `cargo xtask train`; choose another folder");
    }
    Ok(())
}

/// The other way round: refuses a folder with a run on a dataset to a run in a task.
///
/// # Errors
/// When it holds one.
pub(crate) fn online(path: &Path) -> Result<()> {
    let place = path.display();
    let config = fs::read_to_string(path.join(CONFIG)).unwrap_or_default();
    if config.lines().any(|line| line.starts_with(DATA)) {
        bail!("{place} holds a run of `cargo xtask offline`; choose another folder");
    }
    match [PRUNING, POLICY, NETWORKS, TABLE]
        .iter()
        .find(|name| path.join(name).exists())
    {
        Some(name) => {
            bail!("{place} holds a run of `cargo xtask offline` ({name}); choose another folder")
        }
        None => Ok(()),
    }
}

fn fault(file: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::File {
        path: file.to_owned(),
        message: format!("{error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_no_run_are_never_replaced() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        for name in FILES {
            let file = folder.join(name);
            fs::write(&file, "name = \"mine\"\n").unwrap();
            for overwrite in [false, true] {
                let error = check(folder, overwrite).unwrap_err().to_string();
                assert!(
                    error.contains(name) && error.contains("of no run"),
                    "{error}"
                );
            }
            fs::remove_file(&file).unwrap();
        }
        check(folder, false).unwrap();
        fs::write(folder.join(METRICS), "update,seconds,return_mean\n").unwrap();
        assert!(check(folder, false).is_err());
        check(folder, true).unwrap();
    }
}
