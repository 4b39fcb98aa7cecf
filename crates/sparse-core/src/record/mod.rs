//! Networks and learners in files: safetensors with values, dense vectors and the positions of the connections.
//!
//! Per layer of a network called `actor`: `actor.0.values` f32 `[nnz]`, `actor.0.positions` u32 `[nnz]` (row-major in
//! `[outputs, inputs]`), `actor.0.bias` f32 `[outputs]`, where the layer is normalised `actor.0.scale` and
//! `actor.0.shift` f32 `[outputs]`; and in the metadata `actor.layers`, `actor.0.inputs` and `actor.0.storage`. A layer
//! without a bias has `actor.0.outputs` in the metadata instead of `actor.0.bias`. `actor.activation` says what follows
//! the hidden layers, where it is not ReLU; it is `none` of a module of several layers that says no activation.
//!
//! A [`NetworkTrainer`](crate::trainer::NetworkTrainer) called `actor` adds what it needs to go on as if it had never stopped: its
//! target network as a network called `actor_target`; for each of these vectors the optimizer's moments, as
//! `actor.0.values.first` and `actor.0.values.second`; where they are kept, `actor.0.dropped.positions`, `.first` and
//! `.second`, with `actor.0.dropped.at` in the metadata; where a rule is to look at another loss too, its gradient at all
//! possible weights, `actor.0.held`; where connections move, `actor.0.explored` u64, one bit per
//! possible connection; and in the metadata `actor.updates` and `actor.steps`.
//!
//! Equal contents give equal bytes: the header's entries are in the order of their names. The metadata's `crc32` is a
//! checksum of all the rest, whatever its layout: a file with other contents is refused. A program that changes a file
//! on purpose leaves `crc32` out and says `sparse-core 2`, the format before there was one.

mod checksum;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::Record;
pub use write::RecordWriter;

use crate::nn::SparseMlp;
use crate::{Error, Result};

/// Version of the layout described above, in the metadata under `format`.
const FORMAT: &str = "sparse-core 3";

/// The versions before: without normalised layers and learners, and without a checksum.
const EARLIER: [&str; 2] = ["sparse-core 1", "sparse-core 2"];

/// The bytes of a file with these networks, each under its name.
///
/// # Errors
/// [`Error::Record`] when two have one name, or the format cannot hold them.
pub fn to_bytes(networks: &[(&str, &SparseMlp)]) -> Result<Vec<u8>> {
    let mut writer = RecordWriter::new();
    for (name, network) in networks {
        writer.network(name, *network);
    }
    writer.finish()
}

/// What it says there of a module that names no activation.
pub(crate) const NO_ACTIVATION: &str = "none";

/// Where the metadata says what follows the hidden layers of the network called `name`.
fn activation_key(name: &str) -> String {
    format!("{name}.activation")
}

fn unreadable(error: impl ToString) -> Error {
    Error::Record {
        reason: error.to_string(),
    }
}

/// What a file says of `what` is no good.
pub(crate) fn malformed(what: &str, value: &str) -> Error {
    Error::Record {
        reason: format!("`{what}` is {value}"),
    }
}
