//! The files of the project: those that git tracks and those that it would.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// One file of the project.
pub(crate) struct File {
    /// Path from the root, with `/`.
    pub(crate) path: String,
    /// Its text; `None` for a binary file.
    pub(crate) text: Option<String>,
}

/// Every file that is tracked, or new and not ignored.
pub(crate) fn files(root: &Path) -> Result<Vec<File>> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .context("git cannot be started")?;
    if !listed.status.success() {
        bail!(
            "git cannot list the files: {}",
            String::from_utf8_lossy(&listed.stderr).trim()
        );
    }
    let names = String::from_utf8(listed.stdout).context("a file name is not UTF-8")?;
    let names = names.split('\0').filter(|name| !name.is_empty());
    let mut files = Vec::new();
    for name in names {
        // A file that was deleted but not yet committed is listed too.
        let Ok(bytes) = fs::read(root.join(name)) else {
            continue;
        };
        files.push(File {
            path: name.to_owned(),
            text: String::from_utf8(bytes).ok(),
        });
    }
    Ok(files)
}

/// The text of the file at `path`, empty without one.
pub(crate) fn text<'a>(files: &'a [File], path: &str) -> &'a str {
    let file = files.iter().find(|file| file.path == path);
    file.and_then(|file| file.text.as_deref()).unwrap_or("")
}

/// The name of a file without folder and ending: `rigl` of `rules/rigl.rs`.
pub(crate) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_has_no_folder_and_no_ending() {
        assert_eq!(stem("a/b/rigl.rs"), "rigl");
        assert_eq!(stem("Cargo.lock"), "Cargo");
    }
}
