//! Which files are a run's: what proves that a folder holds one, and what goes when another takes its place. All others
//! are somebody else's and stay.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::checkpoint::{REPLAY, STATE};
use crate::files::{LOCK, UNFINISHED};
use crate::observe::EVENTS;
use crate::replay::is_of_log;
use crate::run_dir::{CHECKPOINTS, CONFIG, DEVICE, METRICS, POLICIES, RESUME};
use crate::{Error, Result};

/// What the file of a run's state begins with, in every version of its layout.
const STATE_BEGINS: &[u8] = b"SRLRUN";

/// The files by which a run is known, in the order in which they are looked at.
const KNOWN_BY: [(&[&str], fn(&Path) -> bool); 4] = [
    (&[CONFIG], is_configuration),
    (&[METRICS], has_metrics),
    (&[RESUME, STATE], is_state),
    (&[CHECKPOINTS, "latest.json"], is_checkpoint),
];

/// What stands in the place of a new run's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// A run.
    Run,
    /// A file of no run.
    Foreign(PathBuf),
}

/// Looks at a folder, which may be missing.
pub(crate) fn find(folder: &Path) -> Found {
    let place = |parts: &[&str]| {
        parts
            .iter()
            .fold(folder.to_owned(), |path, part| path.join(part))
    };
    if KNOWN_BY.iter().any(|(parts, proves)| proves(&place(parts))) {
        return Found::Run;
    }
    let taken = |name: &&str| match fs::symlink_metadata(folder.join(name)) {
        // A folder in which nothing is holds nobody's work.
        Ok(there) if there.is_dir() => {
            fs::read_dir(folder.join(name)).map_or(true, |mut entries| entries.next().is_some())
        }
        there => there.is_ok(),
    };
    let names = [CONFIG, METRICS, DEVICE, CHECKPOINTS, RESUME, POLICIES];
    match names.iter().find(|name| taken(name)) {
        Some(name) => Found::Foreign(folder.join(name)),
        None => Found::Nothing,
    }
}

/// Whether a file has the settings of a run, of this version or an earlier one.
fn is_configuration(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let settings: Table = toml::from_str(&text).unwrap_or_default();
    let named = |key: &str| settings.get(key).is_some_and(Value::is_str);
    named("env") && named("recipe") && settings.contains_key("steps")
}

/// Whether a file begins with the columns of a run's metrics.
fn has_metrics(file: &Path) -> bool {
    let beginning = beginning(file, 4096);
    let line = beginning.split(|byte| *byte == b'\n').next().unwrap_or(b"");
    let columns = String::from_utf8_lossy(line);
    let mut columns = columns.trim_end().split(',');
    ["step", "return_mean"]
        .iter()
        .all(|name| columns.clone().any(|column| column == *name))
        && columns.any(|column| column == "actor_density")
}

fn is_state(file: &Path) -> bool {
    beginning(file, STATE_BEGINS.len()) == STATE_BEGINS
}

fn is_checkpoint(file: &Path) -> bool {
    let text = fs::read(file).unwrap_or_default();
    serde_json::from_slice::<crate::run_dir::CheckpointInfo>(&text).is_ok()
}

/// The first bytes of a file; none of one that cannot be read.
fn beginning(file: &Path, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(file) {
        // What was read before an error is what there is.
        let _ = file.take(length as u64).read_to_end(&mut bytes);
    }
    bytes
}

/// Whether a run writes a file of this path, relative to its folder.
pub(crate) fn is_own(path: &Path) -> bool {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    let Some(mut parts) = parts else {
        return false;
    };
    if let Some(name) = parts.last_mut() {
        *name = name.strip_suffix(UNFINISHED).unwrap_or(name);
    }
    match parts[..] {
        [CONFIG | METRICS | DEVICE | LOCK] => true,
        [name] => is_events(name),
        [CHECKPOINTS, name] => name.rsplit_once('.').is_some_and(|(which, kind)| {
            ["latest", "best"].contains(&which) && ["safetensors", "json"].contains(&kind)
        }),
        [POLICIES, name] => name.strip_suffix(".safetensors").is_some_and(is_number),
        [RESUME, STATE] => true,
        [RESUME, REPLAY, name] => is_of_log(name),
        _ => false,
    }
}

/// Whether it is the name of an event file of this crate: others' names tell the host too.
fn is_events(name: &str) -> bool {
    let numbers = name
        .strip_prefix(EVENTS)
        .and_then(|rest| rest.split_once('.'));
    numbers.is_some_and(|(seconds, count)| is_number(seconds) && is_number(count))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Removes a run's files, those by which it is known last: half of a run is still one. Folders go where nothing else is
/// in them; the lock stays.
///
/// # Errors
/// [`Error::File`] when one cannot be removed.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    for name in [POLICIES, RESUME, CHECKPOINTS] {
        remove_below(folder, Path::new(name))?;
    }
    for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
        let entry = entry.map_err(Error::file(folder))?;
        if entry.file_name().to_str().is_some_and(is_events) {
            remove_file(&entry.path())?;
        }
    }
    for name in [DEVICE, METRICS, CONFIG] {
        remove_file(&folder.join(name))?;
    }
    Ok(())
}

/// Removes a run's files below `path`, a folder in the run's, and those folders that are then empty.
fn remove_below(folder: &Path, path: &Path) -> Result<()> {
    let place = folder.join(path);
    if !fs::symlink_metadata(&place).is_ok_and(|there| there.is_dir()) {
        return Ok(());
    }
    for entry in fs::read_dir(&place).map_err(Error::file(&place))? {
        let entry = entry.map_err(Error::file(&place))?;
        let path = path.join(entry.file_name());
        if is_own(&path) {
            remove_file(&entry.path())?;
        } else {
            remove_below(folder, &path)?;
        }
    }
    match fs::remove_dir(&place) {
        Err(error) if error.kind() != ErrorKind::DirectoryNotEmpty => {
            Err(Error::file(&place)(error))
        }
        _ => Ok(()),
    }
}

/// Removes a file, if it is there.
fn remove_file(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file(file)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_a_run_writes_are_its_own() {
        for own in [
            "config.toml",
            "config.toml.tmp",
            "metrics.csv",
            "device",
            "events.out.tfevents.1700000000.0",
            "checkpoints/best.safetensors",
            "checkpoints/latest.json",
            "policies/5000.safetensors",
            "resume/state.bin",
            "resume/state.bin.tmp",
            "resume/replay/slots-000000000063-2.bin",
        ] {
            assert!(is_own(Path::new(own)), "{own}");
        }
        for other in [
            "notes",
            "watch.gif",
            "a/config.toml",
            "events.out.tfevents.1700000000.host.12.0",
            "checkpoints/mine.safetensors",
            "checkpoints/best.gif",
            "policies/good.safetensors",
            "resume/notes",
        ] {
            assert!(!is_own(Path::new(other)), "{other}");
        }
    }

    #[test]
    fn a_run_is_what_its_files_prove() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        assert_eq!(find(&folder.join("absent")), Found::Nothing);
        fs::create_dir(folder.join("checkpoints")).unwrap();
        assert_eq!(find(folder), Found::Nothing);
        for (name, foreign, own) in [
            (
                "config.toml",
                "[server]\nenv = \"x\"\n",
                "env = \"a\"\nrecipe = \"rlx2\"\nsteps = 1\n",
            ),
            (
                "metrics.csv",
                "step,loss\n1,2\n",
                "step,return_mean,actor_density\n",
            ),
            ("resume/state.bin", "mine", "SRLRUN 1..."),
            (
                "checkpoints/latest.json",
                "{}",
                "{\"version\":\"0\",\"step\":1,\"updates\":1,\"return_mean\":0.5}",
            ),
        ] {
            let file = folder.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, foreign).unwrap();
            let first = name.split('/').next().unwrap();
            assert_eq!(find(folder), Found::Foreign(folder.join(first)));
            fs::write(&file, own).unwrap();
            assert_eq!(find(folder), Found::Run, "{name}");
            fs::remove_file(&file).unwrap();
        }
        assert_eq!(find(folder), Found::Nothing);
    }
}
