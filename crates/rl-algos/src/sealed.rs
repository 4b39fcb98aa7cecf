//! Values as bytes that tell what they are, and whether they are whole: eight bytes of kind and version, a checksum,
//! the value.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of a value.
///
/// # Errors
/// When it cannot be said in bytes.
pub fn seal<T: Serialize>(kind: &[u8; 8], value: &T) -> Result<Vec<u8>, String> {
    let body = postcard::to_allocvec(value).map_err(|error| error.to_string())?;
    let sum = crc32fast::hash(&body).to_le_bytes();
    Ok([kind.as_slice(), &sum, &body].concat())
}

/// The value that bytes of this kind hold.
///
/// # Errors
/// When they are of another kind or version, cut off, or damaged.
pub fn unseal<T: DeserializeOwned>(kind: &[u8; 8], bytes: &[u8]) -> Result<T, String> {
    let (head, body) = bytes
        .split_at_checked(kind.len() + 4)
        .ok_or_else(|| format!("{} bytes long: it was cut off", bytes.len()))?;
    let (found, sum) = head.split_at(kind.len());
    if found != kind {
        return Err("not the state of a run that this version can go on with".to_owned());
    }
    if crc32fast::hash(body).to_le_bytes() != *sum {
        return Err("its checksum is another: it was cut off or damaged".to_owned());
    }
    postcard::from_bytes(body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &[u8; 8] = b"SRLRUN 2";

    #[test]
    fn what_was_sealed_is_read_and_what_is_damaged_says_so() {
        let value = (3_u64, f64::NAN.to_bits(), "text".to_owned());
        let bytes = seal(KIND, &value).unwrap();
        assert_eq!(unseal(KIND, &bytes), Ok(value));
        let message = |bytes: &[u8]| unseal::<(u64, u64, String)>(KIND, bytes).unwrap_err();
        for bit in 0..8 * bytes.len() {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            message(&bytes);
        }
        assert!(message(b"").contains("cut off"));
        assert!(message(b"SRLRUN 2abc").contains("cut off"));
        assert!(message(b"something else entirely").contains("not the state"));
        assert!(message(b"SRLRUN 2\0\0\0\0body").contains("checksum"));
    }
}
