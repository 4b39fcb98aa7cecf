//! Reading a record.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::str::FromStr;

use burn::tensor::Device;
use safetensors::tensor::{Dtype, SafeTensors, TensorInfo};

use super::{EARLIER, FORMAT, NO_ACTIVATION, activation_key, checksum, malformed, unreadable};
use crate::nn::{Activation, SparseLinear, SparseMlp, Storage};
use crate::op::vector as vector_of;
use crate::pattern::Pattern;
use crate::{Error, Result};

/// A layer with more inputs or units is taken for damage.
const MOST_INPUTS: usize = 1 << 24;

/// Networks and learners read from a file, by name.
#[derive(Debug)]
pub struct Record {
    bytes: Vec<u8>,
    /// Where the tensors begin.
    start: usize,
    tensors: HashMap<String, TensorInfo>,
    metadata: HashMap<String, String>,
}

impl Record {
    /// Reads the bytes that a [`RecordWriter`](super::RecordWriter) or [`to_bytes`](super::to_bytes) made.
    ///
    /// # Errors
    /// [`Error::Record`] when they are not such bytes, of another version, or damaged.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        let (length, header) = SafeTensors::read_metadata(&bytes).map_err(unreadable)?;
        SafeTensors::deserialize(&bytes).map_err(unreadable)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let tensors = header.tensors().into_iter();
        let record = Self {
            start: 8 + length,
            tensors: tensors.map(|(name, info)| (name, info.clone())).collect(),
            bytes,
            metadata,
        };
        let format = record.metadata.get("format").map(String::as_str);
        let known = |format: &str| format == FORMAT || EARLIER.contains(&format);
        if !format.is_some_and(known) {
            let found = format.map_or("missing".to_owned(), |f| format!("`{f}`"));
            let [first, second] = EARLIER;
            return Err(Error::Record {
                reason: format!(
                    "format is {found}; this build reads `{first}`, `{second}` and `{FORMAT}`"
                ),
            });
        }
        record.check_sum(format == Some(FORMAT))?;
        Ok(record)
    }

    /// Compares the checksum with what it is of. Files of earlier versions need not have one.
    fn check_sum(&self, needed: bool) -> Result<()> {
        let stored = match self.metadata.get(checksum::KEY) {
            Some(stored) => stored,
            None if needed => return Err(malformed(checksum::KEY, "missing")),
            None => return Ok(()),
        };
        let metadata = self.metadata.iter();
        let metadata = metadata.map(|(key, value)| (key.as_str(), value.as_str()));
        let tensors = self.tensors.iter().map(|(name, info)| {
            let contents: checksum::Contents = (info.dtype, &info.shape, self.data(name, info)?);
            Ok((name.as_str(), contents))
        });
        let sum = checksum::sum(
            &metadata.collect(),
            &tensors.collect::<Result<BTreeMap<_, _>>>()?,
        );
        if sum == *stored {
            return Ok(());
        }
        Err(Error::Record {
            reason: format!(
                "its checksum is {sum}, and was {stored} when it was written: the file is damaged"
            ),
        })
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
    /// [`Error::Record`] when there is none, part of it is missing or of another type or length, its positions are
    /// no set of connections, its layers do not fit together, or it is of a module that says no
    /// [activation](crate::nn::SparseModule::activation); it names the part and the offending value.
    pub fn network(&self, name: &str, device: &Device) -> Result<SparseMlp> {
        let count = self.layers(name)?;
        if count == 0 {
            return Err(Error::Record {
                reason: format!("no network called `{name}`"),
            });
        }
        let layers = (0..count).map(|index| self.layer(&format!("{name}.{index}"), device));
        let network = SparseMlp::from_layers(layers.collect::<Result<_>>()?);
        let Some(activation) = self.activation(name)? else {
            let value = format!(
                "{NO_ACTIVATION}: must be one to be read as a SparseMlp; the module that was stored names none (`SparseModule::activation`), \
                 so read it into one of its type"
            );
            return Err(malformed(&activation_key(name), &value));
        };
        Ok(network.map_err(within(name))?.with_activation(activation))
    }

    /// What follows the hidden layers of the network called `name`; `None` where it said no activation.
    pub(crate) fn activation(&self, name: &str) -> Result<Option<Activation>> {
        let key = activation_key(name);
        if !self.has(&key) {
            return Ok(Some(Activation::Relu));
        }
        let stored = self.meta(&key)?;
        if stored == NO_ACTIVATION {
            return Ok(None);
        }
        Activation::named(stored).map(Some).ok_or_else(|| {
            let names = Activation::ALL.map(Activation::name).join(", ");
            malformed(&key, &format!("{stored}: must be one of {names}"))
        })
    }

    /// Whether a network called `name` is stored.
    ///
    /// # Errors
    /// [`Error::Record`] when the number of its layers is none.
    pub fn has_network(&self, name: &str) -> Result<bool> {
        Ok(self.layers(name)? > 0)
    }

    /// How many layers the network called `name` has; 0 when there is none.
    pub(crate) fn layers(&self, name: &str) -> Result<usize> {
        let key = format!("{name}.layers");
        if self.has(&key) {
            return self.number(&key);
        }
        // Files written before there was such an entry.
        let there = |index: &usize| self.has(&format!("{name}.{index}.storage"));
        Ok((0..).take_while(there).count())
    }

    /// One layer of a network.
    pub(crate) fn layer(&self, prefix: &str, device: &Device) -> Result<SparseLinear> {
        let part = |part: &str| format!("{prefix}.{part}");
        let storage = self.meta(&part("storage"))?;
        // Masked matrices were called dense when there were none with zeros.
        let name = if storage == "dense" {
            "masked"
        } else {
            storage
        };
        let storage = Storage::named(name).ok_or_else(|| {
            let value = format!("{storage}: must be csr, masked or auto");
            malformed(&part("storage"), &value)
        })?;
        let inputs: usize = self.number(&part("inputs"))?;
        // A file says either how many units there are or what their biases are.
        let bias = match self.has(&part("outputs")) {
            true => None,
            false => Some(self.floats(&part("bias"))?),
        };
        let outputs = match &bias {
            Some(bias) => bias.len(),
            None => self.number(&part("outputs"))?,
        };
        // Index arrays are as long as the layer has units and inputs, so a number alone must not claim gibibytes.
        if !(1..=MOST_INPUTS).contains(&outputs) || !(1..=MOST_INPUTS).contains(&inputs) {
            let value = format!(
                "{inputs}, with {outputs} units: must be 1 to {MOST_INPUTS}, with 1 unit or more"
            );
            return Err(malformed(&part("inputs"), &value));
        }
        let positions = self.words(&part("positions"))?;
        let pattern =
            Pattern::from_positions(outputs, inputs, &positions).map_err(within(prefix))?;
        let values = self.floats(&part("values"))?;
        let layer = SparseLinear::from_parts(pattern, values, bias, storage, device);
        let layer = layer.map_err(within(prefix))?;
        if !["scale", "shift"].iter().any(|name| self.has(&part(name))) {
            return Ok(layer);
        }
        let mut layer = layer.with_layer_norm();
        let mut parameters = layer.parameters();
        let names = layer.per_unit_names().iter();
        for (name, vector) in names.zip(&mut parameters.per_unit) {
            let length = vector.shape().num_elements();
            *vector = vector_of(self.floats_of(&part(name), length)?, device);
        }
        layer.set_parameters(parameters);
        Ok(layer)
    }

    /// Whether there is a tensor of this name, or an entry of the metadata.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name) || self.metadata.contains_key(name)
    }

    /// The f32 vector that [`RecordWriter::floats`](super::RecordWriter::floats) added.
    ///
    /// # Errors
    /// [`Error::Record`] when there is none, or it is of another type.
    pub fn floats(&self, name: &str) -> Result<Vec<f32>> {
        let elements = self.elements(name, Dtype::F32)?.into_iter();
        Ok(elements.map(f32::from_le_bytes).collect())
    }

    /// A vector of `length` f32.
    pub(crate) fn floats_of(&self, name: &str, length: usize) -> Result<Vec<f32>> {
        let floats = self.floats(name)?;
        if floats.len() == length {
            return Ok(floats);
        }
        let value = format!("{} numbers long: must be {length}", floats.len());
        Err(malformed(name, &value))
    }

    /// The bytes that [`RecordWriter::bytes`](super::RecordWriter::bytes) added.
    ///
    /// # Errors
    /// As [`floats`](Self::floats).
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let elements = self.elements::<1>(name, Dtype::U8)?;
        Ok(elements.into_iter().flatten().collect())
    }

    /// A vector of u32.
    pub(crate) fn words(&self, name: &str) -> Result<Vec<u32>> {
        let elements = self.elements(name, Dtype::U32)?.into_iter();
        Ok(elements.map(u32::from_le_bytes).collect())
    }

    /// A vector of u64.
    pub(crate) fn long_words(&self, name: &str) -> Result<Vec<u64>> {
        let elements = self.elements(name, Dtype::U64)?.into_iter();
        Ok(elements.map(u64::from_le_bytes).collect())
    }

    /// A number in the metadata.
    pub(crate) fn number<T: FromStr>(&self, key: &str) -> Result<T> {
        let text = self.meta(key)?;
        text.parse()
            .map_err(|_| malformed(key, &format!("{text}: must be a number")))
    }

    /// The elements of a vector, `SIZE` bytes each.
    fn elements<const SIZE: usize>(&self, name: &str, dtype: Dtype) -> Result<Vec<[u8; SIZE]>> {
        let info = self.tensors.get(name);
        let info = info.ok_or_else(|| malformed(name, "missing"))?;
        if info.dtype != dtype {
            let value = format!("of type {:?}: must be {dtype:?}", info.dtype);
            return Err(malformed(name, &value));
        }
        if info.shape.len() != 1 {
            let value = format!("of shape {:?}: must be a vector", info.shape);
            return Err(malformed(name, &value));
        }
        Ok(self.data(name, info)?.as_chunks::<SIZE>().0.to_vec())
    }

    /// The bytes of a tensor.
    fn data(&self, name: &str, info: &TensorInfo) -> Result<&[u8]> {
        let (first, last) = info.data_offsets;
        let bytes = self.bytes.get(self.start + first..self.start + last);
        bytes.ok_or_else(|| malformed(name, "cut off"))
    }

    fn meta(&self, key: &str) -> Result<&str> {
        let value = self.metadata.get(key).map(String::as_str);
        value.ok_or_else(|| malformed(key, "missing"))
    }
}

/// For `map_err`: what is wrong within a part of a record.
fn within(name: &str) -> impl Fn(Error) -> Error {
    move |error| match error {
        Error::Record { .. } => error,
        other => Error::Record {
            reason: format!("`{name}`: {other}"),
        },
    }
}
