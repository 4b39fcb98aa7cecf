//! The files of a run's task, where that is a file: a copy of it, and hashes of all, so that a change is noticed.

use std::fs;
use std::io::Write;
use std::path::Path;

use envs::Settings;
use envs::tasks::from_file;
use rl_algos::{Error, Result};
use sha2::{Digest, Sha256};

use super::names::{TASK, TASK_FILES};
use crate::disk::files::atomic_write;
use crate::terminal::tell::note;

/// Keeps what the task of a new run is made from.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn keep(run: &Path, env: &str, settings: &Settings) -> Result<()> {
    if !from_file::is_file(env) {
        return Ok(());
    }
    let folder = run.join(TASK);
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let [copy, hashes] = TASK_FILES.map(|name| folder.join(name));
    let text = fs::read(env).map_err(Error::file(Path::new(env)))?;
    atomic_write(&copy, |file| file.write_all(&text))?;
    let lines = listed(env, settings)?;
    atomic_write(&hashes, |file| file.write_all(lines.as_bytes()))
}

/// What changed of the task's files since the run began, in a sentence; nothing of a run that kept none.
///
/// # Errors
/// When a file cannot be read; where the task's own is not there, it is said what the path starts from.
fn change(run: &Path, env: &str, settings: &Settings) -> Result<Option<String>> {
    let [copy, hashes] = TASK_FILES.map(|name| run.join(TASK).join(name));
    if !from_file::is_file(env) || !hashes.exists() {
        return Ok(None);
    }
    if !Path::new(env).exists() {
        return Err(Error::file(Path::new(env))(format!(
            "there is no such file; {} is a run in the task of that file, whose path is taken from the folder in which a command \
             runs: run it where the run began ({} is the file as it was, without its model)",
            run.display(),
            copy.display()
        )));
    }
    let kept = fs::read_to_string(&hashes).map_err(Error::file(&hashes))?;
    // First the task's own: what is set may not fit another.
    let own = line(Path::new(env))?;
    let now = match kept.lines().all(|kept| kept != own) {
        true => own,
        false => listed(env, settings)?,
    };
    let other = now
        .lines()
        .find(|line| kept.lines().all(|kept| kept != *line));
    let gone = || {
        kept.lines()
            .find(|line| now.lines().all(|now| now != *line))
    };
    let changed = other.or_else(gone).and_then(|line| line.split_once("  "));
    Ok(changed.map(|(_, file)| {
        // Of all files the task's own alone is kept.
        let own = match file == env {
            true => format!(" ({} is the task as it was)", copy.display()),
            false => String::new(),
        };
        format!("{file} has changed since the run began; put it back{own}, or begin a new run")
    }))
}

/// Refuses to go on with a run whose task's files have changed since it began.
///
/// # Errors
/// With what has changed; as [`change`].
pub(crate) fn check(run: &Path, env: &str, settings: &Settings) -> Result<()> {
    match change(run, env, settings)? {
        Some(change) => Err(Error::file(run)(change)),
        None => Ok(()),
    }
}

/// As [`check`], told in a note: what only looks at a run goes on.
///
/// # Errors
/// As [`change`].
pub(crate) fn tell_change(run: &Path, env: &str, settings: &Settings) -> Result<()> {
    if let Some(change) = change(run, env, settings)? {
        note(&format!("note: {change}"));
    }
    Ok(())
}

/// What the files of a task hold, by which a study names its runs, wherever they lie; nothing of a task that is no file.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn contents(env: &str, settings: &Settings) -> Result<Option<String>> {
    if !from_file::is_file(env) {
        return Ok(None);
    }
    let digests = from_file::files(env, settings)?
        .into_iter()
        .map(|file| digest(&file));
    digests.collect::<Result<_>>().map(Some)
}

/// A line for each file: its SHA-256 and its path.
fn listed(env: &str, settings: &Settings) -> Result<String> {
    let mut lines = String::new();
    for file in from_file::files(env, settings)? {
        lines += &line(&file)?;
        lines += "\n";
    }
    Ok(lines)
}

/// The SHA-256 of a file, and its path.
fn line(file: &Path) -> Result<String> {
    Ok(format!("{}  {}", digest(file)?, file.display()))
}

/// The SHA-256 of a file, in hexadecimal digits.
fn digest(file: &Path) -> Result<String> {
    let bytes = fs::read(file).map_err(Error::file(file))?;
    let digest = Sha256::digest(&bytes);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_any_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let model = |damping: &str| {
            format!(
                "<mujoco><worldbody><body><joint name='x' type='slide' damping='{damping}'/><geom size='1'/></body>\
                 </worldbody><actuator><motor joint='x' ctrlrange='-1 1'/></actuator></mujoco>"
            )
        };
        let task = "model = \"x.xml\"\nobserve = [{ position = \"all\" }]\nreward.alive = { alive = true }\n";
        fs::write(path("x.toml"), task).unwrap();
        fs::write(path("x.xml"), model("1")).unwrap();
        let env = path("x.toml").display().to_string();
        let published = Settings::default();
        assert_eq!(change(&path("run"), &env, &published).unwrap(), None);
        keep(&path("run"), &env, &published).unwrap();
        assert_eq!(
            fs::read_to_string(path("run/task/task.toml")).unwrap(),
            task
        );
        assert_eq!(change(&path("run"), &env, &published).unwrap(), None);
        let held = |env: &str| contents(env, &published).unwrap();
        let was = held(&env);
        assert_eq!(was.as_ref().map(String::len), Some(128));
        for (file, text) in [
            ("x.xml", model("2")),
            ("x.toml", format!("{task}frame_skip = 2\n")),
        ] {
            let old = fs::read(path(file)).unwrap();
            fs::write(path(file), text).unwrap();
            assert_ne!(held(&env), was);
            let said = check(&path("run"), &env, &published)
                .unwrap_err()
                .to_string();
            assert!(
                said.contains(&format!("{file} has changed since the run began")),
                "{said}"
            );
            // A copy is kept of the task's own file alone.
            assert_eq!(said.contains("is the task as it was"), file == "x.toml");
            // Even where what is set does not fit it any more.
            if file == "x.toml" {
                let odd = Settings::default().with("observe[7].position", "x");
                let said = check(&path("run"), &env, &odd).unwrap_err().to_string();
                assert!(said.contains("x.toml has changed since"), "{said}");
            }
            fs::write(path(file), old).unwrap();
        }
        assert_eq!(change(&path("run"), &env, &published).unwrap(), None);
        assert_eq!(held(&env), was);
        // Another model that is set is one of the files.
        fs::write(path("y.xml"), model("3")).unwrap();
        let other = Settings::default().with("model", "y.xml");
        keep(&path("second"), &env, &other).unwrap();
        fs::write(path("y.xml"), model("4")).unwrap();
        let said = check(&path("second"), &env, &other)
            .unwrap_err()
            .to_string();
        assert!(said.contains("y.xml has changed since"), "{said}");
        // A path that leads nowhere from here.
        fs::remove_file(path("x.toml")).unwrap();
        let said = change(&path("run"), &env, &published)
            .unwrap_err()
            .to_string();
        assert!(said.contains("run it where the run began"), "{said}");
        assert!(said.contains("task.toml is the file as it was"), "{said}");
        // Other tasks have no files.
        assert_eq!(held("Hopper-v5"), None);
        keep(&path("other"), "Hopper-v5", &published).unwrap();
        assert!(!path("other").exists());
    }
}
