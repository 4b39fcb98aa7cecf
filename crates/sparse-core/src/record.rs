//! Networks in files: safetensors with values, biases and the positions of the connections.
//!
//! Per layer of a network called `actor`: `actor.0.values` f32 `[nnz]`, `actor.0.positions` u32 `[nnz]` (row-major
//! in `[outputs, inputs]`), `actor.0.bias` f32 `[outputs]`; and in the metadata `actor.0.inputs` and
//! `actor.0.storage`. Equal networks give equal bytes: the header's entries are in the order of their names.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::tensor::Device;
use safetensors::tensor::{Dtype, SafeTensors, TensorInfo, TensorView};
use serde::Serialize;

use crate::nn::{SparseLinear, SparseMlp, SparseModule, Storage};
use crate::optim::to_vec;
use crate::pattern::Pattern;
use crate::{Error, Result};

/// Version of the layout described above, in the metadata under `format`.
const FORMAT: &str = "sparse-core 1";

/// A layer with more inputs or units is taken for damage.
const MOST_INPUTS: usize = 1 << 24;

/// One stored tensor, before it is written.
struct Entry {
    name: String,
    dtype: Dtype,
    bytes: Vec<u8>,
}

/// The bytes of a file with these networks, each under its name.
///
/// # Errors
/// [`Error::Record`] when the format cannot hold them.
pub fn to_bytes(networks: &[(&str, &SparseMlp)]) -> Result<Vec<u8>> {
    let mut metadata = HashMap::from([("format".to_owned(), FORMAT.to_owned())]);
    let mut entries = Vec::new();
    for (name, network) in networks {
        for (index, layer) in network.sparse_layers().into_iter().enumerate() {
            let prefix = format!("{name}.{index}");
            let storage = layer.storage().name();
            metadata.insert(format!("{prefix}.storage"), storage.to_owned());
            let inputs = layer.pattern().inputs().to_string();
            metadata.insert(format!("{prefix}.inputs"), inputs);
            let positions = layer.pattern().positions().flat_map(u32::to_le_bytes);
            entries.extend([
                entry(
                    &prefix,
                    "values",
                    Dtype::F32,
                    le_bytes(to_vec(layer.values())),
                ),
                entry(&prefix, "positions", Dtype::U32, positions.collect()),
                entry(&prefix, "bias", Dtype::F32, le_bytes(to_vec(layer.bias()))),
            ]);
        }
    }
    let views = entries.iter().map(|e| {
        let view = TensorView::new(e.dtype, vec![e.bytes.len() / 4], &e.bytes);
        view.map(|view| (e.name.as_str(), view)).map_err(unreadable)
    });
    let views = views.collect::<Result<Vec<_>>>()?;
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(unreadable)?;
    in_order(&bytes)
}

/// A file's header, in the order of names.
#[derive(Serialize)]
struct Header<'a> {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<String, String>,
    #[serde(flatten)]
    tensors: BTreeMap<String, &'a TensorInfo>,
}

/// The same file with its header written anew: its library keeps metadata in a map whose order differs from run
/// to run.
fn in_order(bytes: &[u8]) -> Result<Vec<u8>> {
    let (length, header) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
    let ordered = Header {
        metadata: header
            .metadata()
            .clone()
            .unwrap_or_default()
            .into_iter()
            .collect(),
        tensors: header.tensors().into_iter().collect(),
    };
    let mut text = serde_json::to_vec(&ordered).map_err(|error| Error::Record {
        reason: error.to_string(),
    })?;
    // The tensors that follow are to be aligned to their elements.
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut ordered = (text.len() as u64).to_le_bytes().to_vec();
    ordered.extend(text);
    ordered.extend(&bytes[8 + length..]);
    Ok(ordered)
}

/// Networks read from a file, by name.
#[derive(Debug)]
pub struct Record {
    bytes: Vec<u8>,
    metadata: HashMap<String, String>,
}

impl Record {
    /// Reads the bytes that [`to_bytes`] made.
    ///
    /// # Errors
    /// [`Error::Record`] when they are not such bytes, or of another version.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(unreadable)?;
        SafeTensors::deserialize(&bytes).map_err(unreadable)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        match metadata.get("format").map(String::as_str) {
            Some(FORMAT) => Ok(Self { bytes, metadata }),
            other => Err(Error::Record {
                reason: format!(
                    "format is {}; this build reads `{FORMAT}`",
                    other.map_or("missing".to_owned(), |f| format!("`{f}`"))
                ),
            }),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Record`] with the path when it cannot be opened, or as [`from_bytes`](Self::from_bytes).
    pub fn open(path: &Path) -> Result<Self> {
        let at = |error: &dyn std::fmt::Display| Error::Record {
            reason: format!("{}: {error}", path.display()),
        };
        let bytes = std::fs::read(path).map_err(|error| at(&error))?;
        Self::from_bytes(bytes).map_err(|error| match error {
            Error::Record { reason } => at(&reason),
            other => other,
        })
    }

    /// The network stored under `name`.
    ///
    /// # Errors
    /// [`Error::Record`] when there is none or part of it is missing or of another type; [`Error::Pattern`] with the
    /// offending index when its positions are no set of connections, and [`Error::Shape`] when its parts do not
    /// fit together.
    pub fn network(&self, name: &str, device: &Device) -> Result<SparseMlp> {
        let tensors = SafeTensors::deserialize(&self.bytes).map_err(unreadable)?;
        let mut layers = Vec::new();
        while self
            .metadata
            .contains_key(&format!("{name}.{}.storage", layers.len()))
        {
            let prefix = format!("{name}.{}", layers.len());
            layers.push(self.layer(&tensors, &prefix, device)?);
        }
        if layers.is_empty() {
            return Err(Error::Record {
                reason: format!("no network called `{name}`"),
            });
        }
        SparseMlp::from_layers(layers)
    }

    fn layer(&self, tensors: &SafeTensors, prefix: &str, device: &Device) -> Result<SparseLinear> {
        let storage = self.meta(&format!("{prefix}.storage"))?;
        // Masked matrices were called dense when there were none with zeros.
        let name = if storage == "dense" {
            "masked"
        } else {
            storage
        };
        let storage = Storage::named(name).ok_or_else(|| {
            let value = format!("{storage}: must be csr, masked or auto");
            malformed(&format!("{prefix}.storage"), &value)
        })?;
        let inputs = self.meta(&format!("{prefix}.inputs"))?;
        let inputs = inputs
            .parse()
            .map_err(|_| malformed(&format!("{prefix}.inputs"), inputs))?;
        let words = |part: &str, dtype: Dtype| -> Result<Vec<[u8; 4]>> {
            let name = format!("{prefix}.{part}");
            let view = tensors
                .tensor(&name)
                .map_err(|_| malformed(&name, "missing"))?;
            if view.dtype() != dtype {
                return Err(malformed(&name, &format!("{:?}", view.dtype())));
            }
            if view.shape().len() != 1 {
                return Err(malformed(&name, &format!("of shape {:?}", view.shape())));
            }
            Ok(view.data().as_chunks::<4>().0.to_vec())
        };
        let floats = |part| -> Result<Vec<f32>> {
            Ok(words(part, Dtype::F32)?
                .into_iter()
                .map(f32::from_le_bytes)
                .collect())
        };
        let bias = floats("bias")?;
        // Index arrays are as long as the layer has units and inputs, so a number alone must not claim gibibytes.
        if bias.is_empty() || !(1..=MOST_INPUTS).contains(&inputs) {
            let name = format!("{prefix}.inputs");
            let value = format!(
                "{inputs}, with {} units: must be 1 to {MOST_INPUTS}, with 1 unit or more",
                bias.len()
            );
            return Err(malformed(&name, &value));
        }
        let positions = words("positions", Dtype::U32)?.into_iter();
        let positions: Vec<u32> = positions.map(u32::from_le_bytes).collect();
        let pattern = Pattern::from_positions(bias.len(), inputs, &positions)?;
        SparseLinear::from_parts(pattern, floats("values")?, bias, storage, device)
    }

    fn meta(&self, key: &str) -> Result<&str> {
        let value = self.metadata.get(key).map(String::as_str);
        value.ok_or_else(|| malformed(key, "missing"))
    }
}

fn entry(prefix: &str, part: &str, dtype: Dtype, bytes: Vec<u8>) -> Entry {
    Entry {
        name: format!("{prefix}.{part}"),
        dtype,
        bytes,
    }
}

fn le_bytes(floats: Vec<f32>) -> Vec<u8> {
    floats.into_iter().flat_map(f32::to_le_bytes).collect()
}

fn unreadable(error: safetensors::SafeTensorError) -> Error {
    Error::Record {
        reason: error.to_string(),
    }
}

fn malformed(what: &str, value: &str) -> Error {
    Error::Record {
        reason: format!("`{what}` is {value}"),
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;
    use crate::nn::SparseMlpConfig;

    fn device() -> Device {
        crate::device::by_name(crate::device::available()[0]).unwrap()
    }

    fn network(sparsity: f64) -> SparseMlp {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let config = SparseMlpConfig::new([5, 32, 2]).with_sparsity(sparsity);
        config.init(&device(), &mut rng).unwrap()
    }

    #[test]
    fn networks_come_back_as_they_were() {
        let (sparse, dense) = (network(0.7), network(0.0));
        let bytes = to_bytes(&[("actor", &sparse), ("critic", &dense)]).unwrap();
        let record = Record::from_bytes(bytes).unwrap();
        for (name, expected) in [("actor", &sparse), ("critic", &dense)] {
            let found = record.network(name, &device()).unwrap();
            assert_eq!(found.sparse_layers().len(), 2);
            for (a, b) in found.sparse_layers().iter().zip(expected.sparse_layers()) {
                assert_eq!(a.pattern(), b.pattern());
                assert_eq!(a.storage(), b.storage());
                assert_eq!(to_vec(a.values()), to_vec(b.values()));
                assert_eq!(to_vec(a.bias()), to_vec(b.bias()));
            }
        }
        let error = record.network("other", &device()).unwrap_err();
        assert!(error.to_string().contains("`other`"), "{error}");
    }

    #[test]
    fn equal_networks_give_equal_bytes() {
        let (sparse, dense) = (network(0.7), network(0.0));
        let write = || to_bytes(&[("actor", &sparse), ("critic", &dense)]).unwrap();
        let first = write();
        // With eight entries of metadata two maps have the same order once in 40,320 times.
        assert!((0..8).all(|_| write() == first));
        let again = Record::from_bytes(first.clone()).unwrap();
        let [sparse, dense] = ["actor", "critic"].map(|n| again.network(n, &device()).unwrap());
        assert_eq!(
            to_bytes(&[("actor", &sparse), ("critic", &dense)]).unwrap(),
            first
        );
        // Data begins where its elements are aligned.
        let header = u64::from_le_bytes(first[..8].try_into().unwrap());
        assert_eq!(header % 8, 0);
    }

    /// A file of one layer `[units, 3]` with these parts.
    fn file(positions: &[u32], values: usize, units: usize, inputs: &str) -> Vec<u8> {
        let positions = positions.iter().flat_map(|p| p.to_le_bytes()).collect();
        let entries = [
            entry("net.0", "values", Dtype::F32, vec![0; 4 * values]),
            entry("net.0", "positions", Dtype::U32, positions),
            entry("net.0", "bias", Dtype::F32, vec![0; 4 * units]),
        ];
        let views = entries.iter().map(|e| {
            let view = TensorView::new(e.dtype, vec![e.bytes.len() / 4], &e.bytes).unwrap();
            (e.name.as_str(), view)
        });
        let metadata = [
            ("format", FORMAT),
            ("net.0.storage", "csr"),
            ("net.0.inputs", inputs),
        ];
        let metadata = metadata.map(|(k, v)| (k.to_owned(), v.to_owned()));
        safetensors::serialize(views, Some(metadata.into())).unwrap()
    }

    #[test]
    fn connections_that_cannot_be_are_refused_with_the_offending_index() {
        let read = |positions: &[u32], values, units, inputs| {
            let record = Record::from_bytes(file(positions, values, units, inputs)).unwrap();
            record.network("net", &device())
        };
        let message = |positions, values, units, inputs| {
            read(positions, values, units, inputs)
                .unwrap_err()
                .to_string()
        };
        assert!(read(&[0, 4], 2, 2, "3").is_ok());
        assert!(message(&[0, 4, 4], 3, 2, "3").contains("positions[1] = 4 is followed by 4"));
        assert!(message(&[4, 0], 2, 2, "3").contains("positions[0] = 4 is followed by 0"));
        assert!(message(&[0, 6], 2, 2, "3").contains("positions[1] = 6: must be below 6"));
        assert!(message(&[0, 4], 3, 2, "3").contains("values: got 3, must be 2"));
        assert!(message(&[], 0, 0, "3").contains("`net.0.inputs` is 3, with 0 units"));
        for inputs in ["0", "99999999999", "-1", "x", "18446744073709551616"] {
            assert!(
                message(&[], 0, 2, inputs).contains("net.0.inputs"),
                "{inputs}"
            );
        }
    }

    #[test]
    fn damaged_bytes_are_an_error_wherever_the_damage_is() {
        let bytes = to_bytes(&[("actor", &network(0.7))]).unwrap();
        for length in [0, 1, 7, 8, 9, 40, bytes.len() / 2, bytes.len() - 1] {
            let error = Record::from_bytes(bytes[..length].to_vec()).unwrap_err();
            assert!(error.is_record());
        }
    }
}
