//! From a path to a task's environment.

use std::path::{Path, PathBuf};

use super::document::{Document, Node, read};
use super::environment::FileTask;
use super::intern::intern;
use super::plan::plan;
use crate::wrappers::Settings;
use crate::{Result, mjcf};

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
/// [`Error::UnknownSetting`](crate::Error::UnknownSetting) of a key that the file's task has not.
pub fn open(path: impl AsRef<Path>, settings: &Settings) -> Result<FileTask> {
    let path = path.as_ref();
    let text = read(path)?;
    let file = path.display().to_string();
    let document = Document::parse(&file, &text, settings.table())?;
    let root = document.root();
    root.only(&KEYS)?;
    let model = mjcf::load(model_of(&root, path)?)?;
    let plan = plan(&root, intern(&file), model)?;
    document.check_set(plan.info.id)?;
    Ok(FileTask::new(plan))
}

/// The file of a task's model: beside the task's own, unless its path is a whole one.
fn model_of(root: &Node<'_>, path: &Path) -> Result<PathBuf> {
    let what = "the path of a model in MJCF, beside this file";
    let model = root.need("model", what)?.text(what)?;
    Ok(path.with_file_name("").join(model))
}

/// The files that the task at `path` is made from: itself, its model, and what that includes and shows.
///
/// # Errors
/// As [`open`].
pub fn files(path: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let path = path.as_ref();
    let text = read(path)?;
    let file = path.display().to_string();
    let document = Document::parse(&file, &text, Settings::default().table())?;
    let model = model_of(&document.root(), path)?;
    Ok([vec![path.to_owned()], mjcf::files(model)?].concat())
}
