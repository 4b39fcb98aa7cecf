//! Which files of a folder are a run's, by name and place. Only these are ever replaced.

use std::fs;
use std::path::{Path, PathBuf};

use crate::disk::files::{LOCK, UNFINISHED};
use crate::disk::replay::is_of_log;
use crate::folder::names::{
    CHECKPOINTS, CONFIG, DEVICE, INITIAL, METRICS, POLICIES, REPLAY, RESUME, STATE_NAME, TASK,
    TASK_FILES, is_events, is_number,
};
use rl_algos::{Error, Result};

/// The files in the run's folder by which it is known, which go last: half of a run is still one.
const MARKS: [&str; 3] = [DEVICE, METRICS, CONFIG];

/// A folder within a run's, and which names in it are those of a run's files.
type Folder = (&'static [&'static str], fn(&str) -> bool);

/// All of them, those that lie deepest first.
const FOLDERS: [Folder; 6] = [
    (&[RESUME, REPLAY], is_of_log),
    (&[RESUME], |name| name == STATE_NAME),
    (&[POLICIES], |name| {
        name.strip_suffix(".safetensors").is_some_and(is_number)
    }),
    (&[CHECKPOINTS], |name| {
        let which = name.strip_suffix(".safetensors");
        let which = which.or(name.strip_suffix(".json"));
        name == INITIAL || which.is_some_and(|which| ["latest", "best"].contains(&which))
    }),
    (&[TASK], |name| TASK_FILES.contains(&name)),
    // TensorBoard would show them as part of the next run.
    (&[], is_events),
];

/// Whether a folder holds a run, or what a run would write over.
pub(super) fn is_taken(path: &Path) -> bool {
    let marks = [CONFIG, METRICS, RESUME];
    let mut weights = FOLDERS
        .iter()
        .filter(|(folder, _)| [&[CHECKPOINTS] as &[_], &[POLICIES]].contains(folder));
    marks.iter().any(|mark| path.join(mark).exists())
        || weights.any(|(folder, is_ours)| {
            // Its first networks alone are of a run that was killed before it had its settings.
            let is_of_run = |name: &str| is_ours(name) && name != INITIAL;
            let files = files(&within(path, folder), is_of_run);
            files.is_ok_and(|files| !files.is_empty())
        })
}

/// Refuses a folder with a file that only has the name of a run's.
///
/// # Errors
/// [`Error::File`] with that file.
pub(super) fn check(path: &Path) -> Result<()> {
    let [config, metrics] = [CONFIG, METRICS].map(|name| path.join(name));
    let read = |path: &Path| {
        let bytes = fs::read(path).ok();
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let device = path.join(DEVICE);
    let foreign = match (read(&config), read(&metrics)) {
        (Some(text), _) => {
            let has = |key: &str| text.lines().any(|line| line.starts_with(key));
            let ours = has("env = ") && has("recipe = ");
            (!ours).then_some((config, "configuration"))
        }
        (None, Some(text)) => {
            let ours = "step,updates,".starts_with(text.get(..13).unwrap_or(&text));
            (!ours).then_some((metrics, "metrics"))
        }
        // A run has its settings before it.
        (None, None) if device.exists() && !is_taken(path) => Some((device, "device")),
        (None, None) => None,
    };
    match foreign {
        None => Ok(()),
        Some((file, what)) => Err(Error::file(&file)(format!(
            "is not the {what} of a run, so nothing here is replaced; choose another folder"
        ))),
    }
}

/// Whether a run writes a file of this path, relative to its folder.
pub(super) fn is_own(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let name = name.strip_suffix(UNFINISHED).unwrap_or(name);
    let folder = path.parent().unwrap_or(Path::new(""));
    let mark = folder == Path::new("") && (MARKS.contains(&name) || name == LOCK);
    let mut folders = FOLDERS.iter();
    mark || folders.any(|(parts, is_ours)| within(Path::new(""), parts) == folder && is_ours(name))
}

/// Removes a run's files. What else lies there stays, and the folder that it lies in.
pub(super) fn remove(path: &Path) -> Result<()> {
    for (folder, is_ours) in FOLDERS {
        let folder = within(path, folder);
        for file in files(&folder, is_ours)? {
            fs::remove_file(&file).map_err(Error::file(&file))?;
        }
        if folder != path {
            // It stays where something lies in it.
            let _ = fs::remove_dir(folder);
        }
    }
    let mut marks = files(path, |name| MARKS.contains(&name))?;
    marks.sort_by_key(|file| MARKS.iter().position(|mark| file.ends_with(mark)));
    for file in marks {
        fs::remove_file(&file).map_err(Error::file(&file))?;
    }
    Ok(())
}

fn within(path: &Path, folders: &[&str]) -> PathBuf {
    folders
        .iter()
        .fold(path.to_owned(), |path, folder| path.join(folder))
}

/// The files of a folder with these names, finished or not; none where there is no folder.
fn files(folder: &Path, is_ours: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
        let path = entry.map_err(Error::file(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.strip_suffix(UNFINISHED).unwrap_or(&name);
        if is_ours(name) && !path.is_dir() {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_and_what_is_not_of_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let ours = [
            "config.toml",
            "metrics.csv",
            "metrics.csv.tmp",
            "device",
            "events.out.tfevents.1700000000.0",
            "checkpoints/latest.safetensors",
            "checkpoints/best.json",
            "checkpoints/best.json.tmp",
            "checkpoints/initial.safetensors",
            "task/task.toml",
            "task/files.sha256",
            "policies/300.safetensors",
            "resume/state.bin",
            "resume/state.bin.tmp",
            "resume/replay/slots-000000000000-1.bin",
        ];
        let theirs = [
            "notes.md",
            "metrics.changed.csv",
            "events.out.tfevents.1700000000.host.12.0",
            "checkpoints/mine.safetensors",
            "policies/good.safetensors",
            "resume/cv.pdf",
        ];
        assert!(ours.iter().all(|file| is_own(Path::new(file))));
        assert!(!theirs.iter().any(|file| is_own(Path::new(file))));
        assert!(!is_own(Path::new("a/config.toml")));
        for file in ours.iter().chain(&theirs) {
            let file = path.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        remove(path).unwrap();
        for file in ours {
            assert!(!path.join(file).exists(), "{file}");
        }
        for file in theirs {
            assert!(path.join(file).exists(), "{file}");
        }
        assert!(!path.join("resume/replay").exists());
    }

    #[test]
    fn what_a_run_would_write_over_takes_the_folder() {
        for (file, taken) in [
            ("config.toml", true),
            ("metrics.csv", true),
            ("resume/anything", true),
            ("checkpoints/best.safetensors", true),
            ("policies/300.safetensors", true),
            ("checkpoints/other.safetensors", false),
            ("checkpoints/initial.safetensors", false),
            ("device", false),
            ("notes.md", false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
            assert_eq!(is_taken(folder.path()), taken, "{file}");
        }
        assert!(!is_taken("nowhere".as_ref()));
    }

    #[test]
    fn files_of_others_under_the_same_names_are_told() {
        for (file, text, fine) in [
            (
                "config.toml",
                "env = \"Hopper-v5\"\nrecipe = \"x\"\nsteps = oops",
                true,
            ),
            ("config.toml", "[package]\nname = \"mine\"\n", false),
            ("metrics.csv", "step,updates,episodes\n", true),
            ("metrics.csv", "step", true),
            ("metrics.csv", "date,price\n", false),
            ("device", "mine", false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(file), text).unwrap();
            let checked = check(folder.path()).map_err(|error| error.to_string());
            assert_eq!(checked.is_ok(), fine, "{file}: {text}");
            let said = checked.err().unwrap_or_default();
            assert!(fine || said.contains(file), "{said}");
        }
    }
}
