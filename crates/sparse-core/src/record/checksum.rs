//! What the contents of a record add up to.

use std::collections::BTreeMap;

use crc32fast::Hasher;
use safetensors::tensor::Dtype;

/// The entry of the metadata with the checksum, which is not part of what is added up.
pub(super) const KEY: &str = "crc32";

/// A tensor as it is added up: type, shape, elements.
pub(super) type Contents<'a> = (Dtype, &'a [usize], &'a [u8]);

/// CRC-32 of the metadata and the tensors, by name: of the contents, not of the header's layout. Every change of one or
/// two bits is found.
pub(super) fn sum(
    metadata: &BTreeMap<&str, &str>,
    tensors: &BTreeMap<&str, Contents<'_>>,
) -> String {
    let mut sum = Sum(Hasher::new());
    for (key, value) in metadata.iter().filter(|(key, _)| **key != KEY) {
        sum.add(key.as_bytes());
        sum.add(value.as_bytes());
    }
    for (name, (dtype, shape, elements)) in tensors {
        sum.add(name.as_bytes());
        sum.add(format!("{dtype:?}{shape:?}").as_bytes());
        sum.add(elements);
    }
    format!("{:08x}", sum.0.finalize())
}

/// A sum of parts, each with its length.
struct Sum(Hasher);

impl Sum {
    fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }
}
