//! Minari's folder: `data/main_data.hdf5` with a group for each episode, and `data/metadata.json` (Minari
//! 0.5.4, `minari/dataset/_storages/hdf5_storage.py`).

mod metadata;
pub(super) mod read;
mod space;
mod write;

pub(super) use metadata::Metadata;
pub use write::{Description, Written, try_write, write};

/// The file of episodes.
const DATA: &str = "main_data.hdf5";

/// The file that describes them.
const METADATA: &str = "metadata.json";

/// The arrays of an episode: observations `[steps + 1, ·]`, the others `[steps, ·]`.
const KEYS: [&str; 5] = [
    "observations",
    "actions",
    "rewards",
    "terminations",
    "truncations",
];
