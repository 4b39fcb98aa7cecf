//! Folders that a user names: for a command's output, or of an existing run.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::names::CONFIG;

/// Most runs that an error names where a folder of several was given instead of one.
const NAMED: usize = 3;

/// Refuses a path at which no folder can be made, before anything is computed; `what` names it, such as `--out`.
///
/// # Errors
/// When it or a folder above it is a file, or it cannot be read.
pub(crate) fn folder(what: &str, path: &Path) -> Result<()> {
    let asked = path.display();
    for above in path.ancestors() {
        let here = match above.as_os_str().is_empty() {
            true => Path::new("."),
            false => above,
        };
        match fs::metadata(here) {
            Ok(there) if there.is_dir() => return Ok(()),
            Ok(_) if here == path => bail!("{what} {asked} is a file; choose a folder"),
            Ok(_) => bail!(
                "{what} {asked}: {} is a file; choose a folder elsewhere",
                here.display()
            ),
            Err(_) if fs::symlink_metadata(here).is_ok_and(|there| there.is_symlink()) => {
                bail!("{what} {asked}: {} is a link to nothing", here.display())
            }
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error).with_context(|| format!("{what} {asked}")),
        }
    }
    Ok(())
}

/// Refuses a path that is no folder of a run; the error says what it is.
///
/// # Errors
/// When it is a file, is missing, or holds no settings.
pub(crate) fn run(path: &Path) -> Result<()> {
    let asked = path.display();
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => {}
        Ok(_) => {
            let parent = path.parent().filter(|parent| parent.join(CONFIG).is_file());
            let meant = parent.map(|parent| format!(": {}", parent.display()));
            bail!(
                "{asked} is a file; give the folder of the run{}",
                meant.unwrap_or_default()
            )
        }
        Err(error) if is_absent(&error) => {
            bail!("{asked} holds no run: {CONFIG} is missing, and so is the folder")
        }
        Err(error) => return Err(error).with_context(|| asked.to_string()),
    }
    if path.join(CONFIG).exists() {
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(|| asked.to_string())?;
    let entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let mut runs: Vec<String> = entries
        .iter()
        .filter(|entry| entry.join(CONFIG).is_file())
        .map(|entry| entry.display().to_string())
        .collect();
    runs.sort();
    match (runs.len(), entries.len()) {
        (_, 0) => bail!("{asked} holds no run: the folder is empty"),
        (0, _) => bail!("{asked} holds no run: {CONFIG} is missing"),
        (count, _) => {
            runs.truncate(NAMED);
            let more = if count > NAMED { ", ..." } else { "" };
            bail!(
                "{asked} holds no run itself: {CONFIG} is missing; it holds runs in {}{more}",
                runs.join(", ")
            )
        }
    }
}

/// Whether there is nothing.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_no_folder_and_is_named() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path();
        let file = place.join("file");
        fs::write(&file, "mine").unwrap();
        for fine in [place.to_owned(), place.join("a/b/c"), "some/where".into()] {
            folder("--out", &fine).unwrap();
        }
        let error = folder("--out", &file).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("--out {} is a file; choose a folder", file.display())
        );
        let below = file.join("a/b");
        let error = folder("--out", &below).unwrap_err().to_string();
        let expected = format!("--out {}: {} is a file", below.display(), file.display());
        assert!(error.starts_with(&expected), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"mine");
    }

    #[test]
    fn what_is_no_run_is_told_as_what_it_is() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path();
        let said = |path: &Path| run(path).unwrap_err().to_string();
        assert!(said(&place.join("absent")).ends_with("so is the folder"));
        assert!(said(place).ends_with("the folder is empty"));
        fs::create_dir_all(place.join("s0")).unwrap();
        assert!(said(place).ends_with("holds no run: config.toml is missing"));
        fs::write(place.join("s0/config.toml"), "").unwrap();
        assert!(said(place).ends_with(&format!("in {}", place.join("s0").display())));
        run(&place.join("s0")).unwrap();
        let file = said(&place.join("s0/config.toml"));
        assert!(
            file.ends_with(&format!("of the run: {}", place.join("s0").display())),
            "{file}"
        );
    }
}
