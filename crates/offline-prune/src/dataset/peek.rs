//! What is seen of a dataset before it is read.

use std::path::Path;

use super::column::Columns;
use super::minari::read::{described, episodes};
use super::open::{Found, find, own};
use super::reading::Own;
use super::{d4rl, npz};
use crate::Result;

/// The parts of a dataset that identify its task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peek {
    /// Numbers of an observation and of an action, where the first arrays have rows of numbers.
    pub sizes: Option<[usize; 2]>,
    /// The task that the dataset says it is of, by Gymnasium's name.
    pub env: Option<String>,
    /// Whether the dataset says that the task had settings of its own.
    pub env_settings: bool,
    /// How it lies on disk.
    pub layout: Layout,
}

/// How a dataset lies on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// D4RL's HDF5 file.
    #[default]
    D4rl,
    /// A NumPy archive of D4RL's arrays.
    Npz,
    /// Minari's folder, or its file.
    Minari,
}

impl Peek {
    /// Looks at a dataset, at none of its numbers.
    ///
    /// # Errors
    /// When there is no dataset at `path`, or it is broken where one looks.
    pub fn at(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (own, columns, layout) = match find(path)? {
            Found::Minari(data, file) => {
                let (metadata, place) = described(&data, &file)?;
                let whole = |columns: &Columns| sizes(columns).is_some();
                let columns = episodes(&file, &metadata)?
                    .iter()
                    .filter_map(|episode| episode.columns(&file).ok())
                    .find(whole);
                let columns = columns.unwrap_or_default();
                (metadata.own(&place)?, columns, Layout::Minari)
            }
            Found::Hdf5(file) => (own(path, &file)?, file.columns(&d4rl::KEYS)?, Layout::D4rl),
            Found::Npz => {
                let (columns, _) = npz::columns(path, &d4rl::KEYS)?;
                (Own::default(), columns, Layout::Npz)
            }
        };
        Ok(Self {
            sizes: sizes(&columns),
            env: own.env,
            env_settings: own.env_settings,
            layout,
        })
    }
}

/// Numbers of an observation and of an action.
fn sizes(columns: &Columns) -> Option<[usize; 2]> {
    Some([width(columns, "observations")?, width(columns, "actions")?])
}

/// Numbers of a row, where an array has rows of them.
fn width(columns: &Columns, key: &str) -> Option<usize> {
    match columns.get(key)?.shape() {
        [_, width] => Some(*width),
        _ => None,
    }
}
