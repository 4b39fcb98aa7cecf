//! From the command line and a configuration file to the settings of runs: [`online`] of those in a task, [`offline`] of
//! those on a dataset, whose task [`task`] finds and whose keys [`keys`] knows; [`set`] reads single settings.

mod keys;
pub(crate) mod offline;
pub(crate) mod online;
pub(crate) mod set;
mod task;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use envs::tasks::from_file;
use toml::Table;

/// Bytes of a file with settings, at most.
const LONGEST: u64 = 1 << 20;

/// A short name of a task, for files and folders: of a file its own name without its ending.
pub(crate) fn label(env: &str) -> String {
    let stem = Path::new(env).file_stem().unwrap_or_default();
    let name = match from_file::is_file(env) {
        true => stem.to_string_lossy(),
        false => env.into(),
    };
    name.replace(['/', '\\'], "-")
}

/// The text of a file with settings.
///
/// # Errors
/// When it cannot be read, or is longer than any is: a device that never ends, say.
pub(crate) fn read(file: &Path) -> Result<String> {
    let place = || file.display().to_string();
    let mut text = String::new();
    let opened = File::open(file).with_context(place)?;
    opened
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .with_context(place)?;
    if text.len() as u64 > LONGEST {
        bail!(
            "{} is longer than {LONGEST} bytes, which no settings are",
            place()
        );
    }
    Ok(text)
}

/// Refuses a file that sets nothing: it was cut off, most likely, and would begin another run than was meant. Of one that
/// is no TOML nothing is known here.
///
/// # Errors
/// When there is no key in it.
pub(crate) fn check_set(file: &Path, given: Option<&Table>) -> Result<()> {
    if given.is_some_and(Table::is_empty) {
        let file = file.display();
        bail!("--config {file} sets nothing: it is empty; leave --config out for the defaults");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_no_settings() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("long.toml");
        std::fs::write(&long, "# \n".repeat(400_000)).unwrap();
        let error = read(&long).unwrap_err().to_string();
        assert!(error.contains("is longer than 1048576 bytes"), "{error}");
        if cfg!(unix) {
            assert!(read(Path::new("/dev/zero")).is_err());
        }
    }
}
