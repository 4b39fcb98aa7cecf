//! Links that are not followed, found for a message about what is missing.
//!
//! `hdf5-pure` passes soft and external links over, and names none. A link's message (HDF5's file format, IV.A.2.g) is
//! told by its first bytes and its name, so the file is looked through for it; groups of the oldest kind, which keep
//! soft links elsewhere, give an error of their own.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Bytes of a file that are looked at together.
const WINDOW: usize = 1 << 20;

/// Longest link that is found.
const LONGEST: usize = 4096;

/// What follows a soft link's message type, and an external one's.
const SOFT: u8 = 1;
const EXTERNAL: u8 = 64;

/// Where the link of a name leads, such as ``to `observations` in other.hdf5``.
/// With `whole`, `name` is the whole name; otherwise its start.
pub(super) fn find(path: &Path, name: &str, whole: bool) -> Option<String> {
    let mut from = BufReader::new(File::open(path).ok()?);
    let mut bytes = Vec::new();
    loop {
        let read = from.by_ref().take(WINDOW as u64).read_to_end(&mut bytes);
        let ends = read.ok()? == 0;
        // Links that begin here and may end in the next window wait for it.
        let sure = if ends {
            bytes.len()
        } else {
            bytes.len().saturating_sub(LONGEST)
        };
        let found = (0..sure).find_map(|at| link(&bytes[at..], name, whole));
        if found.is_some() || ends {
            return found;
        }
        bytes.drain(..sure);
    }
}

/// Where the link leads whose message begins here, if one of this name does.
fn link(bytes: &[u8], name: &str, whole: bool) -> Option<String> {
    // Version 1, and flags that say that the link's type follows.
    let [1, flags, kind, ..] = *bytes else {
        return None;
    };
    if flags & 0x08 == 0 || flags > 0x1f || ![SOFT, EXTERNAL].contains(&kind) {
        return None;
    }
    let order = if flags & 0x04 == 0 { 0 } else { 8 };
    let charset = usize::from(flags & 0x10 != 0);
    let rest = bytes.get(3 + order + charset..)?;
    let (length, rest) = number(rest, 1 << (flags & 3))?;
    let (found, rest) = rest.split_at_checked(length)?;
    if !found.starts_with(name.as_bytes()) || (whole && length != name.len()) {
        return None;
    }
    let (length, rest) = number(rest, 2)?;
    let value = rest.get(..length)?;
    if kind == SOFT {
        return Some(format!("to `{}` in this file", text(value)));
    }
    // A byte of version and flags, then two texts that end with 0.
    let mut parts = value.get(1..)?.split(|byte| *byte == 0);
    let (file, object) = (parts.next()?, parts.next()?);
    Some(format!("to `{}` in the file {}", text(object), text(file)))
}

/// A little-endian number of `width` bytes, and the rest.
fn number(bytes: &[u8], width: usize) -> Option<(usize, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(width)?;
    let mut wide = [0; 8];
    wide[..width].copy_from_slice(digits);
    Some((usize::try_from(u64::from_le_bytes(wide)).ok()?, rest))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
