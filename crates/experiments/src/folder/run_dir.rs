//! A run on disk: `config.toml`, `metrics.csv`, `checkpoints/{latest,best}.{safetensors,json}`, the weights of step 0 in
//! `checkpoints/initial.safetensors`, and in `resume/` what a stopped run goes on from; if it keeps them, `policies/STEP.safetensors` of every evaluation; beside them, if it is
//! watched so, TensorBoard's `events.out.tfevents.*`, and `device` with the name of the device, if it is kept.
//!
//! Configurations and checkpoints are written beside their place and moved there, so a reader finds the old one or the
//! new one, never half of one. Every file that is read back has a checksum: a damaged or changed file is refused by
//! name, or, for `metrics.csv`, written anew. Nothing else in the folder is touched.

mod ours;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoints;
use super::names::{CHECKPOINTS, CONFIG, DEVICE, FROM, INITIAL, METRICS, POLICIES, RESUME};
use super::task_files;
use crate::disk::files::{atomic_write, lock_dir};
use crate::{Error, Result};
use rl_algos::config::TrainConfig;
use rl_algos::nets::check_networks;
use rl_algos::replay::Replay;

use crate::disk::seal;

/// The folder of a run.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
}

/// Which checkpoint of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoint {
    /// Of the last evaluation.
    Latest,
    /// Of the evaluation with the highest mean return.
    Best,
}

impl Checkpoint {
    fn name(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Best => "best",
        }
    }
}

/// Data of a checkpoint beside its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointInfo {
    /// [Version](crate::version::version) of the program that wrote it.
    pub version: String,
    /// Environment steps before it.
    pub step: u64,
    /// Updates before it.
    pub updates: u64,
    /// Mean return of the evaluation that it belongs to.
    pub return_mean: f64,
}

impl RunDir {
    /// Makes the folder of a new run and writes its configuration.
    ///
    /// # Errors
    /// As [`TrainConfig::validate`] and [`TrainConfig::validate_new_run`], when there is no task of this name or its networks
    /// would have layers without connections (with a global allocation that shows when they are drawn); before anything is
    /// touched. [`Error::RunExists`] when it holds a run and
    /// `overwrite` is false; with `overwrite` the old run's files go, and no other. [`rl_algos::Error::File`] when it cannot be
    /// written, is being written by a run that goes on, or has files of other programs under the names of a run's.
    pub fn create(path: &Path, config: &TrainConfig, overwrite: bool) -> Result<Self> {
        Self::create_from(path, config, overwrite, None)
    }

    /// As [`create`](Self::create), of a run that begins with other networks than it would draw: their
    /// [record](sparse_core::record), and a line on where they come from.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_from(
        path: &Path,
        config: &TrainConfig,
        overwrite: bool,
        networks: Option<(&[u8], &str)>,
    ) -> Result<Self> {
        config.validate()?;
        config.validate_new_run()?;
        let env = config.make_env()?;
        check_networks(
            config,
            [env.info().observation.len(), env.info().action.len()],
        )?;
        let from = networks.map_or(String::new(), |(_, from)| {
            format!("{FROM}{}\n", from.replace(['\n', '\r'], " "))
        });
        let text = seal::sealed(&format!("{from}{}", config.to_toml()?));
        // What is written can be read back.
        TrainConfig::from_toml(&text)?;
        let run = Self {
            path: path.to_owned(),
        };
        // Before anything is written there, and again when nobody else can write.
        Self::check_free(path, overwrite)?;
        fs::create_dir_all(path).map_err(Error::file(path))?;
        let _held = lock_dir(path)?;
        Self::check_free(path, overwrite)?;
        if Self::is_taken(path) {
            ours::remove(path)?;
        }
        let checkpoints = path.join(CHECKPOINTS);
        fs::create_dir_all(&checkpoints).map_err(Error::file(&checkpoints))?;
        // First the networks: a run whose settings are there begins with them.
        let initial = run.initial_path();
        match networks {
            Some((networks, _)) => replace(&initial, networks)?,
            // Those of a run that was killed before it had its settings.
            None if initial.exists() => fs::remove_file(&initial).map_err(Error::file(&initial))?,
            None => {}
        }
        task_files::keep(path, &config.env, &config.env_settings)?;
        replace(&run.config_path(), text.as_bytes())?;
        Ok(run)
    }

    /// Puts the run under other settings, of which its state knows.
    pub(super) fn put_under(&self, config: &TrainConfig) -> Result<()> {
        let path = self.config_path();
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let from = text.lines().find(|line| line.starts_with(FROM));
        let from = from.map_or(String::new(), |line| format!("{line}\n"));
        let text = seal::sealed(&format!("{from}{}", config.to_toml()?));
        replace(&path, text.as_bytes())
    }

    /// Whether a folder holds a run, which [`create`](Self::create) would refuse.
    #[must_use]
    pub fn is_taken(path: &Path) -> bool {
        ours::is_taken(path)
    }

    /// Refuses a folder that is not free for a new run, or whose files may not be replaced.
    ///
    /// # Errors
    /// [`rl_algos::Error::File`] when a file in it has the name of a run's file but is none; [`Error::RunExists`] when it holds a
    /// run and `overwrite` is false.
    pub fn check_free(path: &Path, overwrite: bool) -> Result<()> {
        ours::check(path)?;
        if Self::is_taken(path) && !overwrite {
            let path = path.to_owned();
            return Err(Error::RunExists { path });
        }
        Ok(())
    }

    /// Whether a run writes a file of this path, relative to its folder.
    #[must_use]
    pub fn is_own(path: &Path) -> bool {
        ours::is_own(path)
    }

    /// The folder of a run that is there, and its configuration.
    ///
    /// # Errors
    /// [`Error::NoRun`] when it holds none; [`rl_algos::Error::File`] when its configuration cannot be read or is not valid.
    pub fn open(path: &Path) -> Result<(Self, TrainConfig)> {
        let run = Self {
            path: path.to_owned(),
        };
        let file = run.config_path();
        if !file.exists() {
            return Err(Error::NoRun {
                path: path.to_owned(),
                missing: CONFIG,
            });
        }
        let text = fs::read_to_string(&file).map_err(Error::file(&file))?;
        let config = TrainConfig::from_toml(&text).map_err(Error::file(&file))?;
        if let Err(message) = seal::check(&text) {
            // The state of the run has its settings too, and so which of them changed, if any.
            let state = Checkpoints::is_of(&run.resume_path(), &config);
            state.unwrap_or(Err(message)).map_err(Error::file(&file))?;
        }
        Ok((run, config))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The configuration's file.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        self.path.join(CONFIG)
    }

    /// The metrics' file.
    #[must_use]
    pub fn metrics_path(&self) -> PathBuf {
        self.path.join(METRICS)
    }

    /// The folder with what a stopped run goes on from.
    #[must_use]
    pub fn resume_path(&self) -> PathBuf {
        self.path.join(RESUME)
    }

    /// The file with the name of the device that computes the run, if that is kept.
    #[must_use]
    pub fn device_path(&self) -> PathBuf {
        self.path.join(DEVICE)
    }

    /// Keeps the name of the device that computes the run, for resuming it. For a run that may be under way, an
    /// observer does this when the run [goes on](rl_algos::observe::Observer::on_start).
    ///
    /// # Errors
    /// [`rl_algos::Error::File`] when it cannot be written.
    pub fn keep_device(&self, name: &str) -> Result<()> {
        replace(&self.device_path(), format!("{name}\n").as_bytes())
    }

    /// The file of the weights of step 0; runs of versions before 0.2 have none.
    #[must_use]
    pub fn initial_path(&self) -> PathBuf {
        self.path.join(CHECKPOINTS).join(INITIAL)
    }

    /// Writes the weights of step 0, unless they are there.
    pub(super) fn keep_initial(&self, weights: &[u8]) -> Result<()> {
        match self.initial_path().exists() {
            true => Ok(()),
            false => replace(&self.initial_path(), weights),
        }
    }

    /// The file of a checkpoint's weights.
    #[must_use]
    pub fn weights_path(&self, which: Checkpoint) -> PathBuf {
        let name = format!("{}.safetensors", which.name());
        self.path.join(CHECKPOINTS).join(name)
    }

    /// The file of the actor that the evaluation after `step` steps saw, where the run keeps them.
    #[must_use]
    pub fn policy_path(&self, step: u64) -> PathBuf {
        self.path.join(POLICIES).join(format!("{step}.safetensors"))
    }

    /// Writes the actor of the evaluation after `step` steps.
    ///
    /// # Errors
    /// [`rl_algos::Error::File`] when it cannot be written.
    pub fn keep_policy(&self, step: u64, weights: &[u8]) -> Result<()> {
        let folder = self.path.join(POLICIES);
        fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        replace(&self.policy_path(step), weights)
    }

    /// Writes a checkpoint over the last of its kind.
    ///
    /// # Errors
    /// [`rl_algos::Error::File`] when it cannot be written; the last one stays then.
    pub fn save(&self, which: Checkpoint, weights: &[u8], info: &CheckpointInfo) -> Result<()> {
        let path = self.info_path(which);
        let info = serde_json::to_string_pretty(info).map_err(Error::file(&path))?;
        replace(&self.weights_path(which), weights)?;
        replace(&path, seal::sealed_json(&info).as_bytes())
    }

    /// What is known of a checkpoint.
    ///
    /// # Errors
    /// [`Error::NoRun`] when there is none, [`rl_algos::Error::File`] when it cannot be read.
    pub fn info(&self, which: Checkpoint) -> Result<CheckpointInfo> {
        let path = self.info_path(which);
        if !path.exists() {
            return Err(Error::NoRun {
                path: self.path.clone(),
                missing: match which {
                    Checkpoint::Latest => "checkpoints/latest.json",
                    Checkpoint::Best => "checkpoints/best.json",
                },
            });
        }
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let text = seal::unsealed_json(&text).map_err(Error::file(&path))?;
        serde_json::from_str(&text).map_err(Error::file(&path))
    }

    /// The replay of the last stop or evaluation, and the environment steps before it: each step stored one
    /// transition, so the newest is of that step, and the oldest says how many are forgotten. `config` is the run's,
    /// as [`open`](Self::open) gives it.
    ///
    /// # Errors
    /// [`Error::NoRun`] when none was written, [`rl_algos::Error::File`] when it is damaged or of another configuration.
    pub fn replay(&self, config: &TrainConfig) -> Result<(Replay, u64)> {
        // A run under way may remove a file of the state that was read: then there is a newer one.
        let mut stored = Checkpoints::open(&self.resume_path(), config);
        for _ in 0..2 {
            if stored.is_err() {
                stored = Checkpoints::open(&self.resume_path(), config);
            }
        }
        let stored = stored?.and_then(|(_, run, replay)| Some((replay?, run.state.progress.step)));
        stored.ok_or_else(|| Error::NoRun {
            path: self.path.clone(),
            missing: "a replay (resume/state.bin)",
        })
    }

    fn info_path(&self, which: Checkpoint) -> PathBuf {
        let name = format!("{}.json", which.name());
        self.path.join(CHECKPOINTS).join(name)
    }
}

/// Puts a file in its place in one move.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(atomic_write(path, |file| file.write_all(bytes))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::EVENTS;
    use rl_algos::recipes;

    #[test]
    fn files_of_no_run_are_never_in_its_place() {
        let config = recipes::named("rlx2", "Hopper-v5").unwrap();
        for name in ["config.toml", "metrics.csv", "device"] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, b"mine").unwrap();
            for overwrite in [false, true] {
                let error = RunDir::create(folder.path(), &config, overwrite).unwrap_err();
                assert!(
                    error.to_string().contains("nothing here is replaced"),
                    "{error}"
                );
            }
            assert_eq!(fs::read(&file).unwrap(), b"mine");
            let there = fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(there, 1, "{name}: nothing is written beside it");
        }
    }

    #[test]
    fn a_run_without_its_settings_is_still_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("resume")).unwrap();
        fs::write(folder.path().join("resume/state.bin"), b"SRLRUN 2...").unwrap();
        let config = recipes::named("rlx2", "Hopper-v5").unwrap();
        let error = RunDir::create(folder.path(), &config, false).unwrap_err();
        assert!(matches!(error, Error::RunExists { .. }), "{error}");
        assert!(!folder.path().join("config.toml").exists());
        RunDir::create(folder.path(), &config, true).unwrap();
        assert!(!folder.path().join("resume").exists());
    }

    /// As when a process is killed between both.
    #[test]
    fn networks_without_settings_are_no_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let initial = path.join("checkpoints/initial.safetensors");
        fs::create_dir(path.join("checkpoints")).unwrap();
        fs::write(&initial, b"of another").unwrap();
        let config = recipes::named("rlx2", "Hopper-v5").unwrap();
        let from = Some((b"networks".as_slice(), "ticket of runs/a"));
        let run = RunDir::create_from(path, &config, false, from).unwrap();
        assert_eq!(fs::read(run.initial_path()).unwrap(), b"networks");
        fs::remove_file(run.config_path()).unwrap();
        RunDir::create(path, &config, false).unwrap();
        assert!(!initial.exists());
    }

    #[test]
    fn a_run_is_refused_kept_and_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/a");
        let config = recipes::named("rlx2", "Hopper-v5").unwrap();
        let run = RunDir::create(&path, &config, false).unwrap();
        let info = CheckpointInfo {
            version: "0".into(),
            step: 5,
            updates: 3,
            return_mean: 1.5,
        };
        run.save(Checkpoint::Best, b"weights", &info).unwrap();
        assert_eq!(run.info(Checkpoint::Best).unwrap(), info);
        let error = RunDir::create(&path, &config, false).unwrap_err();
        assert!(error.to_string().contains("--overwrite"), "{error}");
        assert_eq!(run.info(Checkpoint::Best).unwrap(), info);
        assert_eq!(RunDir::open(&path).unwrap().1, config);
        let own = [
            "checkpoints/best.safetensors.tmp",
            "policies/5.safetensors",
            "resume/state.bin",
        ];
        let foreign = [
            "notes",
            "checkpoints/mine",
            "policies/good.safetensors",
            "resume/notes",
        ];
        let events = [format!("{EVENTS}1.0"), format!("{EVENTS}1.host.2.0")];
        for name in own
            .iter()
            .chain(&foreign)
            .copied()
            .chain(events.iter().map(String::as_str))
        {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, b"").unwrap();
        }
        RunDir::create(&path, &config, true).unwrap();
        assert!(own.iter().all(|name| !path.join(name).exists()));
        assert!(foreign.iter().all(|name| path.join(name).exists()));
        assert_eq!(events.map(|name| path.join(name).exists()), [false, true]);
        assert!(run.info(Checkpoint::Best).is_err());
        assert!(RunDir::open(folder.path()).is_err());
    }
}
