//! From a path to a task's environment.

use std::path::{Path, PathBuf};

use super::document::{Document, Node, read};
use super::environment::FileTask;
use super::intern::intern;
use super::plan::plan;
use crate::wrappers::Settings;
use crate::{Error, Result, mjcf};

/// The sections and keys of a file.
const KEYS: [&str; 10] = [
    "about",
    "model",
    "frame_skip",
    "max_episode_steps",
    "recompute",
    "begin",
    "quantities",
    "observe",
    "reward",
    "end",
];

/// The environment of the task in the file at `path`, with other values of some keys: `reward.control.weight`, say.
///
/// # Errors
/// [`Error::TaskFile`](crate::Error::TaskFile) with the line, the key and what is allowed;
/// [`Error::Read`](crate::Error::Read) and [`Error::Mjcf`](crate::Error::Mjcf) of the file and its model;
/// [`Error::UnknownSetting`](crate::Error::UnknownSetting) and [`Error::TaskFileSetting`](crate::Error::TaskFileSetting) of what
/// is set, when the file's task has it not, or it is not what it must be.
pub fn open(path: impl AsRef<Path>, settings: &Settings) -> Result<FileTask> {
    let path = path.as_ref();
    let text = read(path)?;
    let file = path.display().to_string();
    let document = Document::parse(&file, &text, settings.table())?;
    let root = document.root();
    root.only(&KEYS)?;
    let model = of_model(&root, path, mjcf::load)?;
    Ok(FileTask::new(plan(&root, intern(&file), model)?))
}

/// What `open` makes of the file of a task's model: beside the task's own, unless its path is a whole one.
fn of_model<T>(root: &Node<'_>, path: &Path, open: impl FnOnce(PathBuf) -> Result<T>) -> Result<T> {
    let what = "the path of a model in MJCF, beside this file";
    let node = root.need("model", what)?;
    let model = path.with_file_name("").join(node.text(what)?);
    open(model).map_err(|error| match error {
        Error::Read { .. } => node.error(error),
        error => error,
    })
}

/// The files that the task at `path` with these settings is made from: itself, its model, and what that includes and shows.
///
/// # Errors
/// As [`open`] of what is not read, or names no model. The rest of the file is not checked.
pub fn files(path: impl AsRef<Path>, settings: &Settings) -> Result<Vec<PathBuf>> {
    let path = path.as_ref();
    let text = read(path)?;
    let file = path.display().to_string();
    let document = Document::parse(&file, &text, settings.table())?;
    let others = of_model(&document.root(), path, mjcf::files)?;
    Ok([vec![path.to_owned()], others].concat())
}
