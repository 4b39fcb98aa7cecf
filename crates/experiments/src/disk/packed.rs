//! Values as bytes with their kind and a checksum: eight bytes of kind and version, a checksum, the value.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The first bytes: a name, and the version of the layout.
pub type Kind = [u8; 8];

/// Length of the checksum.
const SUM: usize = 4;

/// The bytes of a value.
///
/// # Errors
/// When it cannot be serialized.
pub fn pack<T: Serialize>(kind: &Kind, value: &T) -> Result<Vec<u8>, String> {
    let body = postcard::to_allocvec(value).map_err(|error| error.to_string())?;
    Ok(frame(kind, &body))
}

/// The value that bytes of this kind hold.
///
/// # Errors
/// When they are of another kind or version, cut off, or damaged.
pub fn unpack<T: DeserializeOwned>(kind: &Kind, bytes: &[u8]) -> Result<T, String> {
    let (_, body) = unframe(&[kind], bytes)?;
    postcard::from_bytes(body).map_err(|error| error.to_string())
}

/// A value's bytes with what stands before them.
pub(crate) fn frame(kind: &Kind, body: &[u8]) -> Vec<u8> {
    let sum = crc32fast::hash(body).to_le_bytes();
    [kind.as_slice(), &sum, body].concat()
}

/// The place of the kind among those that may be, and the value's bytes.
///
/// # Errors
/// As [`unpack`].
pub(crate) fn unframe<'a>(kinds: &[&Kind], bytes: &'a [u8]) -> Result<(usize, &'a [u8]), String> {
    let cut_off = || format!("{} bytes long: it was cut off", bytes.len());
    let (found, rest) = bytes.split_first_chunk::<8>().ok_or_else(cut_off)?;
    let (sum, body) = rest.split_first_chunk::<SUM>().ok_or_else(cut_off)?;
    let place = kinds.iter().position(|kind| *kind == found);
    let place = place.ok_or("not the state of a run that this version can go on with")?;
    if crc32fast::hash(body).to_le_bytes() != *sum {
        return Err("its checksum is another: it was cut off or damaged".to_owned());
    }
    Ok((place, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &Kind = b"SRLRUN 2";

    #[test]
    fn what_was_packed_is_read_and_what_is_damaged_says_so() {
        let value = (3_u64, f64::NAN.to_bits(), "text".to_owned());
        let bytes = pack(KIND, &value).unwrap();
        assert_eq!(unpack(KIND, &bytes), Ok(value));
        let message = |bytes: &[u8]| unpack::<(u64, u64, String)>(KIND, bytes).unwrap_err();
        for bit in 0..8 * bytes.len() {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            message(&bytes);
        }
        assert!(message(&bytes[..bytes.len() - 1]).contains("cut off"));
        assert_eq!(unframe(&[b"SRLRUN 3", KIND], &bytes).unwrap().0, 1);
    }
}
