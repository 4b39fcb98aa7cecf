//! What `metadata.json` says that is needed here.

use std::path::Path;

use serde::Deserialize;

use super::space;
use crate::dataset::bounds::Bounds;
use crate::score::Reference;
use crate::{Error, Result};

/// Longest file that is read: no dataset's description is longer.
const LONGEST: u64 = 16 << 20;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) total_episodes: Option<usize>,
    pub(super) data_format: Option<String>,
    action_space: Option<String>,
    ref_min_score: Option<f64>,
    ref_max_score: Option<f64>,
}

impl Metadata {
    /// Reads the file, or nothing where there is none: old datasets keep all in the HDF5 file.
    ///
    /// # Errors
    /// When it cannot be read, with the line and what was expected.
    pub(super) fn read(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Ok(Self::default());
        }
        let length = path.metadata().map_err(Error::file(path))?.len();
        if length > LONGEST {
            let what = format!("{length} bytes: must be {LONGEST} or fewer");
            return Err(Error::file(path)(what));
        }
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        serde_json::from_str(&space::finite_json(&text)).map_err(Error::file(path))
    }

    /// The references of a score, where both are given and differ.
    pub(super) fn reference(&self) -> Option<Reference> {
        let (min, max) = (self.ref_min_score?, self.ref_max_score?);
        (min < max).then_some(Reference { min, max })
    }

    /// The range of actions, where the file gives a finite one.
    ///
    /// # Errors
    /// When actions are something other than numbers in a box.
    pub(super) fn bounds(&self, path: &Path) -> Result<Option<Bounds>> {
        let Some(text) = &self.action_space else {
            return Ok(None);
        };
        let bounds = space::read_box(text).map_err(Error::file(path))?;
        Ok(Bounds::new(&bounds).ok())
    }
}
