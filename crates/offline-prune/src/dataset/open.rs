//! Which kind of dataset lies at a path: by content, not by name.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use envs::TaskInfo;

use super::d4rl::{self, Arrays};
use super::facts::Facts;
use super::h5::{H5, there};
use super::minari::{self, Metadata};
use super::reading::{Own, Reader, Reading};
use super::{Dataset, npz};
use crate::{Error, Result};

const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";
const ZIP: &[u8] = b"PK\x03\x04";

/// Where an HDF5 file may start: at once, or after a block of a user's own of a power of two.
const HDF5_STARTS: [u64; 4] = [0, 512, 1024, 2048];

impl Reading {
    /// Reads a dataset as [`Dataset::open`] does, of a task if there is one: it gives the range of actions and the
    /// longest episode where the dataset says neither. Returns the dataset and what was noticed while reading.
    ///
    /// ```no_run
    /// use offline_prune::dataset::Reading;
    ///
    /// let env = envs::make("Humanoid-v5")?; // acts in [-0.4, 0.4]
    /// let (data, facts) = Reading::default().open("humanoid.npz", Some(env.info()))?;
    /// println!("{} transitions, actions in {:?}", data.len(), facts.actions.range);
    /// # Ok::<(), offline_prune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Dataset::open`] and [`validate`](Self::validate).
    pub fn open(
        &self,
        path: impl AsRef<Path>,
        task: Option<&TaskInfo>,
    ) -> Result<(Dataset, Facts)> {
        self.validate()?;
        let mut reader = Reader {
            reading: self,
            task,
            facts: Facts::default(),
        };
        let data = open(path.as_ref(), &mut reader)?;
        Ok((data, reader.facts))
    }
}

impl Dataset {
    /// Reads a dataset: D4RL's HDF5 file, a NumPy archive of the same arrays, or Minari's folder (or the file
    /// `main_data.hdf5` in it). Which of them is found by content. Arrays are read in parts, so the memory
    /// taken is that of the dataset and a little more.
    ///
    /// Actions must lie in the range that the dataset gives, otherwise in [-1, 1]; they are moved to
    /// [-1, 1]. Numbers must be finite as `f32`. [`Reading`] reads data of a known task, and data that are not quite so.
    ///
    /// # Errors
    /// With the file, the array and the row, when something cannot be read or is not allowed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Reading::default().open(path, None)?.0)
    }

    /// Like [`open`](Self::open), for a task whose actions have another range: its smallest and largest
    /// number, one pair for all numbers of an action or a pair for each.
    ///
    /// # Errors
    /// As `open`, and when a pair is not finite and ascending.
    pub fn open_within(path: impl AsRef<Path>, action_bounds: &[[f64; 2]]) -> Result<Self> {
        super::bounds::Bounds::new(action_bounds)?;
        let reading = Reading {
            action_low: action_bounds.iter().map(|pair| pair[0]).collect(),
            action_high: action_bounds.iter().map(|pair| pair[1]).collect(),
            ..Reading::default()
        };
        Ok(reading.open(path, None)?.0)
    }
}

/// What lies at a path.
pub(super) enum Found {
    /// Minari's folder or file, and the path of the file.
    Minari(std::path::PathBuf, H5),
    /// D4RL's arrays in an HDF5 file.
    Hdf5(H5),
    /// D4RL's arrays in a NumPy archive.
    Npz,
}

/// Finds out what lies at a path.
///
/// # Errors
/// When it is no dataset, or cannot be opened.
pub(super) fn find(path: &Path) -> Result<Found> {
    if path.is_dir() {
        let data = minari::read::data_of(path)?;
        let file = H5::open(&data)?;
        return Ok(Found::Minari(data, file));
    }
    if is_hdf5(path)? {
        let file = H5::open(path)?;
        // A file of one layout may be in any group of the other's, so the arrays decide.
        if file.columns(&d4rl::KEYS)?.is_empty() && minari::read::is_minari(&file)? {
            return Ok(Found::Minari(path.to_owned(), file));
        }
        return Ok(Found::Hdf5(file));
    }
    let start = start(path, 0)?;
    if start.starts_with(ZIP) {
        return Ok(Found::Npz);
    }
    Err(Error::UnknownKind {
        path: path.to_owned(),
        found: match start.len() {
            0 => "an empty file".to_owned(),
            _ => format!(
                "a file that starts with {:?}",
                String::from_utf8_lossy(&start)
            ),
        },
    })
}

/// Reads what lies at a path.
///
/// # Errors
/// As [`Reading::open`].
pub(super) fn open(path: &Path, reader: &mut Reader<'_>) -> Result<Dataset> {
    match find(path)? {
        Found::Minari(data, file) => minari::read::file(&data, &file, reader),
        Found::Hdf5(file) => {
            let arrays = Arrays {
                path,
                columns: file.columns(&d4rl::KEYS)?,
                own: own(path, &file)?,
                instead: &|key| file.instead(&file.root(), key),
            };
            d4rl::read(arrays, reader)
        }
        Found::Npz => {
            let (columns, others) = npz::columns(path, &d4rl::KEYS)?;
            let known = columns.keys().map(|key| format!("`{key}`"));
            let names: Vec<String> = known.chain(others).collect();
            let arrays = Arrays {
                path,
                columns,
                own: Own::default(),
                instead: &|_| there(names.clone()),
            };
            d4rl::read(arrays, reader)
        }
    }
}

/// What the attributes of an HDF5 file say of it.
///
/// # Errors
/// When they are broken.
pub(super) fn own(path: &Path, file: &H5) -> Result<Own> {
    let metadata = Metadata::of_attributes(&file.attributes()?);
    metadata.own(path)
}

/// Whether a file has HDF5's signature where it may stand.
fn is_hdf5(path: &Path) -> Result<bool> {
    for at in HDF5_STARTS {
        if start(path, at)? == HDF5 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The eight bytes from a place on, or as many as there are.
fn start(path: &Path, at: u64) -> Result<Vec<u8>> {
    let read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        file.take(HDF5.len() as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(Error::file::<std::io::Error>(path))
}
