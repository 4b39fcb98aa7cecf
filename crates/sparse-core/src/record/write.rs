//! Writing a record.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, SafeTensors, TensorInfo, TensorView};
use serde::Serialize;

use super::{FORMAT, NO_ACTIVATION, activation_key, checksum, malformed, unreadable};
use crate::Result;
use crate::nn::{Activation, SparseLinear, SparseModule};
use crate::op::to_vec;

/// Collects networks and learners under their names, and gives the bytes of a file with all of them.
///
/// ```
/// use burn::tensor::Device;
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
/// use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig};
/// use sparse_core::nn::SparseMlpConfig;
/// use sparse_core::record::{Record, RecordWriter};
///
/// let device = Device::flex();
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let net = SparseMlpConfig::new(vec![3, 64, 1]).with_sparsity(0.8).try_init(&device, &mut rng)?;
/// let learner = NetworkTrainer::new(net, NetworkTrainerConfig::default())?;
///
/// let mut writer = RecordWriter::new();
/// learner.save(&mut writer, "actor");
/// let record = Record::from_bytes(writer.finish()?)?;
/// let again = NetworkTrainer::load(&record, "actor", NetworkTrainerConfig::default(), &device)?;
/// assert_eq!(again.updates(), learner.updates());
/// # Ok::<(), sparse_core::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct RecordWriter {
    metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, Stored>,
    /// A name that was given twice.
    twice: Option<String>,
}

/// One tensor, before it is written.
#[derive(Debug)]
struct Stored {
    dtype: Dtype,
    length: usize,
    bytes: Vec<u8>,
}

impl RecordWriter {
    /// A record of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a network. [`Record::network`](super::Record::network) reads it where it is a chain of layers with one
    /// [activation](SparseModule::activation) between them, or a single layer.
    pub fn network<N: SparseModule>(&mut self, name: &str, network: &N) {
        self.layers(name, &network.sparse_layers(), network.activation());
    }

    /// Adds a network of these layers, with this activation between them if it is a chain.
    pub fn layers(&mut self, name: &str, layers: &[&SparseLinear], activation: Option<Activation>) {
        self.meta(&format!("{name}.layers"), layers.len());
        match activation {
            Some(Activation::Relu) => {}
            Some(other) => self.meta(&activation_key(name), other.name()),
            None if layers.len() == 1 => {}
            None => self.meta(&activation_key(name), NO_ACTIVATION),
        }
        for (index, layer) in layers.iter().enumerate() {
            self.layer(&format!("{name}.{index}"), layer);
        }
    }

    fn layer(&mut self, prefix: &str, layer: &SparseLinear) {
        let pattern = layer.pattern();
        self.meta(&format!("{prefix}.storage"), layer.storage().name());
        self.meta(&format!("{prefix}.inputs"), pattern.inputs());
        if layer.bias().is_none() {
            self.meta(&format!("{prefix}.outputs"), pattern.outputs());
        }
        let positions: Vec<u32> = pattern.positions().collect();
        self.words(&format!("{prefix}.positions"), &positions);
        self.floats(&format!("{prefix}.values"), &to_vec(layer.values()));
        let names = layer.per_unit_names().iter();
        for (name, vector) in names.zip(layer.parameters().per_unit) {
            self.floats(&format!("{prefix}.{name}"), &to_vec(vector));
        }
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Error::Record`](crate::Error::Record) when something was added twice under one name, or the format cannot
    /// hold what was added.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        self.meta("format", FORMAT);
        if let Some(name) = &self.twice {
            return Err(malformed(name, "given twice: names must differ"));
        }
        self.meta(checksum::KEY, self.sum());
        let views = self.tensors.iter().map(|(name, stored)| {
            let view = TensorView::new(stored.dtype, vec![stored.length], &stored.bytes);
            view.map(|view| (name.as_str(), view)).map_err(unreadable)
        });
        let views = views.collect::<Result<Vec<_>>>()?;
        let metadata: HashMap<String, String> = self.metadata.into_iter().collect();
        in_order(&safetensors::serialize(views, Some(metadata)).map_err(unreadable)?)
    }

    /// The checksum of what was added.
    fn sum(&self) -> String {
        let metadata = self.metadata.iter();
        let metadata = metadata.map(|(key, value)| (key.as_str(), value.as_str()));
        let shapes: Vec<_> = self
            .tensors
            .values()
            .map(|stored| [stored.length])
            .collect();
        let tensors = self.tensors.iter().zip(&shapes);
        let tensors = tensors.map(|((name, stored), shape)| {
            let contents: checksum::Contents = (stored.dtype, shape, &stored.bytes);
            (name.as_str(), contents)
        });
        checksum::sum(&metadata.collect(), &tensors.collect())
    }

    /// Adds an f32 vector.
    pub fn floats(&mut self, name: &str, floats: &[f32]) {
        let bytes = floats.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.tensor(name, Dtype::F32, floats.len(), bytes);
    }

    /// Adds bytes, such as those of a Burn record.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.tensor(name, Dtype::U8, bytes.len(), bytes.to_vec());
    }

    /// Adds a u32 vector.
    pub(crate) fn words(&mut self, name: &str, words: &[u32]) {
        let bytes = words.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.tensor(name, Dtype::U32, words.len(), bytes);
    }

    /// Adds a u64 vector.
    pub(crate) fn long_words(&mut self, name: &str, words: &[u64]) {
        let bytes = words.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.tensor(name, Dtype::U64, words.len(), bytes);
    }

    /// Adds an entry of the metadata.
    pub(crate) fn meta(&mut self, key: &str, value: impl ToString) {
        let old = self.metadata.insert(key.to_owned(), value.to_string());
        if old.is_some() {
            self.twice.get_or_insert(key.to_owned());
        }
    }

    fn tensor(&mut self, name: &str, dtype: Dtype, length: usize, bytes: Vec<u8>) {
        let stored = Stored {
            dtype,
            length,
            bytes,
        };
        if self.tensors.insert(name.to_owned(), stored).is_some() {
            self.twice.get_or_insert(name.to_owned());
        }
    }
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
    let mut text = serde_json::to_vec(&ordered).map_err(unreadable)?;
    // The tensors that follow are to be aligned to their elements.
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut ordered = (text.len() as u64).to_le_bytes().to_vec();
    ordered.extend(text);
    ordered.extend(&bytes[8 + length..]);
    Ok(ordered)
}
