//! What `metadata.json` says that is needed here, or the file's attributes where Minari is 0.4 or older.

use std::collections::HashMap;
use std::path::Path;

use hdf5_pure::AttrValue;
use serde::Deserialize;
use serde_json::Value;

use super::space;
use crate::dataset::bounds::plain;
use crate::dataset::reading::{HIGH, LOW, Own, Range, sides};
use crate::score::Reference;
use crate::{Error, Result};

/// Longest file that is read: no dataset's description is longer.
const LONGEST: u64 = 16 << 20;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::dataset) struct Metadata {
    pub(super) total_episodes: Option<usize>,
    pub(super) data_format: Option<String>,
    action_space: Option<String>,
    /// Gymnasium's description of the task: JSON in a text.
    env_spec: Option<Value>,
    ref_min_score: Option<f64>,
    ref_max_score: Option<f64>,
    /// The range of actions, from attributes of a hand-made file.
    #[serde(skip)]
    range: Option<Range>,
}

impl Metadata {
    /// Reads the file, if it exists: old datasets keep everything in the HDF5 file.
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

    /// What attributes of a file say.
    pub(in crate::dataset) fn of_attributes(attributes: &HashMap<String, AttrValue>) -> Self {
        let text = |key: &str| Some(attributes.get(key)?.as_str()?.to_owned());
        let single = |key: &str| numbers(attributes.get(key)?)?.first().copied();
        // Something other than numbers is none.
        let side = |key: &str| Some(numbers(attributes.get(key)?).unwrap_or_default());
        let count = |key: &str| usize::try_from(attributes.get(key)?.as_i64()?).ok();
        Self {
            total_episodes: count("total_episodes"),
            data_format: None,
            action_space: text("action_space"),
            env_spec: text("env_spec").map(Value::String),
            ref_min_score: single("ref_min_score"),
            ref_max_score: single("ref_max_score"),
            range: sides(side(LOW).as_deref(), side(HIGH).as_deref()),
        }
    }

    /// The same, with what `other` says where this says nothing.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            total_episodes: self.total_episodes.or(other.total_episodes),
            data_format: self.data_format.or(other.data_format),
            action_space: self.action_space.or(other.action_space),
            env_spec: self.env_spec.or(other.env_spec),
            ref_min_score: self.ref_min_score.or(other.ref_min_score),
            ref_max_score: self.ref_max_score.or(other.ref_max_score),
            range: self.range.or(other.range),
        }
    }

    /// The references of a score, where both are given and differ.
    pub(super) fn reference(&self) -> Option<Reference> {
        let (min, max) = (self.ref_min_score?, self.ref_max_score?);
        (min < max).then_some(Reference { min, max })
    }

    /// The range of actions and the task. `path` is for messages.
    ///
    /// # Errors
    /// When actions are something other than numbers in a box.
    pub(in crate::dataset) fn own(&self, path: &Path) -> Result<Own> {
        let space = match &self.action_space {
            Some(text) => Some(space::read_box(text).map_err(Error::file(path))?),
            None => None,
        };
        let (env, own_settings) = self.env().unzip();
        Ok(Own {
            place: path.to_owned(),
            range: self.range.clone().or(space.map(Ok)),
            env,
            env_settings: own_settings.unwrap_or(false),
        })
    }

    /// The task's name, and whether it has settings of its own.
    fn env(&self) -> Option<(String, bool)> {
        let spec = match self.env_spec.as_ref()? {
            Value::String(text) => serde_json::from_str(&space::finite_json(text)).ok()?,
            other => other.clone(),
        };
        let settings = spec.get("kwargs").and_then(Value::as_object);
        let own = settings
            .is_some_and(|settings| settings.keys().any(|key| !IDLE.contains(&key.as_str())));
        Some((spec.get("id")?.as_str()?.to_owned(), own))
    }
}

/// Settings of a task that change nothing that is learned from.
const IDLE: [&str; 5] = ["render_mode", "width", "height", "camera_name", "camera_id"];

/// Numbers of an attribute.
fn numbers(attribute: &AttrValue) -> Option<Vec<f64>> {
    match attribute {
        AttrValue::F32(number) => Some(vec![plain(*number)]),
        AttrValue::F32Array(numbers) => Some(numbers.iter().copied().map(plain).collect()),
        other => {
            let integers = || Some(other.to_i64s()?.into_iter().map(|n| n as f64).collect());
            other.to_f64s().or_else(integers)
        }
    }
}
