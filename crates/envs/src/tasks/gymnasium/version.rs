//! Revisions of Gymnasium's tasks.

use serde::{Deserialize, Serialize};

/// Revision of a task's definition. MuJoCo's numbers are those of 3.3.7 in all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Version {
    /// As on mujoco-py 2.0 and later, which reports no contact forces.
    V3,
    /// As on MuJoCo's own bindings.
    V4,
    /// Gymnasium's present definition.
    #[default]
    V5,
}

impl Version {
    /// The one of three values that belongs to the version.
    pub(super) fn pick<T>(self, v3: T, v4: T, v5: T) -> T {
        match self {
            Self::V3 => v3,
            Self::V4 => v4,
            Self::V5 => v5,
        }
    }
}
