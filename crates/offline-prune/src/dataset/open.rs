//! Which kind of dataset lies at a path: by content, not by name.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::bounds::Bounds;
use super::h5::H5;
use super::{Dataset, d4rl, minari, npz};
use crate::{Error, Result};

const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";
const ZIP: &[u8] = b"PK\x03\x04";

/// Where an HDF5 file may start: at once, or after a block of a user's own of a power of two.
const HDF5_STARTS: [u64; 4] = [0, 512, 1024, 2048];

impl Dataset {
    /// Reads a dataset: D4RL's HDF5 file, a NumPy archive of the same arrays, or Minari's folder (or the file
    /// `main_data.hdf5` in it). Which of them is found by content. Arrays are read in parts, so the memory
    /// taken is that of the dataset and a little more.
    ///
    /// Actions must lie in [-1, 1], or in the range that Minari's `metadata.json` gives; they are moved to
    /// [-1, 1]. Numbers must be finite as `f32`.
    ///
    /// # Errors
    /// With the file, the array and the row, when something cannot be read or is not allowed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        open(path.as_ref(), None)
    }

    /// Like [`open`](Self::open), for a task whose actions have another range: its smallest and largest
    /// number, one pair for all numbers of an action or a pair for each.
    ///
    /// # Errors
    /// As `open`, and when a pair is not finite and ascending.
    pub fn open_within(path: impl AsRef<Path>, action_bounds: &[[f64; 2]]) -> Result<Self> {
        open(path.as_ref(), Some(&Bounds::new(action_bounds)?))
    }
}

fn open(path: &Path, bounds: Option<&Bounds>) -> Result<Dataset> {
    if path.is_dir() {
        return minari::read::folder(path, bounds);
    }
    if is_hdf5(path)? {
        let file = H5::open(path)?;
        let columns = file.columns(&d4rl::KEYS)?;
        if columns.is_empty() && minari::read::is_minari(&file)? {
            return minari::read::file(path, &file, bounds);
        }
        return d4rl::read(path, columns, bounds.unwrap_or(&Bounds::default()));
    }
    let start = start(path, 0)?;
    if start.starts_with(ZIP) {
        let columns = npz::columns(path, &d4rl::KEYS)?;
        return d4rl::read(path, columns, bounds.unwrap_or(&Bounds::default()));
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
