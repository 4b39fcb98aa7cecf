//! Where the files of a study lie.
//!
//! `manifest.jsonl` lists its runs; `runs/NAME/` is the folder of each, as `train` or `offline` makes it; `state/NAME/` has
//! what workers know of it: `claim.N` (who makes it), `done.json` (it is whole), `failed.json` (why it is not), `log` (what
//! its command said).

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::manifest::{self, Planned};

/// The folder of a study.
#[derive(Clone, Debug)]
pub struct StudyDir {
    path: PathBuf,
}

impl StudyDir {
    /// The folder at a path, whether it is there or not.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder of a study that is there.
    ///
    /// # Errors
    /// When it has no manifest.
    pub fn open(path: &Path) -> Result<Self> {
        let dir = Self::at(path);
        if !dir.manifest_path().is_file() {
            bail!(
                "{} holds no study: manifest.jsonl is missing; `study plan FILE` writes it",
                path.display()
            );
        }
        Ok(dir)
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The list of its runs.
    #[must_use]
    pub fn manifest_path(&self) -> PathBuf {
        self.path.join("manifest.jsonl")
    }

    /// What a paper says of them.
    #[must_use]
    pub fn paper_path(&self) -> PathBuf {
        self.path.join("paper.json")
    }

    /// Its runs.
    ///
    /// # Errors
    /// As [`manifest::read`].
    pub fn runs(&self) -> Result<Vec<Planned>> {
        manifest::read(&self.manifest_path())
    }

    /// One of them, by its name; none where there is no such run.
    ///
    /// # Errors
    /// As [`manifest::one`], and as [`runs`](Self::runs) where it is not found.
    pub fn run(&self, name: &str) -> Result<Option<Planned>> {
        if let Some(run) = manifest::one(&self.manifest_path(), name)? {
            return Ok(Some(run));
        }
        // Written in another way, by hand say; or cut off, which is an error.
        let runs = self.runs()?;
        Ok(runs.into_iter().find(|run| run.name == name))
    }

    /// The folder of a run.
    #[must_use]
    pub fn run_path(&self, name: &str) -> PathBuf {
        self.path.join("runs").join(name)
    }

    /// The folder of what workers know of a run.
    #[must_use]
    pub fn state_path(&self, name: &str) -> PathBuf {
        self.path.join("state").join(name)
    }

    /// What is kept of a run that is whole.
    #[must_use]
    pub fn done_path(&self, name: &str) -> PathBuf {
        self.state_path(name).join("done.json")
    }

    /// What is kept of a run that failed.
    #[must_use]
    pub fn failed_path(&self, name: &str) -> PathBuf {
        self.state_path(name).join("failed.json")
    }

    /// What the command of a run said.
    #[must_use]
    pub fn log_path(&self, name: &str) -> PathBuf {
        self.state_path(name).join("log")
    }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::tests::planned;
    use super::*;

    #[test]
    fn one_run_is_found_however_its_line_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let study = StudyDir::at(folder.path());
        let text = manifest::to_text(&[planned("a", 0), planned("b", 1)]).unwrap();
        for text in [&text, &text.replace("\"name\":", "\"name\" : ")] {
            std::fs::write(study.manifest_path(), text).unwrap();
            assert_eq!(study.run("b").unwrap().unwrap().seed, 1);
            assert_eq!(study.run("c").unwrap(), None);
        }
        // Nobody knows what the rest was.
        std::fs::write(study.manifest_path(), &text[..text.len() / 2 + 9]).unwrap();
        assert!(study.run("a").is_ok() && study.run("c").is_err());
    }
}
