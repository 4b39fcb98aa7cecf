use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use burn::tensor::Device;

use super::*;
use crate::nn::{SparseMlpConfig, SparseModule};
use crate::op::to_vec;

fn device() -> Device {
    crate::device::by_name(crate::device::available()[0]).unwrap()
}

fn network(sparsity: f64) -> SparseMlp {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let config = SparseMlpConfig::new(vec![5, 32, 2]).with_sparsity(sparsity);
    config.try_init(&device(), &mut rng).unwrap()
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
            assert_eq!(a.bias().map(to_vec), b.bias().map(to_vec));
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
    let mut writer = RecordWriter::new();
    writer.words("net.0.positions", positions);
    writer.floats("net.0.values", &vec![0.0; values]);
    writer.floats("net.0.bias", &vec![0.0; units]);
    writer.meta("net.0.storage", "csr");
    writer.meta("net.0.inputs", inputs);
    writer.finish().unwrap()
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

/// The same file with other metadata.
fn with_metadata(bytes: &[u8], change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&rest[..length]).unwrap();
    change(&mut header["__metadata__"]);
    let mut text = serde_json::to_vec(&header).unwrap();
    text.resize(text.len().next_multiple_of(8), b' ');
    [&(text.len() as u64).to_le_bytes(), &*text, &rest[length..]].concat()
}

#[test]
fn files_of_the_versions_before_are_read() {
    let network = network(0.7);
    let bytes = to_bytes(&[("actor", &network)]).unwrap();
    let of_format = |format: &str| {
        with_metadata(&bytes, |metadata| {
            metadata.as_object_mut().unwrap().remove("crc32");
            metadata["format"] = format.into();
        })
    };
    for format in EARLIER {
        let record = Record::from_bytes(of_format(format)).unwrap();
        let found = record.network("actor", &device()).unwrap();
        let values = |net: &SparseMlp| to_vec(net.sparse_layers()[1].values());
        assert_eq!(values(&found), values(&network));
    }
    let message = |bytes| Record::from_bytes(bytes).unwrap_err().to_string();
    let said = message(of_format("sparse-core 9"));
    assert!(said.contains("`sparse-core 9`"), "{said}");
    let said = message(of_format(FORMAT));
    assert!(said.contains("`crc32` is missing"), "{said}");
}

#[test]
fn the_checksum_is_of_the_contents_and_not_of_their_layout() {
    let bytes = to_bytes(&[("actor", &network(0.7))]).unwrap();
    // Written anew, with its entries in another order.
    let same = with_metadata(&bytes, |metadata| {
        let entries = metadata.as_object().unwrap().clone();
        *metadata = entries.into_iter().rev().collect();
    });
    assert!(Record::from_bytes(same).is_ok());
    for (key, value) in [("actor.0.storage", "csr"), ("crc32", "00000000")] {
        let other = with_metadata(&bytes, |metadata| metadata[key] = value.into());
        let said = Record::from_bytes(other).unwrap_err().to_string();
        assert!(said.contains("damaged"), "{key}: {said}");
    }
}

#[test]
fn every_flipped_bit_is_found_and_every_pair() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let config = SparseMlpConfig::new(vec![2, 4, 1]).with_sparsity(0.5);
    let network = config.try_init(&device(), &mut rng).unwrap();
    let good = to_bytes(&[("actor", &network)]).unwrap();
    let mut bytes = good.clone();
    for bit in 0..8 * good.len() {
        flip(&mut bytes, bit);
        let read = Record::from_bytes(bytes.clone());
        assert!(read.is_err(), "bit {bit}");
        flip(&mut bytes, bit);
    }
    for _ in 0..20_000 {
        let pair = [(); 2].map(|()| rng.random_range(0..8 * good.len()));
        pair.iter().for_each(|bit| flip(&mut bytes, *bit));
        let read = Record::from_bytes(bytes.clone());
        assert!(read.is_err() || bytes == good, "bits {pair:?}");
        pair.iter().for_each(|bit| flip(&mut bytes, *bit));
    }
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[test]
fn damaged_bytes_are_an_error_wherever_the_damage_is() {
    let bytes = to_bytes(&[("actor", &network(0.7))]).unwrap();
    for length in [0, 1, 7, 8, 9, 40, bytes.len() / 2, bytes.len() - 1] {
        let error = Record::from_bytes(bytes[..length].to_vec()).unwrap_err();
        assert!(error.is_record());
    }
}
