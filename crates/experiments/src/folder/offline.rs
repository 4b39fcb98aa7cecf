//! What lies in the folder of a run on a dataset, and in which folders one may begin.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use offline_prune::dataset::Dataset;

use super::kind::Kind;
use super::names::{
    BEST, CHECKPOINTS, CONFIG, DATASET, DEVICE, METRICS, NETWORKS, PICTURE, POLICY, PRUNING,
    RESUME, STATE, TABLE, TASK, is_events,
};

/// All files but TensorBoard's. Those by which a run is known go last: half of a run is still one.
const FILES: [&str; 12] = [
    STATE,
    NETWORKS,
    POLICY[0],
    POLICY[1],
    BEST[0],
    BEST[1],
    PRUNING,
    DEVICE,
    "task/task.toml",
    "task/files.sha256",
    METRICS,
    CONFIG,
];

/// What a dataset's data are known by, in the second line of `config.toml`.
pub(crate) fn content(dataset: &Dataset) -> String {
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
/// When it holds a run and may not, or one of another kind.
pub(crate) fn check(path: &Path, overwrite: bool) -> Result<()> {
    let place = path.display();
    offline(path)?;
    let there = [CONFIG].iter().chain(&FILES);
    match there.copied().find(|name| path.join(name).exists()) {
        Some(name) if !is_taken(path) => {
            bail!("{place} holds a file {name} of no run; choose another folder")
        }
        Some(CONFIG) if !overwrite => bail!(
            "{place} already holds a run; choose another folder, go on with it (--resume, or --continue), or overwrite it \
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
    Kind::of(&text(CONFIG)) == Some(Kind::Offline)
        || text(METRICS).starts_with("update,seconds")
        || text(TABLE).starts_with("env,algo,criterion")
}

/// Whether a run or a sweep writes a file of this path, relative to its folder.
pub(crate) fn is_own(name: &Path) -> bool {
    let mut names = FILES.iter().chain(&[TABLE, PICTURE]);
    names.any(|own| name == Path::new(own)) || name.to_str().is_some_and(is_events)
}

/// Refuses a folder with a run of another kind.
///
/// # Errors
/// When it holds one.
pub(crate) fn offline(path: &Path) -> Result<()> {
    let config = fs::read_to_string(path.join(CONFIG)).unwrap_or_default();
    if path.join(CHECKPOINTS).exists() || Kind::of(&config) == Some(Kind::Online) {
        let place = path.display();
        let command = Kind::Online.command();
        bail!("{place} holds a run of `{command}`; choose another folder");
    }
    Ok(())
}

/// Removes the files of a run, and nothing else.
///
/// # Errors
/// When one cannot be removed.
pub(crate) fn remove(path: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if is_events(&entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path())?;
        }
    }
    for file in FILES.map(|name| path.join(name)) {
        if file.exists() {
            fs::remove_file(&file)?;
        }
    }
    // Stays where something else is in it.
    let _ = fs::remove_dir(path.join(RESUME));
    let _ = fs::remove_dir(path.join(TASK));
    Ok(())
}

/// The place of the data that a run's settings name.
pub(crate) fn dataset(config: &str) -> Option<PathBuf> {
    let place = config.lines().find_map(|line| line.strip_prefix(DATASET));
    place.map(PathBuf::from)
}

/// The other way round: refuses a folder with a run on a dataset to a run in a task.
///
/// # Errors
/// When it holds one.
pub(crate) fn online(path: &Path) -> Result<()> {
    let (place, command) = (path.display(), Kind::Offline.command());
    let config = fs::read_to_string(path.join(CONFIG)).unwrap_or_default();
    if Kind::of(&config) == Some(Kind::Offline) {
        bail!("{place} holds a run of `{command}`; choose another folder");
    }
    match [PRUNING, POLICY[0], NETWORKS, TABLE]
        .iter()
        .find(|name| path.join(name).exists())
    {
        Some(name) => {
            bail!("{place} holds a run of `{command}` ({name}); choose another folder")
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::TASK_FILES;
    use super::*;

    #[test]
    fn files_of_no_run_are_never_replaced() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        fs::create_dir(folder.join(RESUME)).unwrap();
        fs::create_dir(folder.join(TASK)).unwrap();
        let of_the_task = TASK_FILES.map(|name| format!("{TASK}/{name}"));
        assert!(
            of_the_task
                .iter()
                .all(|name| FILES.contains(&name.as_str()))
        );
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
            assert!(is_own(Path::new(name)));
            fs::remove_file(&file).unwrap();
        }
        check(folder, false).unwrap();
        fs::write(folder.join(METRICS), "update,seconds,return_mean\n").unwrap();
        assert!(check(folder, false).is_err());
        check(folder, true).unwrap();
    }
}
